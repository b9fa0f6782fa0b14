using System.Data;
using System.Data.Common;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using DtuActors.Configuration;
using DtuActors.Protocol;
using DtuActors.Storage;

namespace DtuActors.Recording;

/// <summary>
/// Frames and ended sessions on disk, in parts by time of writing: each part has tables of its own, and what is too old or too much leaves by whole parts, oldest first, which costs
/// little however many rows they have. Rows lie by DTU and number, so that a DTU's history is read in one piece. Every call blocks; one caller at a time. Throws
/// <see cref="StorageException"/>; then open another one.
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

    // Rows of one statement: a PostgreSQL server answers each.
    private const int RowsAtOnce = 50;

    // What a row takes beside its texts and bytes: numbers, lengths, its share of pages that are not full (measured, SQLite).
    private const int RowBytes = 32;
    private const double PageShare = 1.3;

    private static readonly string[] Steps =
    [
        """
        create table history_parts (
          part integer primary key, first_seq bigint not null, last_seq bigint not null, first_at bigint not null, last_at bigint not null, bytes bigint not null)
        """,
    ];

    // A kind of evidence by its name: its number may be another's one day.
    private static readonly JsonSerializerOptions Json = new() { Converters = { new JsonStringEnumConverter() } };

    private readonly Database _database;
    private readonly DbConnection _connection;
    private readonly long _span;
    private readonly long _retention;
    private readonly long _mostBytes;
    private readonly List<HistoryPart> _parts = [];
    private Inserts? _inserts;

    private HistoryStore(Database database, DbConnection connection, StorageOptions limits)
    {
        _database = database;
        _connection = connection;
        _retention = limits.Retention.Ticks;
        _span = Math.Min(_retention / Share, Math.Max(MostSpan.Ticks, _retention / MostParts));
        _mostBytes = limits.MaxHistory;
    }

    /// <summary>The number of the last row.</summary>
    public long LastSequence => _parts.Count == 0 ? 0 : _parts[^1].LastSequence;

    /// <summary>How many parts there are.</summary>
    internal int Parts => _parts.Count;

    /// <param name="database">Where; folder, file and tables are made where they are not there.</param>
    /// <param name="limits">How much is kept, and how long.</param>
    public static HistoryStore Open(Database database, StorageOptions limits)
    {
        var connection = database.Open();
        try
        {
            SchemaVersions.Prepare(database, connection, Part, "the history", Steps);
            var store = new HistoryStore(database, connection, limits);
            database.Run(store.ReadParts);
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

        _database.Run(() =>
        {
            var (first, last) = (Ticks(entries.Min(entry => entry.At)), Ticks(entries.Max(entry => entry.At)));
            using var transaction = _connection.BeginTransaction();
            var part = _parts.LastOrDefault();
            var isNew = part is null || IsFull(part, first, last);
            if (isNew)
            {
                part = NewPart(transaction);
            }

            var bytes = Insert(part!, entries, transaction);
            part = part! with
            {
                LastSequence = part.LastSequence + entries.Count,
                FirstAt = Math.Min(part.FirstAt, first),
                LastAt = Math.Max(part.LastAt, last),
                Bytes = part.Bytes + bytes,
            };
            Update(part, transaction);
            transaction.Commit();
            if (isNew)
            {
                _parts.Add(part);
            }
            else
            {
                _parts[^1] = part;
            }
        });
    }

    /// <summary>Drops the parts of which every row is too old, and the oldest where all together are too much.</summary>
    /// <remarks>A part with a row of the future, by a clock that was wrong, leaves by its size, or when that time has come.</remarks>
    public void Trim(DateTimeOffset now)
    {
        var limit = Ticks(now) - _retention;
        while (_parts.Count > 0 && _parts.FindIndex(part => !part.IsEmpty && (part.LastAt < limit)) is >= 0 and var old)
        {
            Drop(old);
        }

        // The one that is being written is the last to go: it keeps the number.
        while (_parts.Count > 1 && _parts.Sum(part => part.Bytes) > _mostBytes - (_mostBytes / Share))
        {
            Drop(0);
        }
    }

    public void Dispose()
    {
        _inserts?.Dispose();
        _connection.Dispose();
    }

    internal static long Ticks(DateTimeOffset at) => at.UtcTicks - DateTimeOffset.UnixEpoch.Ticks;

    private static DateTimeOffset Instant(long ticks) => DateTimeOffset.UnixEpoch.AddTicks(ticks);

    private void ReadParts()
    {
        using var select = Command("select part, first_seq, last_seq, first_at, last_at, bytes from history_parts order by part");
        using var reader = select.ExecuteReader();
        while (reader.Read())
        {
            _parts.Add(new HistoryPart(reader.GetInt32(0), reader.GetInt64(1), reader.GetInt64(2), reader.GetInt64(3), reader.GetInt64(4), reader.GetInt64(5)));
        }
    }

    private bool IsFull(HistoryPart part, long first, long last) =>
        !part.IsEmpty
        && (part.Bytes >= _mostBytes / Share
            || (_parts.Count < MostParts + Share && Math.Max(part.LastAt, last) - Math.Min(part.FirstAt, first) > _span));

    private HistoryPart NewPart(DbTransaction transaction)
    {
        var part = HistoryPart.Empty(_parts.Count == 0 ? 1 : _parts[^1].Number + 1, LastSequence);
        Execute($"""
            create table frames_{part.Number} (
              dtu text not null, seq bigint not null, at bigint not null, direction integer not null, codec text not null, source text not null, verdict text, payload {_database.Bytes} not null,
              primary key (dtu, seq)) {_database.Clustered}
            """, transaction);
        Execute($"create table sessions_{part.Number} (dtu text not null, seq bigint not null, record text not null, primary key (dtu, seq)) {_database.Clustered}", transaction);
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
        _inserts?.Dispose();
        _inserts = null;
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

    private long Insert(HistoryPart part, IReadOnlyList<HistoryEntry> entries, DbTransaction transaction)
    {
        if (_inserts is null || _inserts.Part != part.Number)
        {
            _inserts?.Dispose();
            _inserts = new Inserts(_connection, part.Number);
        }

        _inserts.Begin(transaction);
        var bytes = 0L;
        var frames = new List<(HistoryEntry Entry, long Sequence)>(entries.Count);
        for (var i = 0; i < entries.Count; i++)
        {
            var (entry, sequence) = (entries[i], part.LastSequence + 1 + i);
            if (entry.Session is { } session)
            {
                var record = JsonSerializer.Serialize(session, Json);
                _inserts.Session(entry.Dtu.Value, sequence, record);
                bytes += Cost(entry.Dtu.Value.Length + record.Length);
            }
            else
            {
                frames.Add((entry, sequence));
                bytes += Cost(entry.Dtu.Value.Length + entry.Frame!.Codec.Length + entry.Frame.Source.Length + entry.Frame.Payload.Length);
            }
        }

        // In the table's own order: neighbours go to the same page.
        frames.Sort(static (one, other) => one.Entry.Dtu.CompareTo(other.Entry.Dtu) is not 0 and var order ? order : one.Sequence.CompareTo(other.Sequence));
        _inserts.Frames(frames);
        return bytes;

        static long Cost(int content) => (long)((content + RowBytes) * PageShare);
    }

    private void Update(HistoryPart part, DbTransaction transaction) => Execute(
        $"update history_parts set last_seq = {part.LastSequence}, first_at = {part.FirstAt}, last_at = {part.LastAt}, bytes = {part.Bytes} where part = {part.Number}", transaction);

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

    /// <param name="Number">Its tables are <c>frames_N</c> and <c>sessions_N</c>.</param>
    /// <param name="FirstSequence">The number of its first row.</param>
    /// <param name="LastSequence">Of its last; before the first: it is empty.</param>
    /// <param name="FirstAt">The earliest time in it, in ticks since 1970.</param>
    /// <param name="LastAt">The latest.</param>
    /// <param name="Bytes">About what it takes on disk.</param>
    private sealed record HistoryPart(int Number, long FirstSequence, long LastSequence, long FirstAt, long LastAt, long Bytes)
    {
        public bool IsEmpty => LastSequence < FirstSequence;

        public static HistoryPart Empty(int number, long lastSequence) => new(number, lastSequence + 1, lastSequence, long.MaxValue, long.MinValue, 0);
    }

    /// <summary>The statements that fill one part, made once.</summary>
    private sealed class Inserts : IDisposable
    {
        private static readonly (string Name, DbType Type)[] Columns =
        [
            ("dtu", DbType.String), ("seq", DbType.Int64), ("at", DbType.Int64), ("direction", DbType.Int32), ("codec", DbType.String), ("source", DbType.String),
            ("verdict", DbType.String), ("payload", DbType.Binary),
        ];

        private readonly DbCommand _many;
        private readonly DbCommand _one;
        private readonly DbCommand _session;

        public Inserts(DbConnection connection, int part)
        {
            Part = part;
            _many = Frames(connection, RowsAtOnce);
            _one = Frames(connection, 1);
            _session = connection.CreateCommand();
            _session.CommandText = $"insert into sessions_{part} (dtu, seq, record) values (@dtu, @seq, @record)";
            Add(_session, "dtu", DbType.String);
            Add(_session, "seq", DbType.Int64);
            Add(_session, "record", DbType.String);
        }

        public int Part { get; }

        public void Begin(DbTransaction transaction) => _many.Transaction = _one.Transaction = _session.Transaction = transaction;

        public void Session(string dtu, long sequence, string record)
        {
            _session.Parameters[0].Value = dtu;
            _session.Parameters[1].Value = sequence;
            _session.Parameters[2].Value = record;
            _session.ExecuteNonQuery();
        }

        public void Frames(List<(HistoryEntry Entry, long Sequence)> frames)
        {
            var at = 0;
            for (; at + RowsAtOnce <= frames.Count; at += RowsAtOnce)
            {
                for (var row = 0; row < RowsAtOnce; row++)
                {
                    Set(_many, row, frames[at + row]);
                }

                _many.ExecuteNonQuery();
            }

            for (; at < frames.Count; at++)
            {
                Set(_one, 0, frames[at]);
                _one.ExecuteNonQuery();
            }
        }

        public void Dispose()
        {
            _many.Dispose();
            _one.Dispose();
            _session.Dispose();
        }

        private DbCommand Frames(DbConnection connection, int rows)
        {
            var sql = new StringBuilder($"insert into frames_{Part} ({string.Join(", ", Columns.Select(column => column.Name))}) values ");
            var command = connection.CreateCommand();
            for (var row = 0; row < rows; row++)
            {
                sql.Append(row == 0 ? "(" : ", (").AppendJoin(", ", Columns.Select(column => $"@{column.Name}{row}")).Append(')');
                foreach (var (name, type) in Columns)
                {
                    Add(command, $"{name}{row}", type);
                }
            }

            command.CommandText = sql.ToString();
            return command;
        }

        private static void Add(DbCommand command, string name, DbType type)
        {
            var parameter = command.CreateParameter();
            parameter.ParameterName = "@" + name;
            parameter.DbType = type;
            command.Parameters.Add(parameter);
        }

        private static void Set(DbCommand command, int row, (HistoryEntry Entry, long Sequence) of)
        {
            var (frame, values, at) = (of.Entry.Frame!, command.Parameters, row * Columns.Length);
            values[at].Value = frame.Dtu.Value;
            values[at + 1].Value = of.Sequence;
            values[at + 2].Value = Ticks(frame.At);
            values[at + 3].Value = frame.Direction is FrameDirection.Up ? 0 : 1;
            values[at + 4].Value = frame.Codec;
            values[at + 5].Value = frame.Source;
            values[at + 6].Value = (object?)frame.Verdict ?? DBNull.Value;
            values[at + 7].Value = Whole(frame.Payload);
        }

        private static byte[] Whole(ReadOnlyMemory<byte> payload) =>
            MemoryMarshal.TryGetArray(payload, out var array) && array.Offset == 0 && array.Count == array.Array!.Length ? array.Array : payload.ToArray();
    }
}
