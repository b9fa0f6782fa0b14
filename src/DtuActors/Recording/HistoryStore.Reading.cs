using System.Collections.Immutable;
using System.Data.Common;
using System.Globalization;
using System.Text.Json;
using DtuActors.Protocol;
using DtuActors.Storage;

namespace DtuActors.Recording;

/// <summary>Pages of frames, and a DTU's last sessions. Only parts that may have some of them are touched.</summary>
internal sealed partial class HistoryStore
{
    /// <summary>A page ends before its number of frames where their bytes are that many.</summary>
    public const int MostPageBytes = 8 * 1024 * 1024;

    /// <summary>A page, oldest first; with <see cref="Records.GetFrames.Newest"/> the last frames instead of the first.</summary>
    public FramePage Page(Records.GetFrames asked) => _database.Run(() =>
    {
        var after = long.TryParse(asked.After, NumberStyles.None, CultureInfo.InvariantCulture, out var sequence) ? sequence : 0;
        var (since, until) = (asked.Since is { } from ? Ticks(from) : long.MinValue, asked.Until is { } to ? Ticks(to) : long.MaxValue);
        var frames = new List<RecordedFrame>();
        var (bytes, isMore) = (0L, false);
        var parts = _parts.Where(part => part.LastSequence > after && part.LastAt >= since && part.FirstAt < until);
        foreach (var part in asked.Newest ? parts.Reverse() : parts)
        {
            using var select = Select(part, asked.Dtu, asked.Newest, after, since, until, asked.Limit + 1 - frames.Count);
            using var reader = select.ExecuteReader();
            while (!isMore && reader.Read())
            {
                var frame = Frame(reader);
                isMore = frames.Count == asked.Limit || (frames.Count > 0 && bytes + frame.Payload.Length > MostPageBytes);
                if (!isMore)
                {
                    frames.Add(frame);
                    bytes += frame.Payload.Length;
                }
            }

            if (isMore)
            {
                break;
            }
        }

        if (asked.Newest)
        {
            frames.Reverse();
            return new FramePage([.. frames], null);
        }

        return new FramePage([.. frames], isMore ? frames[^1].Sequence.ToString(CultureInfo.InvariantCulture) : null);
    });

    /// <summary>A DTU's sessions, those that ended last first.</summary>
    public ImmutableArray<SessionRecord> Sessions(DtuId dtu, int most) => _database.Run(() =>
    {
        var sessions = ImmutableArray.CreateBuilder<SessionRecord>();
        foreach (var part in Enumerable.Reverse(_parts).Where(part => !part.IsEmpty))
        {
            using var select = Command($"select record from sessions_{part.Number} where dtu = @dtu order by seq desc limit @most");
            Set(select, "@dtu", dtu.Value);
            Set(select, "@most", (long)(most - sessions.Count));
            using var reader = select.ExecuteReader();
            while (reader.Read())
            {
                sessions.Add(Record(reader.GetString(0)));
            }

            if (sessions.Count == most)
            {
                break;
            }
        }

        return sessions.ToImmutable();
    });

    private DbCommand Select(HistoryPart part, DtuId dtu, bool newest, long after, long since, long until, int most)
    {
        var select = Command($"""
            select seq, at, direction, codec, source, verdict, payload from frames_{part.Number}
            where dtu = @dtu and seq > @after and at >= @since and at < @until order by seq {(newest ? "desc" : "asc")} limit @most
            """);
        Set(select, "@dtu", dtu.Value);
        Set(select, "@after", after);
        Set(select, "@since", since);
        Set(select, "@until", until);
        Set(select, "@most", (long)most);
        return select;
    }

    private static RecordedFrame Frame(DbDataReader row) => new(
        row.GetInt64(0),
        Instant(row.GetInt64(1)),
        row.GetInt32(2) == 0 ? FrameDirection.Up : FrameDirection.Down,
        row.GetFieldValue<byte[]>(6),
        row.GetString(3),
        row.GetString(4),
        row.IsDBNull(5) ? null : row.GetString(5));

    private static SessionRecord Record(string text)
    {
        try
        {
            return JsonSerializer.Deserialize<SessionRecord>(text, Json) ?? throw new StorageException("the history has a session that can't be read");
        }
        catch (JsonException failure)
        {
            throw new StorageException("the history has a session that can't be read", failure);
        }
    }

    private static void Set(DbCommand command, string name, object value)
    {
        var parameter = command.CreateParameter();
        parameter.ParameterName = name;
        parameter.Value = value;
        command.Parameters.Add(parameter);
    }
}
