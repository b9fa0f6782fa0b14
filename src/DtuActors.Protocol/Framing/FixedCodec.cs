namespace DtuActors.Protocol.Framing;

/// <summary><c>fixed</c>: every frame has the same length. Nothing in it proves where one begins: only a long silence puts a stream that lost a byte right.</summary>
internal sealed class FixedCodec(int length, TimeSpan gap) : Codec
{
    public override string Name => "fixed";

    public override bool IsProtocol => false;

    public override TimeSpan? Gap { get; } = LongGap(gap);

    public override TimeSpan? BurstGap => gap;

    public override Cut Next(ReadOnlySpan<byte> pending, int examined, bool silent)
    {
        if (pending.Length >= length)
        {
            return Cut.Frame(length);
        }

        return silent ? Cut.Drop(pending.Length, DropReasons.Truncated) : Cut.Wait(pending.Length);
    }
}
