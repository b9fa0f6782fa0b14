using System.Collections.Immutable;
using System.Net;
using DtuActors.Configuration.Hocon;
using DtuActors.Protocol;

namespace DtuActors.Configuration;

/// <summary>
/// Reads the keys of one block into values and reports what is wrong with them. Opening it reports unknown keys. A value
/// that is wrong answers with its fallback, so that everything else of the file is checked in the same go.
/// </summary>
internal sealed class BlockReader
{
    /// <summary>The longest duration: the scheduler's timers end at 24.8 days.</summary>
    private static readonly TimeSpan MaxTimer = TimeSpan.FromDays(24);

    private readonly HoconObject _source;
    private readonly Block _block;

    /// <param name="context">Where faults go.</param>
    /// <param name="source">The block.</param>
    /// <param name="block">Its keys.</param>
    /// <param name="path">Its key path in the file.</param>
    /// <param name="hint">What an unknown key here may mean, given the key, or null.</param>
    public BlockReader(BindingContext context, HoconObject source, Block block, string path, Func<string, string?>? hint = null)
    {
        Context = context;
        _source = source;
        _block = block;
        Path = path;
        foreach (var member in source.Members)
        {
            context.Seen.Add((member.Position.File, $"{block.Path}.{member.Key}"));
            if (!block.Keys.Contains(member.Key))
            {
                context.Fault(KeyPath.Append(path, member.Key), member.Position, "unknown key", hint?.Invoke(member.Key) ?? Meant(member.Key, block.Keys));
            }
        }
    }

    public BindingContext Context { get; }

    public string Path { get; }

    public HoconPosition Position => _source.Position;

    /// <summary>The most known words that one wrong word is compared with: a fleet has 100,000 endpoints.</summary>
    private const int MaxCompared = 500;

    /// <summary>What is said of a word that is not among the known ones: the nearest, or the first of them.</summary>
    public static string Meant(string word, IReadOnlyCollection<string> known) =>
        Nearest.Of(word, known.Take(MaxCompared)) is { } nearest ? nearest : known.Count == 0 ? "nothing: there is none" : $"one of {string.Join(", ", known.Take(24))}";

    /// <summary>Whether a block of this kind has such a key at all.</summary>
    public bool Knows(string key) => _block.Keys.Contains(key);

    public bool Has(string key) => _source.TryGet(key, out _);

    /// <summary>The value under <paramref name="key"/>; null where it is absent, or unreadable and reported.</summary>
    public HoconValue? Find(string key)
    {
        if (!_block.Keys.Contains(key))
        {
            throw new ArgumentException($"{_block.Path} has no key {key}", nameof(key));
        }

        return _source.TryGet(key, out var member) && member.Value is not HoconBroken ? member.Value : null;
    }

    /// <summary>Where the value of <paramref name="key"/> stands, or the block where it is absent.</summary>
    public HoconPosition PositionOf(string key) => _source.TryGet(key, out var member) ? PositionOf(member) : Position;

    public void Fault(string key, string problem, string? expected) => Context.Fault(KeyPath.Append(Path, key), PositionOf(key), problem, expected);

    /// <summary>Reports what <paramref name="cause"/> asks of <paramref name="key"/>; where the user wrote only the cause, that is the line to look at.</summary>
    public void Fault(string key, string cause, string problem, string? expected) =>
        Context.Fault(KeyPath.Append(Path, key), PositionOf(PositionOf(key).File == ConfigurationLoader.BuiltIn ? cause : key), problem, expected);

    /// <summary>Reports a key that must be there and is not.</summary>
    public void Missing(string key, string expected)
    {
        if (!Has(key))
        {
            Fault(key, "is missing", expected);
        }
    }

    public string? Text(string key)
    {
        switch (Find(key))
        {
            case HoconScalar scalar:
                return scalar.Text;
            case null:
                return null;
            case var other:
                Fault(key, $"{other.Shape} where a single value should stand", $"{key} = value");
                return null;
        }
    }

    /// <summary>A text that is not empty; reports where it is, or where it is absent.</summary>
    public string? RequiredText(string key, string expected)
    {
        Missing(key, expected);
        return NonEmpty(key, expected);
    }

    public string? NonEmpty(string key, string expected)
    {
        var text = Text(key);
        if (text is { Length: 0 })
        {
            Fault(key, "is empty", expected);
            return null;
        }

        return text;
    }

    /// <summary>A secret: 1 to 256 printable characters without blanks. Never repeated in a fault.</summary>
    public string? Secret(string key)
    {
        var text = Text(key);
        if (text is null || IsSecret(text))
        {
            return text;
        }

        Fault(key, "is no usable secret (its value is not shown)", SecretForm);
        return null;
    }

    public const string SecretForm = "1 to 256 printable characters without blanks";

