using DtuActors.Protocol.Framing;

namespace DtuActors.Protocol.Transports;

/// <summary>What a unit of an envelope means.</summary>
public enum EnvelopeKind
{
    /// <summary>A registration, or the same again as a heartbeat.</summary>
    Registration,

    /// <summary>The instrument's bytes.</summary>
    Data,

    /// <summary>A bare heartbeat.</summary>
    Heartbeat,

    /// <summary>The DTU takes its leave.</summary>
    Leave,

    /// <summary>An acknowledgement or a reply of the DTU itself: an event, nothing to carry.</summary>
    Notice,
}

/// <summary>One opened unit.</summary>
/// <param name="Kind">What it means.</param>
/// <param name="Id">The DTU's id where the unit carries one, else null.</param>
/// <param name="PayloadOffset">Where the instrument's bytes begin in the unit.</param>
/// <param name="PayloadLength">How many they are.</param>
/// <param name="Reply">What the centre answers at once, empty for nothing.</param>
public readonly record struct EnvelopeUnit(EnvelopeKind Kind, string? Id, int PayloadOffset, int PayloadLength, ReadOnlyMemory<byte> Reply);

/// <summary>
/// A vendor's transport around the instrument's bytes: how its units are cut, opened, answered and wrapped. Stateless and shared. A new one is one
/// file with one of these, and one row in <see cref="Envelopes"/>.
/// </summary>
public abstract class Envelope
{
    /// <summary>The word in configuration (<c>envelope</c>).</summary>
    public abstract string Name { get; }

    /// <summary>How the stream is cut into units.</summary>
    public abstract Codec Codec { get; }

    /// <summary>Opens a whole unit that <see cref="Codec"/> cut.</summary>
    public abstract EnvelopeUnit Open(ReadOnlySpan<byte> unit);

    /// <summary>Wraps a downlink for the DTU <paramref name="id"/>, in as many units as its limit asks for, one behind the other.</summary>
    public abstract byte[] Wrap(string id, ReadOnlySpan<byte> payload);
}
