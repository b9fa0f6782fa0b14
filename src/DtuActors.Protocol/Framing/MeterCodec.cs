using DtuActors.Protocol.Layouts;

namespace DtuActors.Protocol.Framing;

/// <summary>
/// What <c>dlt645</c> and <c>cjt188</c> share: preambles, which are part of the frame, then a unit from 68 to 16 whose length field and sum prove it. A 68 in
/// garbage can promise up to 255 bytes: until they are there, or the line is silent, a frame behind it waits, and then comes out.
/// </summary>
internal abstract class MeterCodec(TimeSpan gap) : Codec
{
    public override Proof Proof => Proof.Checksum;

    public override TimeSpan? Gap { get; } = HalvesGap(gap);

    public override Cut Next(ReadOnlySpan<byte> pending, int examined, bool silent)
    {
        var preambles = MeterFrames.Preambles(pending);
        if (preambles > MeterFrames.MaxPreambles)
        {
            return Cut.Drop(preambles - MeterFrames.MaxPreambles, DropReasons.Garbage);
        }

        if (preambles == pending.Length)
        {
            return Incomplete(silent);
        }

        var core = pending[preambles..];
        if (core[0] != MeterFrames.Start)
        {
            var next = core.IndexOfAny(MeterFrames.Start, MeterFrames.Preamble, MeterFrames.BlurredPreamble);
            return Cut.Drop(next < 0 ? pending.Length : preambles + next, DropReasons.Garbage);
        }

        var length = CoreLength(core);
        if (length == MeterFrames.Never)
        {
            return Cut.Drop(preambles + 1, DropReasons.Garbage);
        }

        if (length == MeterFrames.More || length > core.Length)
        {
            return silent && preambles == 0 ? Cut.Drop(FalseStart(core), DropReasons.Truncated) : Incomplete(silent);
        }

        if (core[length - 1] != MeterFrames.End)
        {
            return Cut.Drop(preambles + FalseStart(core), DropReasons.Garbage);
        }

        return MeterFrames.IsSummed(core[..length])
            ? Cut.Frame(preambles + length)
            : Cut.Damaged(preambles + length) with { Length = preambles + FalseStart(core) };
    }

    /// <summary>Bytes from 68 to the length, which is the last of them.</summary>
    protected abstract int HeaderLength { get; }

    /// <summary>The length of the unit that begins with <paramref name="core"/>, or one of the words of <see cref="MeterFrames"/>.</summary>
    protected abstract int CoreLength(ReadOnlySpan<byte> core);

    /// <summary>
    /// How many bytes a false start costs: itself, and its whole header where the length, which ends it, would pass for a preamble of the frame behind it,
    /// unless a frame may begin inside the header.
    /// </summary>
    private int FalseStart(ReadOnlySpan<byte> core)
    {
        if (core.Length < HeaderLength || core[HeaderLength - 1] is not (MeterFrames.Preamble or MeterFrames.BlurredPreamble))
        {
            return 1;
        }

        for (var at = 1; at < HeaderLength; at++)
        {
            if (core[at] == MeterFrames.Start && CoreLength(core[at..]) != MeterFrames.Never)
            {
                return 1;
            }
        }

        return HeaderLength;
    }

    private static Cut Incomplete(bool silent) => silent ? Cut.Drop(1, DropReasons.Truncated) : Cut.Wait();
}
