using DtuActors.Protocol.Framing;
using DtuActors.Protocol.Transports;

namespace DtuActors.Sessions;

/// <summary>What a session's frames have to know of that which carries them: a stream of bytes, or datagrams, each of which stands for itself.</summary>
public sealed record Carrier
{
    /// <summary>The most bytes of a datagram over IPv4: 65,535 less its headers (RFC 768, RFC 791).</summary>
    public const int MostPerDatagram = 65_507;

    // An envelope escapes a byte by two at worst, and puts a head before each of its units.
    private const int MostEnveloped = 32_000;

    /// <summary>Bytes in order, wherever they were cut.</summary>
    public static readonly Carrier Stream = new();

    /// <summary>A datagram's end is a boundary: one frame of the codec that asks nothing of its bytes (raw) is one datagram, both ways.</summary>
    public static readonly Carrier Datagrams = new()
    {
        MostPerWrite = 1,
        PieceIsBurst = true,
        Framer = Codecs.FramerOfDatagrams,
        MostPayload = envelope => envelope is null ? MostPerDatagram : MostEnveloped,
    };

    private Carrier()
    {
    }

    /// <summary>How many bytes of what waits leave together; 1: each frame alone.</summary>
    public int MostPerWrite { get; private init; } = SocketWriter.MostPerWrite;

    /// <summary>Whether a received piece stands for itself: its end is all the silence that a stream would wait for.</summary>
    public bool PieceIsBurst { get; private init; }

    /// <summary>Makes the framer of one session, which knows these heartbeats.</summary>
    public Func<FramingOptions, IReadOnlyList<byte[]>, Framer> Framer { get; private init; } =
        (options, heartbeats) => new Framer(Codecs.Create(options), options.MaxFrame, heartbeats);

    /// <summary>The longest downlink in bytes, in that envelope.</summary>
    public Func<Envelope?, int> MostPayload { get; private init; } = _ => int.MaxValue;
}
