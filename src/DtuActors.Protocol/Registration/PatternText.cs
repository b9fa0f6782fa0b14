namespace DtuActors.Protocol.Registration;

/// <summary>What the text of a regular expression says of everything that it matches, conservatively.</summary>
public static class PatternText
{
    /// <summary>
    /// The number of literal characters outside groups, which every match must hold; 0 where alternatives stand at the top. Anchors and one group around the whole are
    /// looked through.
    /// </summary>
    public static int LiteralsOutsideGroups(string pattern)
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

    /// <summary>The length in characters of every match where all have the same one; 0 where they differ, or where the pattern holds what is not understood here.</summary>
    public static int FixedLength(string pattern)
    {
        var at = 0;
        var length = OfAlternatives(pattern, ref at);
        return at == pattern.Length && length > 0 ? length : 0;
    }

    // -1: not fixed.
    private static int OfAlternatives(string pattern, ref int at)
    {
        int? all = null;
        for (; ; )
        {
            var one = OfSequence(pattern, ref at);
            all = all is null || all == one ? one : -1;
            if (at >= pattern.Length || pattern[at] != '|')
            {
                return all.Value;
            }

            at++;
        }
    }

    private static int OfSequence(string pattern, ref int at)
    {
        var length = 0;
        while (at < pattern.Length && pattern[at] is not ('|' or ')'))
        {
            var one = OfAtom(pattern, ref at);
            var times = Times(pattern, ref at);
            length = length < 0 || one < 0 || (times < 0 && one > 0) ? -1 : length + (one * Math.Max(times, 0));
        }

        return length;
    }

    private static int OfAtom(string pattern, ref int at)
    {
        switch (pattern[at])
        {
            case '^' or '$':
                at++;
                return 0;
            case '[':
                at = PastClass(pattern, at);
                return 1;
            case '\\':
                var escaped = at + 1 < pattern.Length ? pattern[at + 1] : ' ';
                at = Math.Min(at + 2, pattern.Length);
                return escaped is 'A' or 'z' or 'Z' or 'b' or 'B' or 'G' ? 0 : escaped is 'x' or 'u' or 'c' or 'p' or 'P' or 'k' or (>= '0' and <= '9') ? -1 : 1;
            case '(':
                at++;
                return OfGroup(pattern, ref at);
            default:
                at++;
                return 1;
        }
    }

    private static int OfGroup(string pattern, ref int at)
    {
        if (at < pattern.Length && pattern[at] == '?')
        {
            var end = pattern.AsSpan(at).IndexOfAny(':', '>');
            if (end < 0)
            {
                at = pattern.Length;
                return -1;
            }

            at += end + 1;
        }

        var length = OfAlternatives(pattern, ref at);
        at = Math.Min(at + 1, pattern.Length);
        return length;
    }

    /// <summary>How often the atom before <paramref name="at"/> stands there; -1 where that varies.</summary>
    private static int Times(string pattern, ref int at)
    {
        var from = at;
        _ = SkipQuantifier(pattern, ref at);
        var quantifier = pattern.AsSpan(from, at - from).TrimEnd('?');
        if (at == from)
        {
            return 1;
        }

        // {n}, or {n,n}.
        var numbers = quantifier.Length > 2 ? quantifier[1..^1] : default;
        var comma = numbers.IndexOf(',');
        var least = comma < 0 ? numbers : numbers[..comma];
        var isFixed = comma < 0 || least.SequenceEqual(numbers[(comma + 1)..]);
        return isFixed && int.TryParse(least, out var times) && times <= RegistrationReader.MaxLength ? times : -1;
    }
}
