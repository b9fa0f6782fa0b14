namespace DtuActors.Protocol.Framing;

/// <summary>
/// <c>start-end</c>: a frame begins with one to n fixed bytes and ends with the first end mark behind them; both are part of it. A start inside an unfinished
/// frame begins it anew, so that a lost end costs one frame and not two: a protocol whose data may hold its start mark needs a codec of its own. Where start
/// and end are the same bytes, two of them with nothing between are an end and a start, so that a lost one puts nothing out of step for long.
/// </summary>
internal sealed class StartEndCodec(byte[] start, byte[] end, TimeSpan gap) : Codec
{
    private readonly bool _isOneMark = start.AsSpan().SequenceEqual(end);

    public override string Name => "start-end";

    public override bool IsProtocol => false;

    public override TimeSpan? Gap { get; } = LongGap(gap);

    public override TimeSpan? BurstGap => gap;

    public override Cut Next(ReadOnlySpan<byte> pending, int examined, bool silent)
    {
        if (!pending.StartsWith(start))
        {
            var possible = PossibleStart(pending);
            if (possible > 0)
            {
                return Cut.Drop(possible, DropReasons.Garbage);
            }

            return silent ? Cut.Drop(1, DropReasons.Truncated) : Cut.Wait();
        }

        // An end counts where it begins no later than a new start.
        var begins = Find(pending, start, Math.Max(1, examined));
        var until = begins < 0 ? pending.Length : Math.Min(pending.Length, begins + end.Length);
        var ends = Find(pending[..until], end, Math.Max(start.Length, examined));
        if (ends >= 0)
        {
            return _isOneMark && ends == start.Length ? Cut.Drop(start.Length, DropReasons.Garbage) : Cut.Frame(ends + end.Length);
        }

        // An end that begins before the new start may not be whole yet.
        if (begins >= 0 && (silent || pending.Length >= begins + end.Length))
        {
            return Cut.Drop(begins, DropReasons.Garbage);
        }

        if (silent)
        {
            return Cut.Drop(pending.Length, DropReasons.Truncated);
        }

        // The last bytes may be the first of either mark.
        var seen = Math.Max(0, pending.Length - Math.Max(start.Length, end.Length) + 1);
        return Cut.Wait(begins >= 0 ? Math.Min(begins, seen) : seen);
    }

    private static int Find(ReadOnlySpan<byte> pending, ReadOnlySpan<byte> mark, int from)
    {
        var at = from < pending.Length ? pending[from..].IndexOf(mark) : -1;
        return at < 0 ? -1 : at + from;
    }

    /// <summary>Where a start stands, or may stand when more comes; the end of <paramref name="pending"/> where none can.</summary>
    private int PossibleStart(ReadOnlySpan<byte> pending)
    {
        for (var at = 0; at < pending.Length; at++)
        {
            var next = pending[at..].IndexOf(start[0]);
            if (next < 0)
            {
                break;
            }

            at += next;
            var head = pending[at..];
            if (head.StartsWith(start) || start.AsSpan().StartsWith(head))
            {
                return at;
            }
        }

        return pending.Length;
    }
}
