using System.Collections.Immutable;
using System.Globalization;
using System.Text;

namespace DtuActors.Configuration.Hocon;

/// <summary>One text, read.</summary>
/// <param name="Root">Its keys, as far as they could be read.</param>
/// <param name="Akka">Its <c>akka { }</c> blocks as they were written, one behind the other, or empty.</param>
/// <param name="Faults">What could not be read.</param>
/// <param name="Balanced">Whether braces and strings close: where they don't, what stands where can't be known, and checking it would be noise.</param>
internal sealed record HoconDocument(HoconObject Root, string Akka, ImmutableArray<ConfigurationFault> Faults, bool Balanced);

/// <summary>
/// Reads the part of HOCON that a gateway's files need: blocks, lists, strings, dotted keys, comments, environment variables, concatenation.
/// Never throws and always ends, whatever the text is: depth, size and the number of faults are bounded, and every step moves forward. A fault costs the
/// member it stands in and nothing else. No value is repeated in a fault, for it may be a secret.
/// </summary>
internal sealed class HoconParser
{
    /// <summary>The longest text, in characters: a fleet of 20,000 DTUs takes about half of it.</summary>
    public const int MaxLength = 4 * 1024 * 1024;

    /// <summary>The deepest nesting; the schema needs six.</summary>
    public const int MaxDepth = 32;

    /// <summary>Faults of one text after which reading it further tells nobody anything.</summary>
    public const int MaxFaults = 100;

    // Behind a drive, its colon and its backslash.
    private const int FirstOfPath = 3;

    private readonly HoconCursor _at;
    private readonly string _file;
    private readonly Func<string, string?> _environment;
    private readonly List<string> _path = [];
    private readonly StringBuilder _akka = new();
    private readonly ImmutableArray<ConfigurationFault>.Builder _faults = ImmutableArray.CreateBuilder<ConfigurationFault>();
    private bool _balanced = true;
    private int _lists;

    private HoconParser(string file, string text, Func<string, string?> environment)
    {
        _file = file;
        _at = new HoconCursor(file, text);
        _environment = environment;
    }

    public static HoconDocument Parse(string file, string text, Func<string, string?> environment)
    {
        if (text.Length > MaxLength)
        {
            var fault = new ConfigurationFault("", file, 0, 0, $"the file is too long: {text.Length} characters", $"at most {MaxLength}");
            return new HoconDocument(new HoconObject(new HoconPosition(file, 1, 1)), "", [fault], false);
        }

        return new HoconParser(file, text, environment).ParseDocument();
    }

    private HoconDocument ParseDocument()
    {
        var root = new HoconObject(_at.Here);
        _at.SkipTrivia(commas: false);
        var opened = _at.Here;
        if (_at.Current == '{')
        {
            _at.Advance();
            ParseMembers(root, opened, isRoot: true);
        }

        ParseMembers(root, null, isRoot: true);
        return new HoconDocument(root, _akka.ToString(), _faults.ToImmutable(), _balanced);
    }

    /// <summary>Members up to the brace that closes <paramref name="opened"/>, or to the text's end where there is none.</summary>
    private void ParseMembers(HoconObject into, HoconPosition? opened, bool isRoot)
    {
        while (_faults.Count < MaxFaults)
        {
            _at.SkipTrivia(commas: true);
            if (_at.End)
            {
                NeverClosed(opened, '{');
                return;
            }

            if (_at.Current == '}' && opened is not null)
            {
                _at.Advance();
                return;
            }

            if (_at.Current == ']' && opened is not null && _lists > 0)
            {
                NeverClosed(opened, '{');
                return;
            }

            if (_at.Current is '}' or ']')
            {
                _balanced = false;
                Fault(_at.Here, $"'{_at.Current}' closes nothing", $"as many '{(_at.Current == '}' ? '{' : '[')}' before it");
                _at.Advance();
                continue;
            }

            ParseMember(into, isRoot);
        }
    }

    private void ParseMember(HoconObject into, bool isRoot)
    {
        var position = _at.Here;
        var start = _at.Offset;
        if (AtInclude())
        {
            Fault(position, "include is not supported", "one file after the other on the command line: the last wins");
            _at.SkipRest();
            return;
        }

        var depth = _path.Count;
        if (!ParseKey(out var keys))
        {
            _at.SkipRest();
            return;
        }

        _path.AddRange(keys);
        try
        {
            if (ParseSeparator() is not { } separated)
            {
                PutAt(into, keys, position, new HoconBroken(position));
                _at.SkipRest();
            }
            else if (isRoot && keys[0] == "akka")
            {
                CaptureAkka(keys, position, start);
            }
            else if (_path.Count > MaxDepth)
            {
                Fault(position, $"blocks are nested deeper than {MaxDepth}", null);
                _at.SkipRest();
            }
            else if (ParseValue(separated) is { } value)
            {
                PutAt(into, keys, position, value);
            }
        }
        finally
        {
            _path.RemoveRange(depth, _path.Count - depth);
        }
    }

