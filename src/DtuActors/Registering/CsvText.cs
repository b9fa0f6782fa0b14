using System.Diagnostics.CodeAnalysis;
using System.Text;
using DtuActors.Configuration;

namespace DtuActors.Registering;

/// <summary>From a file's bytes to its text, and back, in the encodings that spreadsheets write.</summary>
public static class CsvText
{
    public const string Auto = "auto";
    public const string Utf8 = "utf-8";
    public const string Utf8WithMark = "utf-8-bom";
    public const string Gb18030 = "gb18030";

    /// <summary>How a file can be read.</summary>
    public static readonly string[] ReadAs = [Auto, Utf8, Gb18030];

    /// <summary>How a file can be written.</summary>
    public static readonly string[] WriteAs = [Utf8, Utf8WithMark, Gb18030];

    private static readonly Encoding StrictUtf8 = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
    private static readonly Encoding StrictGb18030 = CodePagesEncodingProvider.Instance.GetEncoding("gb18030", EncoderFallback.ExceptionFallback, DecoderFallback.ExceptionFallback)!;

    // What a spreadsheet calls Unicode text.
    private static readonly Encoding LittleEndian = new UnicodeEncoding(bigEndian: false, byteOrderMark: true, throwOnInvalidBytes: true);
    private static readonly Encoding BigEndian = new UnicodeEncoding(bigEndian: true, byteOrderMark: true, throwOnInvalidBytes: true);

    /// <summary>
    /// Decodes a file, its mark not part of the text. <c>auto</c>: a mark decides (UTF-8, UTF-16), else UTF-8 where all of it is valid, else GB 18030. Where bytes
    /// stand for no character, null, and the fault tells their row.
    /// </summary>
    public static string? Decode(ReadOnlySpan<byte> bytes, string encoding, RowFaults faults)
    {
        if (encoding == Auto && MarkedUtf16(bytes) is { } marked)
        {
            return TryDecode(marked, bytes[2..], out var text) ? text : Fault("UTF-16", marked, bytes[2..], faults);
        }

        var isMarked = bytes.StartsWith(Encoding.UTF8.Preamble);
        var rest = isMarked ? bytes[Encoding.UTF8.Preamble.Length..] : bytes;
        if (encoding != Gb18030)
        {
            if (TryDecode(StrictUtf8, rest, out var text))
            {
                return text;
            }

            if (encoding == Utf8 || isMarked)
            {
                return Fault("UTF-8", StrictUtf8, rest, faults);
            }
        }

        return TryDecode(StrictGb18030, bytes, out var chinese) ? chinese
            : Fault(encoding == Auto ? "UTF-8 nor GB 18030" : "GB 18030", StrictGb18030, bytes, faults);
    }

    /// <summary>The bytes of a text in one of <see cref="WriteAs"/>.</summary>
    public static byte[] Encode(string text, string encoding) => encoding switch
    {
        Utf8 => StrictUtf8.GetBytes(text),
        Utf8WithMark => [.. Encoding.UTF8.Preamble, .. StrictUtf8.GetBytes(text)],
        Gb18030 => StrictGb18030.GetBytes(text),
        _ => throw new ArgumentException($"no encoding '{KeyPath.Shown(encoding)}'", nameof(encoding)),
    };

    private static Encoding? MarkedUtf16(ReadOnlySpan<byte> bytes) => bytes switch
    {
        [0xFF, 0xFE, ..] => LittleEndian,
        [0xFE, 0xFF, ..] => BigEndian,
        _ => null,
    };

    private static bool TryDecode(Encoding encoding, ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out string? text)
    {
        try
        {
            text = encoding.GetString(bytes);
            return true;
        }
        catch (DecoderFallbackException)
        {
            text = null;
            return false;
        }
    }

    private static string? Fault(string name, Encoding encoding, ReadOnlySpan<byte> bytes, RowFaults faults)
    {
        var lenient = (Encoding)encoding.Clone();
        lenient.DecoderFallback = new DecoderReplacementFallback("\uFFFD");
        var text = lenient.GetString(bytes);
        var row = 1 + text.AsSpan(0, Math.Max(0, text.IndexOf('\uFFFD', StringComparison.Ordinal))).Count('\n');
        faults.Add(row, null, $"the file is not {name}: bytes here stand for no character; expected a file saved as CSV UTF-8");
        return null;
    }
}
