using DtuActors.Protocol.Framing;
using DtuActors.Protocol.Transports;

namespace DtuActors.Simulator;

/// <summary>One unit of DDP that came from the centre.</summary>
internal readonly record struct DdpUnit(DdpType Type, byte[] Data);

/// <summary>Cuts what the centre sends into units of DDP, and counts the rest. Holds at most one unit.</summary>
internal sealed class DdpUnits(DdpTerminal terminal)
{
    private readonly Framer _framer = new(terminal.Codec, Ddp.MaxUnit);

    /// <summary>The whole units of one piece, and how many bytes of it, or of what waited, belong to none.</summary>
    public (List<DdpUnit> Units, int Discarded) Cut(ReadOnlySpan<byte> piece)
    {
        var sink = new Sink();
        _framer.Feed(piece, ref sink);
        return (sink.Units, sink.Discarded);
    }

    private struct Sink() : IFrameSink
    {
        public List<DdpUnit> Units { get; } = [];

        public int Discarded { get; private set; }

        public readonly void OnFrame(ReadOnlySpan<byte> frame) => Units.Add(new DdpUnit((DdpType)frame[1], frame[Ddp.DataOffset..^1].ToArray()));

        public readonly void OnHeartbeat(ReadOnlySpan<byte> heartbeat)
        {
        }

        public void OnDropped(ReadOnlySpan<byte> bytes, string reason) => Discarded += bytes.Length;
    }
}
