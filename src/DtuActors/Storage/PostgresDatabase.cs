using System.Data.Common;
using System.Security.Cryptography;
using System.Text;
using Npgsql;

namespace DtuActors.Storage;

/// <summary>A database of a PostgreSQL server, by Npgsql's connection string.</summary>
internal sealed class PostgresDatabase : Database
{
    // Npgsql's own 15 s are long for who waits for a start, or for an answer.
    private const int ConnectSeconds = 5;

    // Any number that nobody else locks in this database.
    private const long Lock = 0x6474_7573_6368_656D;

    // Bytes of a name; what is longer is cut by the server, and two would be one.
    private const int LongestName = 63;

    private readonly NpgsqlConnectionStringBuilder _parts;
    private readonly string? _schema;

    /// <param name="connection">Npgsql's connection string.</param>
    /// <param name="schema">Where its tables are, and nowhere else; made where it is not there. Null: where the server puts them.</param>
    public PostgresDatabase(string connection, string? schema = null)
    {
        _schema = schema;
        _parts = new NpgsqlConnectionStringBuilder(connection);
        if (schema is not null)
        {
            _parts.SearchPath = Quoted(schema);
        }

        if (!_parts.ShouldSerialize(nameof(_parts.Timeout)))
        {
            _parts.Timeout = ConnectSeconds;
        }
    }

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

    /// <summary>The name of a schema that is one node's: <c>history_of_NODE</c>; of a name that is too long its beginning, and a hash of the whole.</summary>
    public static string SchemaOf(string prefix, string node)
    {
        var name = prefix + node;
        if (Encoding.UTF8.GetByteCount(name) <= LongestName)
        {
            return name;
        }

        // A node's name is ASCII.
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(node)))[..16];
        return $"{name[..(LongestName - hash.Length - 1)]}_{hash}";
    }

    public override string KeyPath => "dtu.storage.connection";

    public override string Place => $"{_parts.Host}:{_parts.Port}/{_parts.Database ?? _parts.Username}";

    public override string Bytes => "bytea";

    public override string BigInt => "bigint";

    public override string Serial => "bigserial primary key";

    public override string Clustered => "";

    public override int RowsInOne => 100;

    internal override string ConnectionString => _parts.ConnectionString;

    internal override string WaitForOthers => $"select pg_advisory_xact_lock({Lock})";

    internal override void Relax(DbConnection connection) => Run(() =>
    {
        using var command = connection.Command("set synchronous_commit = off");
        command.ExecuteNonQuery();
    });

    // Not pooled: whoever opens one keeps it, and after a failure wants a new one, not one that the same server's end left in a pool.
    protected override DbConnection OpenConnection(bool make)
    {
        var opened = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(ConnectionString) { Pooling = false }.ConnectionString);
        try
        {
            opened.Open();
            if (_schema is not null && make)
            {
                MakeSchema(opened, _schema);
            }

            return opened;
        }
        catch
        {
            opened.Dispose();
            throw;
        }
    }

    // Who may not make one can use one that somebody else made.
    private static void MakeSchema(NpgsqlConnection connection, string schema)
    {
        using var transaction = connection.BeginTransaction();
        using (var wait = connection.Command($"select pg_advisory_xact_lock({Lock})", transaction))
        {
            wait.ExecuteNonQuery();
        }

        using var find = connection.Command("select 1 from pg_namespace where nspname = @schema", transaction);
        find.Bind("schema", schema);
        if (find.ExecuteScalar() is null)
        {
            using var create = connection.Command($"create schema {Quoted(schema)}", transaction);
            create.ExecuteNonQuery();
        }

        transaction.Commit();
    }

    private static string Quoted(string name) => $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    // A connection that was found broken between two commands answers the next one with this.
    protected override bool IsFailure(Exception failure) => base.IsFailure(failure) || failure is InvalidOperationException { Source: nameof(Npgsql) };

    protected override string Words(Exception failure) => failure switch
    {
        PostgresException refused => refused.MessageText,
        NpgsqlException { InnerException: EndOfStreamException } => "the server closed the connection",
        NpgsqlException { InnerException: { } cause } => cause.Message,
        _ => failure.Message,
    };
}
