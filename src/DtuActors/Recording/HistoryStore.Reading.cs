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

    private const string Shown = "seq, at, direction, codec, source, verdict, payload";

    /// <summary>A page, oldest first; with <see cref="Records.GetFrames.Newest"/> the last frames instead of the first.</summary>
    public FramePage Page(Records.GetFrames asked) => _database.Run(() =>
    {
        var after = long.TryParse(asked.After, NumberStyles.None, CultureInfo.InvariantCulture, out var sequence) ? sequence : 0;
        var (since, until) = (asked.Since is { } from ? Ticks(from) : long.MinValue, asked.Until is { } to ? Ticks(to) : long.MaxValue);
        var page = new PageInMaking(asked.Limit);
        var parts = _parts.Where(part => part.LastSequence > after && part.LastAt >= since && part.FirstAt < until);
        if (asked.Newest)
        {
            AddFresh();
            AddParts(parts.Reverse());
            return page.Reversed();
        }

        AddParts(parts);
        AddFresh();
        return page.Done();

        void AddParts(IEnumerable<HistoryPart> those)
        {
            foreach (var part in those.TakeWhile(_ => !page.IsFull))
            {
                using var select = Select(part, asked.Dtu, asked.Newest, after, since, until, page.Wanted);
                page.Take(select);
            }
        }

        void AddFresh()
        {
            var fit = _fresh.Frames(asked.Dtu).Where(row => row.Sequence > after && row.At >= since && row.At < until);
            using var select = Command($"select {Shown} from frames_fresh where seq = @seq");
            Set(select, "@seq", 0L);
            foreach (var (number, _) in asked.Newest ? fit.Reverse() : fit)
            {
                if (page.IsFull)
                {
                    return;
                }

                select.Parameters[0].Value = number;
                page.Take(select);
            }
        }
    });

    /// <summary>A DTU's sessions, those that ended last first.</summary>
    public ImmutableArray<SessionRecord> Sessions(DtuId dtu, int most) => _database.Run(() =>
    {
        var sessions = ImmutableArray.CreateBuilder<SessionRecord>();
        foreach (var number in _fresh.Sessions(dtu).Reverse().Take(most))
        {
            using var select = Command("select record from sessions_fresh where seq = @seq");
            Set(select, "@seq", number);
            Add(select);
        }

        foreach (var part in Enumerable.Reverse(_parts).Where(part => !part.IsEmpty))
        {
            if (sessions.Count == most)
            {
                break;
            }

            using var select = Command($"select record from sessions_{part.Number} where dtu = @dtu order by seq desc limit @most");
            Set(select, "@dtu", dtu.Value);
            Set(select, "@most", (long)(most - sessions.Count));
            Add(select);
        }

        return sessions.ToImmutable();

        void Add(DbCommand select)
        {
            using var reader = select.ExecuteReader();
            while (reader.Read())
            {
                sessions.Add(Read<SessionRecord>(reader.GetString(0)));
            }
        }
    });

    private DbCommand Select(HistoryPart part, DtuId dtu, bool newest, long after, long since, long until, int most)
    {
        var select = Command($"""
            select {Shown} from frames_{part.Number}
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

    private static T Read<T>(string text)
    {
        try
        {
            return JsonSerializer.Deserialize<T>(text, HistoryInserts.Json) ?? throw new StorageException("the history has a row that can't be read");
        }
        catch (JsonException failure)
        {
            throw new StorageException("the history has a row that can't be read", failure);
        }
    }

    private static void Set(DbCommand command, string name, object value)
    {
        var parameter = command.CreateParameter();
        parameter.ParameterName = name;
        parameter.Value = value;
        command.Parameters.Add(parameter);
    }

    /// <summary>Takes frames until it is full: by their number, or by their bytes.</summary>
    private sealed class PageInMaking(int limit)
    {
        private readonly List<RecordedFrame> _frames = [];
        private long _bytes;

        /// <summary>There is one more than fits.</summary>
        public bool IsFull { get; private set; }

        /// <summary>How many rows are of use: one tells that there is another page.</summary>
        public int Wanted => limit + 1 - _frames.Count;

        public void Take(DbCommand select)
        {
            using var reader = select.ExecuteReader();
            while (!IsFull && reader.Read())
            {
                var frame = Frame(reader);
                IsFull = _frames.Count == limit || (_frames.Count > 0 && _bytes + frame.Payload.Length > MostPageBytes);
                if (!IsFull)
                {
                    _frames.Add(frame);
                    _bytes += frame.Payload.Length;
                }
            }
        }

        public FramePage Done() => new([.. _frames], IsFull ? _frames[^1].Sequence.ToString(CultureInfo.InvariantCulture) : null);

        public FramePage Reversed() => new([.. Enumerable.Reverse(_frames)], null);
    }
}
