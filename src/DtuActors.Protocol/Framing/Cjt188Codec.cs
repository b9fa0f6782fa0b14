using DtuActors.Protocol.Layouts;

namespace DtuActors.Protocol.Framing;

/// <summary>
/// <c>cjt188</c>: frames of CJ/T 188-2004, whose layout is <see cref="Cjt188"/>: length and sum prove them. Types and functions are the vendors' too,
/// so any may begin one.
/// </summary>
internal sealed class Cjt188Codec(TimeSpan gap) : MeterCodec(gap)
{
    public override string Name => "cjt188";

    protected override int HeaderLength => Cjt188.DataOffset;

    protected override int CoreLength(ReadOnlySpan<byte> core) => Cjt188.CoreLength(core);
}
