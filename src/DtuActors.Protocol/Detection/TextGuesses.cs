using System.Buffers;
using System.Text;
using System.Text.Json;
using DtuActors.Protocol.Registration;

namespace DtuActors.Protocol.Detection;

/// <summary>
/// What text may be: lines of an instrument, or a registration as DTUs send it (a 15-digit IMEI, a 19 or 20-digit ICCID, an 11-digit mobile number of
/// China, JSON with one of these, or any short word).
/// </summary>
internal static class TextGuesses
{
    private const byte LineFeed = (byte)'\n';
    private const byte CarriageReturn = (byte)'\r';
    private const int LeastLine = 2;
    private const int LeastWord = 4;
    private const int MostWord = 64;

    // Longer text with a number in it is an instrument's, not a registration.
    private const int MostText = 128;

    private static readonly SearchValues<byte> WordBytes = SearchValues.Create("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_.:-"u8);

    // What stands in front of an id can go into a pattern as it is.
    private static readonly SearchValues<byte> PlainBytes = SearchValues.Create("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_:=,;# -"u8);

    private static readonly string[] JsonIds = ["imei", "iccid", "sn", "id", "mac"];

    /// <summary>Lines that end with CR LF, LF, or (some scales) CR.</summary>
    public static Guess? Lines(ReadOnlySpan<byte> bytes)
    {
        var end = bytes.Contains(LineFeed) ? LineFeed : CarriageReturn;
        var (lines, explained, allCrLf) = (0, 0, end == LineFeed);
        for (var rest = bytes; rest.IndexOf(end) is var at and >= 0; rest = rest[(at + 1)..])
        {
            var isCrLf = end == LineFeed && at > 0 && rest[at - 1] == CarriageReturn;
            if (IsText(rest[..(isCrLf ? at - 1 : at)]))
            {
                lines++;
                explained += at + 1;
                allCrLf &= isCrLf;
            }
        }

        if (lines == 0)
        {
            return null;
        }

        var delimiter = end == CarriageReturn ? "\\r" : allCrLf ? "\\r\\n" : "\\n";
        return new Guess("delimiter", GuessKind.Codec, Detector.Weak(0.45 - (0.15 / lines), explained, bytes.Length))
        {
            Frames = lines,
            Unexplained = bytes.Length - explained,
            Configuration = $"framing {{ codec = delimiter, delimiter = \"{delimiter}\" }}",
        };
    }

    /// <summary>A registration at the beginning, and how many bytes it takes, newline included. What follows it is data.</summary>
    public static (Guess Guess, int Length)? Registration(ReadOnlySpan<byte> bytes)
    {
        if (bytes[0] == (byte)'{')
        {
            return OfJson(bytes);
        }

        var limit = bytes[..Math.Min(bytes.Length, RegistrationReader.MaxLength)];
        var end = limit.IndexOfAnyExceptInRange((byte)0x20, (byte)0x7E);
        var text = end < 0 ? limit : limit[..end];
        if (text.Length is < LeastWord or > MostText)
        {
            return null;
        }

        var length = text.Length + Newline(bytes[text.Length..]);
        if (OfNumber(text) is { } number)
        {
            return (number, length);
        }

        // Any short word registers with the default pattern; it may as well be a heartbeat or an answer.
        return length == bytes.Length && text.Length <= MostWord && !text.ContainsAnyExcept(WordBytes)
            ? (new Guess("text", GuessKind.Registration, 0.2) { Frames = 1, Id = Encoding.ASCII.GetString(text) }, length)
            : null;
    }

