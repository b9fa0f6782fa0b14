using System.Data.Common;
using DtuActors.Configuration;
using DtuActors.Protocol;
using DtuActors.Storage;

namespace DtuActors.Recording;

/// <summary>
/// Frames and ended sessions on disk, in parts by time of writing: each part has tables of its own, and what is too old or too much leaves by whole parts, oldest first, which costs
/// little however many rows they have. In a part rows lie by DTU and number, so that a DTU's history is read in one piece. What is new is appended to a table of its own, and goes
/// into the part later, many rows at once. Every call blocks; one caller at a time. Throws <see cref="StorageException"/>; then open another one.
/// </summary>
/// <remarks>Numbers rise over restarts. The times are those of the frames: where the clock went back, numbers keep the order in which frames were written.</remarks>
internal sealed partial class HistoryStore : IDisposable
{
    private const string Part = "history";

    /// <summary>A part is a sixteenth of what is kept: that much at most goes a little early, or stays a little longer.</summary>
    private const int Share = 16;

    // Within a part a DTU's rows are looked through for a time: a day of a busy one has a hundred thousand.
    private static readonly TimeSpan MostSpan = TimeSpan.FromDays(1);

    // Each is two tables: years of retention must not make thousands of them, nor a clock that jumps to and fro.
    private const int MostParts = 400;

    // Put in its place one by one, each row of a fleet would write a page of its own; of so many, a page takes several. It is done in about a second.
    private const int MostFresh = 200_000;
    private const long MostFreshBytes = 64 * 1024 * 1024;

    // What a row takes beside its texts and bytes: numbers, lengths, its share of pages that are not full (measured, SQLite).
    private const int RowBytes = 32;
    private const double PageShare = 1.3;

    private const string FrameColumns = "dtu, seq, at, direction, codec, source, verdict, payload";
    private const string SessionColumns = "dtu, seq, at, record";

    private readonly Database _database;
    private readonly DbConnection _connection;
    private readonly long _span;
    private readonly long _retention;
    private readonly long _mostBytes;
    private readonly List<HistoryPart> _parts = [];
    private readonly HistoryInserts _inserts;
    private FreshRows _fresh = new();
    private HistoryStore(Database database, DbConnection connection, StorageOptions limits)
    {
        _database = database;
        _connection = connection;
        _retention = limits.Retention.Ticks;
        _span = Math.Min(_retention / Share, Math.Max(MostSpan.Ticks, _retention / MostParts));
        _mostBytes = limits.MaxHistory;
        _inserts = new HistoryInserts(connection, database.RowsInOne);
    }

    /// <summary>The number of the last row.</summary>
    public long LastSequence => _fresh.Range.IsEmpty ? LastMerged : _fresh.Range.LastSequence;

    /// <summary>How many parts there are.</summary>
    internal int Parts => _parts.Count;

    private long LastMerged => _parts.Count == 0 ? 0 : _parts[^1].LastSequence;

