using System.Text;
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

/// <summary>What a registration says.</summary>
/// <param name="Id">The id as presented; <see cref="DtuId.TryParse"/> takes it.</param>
/// <param name="Secret">The secret as presented, or null.</param>
/// <param name="Text">The whole text that the pattern saw.</param>
public readonly record struct Presented(string Id, string? Secret, string Text);

/// <summary>The <c>registration { }</c> block of a profile, checked and compiled; shared by all sessions of the profile.</summary>
public sealed record RegistrationForm
{
    // What a pattern spells out besides id and secret must be at least this long to tell a registration from an instrument's text.
    private const int LeastLiterals = 2;

    private static readonly UTF8Encoding StrictUtf8 = new(false, throwOnInvalidBytes: true);

    private readonly Regex _pattern = null!;

    /// <summary>How it is written.</summary>
    public RegistrationKind Kind { get; init; } = RegistrationKind.Text;

    /// <summary>Matches the whole registration; the named group <c>id</c> is the id, the optional group <c>secret</c> its secret. Compiled non-backtracking, anchored at both ends.</summary>
    public required Regex Pattern
    {
        get => _pattern;
        init
        {
            _pattern = value;
            IsDistinctive = Literals.Outside(value.ToString()) >= LeastLiterals;
        }
    }

    /// <summary>The registration's length in bytes where it has a fixed one, else 0.</summary>
    public int Length { get; init; }

    /// <summary>Texts that are never an id.</summary>
    public IReadOnlyList<string> Reject { get; init; } = [];

    /// <summary>Silence that ends a bare text.</summary>
    public TimeSpan Gap { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Byte strings that are skipped before the registration.</summary>
    public IReadOnlyList<byte[]> Heartbeats { get; init; } = [];

    /// <summary>
    /// Whether the pattern spells out at least two characters outside its groups, so that a registration is told from an instrument's
    /// text by itself. What stands in a group (id, secret, any other), in a class or is optional does not count.
    /// </summary>
    public bool IsDistinctive { get; private init; }

    /// <summary>
    /// Reads <paramref name="bytes"/> as one whole registration, terminator not included: text as ASCII or strict UTF-8, hex as upper-case digits. False where the
    /// pattern does not match as a whole or gives no id that <see cref="DtuId"/> takes. Never throws. <see cref="Reject"/> is not looked at.
    /// </summary>
    public bool TryRead(ReadOnlySpan<byte> bytes, out Presented presented)
    {
        presented = default;
        if (bytes.IsEmpty || ToText(bytes) is not { } text)
        {
            return false;
        }

        try
        {
            var match = Pattern.Match(text);
            if (!match.Success || match.Index != 0 || match.Length != text.Length || match.Groups["id"] is not { Success: true } id
                || !DtuId.TryParse(id.Value, out _))
            {
                return false;
            }

            presented = new Presented(id.Value, match.Groups["secret"] is { Success: true } secret ? secret.Value : null, text);
            return true;
        }
        catch (RegexMatchTimeoutException)
        {
            return false;
        }
    }

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

    /// <summary>
    /// Whether a burst on a live session is its own registration again, <see cref="RegistrationReader.Registration"/>, with or without a newline: a heartbeat, to be answered
    /// like the first.
    /// </summary>
    public bool IsSameAgain(ReadOnlySpan<byte> burst, ReadOnlySpan<byte> registration) =>
        !registration.IsEmpty && (burst.SequenceEqual(registration) || WithoutNewline(burst).SequenceEqual(registration));

    /// <summary>
    /// Whether a burst on the live session of <paramref name="currentId"/> is another id's registration. Always false where the pattern is not
    /// <see cref="IsDistinctive"/>: plain text of an instrument must never end a session.
    /// </summary>
    public bool IsAnotherId(ReadOnlySpan<byte> burst, string currentId, out string otherId)
    {
        otherId = "";
        if (Kind is not (RegistrationKind.Text or RegistrationKind.Hex) || burst.Length > RegistrationReader.MaxLength + 2 || !IsDistinctive)
        {
            return false;
        }

        var whole = WithoutNewline(burst);
        if ((Length > 0 && whole.Length != Length) || !TryRead(whole, out var presented) || presented.Id == currentId || IsRejected(presented))
        {
            return false;
        }

        otherId = presented.Id;
        return true;
    }

    private ReadOnlySpan<byte> WithoutNewline(ReadOnlySpan<byte> burst)
    {
        if (Kind != RegistrationKind.Text || !burst.EndsWith("\n"u8))
        {
            return burst;
        }

        return burst.EndsWith("\r\n"u8) ? burst[..^2] : burst[..^1];
    }

    private string? ToText(ReadOnlySpan<byte> bytes)
    {
        if (Kind == RegistrationKind.Hex)
        {
            return Convert.ToHexString(bytes);
        }

        if (!bytes.ContainsAnyExceptInRange((byte)0, (byte)0x7F))
        {
            return Encoding.ASCII.GetString(bytes);
        }

        try
        {
            return StrictUtf8.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }
}
