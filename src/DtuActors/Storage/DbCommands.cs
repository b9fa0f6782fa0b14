using System.Data.Common;

namespace DtuActors.Storage;

/// <summary>Commands and their parameters, the same for each database.</summary>
internal static class DbCommands
{
    /// <summary>A command; its SQL is the program's own text, values are parameters.</summary>
    public static DbCommand Command(this DbConnection connection, string sql, DbTransaction? transaction = null)
    {
        var command = connection.CreateCommand();
        command.CommandText = sql;
        command.Transaction = transaction;
        return command;
    }

    /// <summary>Adds a parameter, called <c>@name</c> in the SQL.</summary>
    public static DbParameter Bind(this DbCommand command, string name, object? value)
    {
        var parameter = command.CreateParameter();
        parameter.ParameterName = name;
        parameter.Value = value ?? DBNull.Value;
        command.Parameters.Add(parameter);
        return parameter;
    }
}
