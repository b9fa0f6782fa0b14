using DtuActors.Protocol.Checksums;
using DtuActors.Protocol.Layouts;

namespace DtuActors.Protocol.Framing;

/// <summary>
/// <c>hj212</c>: frames of HJ/T 212-2005 and HJ 212-2017 (<see cref="Hj212"/>). A frame ends where the head's length says. Cheap loggers count wrongly, so
/// its first line is one too where <c>&amp;&amp;</c>, four hex digits with the right CRC and CR LF end it, and no other head stands inside it: this CRC's
/// state has eight bits only, so that one in 256 wrong guesses would pass. A head is given up at the first line that ends where or beyond its length says, at
/// one that another head follows, and where a whole frame begins inside its line. That is looked for in its first lines; of a head with more of them, which
/// only a right length could explain, nothing but the end that its length says is looked at.
/// </summary>
internal sealed class Hj212Codec(TimeSpan gap) : Codec
{
    // A segment is one line in the standard. Text in its data may have some more.
    private const int MostLines = 32;

    // How many pairs of ## that begin no head are looked at in a line, from its end.
    private const int MostMarks = 16;

    public override string Name => "hj212";

    public override Proof Proof => Proof.Checksum;

    public override TimeSpan? Gap { get; } = LongGap(gap);

    public override Cut Next(ReadOnlySpan<byte> pending, int examined, bool silent)
    {
        if (!Hj212.MayBegin(pending))
        {
            var next = pending[1..].IndexOf((byte)'#');
            return Cut.Drop(next < 0 ? pending.Length : next + 1, DropReasons.Garbage);
        }

        var declared = Hj212.HasHead(pending) ? Hj212.DeclaredLength(pending) : int.MaxValue;
        var damaged = 0;
        var lines = -1;
        var last = 0;
        for (var from = silent ? Hj212.HeadLength : Math.Max(Hj212.HeadLength, examined); from < pending.Length;)
        {
            var found = pending[from..].IndexOf(Hj212.LineEnd);
            if (found < 0)
            {
                break;
            }

            lines = lines < 0 ? LinesBefore(pending[..(from + found)]) : lines + 1;
            if (lines >= MostLines)
            {
                return ByLength(pending, declared, damaged, last, silent);
            }

            var end = from + found + Hj212.LineEnd.Length;
            var unit = pending[..end];
            var before = unit[Hj212.HeadLength..^Hj212.LineEnd.Length].LastIndexOf(Hj212.LineEnd);
            var inside = before < 0 ? LastHead(unit, 1) : LastHead(unit, Hj212.HeadLength + before + Hj212.LineEnd.Length);
            last = before < 0 ? inside : last;
            var proves = end == declared || (before < 0 && inside == 0 && Hj212.EndsQuoted(unit));
            if (Hj212.HasTail(unit) && proves && Hj212.TailValue(unit) == Hj212Crc.Compute(Hj212.Segment(unit)))
            {
                return Cut.Frame(end);
            }

            if (inside > 0 && Hj212.IsValid(unit[inside..]))
            {
                return Cut.Drop(inside, DropReasons.Truncated);
            }

            var shape = Hj212.HasTail(unit) && (end == declared || Hj212.EndsQuoted(unit));
            damaged = shape && damaged == 0 ? end : damaged;
            var follows = pending[end..];
            if (end >= declared || Hj212.HasHead(follows))
            {
                var lineStart = before < 0 ? 0 : Hj212.HeadLength + before + Hj212.LineEnd.Length;
                var given = SameFate(pending, last, lineStart, end, Hj212.HasHead(follows));
                return shape ? Cut.Damaged(end) with { Length = given } : Cut.Drop(given, DropReasons.Garbage);
            }

            if (!silent && Hj212.MayBegin(follows))
            {
                // Six more bytes tell whether another head follows.
                return Cut.Wait(end - Hj212.LineEnd.Length);
            }

            from = end;
        }

        return Undecided(pending, damaged, last, silent);
    }

    /// <summary>
    /// Where behind the head that is given up the first one begins that may end otherwise, up to the last one of its line: all of them see the same line ends,
    /// so only their lengths make them differ. Given up with the head is whose length ends between <paramref name="after"/> and <paramref name="end"/>, or
    /// behind where <paramref name="orLater"/>. Without this a line full of heads would be read once for each.
    /// </summary>
    private static int SameFate(ReadOnlySpan<byte> pending, int last, int after, int end, bool orLater)
    {
        for (var at = 1; at < last; at++)
        {
            var next = pending[at..last].IndexOf((byte)'#');
            if (next < 0)
            {
                break;
            }

            at += next;
            var head = pending[at..];
            var own = Hj212.HasHead(head) ? at + Hj212.DeclaredLength(head) : 0;
            if (own > 0 && !(own > after && own < end) && !(own > end && orLater))
            {
                return at;
            }
        }

        return Math.Max(1, last);
    }

    private static Cut Undecided(ReadOnlySpan<byte> pending, int damaged, int last, bool silent)
    {
        if (!silent)
        {
            return Cut.Wait(pending.Length - 1);
        }

        var given = SameFate(pending, last, pending.Length, pending.Length, orLater: true);
        return damaged > 0 ? Cut.Damaged(damaged) with { Length = Math.Min(given, damaged) } : Cut.Drop(given, DropReasons.Truncated);
    }

    private static Cut ByLength(ReadOnlySpan<byte> pending, int declared, int damaged, int last, bool silent)
    {
        if (declared > pending.Length)
        {
            return Undecided(pending, damaged, last, silent);
        }

        var unit = pending[..declared];
        return !Hj212.HasTail(unit) ? Cut.Drop(1, DropReasons.Garbage)
            : Hj212.TailValue(unit) == Hj212Crc.Compute(Hj212.Segment(unit)) ? Cut.Frame(declared)
            : Cut.Damaged(declared);
    }

    /// <summary>How many lines end in these bytes behind their head; not counted beyond <see cref="MostLines"/>.</summary>
    private static int LinesBefore(ReadOnlySpan<byte> bytes)
    {
        var lines = 0;
        for (var rest = bytes[Hj212.HeadLength..]; lines < MostLines; lines++)
        {
            var end = rest.IndexOf(Hj212.LineEnd);
            if (end < 0)
            {
                break;
            }

            rest = rest[(end + Hj212.LineEnd.Length)..];
        }

        return lines;
    }

    /// <summary>Where the last head from <paramref name="start"/> on begins, or 0 where none does; the last mark looked at where there are too many.</summary>
    private static int LastHead(ReadOnlySpan<byte> bytes, int start)
    {
        var marks = 0;
        for (var end = bytes.Length; end > start;)
        {
            var at = bytes[start..end].LastIndexOf("##"u8);
            if (at < 0)
            {
                return 0;
            }

            if (Hj212.HasHead(bytes[(start + at)..]) || ++marks == MostMarks)
            {
                return start + at;
            }

            end = start + at + 1;
        }

        return 0;
    }
}
