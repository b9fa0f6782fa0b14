using DtuActors.Protocol.Layouts;

namespace DtuActors.Protocol.Framing;

/// <summary>
/// <c>sl651</c>: frames of SL 651-2014, both directions, HEX/BCD and ASCII (<see cref="Sl651"/>), by their length and CRC: their marks occur in data. A head
/// whose frame is not complete is given up where a whole frame came behind it: the line broke off.
/// </summary>
internal sealed class Sl651Codec(TimeSpan gap) : Codec
{
    private static ReadOnlySpan<byte> HexStart => [Sl651.HexMark, Sl651.HexMark];

    private static ReadOnlySpan<byte> AsciiStart => [Sl651.AsciiMark];

    public override string Name => "sl651";

    public override Proof Proof => Proof.Checksum;

    public override TimeSpan? Gap { get; } = LongGap(gap);

    public override Cut Next(ReadOnlySpan<byte> pending, int examined, bool silent)
    {
        var length = Sl651.Shape(pending);
        if (length < 0)
        {
            var next = pending[1..].IndexOfAny(Sl651.HexMark, Sl651.AsciiMark);
            return Cut.Drop(next < 0 ? pending.Length : next + 1, DropReasons.Garbage);
        }

        if (length > 0 && FrameInside(pending[..Math.Min(pending.Length, length - 1)], examined) is > 0 and var inside)
        {
            return Cut.Drop(inside, DropReasons.Truncated);
        }

        if (length > 0 && length <= pending.Length)
        {
            return Sl651.Proves(pending[..length]) ? Cut.Frame(length) : Cut.Damaged(length);
        }

        return silent ? Cut.Drop(1, DropReasons.Truncated) : Cut.Wait(pending.Length);
    }

    /// <summary>
    /// Where the frame begins that is complete first in these bytes behind their head, or 0. Those that end within <paramref name="seen"/> were looked at.
    /// </summary>
    private static int FrameInside(ReadOnlySpan<byte> bytes, int seen)
    {
        var start = bytes[0] == Sl651.HexMark ? HexStart : AsciiStart;
        var first = int.MaxValue;
        var found = 0;
        for (var at = 1; at < bytes.Length; at++)
        {
            var next = bytes[at..].IndexOf(start);
            if (next < 0)
            {
                break;
            }

            at += next;
            var length = Sl651.Shape(bytes[at..]);
            var end = at + length;
            if (length > 0 && end > seen && end <= bytes.Length && end < first && Sl651.Proves(bytes[at..end]))
            {
                first = end;
                found = at;
            }
        }

        return found;
    }
}
