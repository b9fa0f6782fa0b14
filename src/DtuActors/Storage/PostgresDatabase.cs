using System.Data.Common;
using Npgsql;

namespace DtuActors.Storage;

/// <summary>A database of a PostgreSQL server, by Npgsql's connection string.</summary>
internal sealed class PostgresDatabase : Database
{
    // Npgsql's own 15 s are long for who waits for a start, or for an answer.
    private const int ConnectSeconds = 5;

    // Any number that nobody else locks in this database.
    private const long Lock = 0x6474_7573_6368_656D;

    private readonly NpgsqlConnectionStringBuilder _parts;

    public PostgresDatabase(string connection)
    {
        _parts = new NpgsqlConnectionStringBuilder(connection);
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
            return opened;
        }
        catch
        {
            opened.Dispose();
            throw;
        }
    }

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