    /// <summary>A dotted key; the elements may be quoted.</summary>
    private bool ParseKey(out List<string> keys)
    {
        keys = [];
        while (true)
        {
            string key;
            if (_at.Current == '"')
            {
                var position = _at.Here;
                if (ParseString(position) is not HoconScalar quoted)
                {
                    return false;
                }

                key = quoted.Text;
            }
            else
            {
                var from = _at.Offset;
                while (!_at.End && IsKeyCharacter(_at.Current) && !_at.AtComment)
                {
                    _at.Advance();
                }

                key = _at.Slice(from);
            }

            if (key.Length == 0 || keys.Count == MaxDepth)
            {
                Fault(_at.Here, keys.Count == MaxDepth ? $"a key of more than {MaxDepth} elements" : _at.End ? "a key is missing" : $"{Show(_at.Current)} where a key should stand", "a key, as in key = value");
                return false;
            }

            keys.Add(key);
            if (_at.Current != '.')
            {
                return true;
            }

            _at.Advance();
        }
    }

    /// <summary>What stands between a key and its value: true for '=' or ':', false for a block's brace, null for neither.</summary>
    private bool? ParseSeparator()
    {
        _at.SkipBlanks();
        if (_at.At("+="))
        {
            Fault(_at.Here, "+= is not supported", "the whole list behind '='");
            return null;
        }

        if (_at.Current is '=' or ':')
        {
            _at.Advance();
            _at.SkipBlanks();
            return true;
        }

        var position = _at.Here;
        _at.SkipTrivia(commas: false);
        if (_at.Current == '{')
        {
            return false;
        }

        Fault(position, "no value follows the key", "key = value, or key { ... }");
        return null;
    }

    /// <summary>A value; null where there is none because an optional environment variable is not set.</summary>
    private HoconValue? ParseValue(bool separated)
    {
        var position = _at.Here;
        if (separated && (_at.AtNewline || _at.AtComment))
        {
            // A block or a list may stand on the next line; a single value there would more often be the next key.
            _at.SkipTrivia(commas: false);
            if (_at.Current is not ('{' or '['))
            {
                Fault(position, "no value follows the key", "a value on the same line");
                return new HoconBroken(position);
            }

            position = _at.Here;
        }

        return _at.Current switch
        {
            '{' => Closed(ParseObject(position)),
            '[' => Closed(ParseList(position)),
            _ => ParseScalar(position),
        };
    }

    private HoconObject ParseObject(HoconPosition position)
    {
        var value = new HoconObject(position);
        _at.Advance();
        ParseMembers(value, position, isRoot: false);
        return value;
    }

    private HoconValue ParseList(HoconPosition position)
    {
        if (_path.Count >= MaxDepth)
        {
            Fault(position, $"blocks are nested deeper than {MaxDepth}", null);
            _at.SkipRest();
            return new HoconBroken(position);
        }

        var from = _at.Offset;
        _at.Advance();
        _lists++;
        var items = new List<HoconValue>();
        while (_faults.Count < MaxFaults)
        {
            _at.SkipTrivia(commas: true);
            if (_at.End || _at.Current == '}')
            {
                NeverClosed(position, '[');
                break;
            }

            if (_at.Current == ']')
            {
                _at.Advance();
                break;
            }

            _path.Add($"[{items.Count}]");
            if (ParseValue(separated: false) is { } item)
            {
                items.Add(item);
            }

            _path.RemoveAt(_path.Count - 1);
        }

        _lists--;
        return new HoconList(position, items, from, _at.Offset);
    }

    /// <summary>Behind a block or a list the member ends; what stands there on the same line lacks a comma.</summary>
    private HoconValue Closed(HoconValue value)
    {
        _at.SkipBlanks();
        if (!AtEndOfValue())
        {
            Fault(_at.Here, $"{Show(_at.Current)} behind {value.Shape}", "a comma or a new line between two members");
            if (!IsKeyCharacter(_at.Current) && _at.Current != '"')
            {
                _at.SkipRest();
            }
        }

        return value;
    }

