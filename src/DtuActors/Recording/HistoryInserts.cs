using System.Data;
using System.Data.Common;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using DtuActors.Protocol;

namespace DtuActors.Recording;

/// <summary>The statements that append to the history, made once.</summary>
internal sealed class HistoryInserts : IDisposable
{
    // A kind of evidence by its name: its number may be another's one day.
    public static readonly JsonSerializerOptions Json = new() { Converters = { new JsonStringEnumConverter() } };

    private static readonly (string Name, DbType Type)[] Columns =
    [
        ("dtu", DbType.String), ("seq", DbType.Int64), ("at", DbType.Int64), ("direction", DbType.Int32), ("codec", DbType.String), ("source", DbType.String),
        ("verdict", DbType.String), ("payload", DbType.Binary),
    ];

    private readonly int _rows;
    private readonly DbCommand _many;
    private readonly DbCommand _one;
    private readonly DbCommand _session;

    /// <param name="connection">Where.</param>
    /// <param name="rows">How many one statement appends.</param>
    public HistoryInserts(DbConnection connection, int rows)
    {
        _rows = rows;
        _many = Frames(connection, rows);
        _one = Frames(connection, 1);
        _session = connection.CreateCommand();
        _session.CommandText = "insert into sessions_fresh (dtu, seq, at, record) values (@dtu, @seq, @at, @record)";
        Add(_session, "dtu", DbType.String);
        Add(_session, "seq", DbType.Int64);
        Add(_session, "at", DbType.Int64);
        Add(_session, "record", DbType.String);
    }

    /// <summary>Appends rows with rising numbers.</summary>
    public void Write(IReadOnlyList<HistoryEntry> entries, long first, DbTransaction transaction)
    {
        _many.Transaction = _one.Transaction = _session.Transaction = transaction;
        var waiting = new List<(FramePassed Frame, long Sequence)>(_rows);
        for (var i = 0; i < entries.Count; i++)
        {
            if (entries[i].Session is { } session)
            {
                _session.Parameters[0].Value = entries[i].Dtu.Value;
                _session.Parameters[1].Value = first + i;
                _session.Parameters[2].Value = HistoryStore.Ticks(entries[i].At);
                _session.Parameters[3].Value = JsonSerializer.Serialize(session, Json);
                _session.ExecuteNonQuery();
                continue;
            }

            waiting.Add((entries[i].Frame!, first + i));
            if (waiting.Count == _rows)
            {
                for (var row = 0; row < _rows; row++)
                {
                    Set(_many, row, waiting[row]);
                }

                _many.ExecuteNonQuery();
                waiting.Clear();
            }
        }

        foreach (var frame in waiting)
        {
            Set(_one, 0, frame);
            _one.ExecuteNonQuery();
        }
    }

    public void Dispose()
    {
        _many.Dispose();
        _one.Dispose();
        _session.Dispose();
    }

    private static DbCommand Frames(DbConnection connection, int rows)
    {
        var sql = new StringBuilder($"insert into frames_fresh ({string.Join(", ", Columns.Select(column => column.Name))}) values ");
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

    private static void Set(DbCommand command, int row, (FramePassed Frame, long Sequence) of)
    {
        var (frame, values, at) = (of.Frame, command.Parameters, row * Columns.Length);
        values[at].Value = frame.Dtu.Value;
        values[at + 1].Value = of.Sequence;
        values[at + 2].Value = HistoryStore.Ticks(frame.At);
        values[at + 3].Value = frame.Direction is FrameDirection.Up ? 0 : 1;
        values[at + 4].Value = frame.Codec;
        values[at + 5].Value = frame.Source;
        values[at + 6].Value = (object?)frame.Verdict ?? DBNull.Value;
        values[at + 7].Value = Whole(frame.Payload);
    }

    private static byte[] Whole(ReadOnlyMemory<byte> payload) =>
        MemoryMarshal.TryGetArray(payload, out var array) && array.Offset == 0 && array.Count == array.Array!.Length ? array.Array : payload.ToArray();
}
