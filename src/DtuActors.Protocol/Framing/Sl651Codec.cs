using System.Buffers;
using DtuActors.Protocol.Layouts;

namespace DtuActors.Protocol.Framing;

/// <summary>
/// <c>sl651</c>: frames of SL 651-2014, both directions, HEX/BCD and ASCII (<see cref="Sl651"/>), by their length and CRC: their marks occur in data. A head
/// whose frame is not complete is given up where a whole frame came behind it: the line broke off. How far that is looked for is bounded by the marks and the
/// bytes behind the head, not by time or pieces: beyond, the head is read to its end before what stands inside is.
/// </summary>
internal sealed class Sl651Codec(TimeSpan gap) : Codec
{
    // Two 7E, or SOH among text, behind a head that broke off are chance or the next frame: so many marks are more than a line that is not out to make work
    // ever shows.
    private const int MostHexMarks = 16;
    private const int MostAsciiMarks = 4;

    private static readonly SearchValues<byte> Ends = SearchValues.Create(
        Sl651.EndOfText, Sl651.EndOfBlock, Sl651.Enquiry, Sl651.EndOfTransmission, Sl651.Acknowledge, Sl651.NotAcknowledge, Sl651.StayOnline);

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

        var open = 1;
        if (length > 0 && FrameInside(pending[..Math.Min(pending.Length, length - 1)], examined, length, out open) is > 0 and var inside)
        {
            return Cut.Drop(inside, DropReasons.Truncated);
        }

        if (length > 0 && length <= pending.Length)
        {
            return Sl651.Proves(pending[..length]) ? Cut.Frame(length) : Cut.Damaged(length) with { Length = open };
        }

        return silent ? Cut.Drop(1, DropReasons.Truncated) : Cut.Wait(pending.Length);
    }

    /// <summary>
    /// Where the frame begins that is complete first in these bytes behind their head, or 0. Those that end within <paramref name="seen"/> were looked at.
    /// All of them together have at most <paramref name="budget"/> bytes: which ones these are, earlier ones decide, so that it is the same at any cut.
    /// Up to <paramref name="open"/> no frame begins that could still turn out to be one.
    /// </summary>
    private static int FrameInside(ReadOnlySpan<byte> bytes, int seen, int budget, out int open)
    {
        var isHex = bytes[0] == Sl651.HexMark;
        var start = isHex ? HexStart : AsciiStart;
        var most = isHex ? MostHexMarks : MostAsciiMarks;
        var check = isHex ? 2 : 4;
        var whole = budget - 1;
        open = 1;
        if (seen > check && seen <= bytes.Length && bytes.Length < whole && !bytes[(seen - check)..^check].ContainsAny(Ends))
        {
            // Nothing that came since ends a frame.
            return 0;
        }

        var first = int.MaxValue;
        var found = 0;
        open = 0;
        var at = 1;
        for (var marks = 0; marks < most && at < bytes.Length; marks++, at++)
        {
            var next = bytes[at..].IndexOf(start);
            if (next < 0)
            {
                break;
            }

            at += next;
            var length = Sl651.Shape(bytes[at..]);
            var end = at + length;
            if (length < 0)
            {
                continue;
            }

            if (length == 0 || end > whole)
            {
                open = open == 0 ? at : open;
                continue;
            }

            budget -= length;
            if (budget < 0)
            {
                break;
            }

            if (end > bytes.Length)
            {
                open = open == 0 ? at : open;
            }
            else if (end > seen && end < first && Sl651.Proves(bytes[at..end]))
            {
                first = end;
                found = at;
            }
        }

        // A frame of the other kind was not looked for, and neither was one behind the last mark that was.
        open = open == 0 ? Math.Min(at, bytes.Length) : open;
        var foreign = bytes[1..open].IndexOf(isHex ? Sl651.AsciiMark : Sl651.HexMark);
        open = foreign < 0 ? open : foreign + 1;
        return found;
    }
}
