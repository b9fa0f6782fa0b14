namespace DtuActors.Protocol.Registration;

/// <summary>
/// Counts what a regular expression spells out, conservatively: a character counts only where every match must hold it.
/// </summary>
internal static class Literals
{
    /// <summary>The number of literal characters outside groups; 0 where alternatives stand at the top. Anchors and one group around the whole are looked through.</summary>
    public static int Outside(string pattern)
    {
        pattern = Unwrap(pattern);
        var count = 0;
        for (var i = 0; i < pattern.Length;)
        {
            var literal = false;
            switch (pattern[i])
            {
                case '|':
                    return 0;
                case '(':
                    i = Past(pattern, i);
                    break;
                case '[':
                    i = PastClass(pattern, i);
                    break;
                case '\\':
                    // An escaped letter or digit is a class, an anchor or a reference.
                    literal = i + 1 < pattern.Length && !char.IsAsciiLetterOrDigit(pattern[i + 1]);
                    i += 2;
                    break;
                case '.' or '^' or '$':
                    i++;
                    break;
                default:
                    literal = true;
                    i++;
                    break;
            }

            var optional = SkipQuantifier(pattern, ref i);
            if (literal && !optional)
            {
                count++;
            }
        }

        return count;
    }

    private static string Unwrap(string pattern)
    {
        for (; ; )
        {
            var before = pattern;
            pattern = Trim(pattern);
            if (pattern.StartsWith("(?:", StringComparison.Ordinal) && Past(pattern, 0) == pattern.Length)
            {
                pattern = pattern[3..^1];
            }

            if (pattern == before)
            {
                return pattern;
            }
        }
    }

    private static string Trim(string pattern)
    {
        foreach (var anchor in (ReadOnlySpan<string>)["^", @"\A", @"\G"])
        {
            if (pattern.StartsWith(anchor, StringComparison.Ordinal))
            {
                pattern = pattern[anchor.Length..];
            }
        }

        foreach (var anchor in (ReadOnlySpan<string>)["$", @"\z", @"\Z"])
        {
            if (pattern.EndsWith(anchor, StringComparison.Ordinal) && !pattern[..^anchor.Length].EndsWith('\\'))
            {
                pattern = pattern[..^anchor.Length];
            }
        }

        return pattern;
    }

    /// <summary>The index behind the group that begins at <paramref name="at"/>.</summary>
    private static int Past(string pattern, int at)
    {
        var depth = 0;
        for (var i = at; i < pattern.Length;)
        {
            switch (pattern[i])
            {
                case '\\':
                    i += 2;
                    continue;
                case '[':
                    i = PastClass(pattern, i);
                    continue;
                case '(':
                    depth++;
                    break;
                case ')' when --depth == 0:
                    return i + 1;
            }

            i++;
        }

        return pattern.Length;
    }

    private static int PastClass(string pattern, int at)
    {
        var i = at + 1;
        if (i < pattern.Length && pattern[i] == '^')
        {
            i++;
        }

        // A bracket that comes first in a class is one of its members.
        for (var first = true; i < pattern.Length; first = false)
        {
            if (pattern[i] == ']' && !first)
            {
                return i + 1;
            }

            i += pattern[i] == '\\' ? 2 : 1;
        }

        return pattern.Length;
    }

    /// <summary>Passes a quantifier and says whether it allows none.</summary>
    private static bool SkipQuantifier(string pattern, ref int i)
    {
        if (i >= pattern.Length)
        {
            return false;
        }

        var optional = false;
        switch (pattern[i])
        {
            case '?' or '*':
                optional = true;
                i++;
                break;
            case '+':
                i++;
                break;
            case '{' when pattern.IndexOf('}', i) is > 0 and var end && i + 1 < pattern.Length && char.IsAsciiDigit(pattern[i + 1]):
                optional = pattern[i + 1] == '0';
                i = end + 1;
                break;
            default:
                return false;
        }

        if (i < pattern.Length && pattern[i] == '?')
        {
            i++;
        }

        return optional;
    }
}
