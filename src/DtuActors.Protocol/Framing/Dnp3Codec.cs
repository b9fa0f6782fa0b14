using DtuActors.Protocol.Layouts;

namespace DtuActors.Protocol.Framing;

/// <summary>
/// <c>dnp3</c>: link frames (IEEE 1815-2012, clause 9). The header's CRC is read before its length is believed, so that a false start costs itself after ten
/// bytes, and each block's as soon as the block is there.
/// </summary>
internal sealed class Dnp3Codec(TimeSpan gap) : Codec
{
    public override string Name => "dnp3";

    public override Proof Proof => Proof.Checksum;

    public override TimeSpan? Gap { get; } = LongGap(gap);

    public override Cut Next(ReadOnlySpan<byte> pending, int examined, bool silent)
    {
        if (pending[0] != Dnp3Link.Start[0] || (pending.Length > 1 && pending[1] != Dnp3Link.Start[1]))
        {
            var start = pending[1..].IndexOf(Dnp3Link.Start[0]);
            return Cut.Drop(start < 0 ? pending.Length : start + 1, DropReasons.Garbage);
        }

        if (pending.Length > Dnp3Link.LengthOffset)
        {
            var length = Dnp3Link.FrameLength(pending[Dnp3Link.LengthOffset]);
            if (length == 0)
            {
                return Cut.Drop(1, DropReasons.Garbage);
            }

            if (!Dnp3Link.BlocksRight(pending, length, examined, out var right))
            {
                // A header that is wrong says nothing of the length.
                return Cut.Damaged(right == 0 ? Dnp3Link.HeaderLength : length);
            }

            if (pending.Length >= length)
            {
                return Cut.Frame(length);
            }

            examined = right;
        }

        return silent ? Cut.Drop(1, DropReasons.Truncated) : Cut.Wait(examined);
    }
}
