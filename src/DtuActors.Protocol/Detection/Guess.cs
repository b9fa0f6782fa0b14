namespace DtuActors.Protocol.Detection;

/// <summary>What a <see cref="Guess"/> is the name of.</summary>
public enum GuessKind
{
    /// <summary>A codec (<c>framing.codec</c>).</summary>
    Codec,

    /// <summary>A vendor's transport around the instrument's bytes (<c>envelope</c>).</summary>
    Envelope,

    /// <summary>A vendor's login in front of a transparent stream (<c>registration.kind</c>).</summary>
    Login,

    /// <summary>A registration in text: <c>imei</c>, <c>iccid</c>, <c>phone</c>, <c>json</c> or <c>text</c>.</summary>
    Registration,

    /// <summary>One whole datagram of a vendor's transport (<see cref="WholeUnits"/>).</summary>
    Datagram,

    /// <summary>One whole command to a DTU, or its answer (<see cref="WholeUnits"/>).</summary>
    Command,
}

/// <summary>One thing that bytes may be.</summary>
/// <param name="Name">Its word in configuration, or in <see cref="WholeUnits"/>.</param>
/// <param name="Kind">What the word names.</param>
/// <param name="Confidence">From 0 to 1. Above 0.85 a checksum, or an id where a vendor puts it, explains nearly all bytes; below 0.5 it is a hint.</param>
public sealed record Guess(string Name, GuessKind Kind, double Confidence)
{
    /// <summary>How many frames, units or lines it finds; one of a single byte is none. 0 where the bytes are only the beginning of one.</summary>
    public int Frames { get; init; }

    /// <summary>How many of them a checksum proves.</summary>
    public int Proven { get; init; }

    /// <summary>Bytes that it does not explain.</summary>
    public int Unexplained { get; init; }

    /// <summary>What the first frame says, for a person, where a decoder knows.</summary>
    public string? Decoded { get; init; }

    /// <summary>The first id that it carries, or null.</summary>
    public string? Id { get; init; }

    /// <summary>What a profile needs for it, as HOCON, or null where it has no keys of its own.</summary>
    public string? Configuration { get; init; }

    /// <summary>What the bytes are that it carries, best first.</summary>
    public IReadOnlyList<Guess> Inside { get; init; } = [];
}
