namespace DtuActors.Protocol.Framing;

/// <summary><c>idle-gap</c>: a frame is what came between two silences; a burst longer than max-frame comes in pieces of that length, and nothing is lost.</summary>
internal sealed class IdleGapCodec(TimeSpan gap, int maxFrame) : Codec
{
    public override string Name => "idle-gap";

    public override bool IsProtocol => false;

    public override TimeSpan? Gap => gap;

    public override bool BurstEndsAtSilence => true;

    public override Cut Next(ReadOnlySpan<byte> pending, int examined, bool silent)
    {
        if (pending.Length >= maxFrame)
        {
            return Cut.Frame(maxFrame);
        }

        return silent ? Cut.Frame(pending.Length) : Cut.Wait(pending.Length);
    }
}
