using System.Text;
using System.Text.RegularExpressions;

namespace DtuActors.Protocol.Registration;

/// <summary><c>kind = text</c> and <c>kind = hex</c>: a pattern matches the whole registration, or its upper-case hex digits.</summary>
public sealed record PatternForm : ReadForm
{
    // What a pattern spells out besides id and secret must be at least this long to tell a registration from an instrument's text.
    private const int LeastLiterals = 2;

    private static readonly UTF8Encoding StrictUtf8 = new(false, throwOnInvalidBytes: true);

    private readonly Regex _pattern = null!;

    /// <summary><see cref="RegistrationKind.Text"/> or <see cref="RegistrationKind.Hex"/>.</summary>
    public override RegistrationKind Kind => IsHex ? RegistrationKind.Hex : RegistrationKind.Text;

    /// <summary>Whether the pattern sees upper-case hex digits.</summary>
    public bool IsHex { get; init; }

    /// <summary>Matches the whole registration; the named group <c>id</c> is the id, the optional group <c>secret</c> its secret. Compiled non-backtracking, anchored at both ends.</summary>
    public required Regex Pattern
    {
        get => _pattern;
        init
        {
            _pattern = value;
            IsDistinctive = PatternText.LiteralsOutsideGroups(value.ToString()) >= LeastLiterals;
        }
    }

    /// <summary>The registration's length in bytes where it has a fixed one, else 0.</summary>
    public int Length { get; init; }

    /// <summary>
    /// Whether the pattern spells out at least two characters outside its groups, so that a registration is told from an instrument's
    /// text by itself. What stands in a group (id, secret, any other), in a class or is optional does not count.
    /// </summary>
    public bool IsDistinctive { get; private init; }

    public override bool IsDelimited => Length > 0;

    public override int FixedLength => Length;

    public override bool IsConstant => PatternText.IsConstant(Pattern.ToString());

    public override bool EndsAtNewline => !IsHex;

    public override int LengthOf(ReadOnlySpan<byte> head) => Length;

    /// <inheritdoc/>
    /// <remarks>Text is ASCII or strict UTF-8.</remarks>
    public override bool TryRead(ReadOnlySpan<byte> bytes, out Presented presented)
    {
        presented = default;
        return !bytes.IsEmpty && (IsHex ? Convert.ToHexString(bytes) : ToText(bytes)) is { } text && TryMatch(Pattern, text, out presented);
    }

    /// <inheritdoc/>
    /// <remarks>Always false where the pattern is not <see cref="IsDistinctive"/>.</remarks>
    public override bool TryReadAgain(ReadOnlySpan<byte> burst, out Presented presented)
    {
        presented = default;
        if (burst.Length > RegistrationReader.MaxLength + 2 || !IsDistinctive)
        {
            return false;
        }

        var whole = WithoutNewline(burst);
        return (Length == 0 || whole.Length == Length) && TryRead(whole, out presented) && !IsRejected(presented);
    }

    /// <summary>Matches a whole text and takes id and secret out of it.</summary>
    internal static bool TryMatch(Regex pattern, string text, out Presented presented)
    {
        presented = default;
        try
        {
            var match = pattern.Match(text);
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

    internal static string? ToText(ReadOnlySpan<byte> bytes)
    {
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
