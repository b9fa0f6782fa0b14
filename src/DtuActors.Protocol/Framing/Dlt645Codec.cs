using DtuActors.Protocol.Layouts;

namespace DtuActors.Protocol.Framing;

/// <summary>
/// <c>dlt645</c>: frames of DL/T 645-2007 and -1997, whose layout is <see cref="Dlt645"/>: a second 68 seven bytes behind the first, length and sum.
/// </summary>
internal sealed class Dlt645Codec(TimeSpan gap) : MeterCodec(gap)
{
    public override string Name => "dlt645";

    protected override int HeaderLength => Dlt645.DataOffset;

    protected override int CoreLength(ReadOnlySpan<byte> core) => Dlt645.CoreLength(core);
}
