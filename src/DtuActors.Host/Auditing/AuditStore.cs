using System.Data.Common;
using System.Globalization;
using System.Text;
using DtuActors.Storage;

namespace DtuActors.Host.Auditing;

/// <summary>
/// The table <c>audit</c>, of which at most so many rows stay; several nodes may write into one. Every call blocks; one caller at a time. Throws
/// <see cref="StorageException"/>.
/// </summary>
internal sealed class AuditStore : IDisposable
{
    /// <summary>The part's name, in the database and in <see cref="StorageHealth"/>.</summary>
    public const string Part = "audit";

    /// <summary>Rows that stay; the oldest leave.</summary>
    public const int MostRows = 100_000;

    private const int PruneEvery = 1000;

    private readonly Database _database;
    private readonly DbConnection _connection;
    private readonly int _mostRows;
    private int _sincePrune = PruneEvery;

    private AuditStore(Database database, DbConnection connection, int mostRows) => (_database, _connection, _mostRows) = (database, connection, mostRows);

    /// <summary>The highest id there was when it was opened.</summary>
    public long LastId { get; private set; }

    /// <summary>Opens a database that is there; the register makes it.</summary>
    public static AuditStore Open(Database database, int mostRows = MostRows)
    {
        var store = new AuditStore(database, database.Open(make: false), mostRows);
        try
        {
            store.Prepare();
            return store;
        }
        catch
        {
            store.Dispose();
            throw;
        }
    }

    /// <summary>Writes all or none, each once however often it is tried. Ids are in rising order; one that another node has given away becomes the next behind all that there are.</summary>
    public void Write(IReadOnlyList<AuditEntry> entries) => _database.Run(() =>
    {
        using var transaction = _connection.BeginTransaction();

        // Rising even where one moved: nodes that wait for each other's rows never do so in a circle.
        var last = 0L;
        foreach (var entry in entries)
        {
            var id = Math.Max(entry.Id, last + 1);
            while (!Insert(entry, id, transaction))
            {
                if (Written(entry, id, transaction) is { } written)
                {
                    id = written;
                    break;
                }

                id = Highest(transaction) + 1;
            }

            last = id;
        }

        var sincePrune = _sincePrune + entries.Count;
        if (sincePrune >= PruneEvery)
        {
            sincePrune = 0;
            using var prune = _connection.Command("delete from audit where id <= (select id from audit order by id desc limit 1 offset @most)", transaction);
            prune.Bind("most", _mostRows);
            prune.ExecuteNonQuery();
        }

        transaction.Commit();
        _sincePrune = sincePrune;
    });

    /// <summary>Newest first.</summary>
    public IReadOnlyList<AuditEntry> Read(int limit, long? before) => _database.Run(() =>
    {
        var entries = new List<AuditEntry>();
        using var select = _connection.Command("select id, at, by, role, via, remote, action, subject, detail, outcome from audit where id < @before order by id desc limit @limit");
        select.Bind("before", before ?? long.MaxValue);
        select.Bind("limit", limit);
        using var row = select.ExecuteReader();
        while (row.Read())
        {
            string? Text(int column) => row.IsDBNull(column) ? null : row.GetString(column);
            var at = DateTimeOffset.Parse(row.GetString(1), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);
            entries.Add(new AuditEntry(
                row.GetInt64(0), at, Text(2), row.GetString(3), row.GetString(4), row.GetString(5), row.GetString(6), Text(7), Text(8), row.GetString(9)));
        }

        return entries;
    });

    public void Dispose() => _connection.Dispose();

    // Not every row on its own to the disk: what a power cut takes along is the last second.
    private void Prepare()
    {
        _database.Relax(_connection);
        SchemaVersions.Prepare(_database, _connection, Part, "the audit trail",
        [
            $"""
            create table audit (
              id {_database.BigInt} primary key, at text not null, by text, role text not null, via text not null, remote text not null, action text not null, subject text,
              detail text, outcome text not null)
            """,
        ]);
        LastId = _database.Run(() => Highest(transaction: null));
    }

    private long Highest(DbTransaction? transaction)
    {
        using var highest = _connection.Command("select coalesce(max(id), 0) from audit", transaction);
        return Convert.ToInt64(highest.ExecuteScalar(), CultureInfo.InvariantCulture);
    }

    private bool Insert(AuditEntry entry, long id, DbTransaction transaction)
    {
        using var insert = _connection.Command(
            """
            insert into audit (id, at, by, role, via, remote, action, subject, detail, outcome)
            values (@id, @at, @by, @role, @via, @remote, @action, @subject, @detail, @outcome) on conflict (id) do nothing
            """,
            transaction);
        insert.Bind("id", id);
        insert.Bind("at", At(entry));
        insert.Bind("by", Plain(entry.By));
        insert.Bind("role", entry.Role);
        insert.Bind("via", entry.Via);
        insert.Bind("remote", Plain(entry.Remote));
        insert.Bind("action", Plain(entry.Action));
        insert.Bind("subject", Plain(entry.Subject));
        insert.Bind("detail", Plain(entry.Detail));
        insert.Bind("outcome", Plain(entry.Outcome));
        return insert.ExecuteNonQuery() == 1;
    }

    // A connection that was lost in the middle of a commit leaves open whether it was one: the id under which this entry stands there already.
    private long? Written(AuditEntry entry, long id, DbTransaction transaction)
    {
        using var select = _connection.Command(
            "select min(id) from audit where id >= @id and at = @at and remote = @remote and action = @action and outcome = @outcome", transaction);
        select.Bind("id", id);
        select.Bind("at", At(entry));
        select.Bind("remote", Plain(entry.Remote));
        select.Bind("action", Plain(entry.Action));
        select.Bind("outcome", Plain(entry.Outcome));
        return select.ExecuteScalar() is long written ? written : null;
    }

    private static string At(AuditEntry entry) => entry.At.UtcDateTime.ToString("O", CultureInfo.InvariantCulture);

    // What callers send goes in here: PostgreSQL takes neither a NUL nor half a character.
    private static string? Plain(string? text) => text is null ? null : Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text)).Replace('\0', '\uFFFD');
}
