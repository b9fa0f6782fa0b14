using System.Diagnostics.CodeAnalysis;
using System.Text;
using DtuActors.Writing;

namespace DtuActors.Host.Writing;

/// <summary>
/// Bytes that are a mark in a stream, as people type them: text (UTF-8) in which <c>\r \n \t \0 \\</c> stand for what they stand for in configuration, or <c>hex:0D 0A</c>.
/// </summary>
internal static class MarkText
{
    public const string Expected = "text such as \\r\\n, or hex:0D0A";

    private const string Prefix = "hex:";

    public static bool TryParse(string text, [NotNullWhen(true)] out byte[]? bytes, [NotNullWhen(false)] out string? problem)
    {
        if (text.StartsWith(Prefix, StringComparison.Ordinal))
        {
            return HexText.TryParse(text[Prefix.Length..], out bytes, out problem);
        }

        (bytes, problem) = (null, null);
        var plain = new StringBuilder();
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] != '\\')
            {
                plain.Append(text[i]);
                continue;
            }

            i++;
            char? escaped = i == text.Length ? null : text[i] switch
            {
                'r' => '\r',
                'n' => '\n',
                't' => '\t',
                '0' => '\0',
                '\\' => '\\',
                _ => null,
            };
            if (escaped is null)
            {
                problem = $"a backslash that begins none of \\r \\n \\t \\0 \\\\; expected {Expected}";
                return false;
            }

            plain.Append(escaped.Value);
        }

        if (plain.Length == 0)
        {
            problem = $"no bytes; expected {Expected}";
            return false;
        }

        bytes = Encoding.UTF8.GetBytes(plain.ToString());
        return true;
    }
}
