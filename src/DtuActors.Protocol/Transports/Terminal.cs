using DtuActors.Protocol.Framing;

namespace DtuActors.Protocol.Transports;

/// <summary>What a unit of the centre is to the DTU.</summary>
public enum TerminalKind
{
    /// <summary>Bytes for the instrument.</summary>
    Data,

    /// <summary>The answer to a registration, to a heartbeat or to data, which the DTU keeps to itself.</summary>
    Reply,

    /// <summary>A command for the DTU itself, or bytes for its second port.</summary>
    Command,
}

/// <summary>One opened unit of the centre.</summary>
/// <param name="Kind">What it is to the DTU.</param>
/// <param name="PayloadOffset">Where the instrument's bytes begin in the unit.</param>
/// <param name="PayloadLength">How many they are.</param>
/// <param name="Answer">What the DTU answers at once, empty for nothing.</param>
public readonly record struct TerminalUnit(TerminalKind Kind, int PayloadOffset = 0, int PayloadLength = 0, ReadOnlyMemory<byte> Answer = default)
{
    /// <summary>The instrument's bytes where they do not stand in the unit as they are (escaping was undone); null: they are a slice of it.</summary>
    public byte[]? Unescaped { get; init; }

    /// <summary>The instrument's bytes of <paramref name="unit"/>, which this is the opening of.</summary>
    public ReadOnlySpan<byte> Payload(ReadOnlySpan<byte> unit) => Unescaped ?? unit.Slice(PayloadOffset, PayloadLength);
}

/// <summary>
/// The DTU's side of an <see cref="Envelope"/>, of one connection to a centre over a stream: what the DTU says, and how what the centre says is cut and opened. What goes up
/// depends on nothing that came down. <see cref="Envelopes.MakeTerminal"/> makes one.
/// </summary>
public abstract class Terminal
{
    /// <summary>How the centre's stream is cut into units; as for <see cref="Envelope.Codec"/>, its gap may change.</summary>
    public abstract Codec Codec { get; }

    /// <summary>What the DTU says first: its registration. Empty where it has none.</summary>
    public abstract ReadOnlyMemory<byte> Registration { get; }

    /// <summary>A registration or heartbeat of the DTU as it came, in the form that it has in a stream.</summary>
    public virtual ReadOnlyMemory<byte> Repeat(ReadOnlyMemory<byte> unit) => unit;

    /// <summary>The instrument's bytes as the DTU sends them, in as many units as its limit asks for, one behind the other.</summary>
    public abstract byte[] Wrap(ReadOnlySpan<byte> payload);

    /// <summary>Opens a whole unit that <see cref="Codec"/> cut; called once for each, in order. Never throws.</summary>
    public abstract TerminalUnit Open(ReadOnlySpan<byte> unit);
}