    /// <param name="database">Where; folder, file and tables are made where they are not there.</param>
    /// <param name="limits">How much is kept, and how long.</param>
    public static HistoryStore Open(Database database, StorageOptions limits)
    {
        var connection = database.Open();
        try
        {
            SchemaVersions.Prepare(database, connection, Part, "the history", [Tables(database)]);
            var store = new HistoryStore(database, connection, limits);
            database.Run(() =>
            {
                store.ReadParts();
                store.ReadFresh();
            });
            return store;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>Writes all or nothing, in this order.</summary>
    public void Write(IReadOnlyList<HistoryEntry> entries)
    {
        if (entries.Count == 0)
        {
            return;
        }

        var fresh = _fresh.Range.IsEmpty ? FreshRows.EmptyAfter(LastMerged) : _fresh;
        _database.Run(() =>
        {
            using var transaction = _connection.BeginTransaction();
            _inserts.Write(entries, fresh.Range.LastSequence + 1, transaction);
            transaction.Commit();
        });
        foreach (var entry in entries)
        {
            var bytes = entry.Dtu.Value.Length + (entry.Frame is { } frame ? frame.Codec.Length + frame.Source.Length + frame.Payload.Length : entry.Bytes);
            fresh.Add(entry.Dtu, Ticks(entry.At), entry.Session is not null, Cost(bytes));
        }

        _fresh = fresh;
    }

    /// <summary>
    /// Puts what is new in its place where it has become much, or old; drops the parts of which every row is too old, and the oldest where all together are too much.
    /// </summary>
    /// <remarks>A part with a row of the future, by a clock that was wrong, leaves by its size, or when that time has come.</remarks>
    public void Trim(DateTimeOffset now)
    {
        if (IsRipe(Ticks(now)))
        {
            Merge();
        }

        var limit = Ticks(now) - _retention;
        while (_parts.Count > 0 && _parts.FindIndex(part => !part.IsEmpty && part.LastAt < limit) is >= 0 and var old)
        {
            Drop(old);
        }

        // The one that is being written is the last to go: it keeps the number.
        while (_parts.Count > 1 && _parts.Sum(part => part.Bytes) + _fresh.Range.Bytes > _mostBytes - (_mostBytes / Share))
        {
            Drop(0);
        }
    }

    public void Dispose()
    {
        _inserts.Dispose();
        _connection.Dispose();
    }

    internal static long Ticks(DateTimeOffset at) => at.UtcTicks - DateTimeOffset.UnixEpoch.Ticks;

    private static DateTimeOffset Instant(long ticks) => DateTimeOffset.UnixEpoch.AddTicks(ticks);

    private static string Tables(Database database) => $"""
        create table history_parts (
          part integer primary key, first_seq bigint not null, last_seq bigint not null, first_at bigint not null, last_at bigint not null, bytes bigint not null);
        {FrameTable("frames_fresh", "seq", database)};
        {SessionTable("sessions_fresh", "seq", database)};
        create table known_dtus (dtu varchar(128) primary key, last_at bigint not null, record text not null);
        """;

    private static string FrameTable(string name, string key, Database database) => $"""
        create table {name} (
          dtu text not null, seq bigint not null, at bigint not null, direction integer not null, codec text not null, source text not null, verdict text, payload {database.Bytes} not null,
          primary key ({key})) {database.Clustered}
        """;

    private static string SessionTable(string name, string key, Database database) =>
        $"create table {name} (dtu text not null, seq bigint not null, at bigint not null, record text not null, primary key ({key})) {database.Clustered}";

    private static long Cost(int content) => (long)((content + RowBytes) * PageShare);

    private void ReadParts()
    {
        using var select = Command("select part, first_seq, last_seq, first_at, last_at, bytes from history_parts order by part");
        using var reader = select.ExecuteReader();
        while (reader.Read())
        {
            _parts.Add(new HistoryPart(reader.GetInt32(0), reader.GetInt64(1), reader.GetInt64(2), reader.GetInt64(3), reader.GetInt64(4), reader.GetInt64(5)));
        }
    }

    private void ReadFresh()
    {
        _fresh = FreshRows.EmptyAfter(LastMerged);
        using var select = Command("""
            select dtu, at, 0, length(codec) + length(source) + length(payload), seq from frames_fresh
            union all select dtu, at, 1, length(record), seq from sessions_fresh order by 5
            """);
        using var reader = select.ExecuteReader();
        while (reader.Read())
        {
            var (id, isSession) = (reader.GetString(0), reader.GetInt32(2) == 1);
            var dtu = DtuId.TryParse(id, out var parsed) ? parsed : throw new StorageException("the history has a row whose id is none");
            _fresh.Add(dtu, reader.GetInt64(1), isSession, Cost(id.Length + reader.GetInt32(3)), reader.GetInt64(4));
        }
    }

    // An hour at most: a part's time is that of its rows.
    private bool IsRipe(long now)
    {
        var fresh = _fresh.Range;
        var age = Math.Min(_span / 2, TimeSpan.TicksPerHour);
        return !fresh.IsEmpty
            && (_fresh.Count >= MostFresh || fresh.Bytes >= Math.Min(MostFreshBytes, _mostBytes / Share / 2)
                || fresh.LastAt - fresh.FirstAt > age || Math.Abs(now - fresh.FirstAt) > age);
    }

    private void Merge() => _database.Run(() =>
    {
        var fresh = _fresh.Range;
        using var transaction = _connection.BeginTransaction();
        var part = _parts.LastOrDefault();
        var isNew = part is null || IsFull(part, fresh.FirstAt, fresh.LastAt);
        if (isNew)
        {
            part = NewPart(transaction);
        }

        // In the tables' own order: neighbours go to the same page.
        part = part!.With(fresh);
        Execute($"insert into frames_{part.Number} ({FrameColumns}) select {FrameColumns} from frames_fresh order by dtu, seq", transaction);
        Execute($"insert into sessions_{part.Number} ({SessionColumns}) select {SessionColumns} from sessions_fresh order by dtu, seq", transaction);
        Execute($"delete from frames_fresh", transaction);
        Execute($"delete from sessions_fresh", transaction);
        Execute($"update history_parts set last_seq = {part.LastSequence}, first_at = {part.FirstAt}, last_at = {part.LastAt}, bytes = {part.Bytes} where part = {part.Number}", transaction);
        transaction.Commit();
        if (isNew)
        {
            _parts.Add(part);
        }
        else
        {
            _parts[^1] = part;
        }

        _fresh = FreshRows.EmptyAfter(part.LastSequence);
    });

    private bool IsFull(HistoryPart part, long first, long last) =>
        !part.IsEmpty
        && (part.Bytes >= _mostBytes / Share
            || (_parts.Count < MostParts + Share && Math.Max(part.LastAt, last) - Math.Min(part.FirstAt, first) > _span));

    private HistoryPart NewPart(DbTransaction transaction)
    {
        var part = HistoryPart.Empty(_parts.Count == 0 ? 1 : _parts[^1].Number + 1, LastMerged);
        Execute($"{FrameTable($"frames_{part.Number}", "dtu, seq", _database)}", transaction);
        Execute($"{SessionTable($"sessions_{part.Number}", "dtu, seq", _database)}", transaction);
        Execute($"""
            insert into history_parts (part, first_seq, last_seq, first_at, last_at, bytes)
            values ({part.Number}, {part.FirstSequence}, {part.LastSequence}, {part.FirstAt}, {part.LastAt}, 0)
            """, transaction);
        return part;
    }

    private void Drop(int index) => _database.Run(() =>
    {
        var part = _parts[index];
        using var transaction = _connection.BeginTransaction();
        var next = index == _parts.Count - 1 ? NewPart(transaction) : null;
        Execute($"drop table frames_{part.Number}", transaction);
        Execute($"drop table sessions_{part.Number}", transaction);
        Execute($"delete from history_parts where part = {part.Number}", transaction);
        transaction.Commit();
        _parts.RemoveAt(index);
        if (next is not null)
        {
            _parts.Add(next);
        }
    });

    private void Execute(FormattableString sql, DbTransaction transaction)
    {
        using var command = Command(FormattableString.Invariant(sql));
        command.Transaction = transaction;
        command.ExecuteNonQuery();
    }

    private DbCommand Command(string sql)
    {
        var command = _connection.CreateCommand();
        command.CommandText = sql;
        return command;
    }
}