    private static Guess? OfNumber(ReadOnlySpan<byte> text)
    {
        for (var at = 0; at < text.Length;)
        {
            var run = text[at..].IndexOfAnyExceptInRange((byte)'0', (byte)'9') is var stop and >= 0 ? stop : text.Length - at;
            var digits = text.Slice(at, run);
            var standsAlone = (at == 0 || !char.IsAsciiLetter((char)text[at - 1])) && (at + run == text.Length || !char.IsAsciiLetter((char)text[at + run]));
            if (standsAlone && NameOf(digits) is var (name, confidence))
            {
                var whole = run == text.Length;
                return new Guess(name, GuessKind.Registration, whole ? confidence : Math.Min(confidence, 0.6))
                {
                    Frames = 1,
                    Id = Encoding.ASCII.GetString(digits),
                    Decoded = name == "imei" && !HasCheckDigit(digits) ? "15 digits with a wrong check digit" : null,
                    Configuration = at + run == text.Length && !text[..at].ContainsAnyExcept(PlainBytes)
                        ? $"registration {{ pattern = \"{Encoding.ASCII.GetString(text[..at])}(?<id>[0-9]{{{run}}})\" }}"
                        : null,
                };
            }

            at += run + 1;
        }

        return null;
    }

    private static (string Name, double Confidence)? NameOf(ReadOnlySpan<byte> digits) => digits.Length switch
    {
        15 when digits.ContainsAnyExcept((byte)'0') => ("imei", HasCheckDigit(digits) ? 0.85 : 0.5),
        19 or 20 when digits.StartsWith("89"u8) => ("iccid", 0.8),
        11 when digits[0] == '1' && digits[1] >= '3' => ("phone", 0.75),
        _ => null,
    };

    /// <summary>The check digit of IMEIs (3GPP TS 23.003, annex B: Luhn).</summary>
    private static bool HasCheckDigit(ReadOnlySpan<byte> digits)
    {
        var sum = 0;
        for (var i = 0; i < digits.Length; i++)
        {
            var digit = digits[^(i + 1)] - '0';
            digit = i % 2 == 0 ? digit : 2 * digit;
            sum += digit > 9 ? digit - 9 : digit;
        }

        return sum % 10 == 0;
    }

    /// <summary>One JSON object with a member that names the DTU (iRTU, QuecPython), at its first level.</summary>
    private static (Guess Guess, int Length)? OfJson(ReadOnlySpan<byte> bytes)
    {
        var limit = bytes[..Math.Min(bytes.Length, RegistrationReader.MaxLength)];
        string? id = null;
        var best = JsonIds.Length;
        try
        {
            var reader = new Utf8JsonReader(limit);
            while (reader.Read())
            {
                if (reader.TokenType == JsonTokenType.EndObject && reader.CurrentDepth == 0)
                {
                    var length = (int)reader.BytesConsumed;
                    length += Newline(bytes[length..]);
                    return id is null ? null : (new Guess("json", GuessKind.Registration, best == 0 ? 0.85 : 0.6) { Frames = 1, Id = id, Decoded = JsonIds[best] }, length);
                }

                if (reader.TokenType == JsonTokenType.PropertyName && reader.CurrentDepth == 1
                    && Array.IndexOf(JsonIds, reader.GetString()?.ToLowerInvariant()) is var rank and >= 0
                    && reader.Read() && reader.TokenType is JsonTokenType.String or JsonTokenType.Number)
                {
                    var value = reader.TokenType == JsonTokenType.String ? reader.GetString()! : Encoding.ASCII.GetString(reader.ValueSpan);
                    if (rank < best && value.Length is > 1 and <= MostWord)
                    {
                        (id, best) = (value, rank);
                    }
                }
            }
        }
        catch (Exception notJson) when (notJson is JsonException or InvalidOperationException)
        {
            // 7B begins other things too.
        }

        return null;
    }

    private static int Newline(ReadOnlySpan<byte> bytes) => bytes switch
    {
        [CarriageReturn, LineFeed, ..] => 2,
        [LineFeed or CarriageReturn, ..] => 1,
        _ => 0,
    };

    /// <summary>No control characters but tabs, and valid UTF-8: noise seldom is.</summary>
    private static bool IsText(ReadOnlySpan<byte> line)
    {
        if (line.Length < LeastLine)
        {
            return false;
        }

        while (!line.IsEmpty)
        {
            if (Rune.DecodeFromUtf8(line, out var rune, out var length) != OperationStatus.Done || (Rune.IsControl(rune) && rune.Value != '\t'))
            {
                return false;
            }

            line = line[length..];
        }

        return true;
    }
}
