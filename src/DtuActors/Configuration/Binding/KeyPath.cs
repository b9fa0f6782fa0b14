using System.Text;

namespace DtuActors.Configuration;

/// <summary>Key paths as a person writes them: <c>dtu.dtus."wtp-07.a".ids[0]</c>.</summary>
internal static class KeyPath
{
    /// <summary>The longest element that is shown whole; a pasted text as a key would fill the screen.</summary>
    private const int MaxShown = 80;

    public static string Join(IEnumerable<string> elements)
    {
        var path = new StringBuilder();
        foreach (var element in elements)
        {
            var isIndex = element is ['[', .., ']'];
            if (path.Length > 0 && !isIndex)
            {
                path.Append('.');
            }

            path.Append(isIndex ? element : Quote(element));
        }

        return path.ToString();
    }

    public static string Append(string path, string key) => path.Length == 0 ? Quote(key) : $"{path}.{Quote(key)}";

    private static string Quote(string key)
    {
        var isPlain = key.Length > 0 && key.All(c => char.IsLetterOrDigit(c) || c is '_' or '-');
        return isPlain && key.Length <= MaxShown ? key : $"\"{Shown(key)}\"";
    }

    /// <summary>A text for a message: control characters out, and not endless.</summary>
    public static string Shown(string text)
    {
        var cut = text.Length > MaxShown ? string.Concat(text.AsSpan(0, MaxShown), "...") : text;
        return string.Create(cut.Length, cut, static (span, source) =>
        {
            for (var i = 0; i < source.Length; i++)
            {
                span[i] = char.IsControl(source[i]) ? '?' : source[i];
            }
        });
    }
}
