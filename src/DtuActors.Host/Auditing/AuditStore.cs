using System.Globalization;
using DtuActors.Storage;
using Microsoft.Data.Sqlite;

namespace DtuActors.Host.Auditing;

/// <summary>
/// The table <c>audit</c> in the node's SQLite database, of which at most so many rows stay. Every call blocks; one caller at a time. Throws
/// <see cref="StorageException"/>.
/// </summary>
internal sealed class AuditStore : IDisposable
{
    /// <summary>Rows that stay; the oldest leave.</summary>
    public const int MostRows = 100_000;

    private const int Version = 1;
    private const int PruneEvery = 1000;

    private readonly SqliteConnection _connection;
    private readonly int _mostRows;
    private int _sincePrune = PruneEvery;

    private AuditStore(SqliteConnection connection, int mostRows) => (_connection, _mostRows) = (connection, mostRows);

    /// <summary>The highest id there is.</summary>
    public long LastId { get; private set; }

    /// <summary>Opens a database that is there; the register makes it.</summary>
    public static AuditStore Open(string path, int mostRows = MostRows)
    {
        var connection = new SqliteConnection(
            new SqliteConnectionStringBuilder { DataSource = path, Pooling = false, DefaultTimeout = 5, Mode = SqliteOpenMode.ReadWrite }.ToString());
        var store = new AuditStore(connection, mostRows);
        try
        {
            Tell(store.Prepare);
            return store;
        }
        catch (StorageException)
        {
            store.Dispose();
            throw;
        }
    }

    /// <summary>Writes all or none.</summary>
    public void Write(IReadOnlyList<AuditEntry> entries) => Tell(() =>
    {
        using var transaction = _connection.BeginTransaction();
        using var insert = Command("""
            insert or ignore into audit (id, at, by, role, via, remote, action, subject, detail, outcome)
            values ($id, $at, $by, $role, $via, $remote, $action, $subject, $detail, $outcome)
            """);
        insert.Transaction = transaction;
        foreach (var entry in entries)
        {
            insert.Parameters.Clear();
            Bind(insert, "$id", entry.Id);
            Bind(insert, "$at", entry.At.UtcDateTime.ToString("O", CultureInfo.InvariantCulture));
            Bind(insert, "$by", entry.By);
            Bind(insert, "$role", entry.Role);
            Bind(insert, "$via", entry.Via);
            Bind(insert, "$remote", entry.Remote);
            Bind(insert, "$action", entry.Action);
            Bind(insert, "$subject", entry.Subject);
            Bind(insert, "$detail", entry.Detail);
            Bind(insert, "$outcome", entry.Outcome);
            insert.ExecuteNonQuery();
        }

        _sincePrune += entries.Count;
        if (_sincePrune >= PruneEvery)
        {
            _sincePrune = 0;
            using var prune = Command("delete from audit where id <= (select id from audit order by id desc limit 1 offset $most)");
            prune.Transaction = transaction;
            Bind(prune, "$most", _mostRows);
            prune.ExecuteNonQuery();
        }

        transaction.Commit();
    });

    /// <summary>Newest first.</summary>
    public IReadOnlyList<AuditEntry> Read(int limit, long? before)
    {
        var entries = new List<AuditEntry>();
        Tell(() =>
        {
            using var select = Command("select id, at, by, role, via, remote, action, subject, detail, outcome from audit where id < $before order by id desc limit $limit");
            Bind(select, "$before", before ?? long.MaxValue);
            Bind(select, "$limit", limit);
            using var row = select.ExecuteReader();
            while (row.Read())
            {
                string? Text(int column) => row.IsDBNull(column) ? null : row.GetString(column);
                var at = DateTimeOffset.Parse(row.GetString(1), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);
                entries.Add(new AuditEntry(
                    row.GetInt64(0), at, Text(2), row.GetString(3), row.GetString(4), row.GetString(5), row.GetString(6), Text(7), Text(8), row.GetString(9)));
            }
        });
        return entries;
    }

    public void Dispose() => _connection.Dispose();

    // Not every row on its own to the disk: what a power cut takes along is the last second.
    private void Prepare()
    {
        _connection.Open();
        Execute("pragma synchronous = normal");
        using var transaction = _connection.BeginTransaction();
        Execute("create table if not exists schema_versions (part text primary key, version integer not null) without rowid", transaction);
        Execute($"insert or ignore into schema_versions (part, version) values ('audit', {Version})", transaction);
        using var select = Command("select version from schema_versions where part = 'audit'");
        select.Transaction = transaction;
        if (select.ExecuteScalar() is not (long and Version))
        {
            throw new StorageException($"its audit trail was written by another release of this program (this one reads version {Version})");
        }

        Execute("""
            create table if not exists audit (
              id integer primary key, at text not null, by text, role text not null, via text not null, remote text not null, action text not null, subject text, detail text,
              outcome text not null)
            """, transaction);
        using var last = Command("select coalesce(max(id), 0) from audit");
        last.Transaction = transaction;
        LastId = (long)last.ExecuteScalar()!;
        transaction.Commit();
    }

    private void Execute(string sql, SqliteTransaction? transaction = null)
    {
        using var command = Command(sql);
        command.Transaction = transaction;
        command.ExecuteNonQuery();
    }

    // What is run is written here; values are parameters.
    private SqliteCommand Command(string sql)
    {
        var command = _connection.CreateCommand();
        command.CommandText = sql;
        return command;
    }

    private static void Bind(SqliteCommand command, string name, object? value) => command.Parameters.AddWithValue(name, value ?? DBNull.Value);

    private static void Tell(Action work)
    {
        try
        {
            work();
        }
        catch (Exception failure) when (failure is SqliteException or IOException or InvalidCastException or FormatException)
        {
            throw new StorageException(failure.Message, failure);
        }
    }
}
