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
public readonly record struct EnvelopeUnit(EnvelopeKind Kind, string? Id, int PayloadOffset, int PayloadLength, ReadOnlyMemory<byte> Reply)
{
    /// <summary>The instrument's bytes where they do not stand in the unit as they are (escaping was undone); null: they are a slice of it.</summary>
    public byte[]? Unescaped { get; init; }

    /// <summary>Another name of the DTU that the unit carries (Four-Faith PROT's device id beside its phone number), or null.</summary>
    public string? OtherId { get; init; }

    /// <summary>The instrument's bytes of <paramref name="unit"/>, which this is the opening of.</summary>
    public ReadOnlySpan<byte> Payload(ReadOnlySpan<byte> unit) => Unescaped ?? unit.Slice(PayloadOffset, PayloadLength);
}

/// <summary>
/// A vendor's transport around the instrument's bytes, of one connection: how its units are cut, opened, answered and wrapped. It may remember what it saw
/// (that the login came, which dialect the DTU speaks), and its <see cref="Codec"/> may ask that memory: <see cref="Open"/> is called once for each unit, in order, before
/// the codec is asked about what follows. A new one is one file with one of these, and one row in <see cref="Envelopes"/>.
/// </summary>
public abstract class Envelope
{
    /// <summary>The word in configuration (<c>envelope</c>).</summary>
    public abstract string Name { get; }

    /// <summary>
    /// How the stream is cut into units. Its <see cref="Codec.Gap"/> may change with what it waits for, and what waits may be the end of the instrument's
    /// bytes: whoever feeds the framer has to give it silence when its <see cref="Framer.SilenceDue"/> is over, before and after the registration.
    /// </summary>
    public abstract Codec Codec { get; }

    /// <summary>Whether whatever the DTU says carries its id; false where its login alone does, or one of its dialects.</summary>
    public virtual bool NamesDtuInEveryUnit => false;

    /// <summary>The most bytes for one <see cref="Wrap"/>: what is longer is wrapped piece by piece, each a unit that travels alone (a datagram).</summary>
    public virtual int MostPayload => int.MaxValue;

    /// <summary>
    /// Says, before the first byte, that the connection's DTU is known without a login (its listener or dialer names it): an envelope whose data follow a login
    /// then carries them without one as well, as soon as it is clear that the stream does not begin with it. Nothing where every unit names its DTU anyway.
    /// </summary>
    public virtual void AssumeLoggedIn()
    {
    }

    /// <summary>Opens a whole unit that <see cref="Codec"/> cut. Never throws.</summary>
    public abstract EnvelopeUnit Open(ReadOnlySpan<byte> unit);

    /// <summary>Wraps a downlink for the DTU <paramref name="id"/>, in as many units as its limit asks for, one behind the other.</summary>
    public abstract byte[] Wrap(string id, ReadOnlySpan<byte> payload);
}
