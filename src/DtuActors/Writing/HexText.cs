using System.Diagnostics.CodeAnalysis;

namespace DtuActors.Writing;

/// <summary>Bytes as people type and read them: <c>01 03 00 00 00 0A</c>.</summary>
public static class HexText
{
    /// <summary>Reads pairs of hexadecimal digits; white space may stand anywhere. False with the reason, which names the place (from 1).</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out byte[]? bytes, [NotNullWhen(false)] out string? problem)
    {
        bytes = null;
        var digits = new char[text.Length];
        var count = 0;
        for (var i = 0; i < text.Length; i++)
        {
            if (char.IsAsciiHexDigit(text[i]))
            {
                digits[count++] = text[i];
            }
            else if (!char.IsWhiteSpace(text[i]))
            {
                problem = $"'{text[i]}' at position {i + 1} is no hexadecimal digit; right would be 01 03 00 00 00 02";
                return false;
            }
        }

        if (count % 2 != 0)
        {
            problem = $"{count} hexadecimal digits are half a byte too many; two digits make a byte";
            return false;
        }

        if (count == 0)
        {
            problem = "no bytes; right would be 01 03 00 00 00 02";
            return false;
        }

        problem = null;
        bytes = Convert.FromHexString(digits.AsSpan(0, count));
        return true;
    }

    /// <summary>Hexadecimal digits in pairs with a space between.</summary>
    public static string Spaced(string hex) => string.Join(' ', hex.Chunk(2).Select(pair => new string(pair)));
}
