using System.Text;

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

    /// <summary>
    /// The length in bytes of every match where all have the same one; 0 where they differ, or where the pattern holds what is not understood here (options, conditions, subtractions,
    /// characters beyond ASCII in a class). <c>.</c>, <c>\d</c> and <c>\w</c> count as one byte: an id is ASCII.
    /// </summary>
    public static int FixedLength(string pattern) => Math.Max(0, new Shape(pattern).Length);

    /// <summary>Whether every match is made of the groups <c>id</c> and <c>secret</c> and of what the pattern spells out, so that one DTU's is always the same bytes.</summary>
    public static bool IsConstant(string pattern) => !new Shape(pattern).Varies;

    /// <summary>Reads a pattern once, from the outside in.</summary>
    private sealed class Shape
    {
        private readonly string _pattern;
        private int _at;
        private bool _insideId;

        public Shape(string pattern)
        {
            _pattern = pattern;
            var length = OfAlternatives();
            Length = _at == pattern.Length ? length : -1;
        }

        /// <summary>-1: not fixed.</summary>
        public int Length { get; }

        /// <summary>Whether something outside id and secret may be this or that.</summary>
        public bool Varies { get; private set; }

        private int OfAlternatives()
        {
            int? all = null;
            for (; ; )
            {
                var one = OfSequence();
                all = all is null || all == one ? one : -1;
                if (_at >= _pattern.Length || _pattern[_at] != '|')
                {
                    return all.Value;
                }

                Vary();
                _at++;
            }
        }

        private int OfSequence()
        {
            var length = 0;
            while (_at < _pattern.Length && _pattern[_at] is not ('|' or ')'))
            {
                var one = OfAtom();
                var times = Times();
                if (times < 0 && one != 0)
                {
                    Vary();
                }

                length = length < 0 || one < 0 || (times < 0 && one > 0) ? -1 : length + (one * Math.Max(times, 0));
            }

            return length;
        }

        private int OfAtom()
        {
            var c = _pattern[_at];
            switch (c)
            {
                case '^' or '$':
                    _at++;
                    return 0;
                case '[':
                    Vary();
                    var from = _at;
                    _at = PastClass(_pattern, _at);
                    var members = _pattern[from.._at];
                    return Ascii.IsValid(members) && !members.Contains("-[", StringComparison.Ordinal) ? 1 : -1;
                case '\\':
                    return OfEscape();
                case '(':
                    _at++;
                    return OfGroup();
                case '.':
                    Vary();
                    _at++;
                    return 1;
                default:
                    var width = char.IsHighSurrogate(c) ? 2 : 1;
                    var rune = _pattern.AsSpan(_at, Math.Min(width, _pattern.Length - _at));
                    _at += rune.Length;
                    return Encoding.UTF8.GetByteCount(rune);
            }
        }

        private int OfEscape()
        {
            var c = _at + 1 < _pattern.Length ? _pattern[_at + 1] : ' ';
            _at = Math.Min(_at + 2, _pattern.Length);
            if (c is 'A' or 'z' or 'Z' or 'b' or 'B' or 'G')
            {
                return 0;
            }

            if (c is 'd' or 'w')
            {
                Vary();
                return 1;
            }

            // Another letter or digit is a class of many bytes, a code or a reference.
            if (char.IsAsciiLetterOrDigit(c))
            {
                Vary();
                return -1;
            }

            return Ascii.IsValid(c) ? 1 : -1;
        }

        private int OfGroup()
        {
            var wasInside = _insideId;
            if (_at < _pattern.Length && _pattern[_at] == '?')
            {
                var rest = _pattern.AsSpan(_at);
                var end = rest.IndexOf('>');
                var name = rest.StartsWith("?<") && end > 2 && !rest[2..end].ContainsAny('=', '!', '-') ? rest[2..end] : default;
                if (!rest.StartsWith("?:") && name.IsEmpty)
                {
                    Vary();
                    _at = _pattern.Length;
                    return -1;
                }

                _insideId |= name is "id" or "secret";
                _at += name.IsEmpty ? 2 : end + 1;
            }

            var length = OfAlternatives();
            _insideId = wasInside;
            _at = Math.Min(_at + 1, _pattern.Length);
            return length;
        }

        /// <summary>How often the atom before stands there; -1 where that varies.</summary>
        private int Times()
        {
            var from = _at;
            _ = SkipQuantifier(_pattern, ref _at);
            if (_at == from)
            {
                return 1;
            }

            // {n}, or {n,n}.
            var quantifier = _pattern.AsSpan(from, _at - from).TrimEnd('?');
            var numbers = quantifier.Length > 2 ? quantifier[1..^1] : default;
            var comma = numbers.IndexOf(',');
            var least = comma < 0 ? numbers : numbers[..comma];
            var isFixed = comma < 0 || least.SequenceEqual(numbers[(comma + 1)..]);
            return isFixed && int.TryParse(least, out var times) && times <= RegistrationReader.MaxLength ? times : -1;
        }

        private void Vary() => Varies |= !_insideId;
    }
}
