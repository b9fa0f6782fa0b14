namespace DtuActors.Protocol.Framing;

/// <summary><c>raw</c>: every received piece is a frame as it came, without delay; one longer than max-frame is cut there by the framer.</summary>
internal sealed class RawCodec : Codec
{
    public override string Name => "raw";

    public override bool IsProtocol => false;

    public override TimeSpan? Gap => null;

    public override Cut Next(ReadOnlySpan<byte> pending, int examined, bool silent) => Cut.Frame(pending.Length);
}
