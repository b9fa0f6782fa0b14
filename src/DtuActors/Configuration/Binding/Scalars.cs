using System.Globalization;
using System.Net;
using System.Text;
using System.Text.RegularExpressions;

namespace DtuActors.Configuration;

/// <summary>The forms in which single values are written. Each answers null where a text is no such thing.</summary>
internal static class Scalars
{
    private static readonly (string Unit, double Milliseconds)[] DurationUnits = [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];
    private static readonly (string Unit, long Bytes)[] SizeUnits = [("B", 1), ("kB", 1024), ("KB", 1024), ("MB", 1024 * 1024), ("GB", 1024L * 1024 * 1024)];

    /// <summary>on, true, yes; off, false, no.</summary>
    public static bool? Boolean(string text) => text switch
    {
        "on" or "true" or "yes" => true,
        "off" or "false" or "no" => false,
        _ => null,
    };

    /// <summary>The text, with every word for "no" written as <c>off</c>.</summary>
    public static string Normalized(string text) => Boolean(text) == false ? "off" : text;

    public static long? Integer(string text) =>
        long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : null;

    /// <summary><c>500ms</c>, <c>1.5 s</c>, <c>2m</c>, <c>1h</c>, <c>30d</c>: a number that is not negative, and a unit.</summary>
    public static TimeSpan? Duration(string text)
    {
        var (number, unit) = Split(text);
        foreach (var (name, milliseconds) in DurationUnits)
        {
            if (unit == name && number is { } count && count * milliseconds <= TimeSpan.MaxValue.TotalMilliseconds / 2)
            {
                return TimeSpan.FromMilliseconds(count * milliseconds);
            }
        }

        return null;
    }

    /// <summary>Bytes: <c>4096</c>, <c>64kB</c>, <c>1MB</c>; kB is 1024.</summary>
    public static long? Size(string text)
    {
        var (number, unit) = Split(text);
        if (unit.Length == 0)
        {
            unit = "B";
        }

        foreach (var (name, bytes) in SizeUnits)
        {
            if (unit == name && number is { } count && count * bytes <= long.MaxValue / 4)
            {
                return (long)(count * bytes);
            }
        }

        return null;
    }

    public static string Show(TimeSpan duration) => duration switch
    {
        { TotalMilliseconds: < 1000 } => string.Create(CultureInfo.InvariantCulture, $"{duration.TotalMilliseconds}ms"),
        { TotalDays: >= 1 } => string.Create(CultureInfo.InvariantCulture, $"{duration.TotalDays}d"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{duration.TotalSeconds}s"),
    };

    /// <summary>An IP address: four decimal numbers, or IPv6 with or without brackets; <c>localhost</c> is 127.0.0.1.</summary>
    public static IPAddress? Address(string text)
    {
        if (text == "localhost")
        {
            return IPAddress.Loopback;
        }

        var bare = text is ['[', .., ']'] ? text[1..^1] : text;
        // IPAddress takes "9000" and "0x7f.1" for addresses; nobody who writes them means that.
        var isDotted = bare.Count('.') == 3 && bare.All(c => char.IsAsciiDigit(c) || c == '.');
        return (isDotted || bare.Contains(':', StringComparison.Ordinal)) && IPAddress.TryParse(bare, out var address) ? address : null;
    }

    /// <summary>A host's name or address: what a resolver can take.</summary>
    public static bool IsHost(string text) =>
        text.Length is > 0 and <= 253 && text.All(c => char.IsLetterOrDigit(c) || c is '.' or '-' or '_' or ':' or '%') && Uri.CheckHostName(text) != UriHostNameType.Unknown;

    /// <summary>A first and a last port, <c>9100-9199</c>.</summary>
    public static (int First, int Last)? Ports(string text)
    {
        var dash = text.IndexOf('-', StringComparison.Ordinal);
        if (dash < 1 || Integer(text[..dash].Trim()) is not { } first || Integer(text[(dash + 1)..].Trim()) is not { } last)
        {
            return null;
        }

        return first is >= 1 and <= 65535 && last is >= 1 and <= 65535 && first <= last ? ((int)first, (int)last) : null;
    }

    /// <summary>Bytes from hex digits, blanks allowed.</summary>
    public static byte[]? Hex(string text)
    {
        var digits = string.Concat(text.Where(c => c is not (' ' or '\t' or '-')));
        return digits.Length % 2 == 0 && digits.All(char.IsAsciiHexDigit) ? Convert.FromHexString(digits) : null;
    }

    /// <summary>Bytes as a user writes them: text (UTF-8), or <c>hex:7B 81</c>.</summary>
    public static byte[]? Bytes(string text) =>
        text.StartsWith("hex:", StringComparison.Ordinal) ? Hex(text[4..]) : Encoding.UTF8.GetBytes(text);

    /// <summary>What a listener or an endpoint may be called: it is printed in one line with blanks around it, and stands before a port.</summary>
    public static bool IsName(string text) =>
        text.Length is > 0 and <= 64 && text.All(c => char.IsLetterOrDigit(c) || c is '_' or '-' or '.');

    /// <summary>
    /// The pattern, anchored at both ends, linear in time whatever comes in. Throws <see cref="ArgumentException"/> or <see cref="NotSupportedException"/>
    /// with .NET's own words where it is none.
    /// </summary>
    public static Regex Pattern(string pattern)
    {
        const RegexOptions Options = RegexOptions.NonBacktracking | RegexOptions.CultureInvariant;
        // Alone first: "a)|(?:b" would be balanced only between the anchors.
        _ = new Regex(pattern, Options);
        return new Regex($@"\A(?:{pattern})\z", Options);
    }

    private static (double? Number, string Unit) Split(string text)
    {
        var end = 0;
        while (end < text.Length && (char.IsAsciiDigit(text[end]) || text[end] == '.'))
        {
            end++;
        }

        var isNumber = double.TryParse(text.AsSpan(0, end), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number);
        return (isNumber ? number : null, text[end..].Trim());
    }
}