    public static bool IsSecret(string text) => text.Length is > 0 and <= 256 && !text.Any(c => char.IsControl(c) || char.IsWhiteSpace(c));

    /// <summary>The value as <paramref name="parse"/> reads it.</summary>
    public T? Value<T>(string key, Func<string, T?> parse, string expected)
        where T : struct
    {
        if (Text(key) is not { } text)
        {
            return null;
        }

        var value = parse(text);
        if (value is null)
        {
            Fault(key, $"'{KeyPath.Shown(text)}' is not {expected}", null);
        }

        return value;
    }

    public int Integer(string key, int fallback, int min, int max) =>
        (int)(Value<long>(key, text => Scalars.Integer(text) is { } number && number >= min && number <= max ? number : null, $"a whole number from {min} to {max}") ?? fallback);

    /// <summary>A whole number, or null for <c>off</c>.</summary>
    public int? IntegerOrOff(string key, int? fallback, int min, int max) => Text(key) switch
    {
        null => fallback,
        var text when Scalars.Boolean(text) == false => null,
        _ => Integer(key, min, min, max),
    };

    public bool Boolean(string key, bool fallback) => Value(key, Scalars.Boolean, "a yes or no: on, true, yes, off, false, no") ?? fallback;

    public int Port(string key, int fallback, bool anyFree = true) =>
        (int)(Value<long>(key, text => Scalars.Integer(text) is { } port && port >= (anyFree ? 0 : 1) && port <= 65535 ? port : null,
            anyFree ? "a port: 0 (any free one) to 65535" : "a port: 1 to 65535") ?? fallback);

    /// <summary>Bytes.</summary>
    public int Size(string key, int fallback, int min, int max) =>
        (int)(Value<long>(key, text => Scalars.Size(text) is { } size && size >= min && size <= max ? size : null, $"a size from {min} to {max} bytes, as 4096 or 64kB") ?? fallback);

    /// <summary>Bytes, of a disk.</summary>
    public long LongSize(string key, long fallback, long min, long max) =>
        Value<long>(key, text => Scalars.Size(text) is { } size && size >= min && size <= max ? size : null, $"a size from {min} to {max} bytes, as 500MB or 4GB") ?? fallback;

    public TimeSpan Duration(string key, TimeSpan fallback, TimeSpan? min = null, TimeSpan? max = null)
    {
        var (least, most) = (min ?? TimeSpan.FromMilliseconds(1), max ?? MaxTimer);
        return Value<TimeSpan>(key, text => Scalars.Duration(text) is { } duration && duration >= least && duration <= most ? duration : null,
            $"a duration from {Scalars.Show(least)} to {Scalars.Show(most)}, as 500ms, 5s, 2m, 1h, 1d") ?? fallback;
    }

    /// <summary>A duration, or null for <c>off</c>.</summary>
    public TimeSpan? DurationOrOff(string key, TimeSpan? fallback, TimeSpan? min = null) => Text(key) switch
    {
        null => fallback,
        var text when Scalars.Boolean(text) == false => null,
        _ => Duration(key, TimeSpan.Zero, min),
    };

    /// <summary>One of <paramref name="words"/>.</summary>
    public string Word(string key, string fallback, params string[] words)
    {
        if (Text(key) is not { } text)
        {
            return fallback;
        }

        // "no" and "false" are as good as "off" wherever "off" is a word.
        var word = words.Contains("off") ? Scalars.Normalized(text) : text;
        if (words.Contains(word))
        {
            return word;
        }

        Fault(key, $"'{KeyPath.Shown(text)}' is none of its words", Nearest.Of(text, words) is { } near ? $"{near}; there are {string.Join(", ", words)}" : string.Join(", ", words));
        return fallback;
    }

    public IPAddress Address(string key, IPAddress fallback)
    {
        if (Text(key) is not { } text)
        {
            return fallback;
        }

        if (Scalars.Address(text) is { } address)
        {
            return address;
        }

        Fault(key, $"'{KeyPath.Shown(text)}' is not an IP address", "as 127.0.0.1, 0.0.0.0 (every interface), ::1");
        return fallback;
    }

    public DtuId? Id(string key)
    {
        if (Text(key) is not { } text)
        {
            return null;
        }

        if (DtuId.TryParse(text, out var id))
        {
            return id;
        }

        Fault(key, $"'{KeyPath.Shown(text)}' is not a DTU's id", $"1 to {DtuId.MaxLength} characters, no control characters");
        return null;
    }

    /// <summary>A file's path, made full against the folder of the file it is written in.</summary>
    public string? FilePath(string key, bool required)
    {
        var text = required ? RequiredText(key, "a path") : Text(key);
        if (string.IsNullOrEmpty(text))
        {
            return null;
        }

        if (text.Any(char.IsControl))
        {
            Fault(key, "a control character in a path: a single backslash before a letter, as in C:\\new, is an escape", "double the backslashes, or write '/'");
            return null;
        }

        return Context.FullPath(PositionOf(key), text);
    }