    /// <summary>Strings, words and substitutions up to the value's end, put together; blanks between them stay.</summary>
    private HoconValue? ParseScalar(HoconPosition position)
    {
        var text = new StringBuilder();
        var blanks = "";
        var (quoted, any, missing, broken) = (false, false, false, false);
        while (!AtEndOfValue())
        {
            if (_at.AtBlank)
            {
                var from = _at.Offset;
                _at.SkipBlanks();
                blanks = any ? _at.Slice(from) : "";
                continue;
            }

            string? piece;
            var here = _at.Here;
            if (_at.Current == '"')
            {
                quoted = true;
                piece = (ParseString(here) as HoconScalar)?.Text;
                broken |= piece is null;
            }
            else if (_at.At("${"))
            {
                piece = ParseSubstitution(here, ref broken);
                missing |= piece is null && !broken;
                quoted |= piece is not null;
            }
            else if (IsWordCharacter(_at.Current))
            {
                piece = ParseWord();
            }
            else
            {
                Fault(here, $"{Show(_at.Current)} in a value without quotes", _at.Current is '=' or ':' or '{' or '['
                    ? "quotes around the value, or a comma or a new line before the next key"
                    : "quotes around the value");
                _at.SkipRest();
                return new HoconBroken(position);
            }

            if (piece is not null)
            {
                text.Append(blanks).Append(piece);
                any = true;
            }

            blanks = "";
        }

        if (broken)
        {
            return new HoconBroken(position);
        }

        if (any)
        {
            return new HoconScalar(position, text.ToString(), quoted);
        }

        if (!missing)
        {
            Fault(position, "no value follows the key", "a value, or \"\" for an empty one");
            return new HoconBroken(position);
        }

        return null;
    }

    private string ParseWord()
    {
        var from = _at.Offset;
        while (!_at.End && IsWordCharacter(_at.Current) && !_at.AtComment)
        {
            _at.Advance();
        }

        return _at.Slice(from);
    }

