namespace DtuActors.Protocol.Framing;

/// <summary>
/// What comes between two silences is one frame, whole or not at all: over datagrams, whose end is that silence, <c>raw</c> and <c>idle-gap</c> are this, and so is a unit
/// of which there is one in each. What is longer than max-frame is <see cref="DropReasons.Oversize"/> from its first byte to its last, and never cut.
/// </summary>
/// <param name="name">The word in configuration for what it stands for.</param>
/// <param name="isFrame">Whether the bytes are one, null: any are.</param>
internal sealed class DatagramCodec(string name, DatagramCodec.Test? isFrame = null) : Codec
{
    public delegate bool Test(ReadOnlySpan<byte> datagram);

    public override string Name => name;

    public override bool IsProtocol => false;

    // Nobody waits for it: whoever feeds datagrams gives silence behind each.
    public override TimeSpan? Gap { get; } = TimeSpan.FromSeconds(1);

    public override Cut Next(ReadOnlySpan<byte> pending, int examined, bool silent)
    {
        if (!silent)
        {
            return Cut.Wait(pending.Length);
        }

        return isFrame is null || isFrame(pending) ? Cut.Frame(pending.Length) : Cut.Drop(pending.Length, DropReasons.Garbage);
    }

    public override long Overrun(ReadOnlySpan<byte> pending, out bool more)
    {
        more = true;
        return pending.Length;
    }
}