    /// <summary>Bytes written as text or <c>hex:...</c>; null where the key is absent or wrong.</summary>
    public byte[]? Bytes(string key, int max)
    {
        if (Text(key) is not { } text)
        {
            return null;
        }

        return BytesOf(text, max, (problem, expected) => Fault(key, problem, expected));
    }

    /// <summary>The items of a list; one single value is a list of one.</summary>
    public IEnumerable<(string Text, HoconPosition Position, string Path)> Texts(string key)
    {
        var path = KeyPath.Append(Path, key);
        switch (Find(key))
        {
            case null:
                yield break;
            case HoconScalar scalar:
                yield return (scalar.Text, scalar.Position, path);
                yield break;
            case HoconList list:
                for (var i = 0; i < list.Items.Count; i++)
                {
                    switch (list.Items[i])
                    {
                        case HoconScalar item:
                            yield return (item.Text, item.Position, $"{path}[{i}]");
                            break;
                        case HoconBroken:
                            break;
                        case var other:
                            Context.Fault($"{path}[{i}]", other.Position, $"{other.Shape} where a single value should stand", null);
                            break;
                    }
                }

                yield break;
            case var other:
                Fault(key, $"{other.Shape} where a list should stand", $"{key} = [a, b]");
                yield break;
        }
    }

    /// <summary>Texts that are not empty.</summary>
    public ImmutableArray<string> NonEmptyTexts(string key)
    {
        var texts = ImmutableArray.CreateBuilder<string>();
        foreach (var (text, position, path) in Texts(key))
        {
            if (text.Length == 0)
            {
                Context.Fault(path, position, "is empty", "a text");
            }
            else
            {
                texts.Add(text);
            }
        }

        return texts.ToImmutable();
    }

    /// <summary>Byte strings that are not empty, at most <paramref name="max"/> bytes each.</summary>
    public ImmutableArray<byte[]> ByteStrings(string key, int max)
    {
        var all = ImmutableArray.CreateBuilder<byte[]>();
        foreach (var (text, position, path) in Texts(key))
        {
            if (BytesOf(text, max, (problem, expected) => Context.Fault(path, position, problem, expected)) is not { } bytes)
            {
                continue;
            }

            if (bytes.Length == 0)
            {
                Context.Fault(path, position, "is empty, and would stand everywhere", "at least one byte");
            }
            else
            {
                all.Add(bytes);
            }
        }

        return all.ToImmutable();
    }

    /// <summary>A nested block; null where the key is absent or no block.</summary>
    public BlockReader? Nested(string key, Block block, string example = "... ")
    {
        switch (Find(key))
        {
            case HoconObject nested:
                return new BlockReader(Context, nested, block, KeyPath.Append(Path, key));
            case null:
                return null;
            case var other:
                Fault(key, $"{other.Shape} where a block should stand", $"{key} {{ {example}}}");
                return null;
        }
    }

    /// <summary>A nested block that may also say <c>off</c>.</summary>
    public BlockReader? NestedOrOff(string key, Block block, out bool off)
    {
        off = Find(key) is HoconScalar { Text: var text } && Scalars.Boolean(text) == false;
        return off ? null : Nested(key, block);
    }

    /// <summary>The blocks of a map that the user named: name, the block, its key path.</summary>
    public IEnumerable<(HoconMember Member, HoconObject Value, string Path)> Map(string key)
    {
        switch (Find(key))
        {
            case null:
                yield break;
            case HoconObject map:
                foreach (var member in map.Members)
                {
                    if (Context.IsFull)
                    {
                        yield break;
                    }

                    var path = KeyPath.Append(KeyPath.Append(Path, key), member.Key);
                    if (member.Value is HoconObject value)
                    {
                        yield return (member, value, path);
                    }
                    else if (member.Value is not HoconBroken)
                    {
                        Context.Fault(path, PositionOf(member), $"{member.Value.Shape} where a block should stand", "NAME { ... }");
                    }
                }

                yield break;
            case var other:
                Fault(key, $"{other.Shape} where a block of named blocks should stand", $"{key} {{ NAME {{ ... }} }}");
                yield break;
        }
    }

    private static byte[]? BytesOf(string text, int max, Action<string, string?> fault)
    {
        if (Scalars.Bytes(text) is not { } bytes)
        {
            fault($"'{KeyPath.Shown(text)}' is not hex", "pairs of hex digits, as hex:7B 81");
            return null;
        }

        if (bytes.Length > max)
        {
            fault($"{bytes.Length} bytes are too many", $"at most {max} bytes");
            return null;
        }

        return bytes;
    }

    private static HoconPosition PositionOf(HoconMember member) => member.Value is HoconObject ? member.Position : member.Value.Position;
}
