using System.Text.RegularExpressions;

namespace DtuActors.Protocol.Registration;

/// <summary>How a registration is written.</summary>
public enum RegistrationKind
{
    /// <summary>Text that <c>pattern</c> matches as a whole.</summary>
    Text,

    /// <summary>Bytes whose upper-case hex text <c>pattern</c> matches as a whole.</summary>
    Hex,

    /// <summary>None: the listener or dialer says which DTU it is.</summary>
    None,

    /// <summary>A frame of the profile's envelope carries the id.</summary>
    Envelope,
}

/// <summary>The <c>registration { }</c> block of a profile, checked and compiled; shared by all sessions of the profile.</summary>
public sealed record RegistrationForm
{
    /// <summary>How it is written.</summary>
    public RegistrationKind Kind { get; init; } = RegistrationKind.Text;

    /// <summary>Matches the whole registration; the named group <c>id</c> is the id, the optional group <c>secret</c> its secret. Compiled non-backtracking, anchored at both ends.</summary>
    public required Regex Pattern { get; init; }

    /// <summary>The registration's length in bytes where it has a fixed one, else 0.</summary>
    public int Length { get; init; }

    /// <summary>Texts that are never an id.</summary>
    public IReadOnlyList<string> Reject { get; init; } = [];

    /// <summary>Silence that ends a bare text.</summary>
    public TimeSpan Gap { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Byte strings that are skipped before the registration.</summary>
    public IReadOnlyList<byte[]> Heartbeats { get; init; } = [];
}

/// <summary>Where a registration stands.</summary>
public enum RegistrationState
{
    /// <summary>Not decided: more bytes, or silence of <see cref="RegistrationForm.Gap"/>, are needed.</summary>
    Waiting,

    /// <summary>Complete; see <see cref="RegistrationReader.Id"/>.</summary>
    Registered,

    /// <summary>It can't be one any more; see <see cref="RegistrationReader.Reason"/>.</summary>
    Refused,
}

/// <summary>
/// Reads one connection's registration (CONTRACT, "Registration"): kinds text, hex and none. Where it has a newline or a length it is the same
/// however the stream is cut; a bare text is the longest run of whole pieces that matches, decided when the next piece does not fit or the
/// line falls silent. Bounded: what is longer than <see cref="MaxLength"/> bytes is refused. Never throws.
/// </summary>
public sealed class RegistrationReader
{
    /// <summary>The most bytes a registration may have, heartbeats before it not counted.</summary>
    public const int MaxLength = 1024;

    public RegistrationReader(RegistrationForm form) => _ = form;

    /// <summary>Where it stands.</summary>
    public RegistrationState State => RegistrationState.Waiting;

    /// <summary>The id as presented, once registered.</summary>
    public string Id => "";

    /// <summary>The secret as presented, or null.</summary>
    public string? Secret => null;

    /// <summary>Why it was refused: <c>no-match</c>, <c>rejected-id</c>, <c>too-long</c>.</summary>
    public string? Reason => null;

    /// <summary>Whether <see cref="Silence"/> would decide something: arm a timer of <see cref="RegistrationForm.Gap"/>.</summary>
    public bool WaitsForSilence => false;

    /// <summary>How many heartbeats were skipped.</summary>
    public int Heartbeats => 0;

    /// <summary>The registration's own bytes, terminator not included, once registered: the same burst again on the live session is a heartbeat.</summary>
    public ReadOnlyMemory<byte> Registration => default;

    /// <summary>What came behind the registration: data, in order.</summary>
    public ReadOnlyMemory<byte> Rest => default;

    /// <summary>The first 64 bytes that came, for the inbox of refused connections.</summary>
    public ReadOnlyMemory<byte> FirstBytes => default;

    /// <summary>Takes one received piece.</summary>
    public RegistrationState Feed(ReadOnlySpan<byte> piece) => State;

    /// <summary>The line was silent for the gap.</summary>
    public RegistrationState Silence() => State;
}
