using DtuActors.Protocol.Checksums;
using DtuActors.Protocol.Layouts;

namespace DtuActors.Protocol.Framing;

/// <summary>
/// <c>hj212</c>: frames of HJ/T 212-2005 and HJ 212-2017 (<see cref="Hj212"/>). Cheap loggers count the length wrongly, so a frame is the shortest run of bytes behind a head that
/// its CRC proves: where the length says, or where <c>&amp;&amp;</c>, four hex digits and CR LF stand. A head is given up at the first line that ends where or beyond the
/// length says, at one that another head follows, and where a whole frame begins inside its line.
/// </summary>
internal sealed class Hj212Codec(TimeSpan gap) : Codec
{
    public override string Name => "hj212";

    public override TimeSpan? Gap { get; } = LongGap(gap);

    public override Cut Next(ReadOnlySpan<byte> pending, int examined, bool silent)
    {
        if (!Hj212.MayBegin(pending))
        {
            var next = pending[1..].IndexOf((byte)'#');
            return Cut.Drop(next < 0 ? pending.Length : next + 1, DropReasons.Garbage);
        }

        var declared = Hj212.HasHead(pending) ? Hj212.DeclaredLength(pending) : int.MaxValue;
        var crc = Hj212Crc.Start;
        var summed = Hj212.HeadLength;
        var damaged = 0;
        for (var from = silent ? Hj212.HeadLength : Math.Max(Hj212.HeadLength, examined); from < pending.Length;)
        {
            var found = pending[from..].IndexOf(Hj212.LineEnd);
            if (found < 0)
            {
                break;
            }

            var end = from + found + Hj212.LineEnd.Length;
            var line = pending[..end];
            var shape = Hj212.HasTail(line) && (end == declared || Hj212.EndsQuoted(line));
            if (shape)
            {
                crc = Hj212Crc.Continue(crc, pending[summed..(end - Hj212.TailLength)]);
                summed = end - Hj212.TailLength;
                if (crc == Hj212.TailValue(line))
                {
                    return Cut.Frame(end);
                }

                damaged = damaged == 0 ? end : damaged;
                if (FrameInside(line) is > 0 and var inside)
                {
                    return Cut.Drop(inside, DropReasons.Truncated);
                }
            }

            var follows = pending[end..];
            if (end >= declared || Hj212.HasHead(follows))
            {
                return shape ? Cut.Damaged(end) : Cut.Drop(1, end >= declared ? DropReasons.Garbage : DropReasons.Truncated);
            }

            if (!silent && Hj212.MayBegin(follows))
            {
                // Six more bytes tell whether another head follows.
                return Cut.Wait(end - Hj212.LineEnd.Length);
            }

            from = end;
        }

        return !silent ? Cut.Wait(pending.Length - 1)
            : damaged > 0 ? Cut.Damaged(damaged)
            : Cut.Drop(1, DropReasons.Truncated);
    }

    /// <summary>Where in the last line of these bytes a whole frame begins that ends with them, or 0: the head before it lost its rest.</summary>
    private static int FrameInside(ReadOnlySpan<byte> bytes)
    {
        var before = bytes[..^Hj212.LineEnd.Length].LastIndexOf(Hj212.LineEnd);
        var start = before < 0 ? 1 : before + Hj212.LineEnd.Length;
        for (var end = bytes.Length; end > start;)
        {
            var at = bytes[start..end].LastIndexOf("##"u8);
            if (at < 0)
            {
                return 0;
            }

            if (Hj212.HasHead(bytes[(start + at)..]))
            {
                return Hj212.IsValid(bytes[(start + at)..]) ? start + at : 0;
            }

            end = start + at + 1;
        }

        return 0;
    }
}
