using System.Data.Common;
using Npgsql;

namespace DtuActors.Storage;

/// <summary>A database of a PostgreSQL server, by Npgsql's connection string.</summary>
internal sealed class PostgresDatabase(string connection) : Database
{
    /// <summary>Whether it says at least on which host.</summary>
    public static bool IsConnection(string text)
    {
        try
        {
            return !string.IsNullOrEmpty(new NpgsqlConnectionStringBuilder(text).Host);
        }
        catch (Exception failure) when (failure is ArgumentException or FormatException or KeyNotFoundException)
        {
            return false;
        }
    }

    public override string KeyPath => "dtu.storage.connection";

    public override string Place
    {
        get
        {
            var parts = new NpgsqlConnectionStringBuilder(connection);
            return $"{parts.Host}:{parts.Port}/{parts.Database ?? parts.Username}";
        }
    }

    public override string Bytes => "bytea";

    public override string Serial => "bigserial primary key";

    public override string Clustered => "";

    internal override string ConnectionString => connection;

    protected override DbConnection OpenConnection()
    {
        var opened = new NpgsqlConnection(connection);
        try
        {
            opened.Open();
            return opened;
        }
        catch
        {
            opened.Dispose();
            throw;
        }
    }

    protected override string Words(Exception failure) => failure switch
    {
        PostgresException refused => refused.MessageText,
        NpgsqlException { InnerException: { } cause } => cause.Message,
        _ => failure.Message,
    };
}
