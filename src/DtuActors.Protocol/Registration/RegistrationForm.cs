using DtuActors.Protocol.Transports;

namespace DtuActors.Protocol.Registration;

/// <summary>How a registration is written: the word behind <c>registration.kind</c>.</summary>
public enum RegistrationKind
{
    /// <summary>Text that <c>pattern</c> matches as a whole.</summary>
    Text,

    /// <summary>Bytes whose upper-case hex text <c>pattern</c> matches as a whole.</summary>
    Hex,

    /// <summary>A JSON object, one of whose members is the id.</summary>
    Json,

    /// <summary>A text or bytes with named fields, such as <c>{imei},{csq}</c>.</summary>
    Template,

    /// <summary>The first frame of a codec that carries an id; it is data all the same.</summary>
    Frame,

    /// <summary>The address it comes from.</summary>
    Address,

    /// <summary>The gateway asks, the answer is the registration.</summary>
    Probe,

    /// <summary>A unit of the profile's envelope carries the id.</summary>
    Envelope,

    /// <summary>A vendor's binary login, see <see cref="VendorLogins"/>.</summary>
    Login,

    /// <summary>None: the listener or dialer says which DTU it is.</summary>
    None,
}

/// <summary>What a registration says.</summary>
/// <param name="Id">The id as presented; <see cref="DtuId.TryParse"/> takes it.</param>
/// <param name="Secret">The secret as presented, or null.</param>
/// <param name="Text">The whole text that the pattern saw.</param>
public readonly record struct Presented(string Id, string? Secret, string Text);

/// <summary>What a registration may need to know of its connection.</summary>
/// <param name="RemoteAddress">The IP address it comes from, as text.</param>
/// <param name="Envelope">The profile's envelope, for this registration alone: the session begins with a fresh one.</param>
public readonly record struct RegistrationStart(string RemoteAddress, Envelope? Envelope);

/// <summary>The <c>registration { }</c> block of a profile, checked and compiled; shared by all sessions of the profile. What reads one is a <see cref="Registrar"/>.</summary>
public abstract record RegistrationForm
{
    /// <summary>How it is written.</summary>
    public abstract RegistrationKind Kind { get; }

    /// <summary>Texts that are never an id.</summary>
    public IReadOnlyList<string> Reject { get; init; } = [];

    /// <summary>Silence that ends what has no end of its own.</summary>
    public TimeSpan Gap { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Byte strings that are skipped before the registration.</summary>
    public IReadOnlyList<byte[]> Heartbeats { get; init; } = [];

    /// <summary>Whether the very same bytes again on the live session are a heartbeat, to be answered like the first.</summary>
    public virtual bool RepeatsAsHeartbeat => true;

    /// <summary>Begins to read the registration of one connection.</summary>
    public abstract Registrar Begin(in RegistrationStart start);

    /// <summary>Whether the same DTU's registration in other words is a heartbeat as well; false where an instrument may say as much of itself.</summary>
    public virtual bool OtherWordsAreHeartbeat => true;

    /// <summary>
    /// Whether a burst on a live session is by itself a registration of this form, of the same DTU or of another. Always false where an instrument's bytes could
    /// look like one: they must never end a session.
    /// </summary>
    public virtual bool TryReadAgain(ReadOnlySpan<byte> burst, out Presented presented)
    {
        presented = default;
        return false;
    }

    /// <summary>The id that a frame on a live session names as its sender, or null where frames of <paramref name="codec"/> say nothing of it.</summary>
    public virtual string? SenderOf(string codec, ReadOnlySpan<byte> frame) => null;

    /// <summary>
    /// Whether whatever the DTU says carries its id, so that over datagrams it needs no address to be known by: its session's frames are cut by
    /// <paramref name="codec"/> and its units are <paramref name="envelope"/>'s.
    /// </summary>
    public virtual bool IsInAllThatComes(string codec, Envelope? envelope) => false;

    /// <summary>What the form itself answers to a <paramref name="registration"/> that is taken, empty for nothing.</summary>
    public virtual ReadOnlyMemory<byte> Accepted(ReadOnlySpan<byte> registration) => default;

    /// <summary>What it answers before it closes, empty for nothing.</summary>
    public virtual ReadOnlyMemory<byte> Refused(ReadOnlySpan<byte> registration, bool wrongSecret) => default;

    /// <summary>Whether <see cref="Reject"/> names the id or the whole text.</summary>
    public bool IsRejected(in Presented presented)
    {
        foreach (var text in Reject)
        {
            if (text == presented.Id || text == presented.Text)
            {
                return true;
            }
        }

        return false;
    }
}

/// <summary>A form that <see cref="RegistrationReader"/> reads piece by piece.</summary>
public abstract record ReadForm : RegistrationForm
{
    /// <summary>Whether <see cref="LengthOf"/> tells where it ends; else a newline, pieces and silence do.</summary>
    public virtual bool IsDelimited => false;

    /// <summary>Whether CR LF or LF ends it, where it is not <see cref="IsDelimited"/>.</summary>
    public virtual bool EndsAtNewline => false;

    /// <summary>Every registration's length in bytes where all have one length, else 0: only these can stand before every packet.</summary>
    public virtual int FixedLength => 0;

    /// <summary>Whether one DTU's registration is the same bytes each time.</summary>
    public virtual bool IsConstant => true;

    /// <summary>Where <see cref="IsDelimited"/>: the whole registration's length if <paramref name="head"/> begins one, 0 where more bytes are needed, -1 where it can't be one.</summary>
    public virtual int LengthOf(ReadOnlySpan<byte> head) => 0;

    /// <summary>
    /// Reads <paramref name="bytes"/> as one whole registration, newline not included. False where it is none or gives no id that <see cref="DtuId"/> takes. Never throws.
    /// <see cref="RegistrationForm.Reject"/> is not looked at.
    /// </summary>
    public abstract bool TryRead(ReadOnlySpan<byte> bytes, out Presented presented);

    public override Registrar Begin(in RegistrationStart start) => new RegistrationReader(this);

    /// <summary><paramref name="burst"/> without the newline at its end, where newlines end this form.</summary>
    protected ReadOnlySpan<byte> WithoutNewline(ReadOnlySpan<byte> burst)
    {
        if (!EndsAtNewline || !burst.EndsWith("\n"u8))
        {
            return burst;
        }

        return burst.EndsWith("\r\n"u8) ? burst[..^2] : burst[..^1];
    }
}