    /// <summary><c>${NAME}</c>, <c>${?NAME}</c>: an environment variable; null where it is optional and not set.</summary>
    private string? ParseSubstitution(HoconPosition position, ref bool broken)
    {
        _at.Advance(2);
        var optional = _at.Current == '?';
        if (optional)
        {
            _at.Advance();
        }

        var from = _at.Offset;
        while (!_at.End && !_at.AtNewline && _at.Current != '}')
        {
            _at.Advance();
        }

        var name = _at.Slice(from);
        if (_at.Current != '}')
        {
            _balanced = false;
            broken = true;
            Fault(position, "'${' is never closed", "${?NAME} with the name of an environment variable");
            return null;
        }

        _at.Advance();
        if (name.Length is 0 or > 256 || !name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_'))
        {
            broken = true;
            Fault(position, "only environment variables can be substituted", "${?NAME}, the name of letters, digits and '_'");
            return null;
        }

        var value = _environment(name);
        if (value is null && !optional)
        {
            broken = true;
            Fault(position, $"the environment variable {name} is not set", $"set it, or write ${{?{name}}} where it may be missing");
        }

        return value;
    }

    private HoconValue ParseString(HoconPosition position)
    {
        if (_at.AtTripleQuote)
        {
            var from = _at.Offset + 3;
            if (!_at.SkipString())
            {
                _balanced = false;
                Fault(position, "a text in triple quotes is never closed", "\"\"\" at its end");
                return new HoconBroken(position);
            }

            return new HoconScalar(position, _at.Slice(from)[..^3], true);
        }

        var start = _at.Offset + 1;
        if (!_at.SkipString())
        {
            _balanced = false;
            Fault(position, "a text in quotes is not closed on its line", "a '\"' at its end");
            return new HoconBroken(position);
        }

        return Unescape(position, _at.Slice(start)[..^1]) is { } text ? new HoconScalar(position, text, true) : new HoconBroken(position);
    }

    private string? Unescape(HoconPosition position, string raw)
    {
        if (!raw.Contains('\\', StringComparison.Ordinal))
        {
            return raw;
        }

        // "C:\new" has a valid escape and would silently become C:, a line feed and ew. No file's name has a quote or a control character, which is what the others are for.
        var isWindowsPath = raw.Length > 2 && char.IsAsciiLetter(raw[0]) && raw[1] == ':' && raw[2] == '\\';
        var text = new StringBuilder(raw.Length);
        for (var i = 0; i < raw.Length; i++)
        {
            if (raw[i] != '\\')
            {
                text.Append(raw[i]);
                continue;
            }

            var at = position with { Column = position.Column + 1 + i };
            var escape = ++i < raw.Length ? raw[i] : '\0';
            if (isWindowsPath && escape != '\\' && !(i > FirstOfPath && escape is '"' or 'u'))
            {
                Fault(at, "a Windows path with single backslashes", "double them, as in \"C:\\\\dir\\\\file\", or write \"C:/dir/file\"");
                return null;
            }

            switch (escape)
            {
                case '"' or '\\' or '/':
                    text.Append(escape);
                    break;
                case 'b':
                    text.Append('\b');
                    break;
                case 'f':
                    text.Append('\f');
                    break;
                case 'n':
                    text.Append('\n');
                    break;
                case 'r':
                    text.Append('\r');
                    break;
                case 't':
                    text.Append('\t');
                    break;
                case 'u' when i + 4 < raw.Length && ushort.TryParse(raw.AsSpan(i + 1, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code):
                    text.Append((char)code);
                    i += 4;
                    break;
                default:
                    Fault(at, $"\\{(char.IsControl(escape) ? "" : escape)} is no escape", "\\\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX; a backslash itself is doubled (also in a Windows path or a pattern), or stands in \"\"\"triple quotes\"\"\"");
                    return null;
            }
        }

        return text.ToString();
    }

    /// <summary>Keeps a top-level <c>akka { }</c> as it was written: Akka's parser reads it, and it must be balanced, for that parser may loop where it is not.</summary>
    private void CaptureAkka(List<string> keys, HoconPosition position, int start)
    {
        _at.SkipTrivia(commas: false);
        if (keys.Count > 1 || _at.Current != '{')
        {
            Fault(position, "akka's own settings stand in one block", "akka { ... }");
            _at.SkipRest();
            return;
        }

        var open = new Stack<(char Closer, HoconPosition Position)>();
        do
        {
            var here = _at.Here;
            switch (_at.Current)
            {
                case '"':
                    if (!_at.SkipString())
                    {
                        _balanced = false;
                        Fault(here, "a text in quotes is never closed", "quotes at its end");
                        return;
                    }

                    continue;
                case '{' or '[':
                    open.Push((_at.Current == '{' ? '}' : ']', here));
                    if (open.Count > MaxDepth)
                    {
                        _balanced = false;
                        Fault(here, $"blocks are nested deeper than {MaxDepth}", null);
                        return;
                    }

                    break;
                case '}' or ']':
                    if (open.Peek().Closer != _at.Current)
                    {
                        _balanced = false;
                        Fault(here, $"'{_at.Current}' where '{open.Peek().Closer}' should stand (opened in line {open.Peek().Position.Line})", null);
                        return;
                    }

                    open.Pop();
                    break;
                default:
                    if (_at.AtComment)
                    {
                        _at.SkipLine();
                        continue;
                    }

                    break;
            }

            _at.Advance();
        }
        while (open.Count > 0 && !_at.End);
        if (open.Count > 0)
        {
            NeverClosed(open.Peek().Position, open.Peek().Closer == '}' ? '{' : '[');
            return;
        }

        _akka.Append(_at.Slice(start)).Append('\n');
    }

    private static void PutAt(HoconObject into, List<string> keys, HoconPosition position, HoconValue value)
    {
        // From the inside out, so that Put merges what is there on every level.
        for (var i = keys.Count - 1; i > 0; i--)
        {
            var wrapped = new HoconObject(position);
            wrapped.Put(new HoconMember(keys[i], position, value));
            value = wrapped;
        }

        into.Put(new HoconMember(keys[0], position, value));
    }

    private bool AtInclude()
    {
        if (!_at.At("include"))
        {
            return false;
        }

        // `include` is a key of framing, too: it is the directive only where a file follows.
        return Array.Exists(["\"", "file(", "url(", "classpath(", "required("], word => _at.AtBehindBlanks("include".Length, word));
    }

    private bool AtEndOfValue() => _at.End || _at.AtNewline || _at.AtComment || _at.Current is ',' or '}' or ']';

    private static bool IsKeyCharacter(char c) => char.IsLetterOrDigit(c) || c is '_' or '-' or '/' or '@' or '*' or '?';

    private static bool IsWordCharacter(char c) =>
        !char.IsWhiteSpace(c) && !char.IsControl(c) && c is not ('$' or '"' or '{' or '}' or '[' or ']' or ':' or '=' or ',' or '#' or '`' or '\\' or '\uFEFF');

    private static string Show(char c) => char.IsControl(c) || char.IsSurrogate(c) ? $"the character U+{(int)c:X4}" : $"'{c}'";

    private void NeverClosed(HoconPosition? opened, char brace)
    {
        if (opened is { } position)
        {
            _balanced = false;
            Fault(position, $"'{brace}' is never closed", $"a '{(brace == '{' ? '}' : ']')}' at its end");
        }
    }

    private void Fault(HoconPosition position, string problem, string? expected)
    {
        if (_faults.Count < MaxFaults)
        {
            _faults.Add(new ConfigurationFault(KeyPath.Join(_path), _file, position.Line, position.Column, problem, expected));
        }
    }
}
