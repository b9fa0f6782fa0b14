using System.Text;

namespace DtuActors.Configuration.Hocon;

/// <summary>Texts as a file has them.</summary>
internal static class HoconText
{
    /// <summary>Any text in quotes, as a key or as a value.</summary>
    public static string Quote(string text)
    {
        var quoted = new StringBuilder("\"");
        foreach (var c in text)
        {
            quoted.Append(c switch
            {
                '"' or '\\' => $"\\{c}",
                _ when char.IsControl(c) || c is '\u2028' or '\u2029' => $"\\u{(int)c:X4}",
                _ => c.ToString(),
            });
        }

        return quoted.Append('"').ToString();
    }
}
