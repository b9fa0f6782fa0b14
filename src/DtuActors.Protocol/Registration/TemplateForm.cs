using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace DtuActors.Protocol.Registration;

/// <summary>
/// <c>kind = template</c>: text or bytes with named fields, as the makers' own templates have them (High-Flying <c>%IMEI</c>, openLuat iRTU <c>imei|csq</c>). A field is
/// <c>{name}</c>, <c>{name:12}</c> (so many characters), <c>{name:bcd8}</c> (digits packed into so many bytes) or <c>{name:raw6}</c> (so many bytes, shown as upper-case hex);
/// <c>{hex:0D 0A}</c> stands for these bytes.
/// </summary>
/// <example><c>{imei},{csq}</c>; <c>{csq:bcd1}{imei:bcd8}{iccid:bcd10}</c> is iRTU's binary form.</example>
public sealed record TemplateForm : ReadForm
{
    private const int LeastLiterals = 2;
    private const string Literal = "hex";
    private const string Secret = "secret";

    // No byte is this character. It stands behind what is matched, because .NET 9 and 10 lose the groups of a text that ends in a newline (dotnet/runtime issue 120202), as raw bytes may.
    private const char Behind = '\u0100';

    // A template may have so many bytes and no more, so that its pattern stays small.
    private const int MaxFieldLength = 256;

    // What a field is where the template gives it no length.
    private static readonly Dictionary<string, Shape> Known = new(StringComparer.Ordinal)
    {
        ["id"] = new("[0-9A-Za-z_.:-]", 1, 64),
        ["imei"] = new("[0-9]", 15, 15),
        ["imsi"] = new("[0-9]", 15, 15),
        ["iccid"] = new("[0-9A-Fa-f]", 19, 20),
        ["phone"] = new("[0-9]", 11, 11),
        ["mac"] = new("[0-9A-Fa-f]", 12, 12),
        ["csq"] = new("[0-9]", 1, 2, Varies: true),
        ["sn"] = new("[0-9A-Za-z_.-]", 1, 40),
        ["muid"] = new("[0-9A-Za-z]", 1, 40),
        ["ver"] = new("[0-9A-Za-z_.-]", 1, 40),
        ["host"] = new("[0-9A-Za-z_.:-]", 1, 64),
        ["date"] = new("[0-9]", 8, 8, Varies: true),
        ["time"] = new("[0-9]", 6, 6, Varies: true),
        [Secret] = new("[!-~]", 1, 64),
        ["any"] = new("[ -~]", 0, 64, Varies: true),
    };

    private readonly Regex _pattern;
    private readonly IReadOnlyList<Field> _fields;
    private readonly bool _isText;
    private readonly bool _isDistinctive;

    private TemplateForm(Regex pattern, IReadOnlyList<Field> fields, IdTemplate id, int fixedLength, int literals, bool isText)
    {
        _pattern = pattern;
        _fields = fields;
        Id = id;
        FixedLength = fixedLength;
        _isText = isText;
        _isDistinctive = literals >= LeastLiterals;
    }

    /// <inheritdoc/>
    public override RegistrationKind Kind => RegistrationKind.Template;

    /// <summary>What the id is made of.</summary>
    public IdTemplate Id { get; }

    public override int FixedLength { get; }

    /// <summary>A signal strength, a date or a time is another one each time.</summary>
    public override bool IsConstant => !_fields.Any(part => Known[part.Name].Varies);

    public override bool IsDelimited => FixedLength > 0;

    public override bool EndsAtNewline => _isText;

    public override int LengthOf(ReadOnlySpan<byte> head) => FixedLength;

    /// <summary>
    /// Compiles a template. <paramref name="id"/> says what the id is made of; null: the field <c>id</c>, else <c>imei</c>, else the first. False with the reason.
    /// </summary>
    public static bool TryCompile(string template, IdTemplate? id, [NotNullWhen(true)] out TemplateForm? form, [NotNullWhen(false)] out string? problem)
    {
        form = null;
        var builder = new Builder();

        // With a newline at its end it is a line, whatever lengths its fields have.
        var isLine = template.EndsWith('\n');
        template = isLine ? template.TrimEnd('\r', '\n') : template;
        if (!IdTemplate.TrySplit(template, out var parts, out problem) || !parts.All(part => builder.TryAdd(part.Text, part.IsField)))
        {
            problem ??= builder.Problem!;
            return false;
        }

        if (isLine && !builder.IsText)
        {
            problem = "a newline can't end what holds packed or raw bytes, since these may be newlines themselves";
            return false;
        }

        var names = builder.Fields.Select(field => field.Name).ToList();
        if (names.Count == 0 || names.Count != names.Distinct().Count())
        {
            problem = names.Count == 0 ? "has no field in braces, so it says nothing of who registers" : "has a field twice";
            return false;
        }

        id ??= IdTemplate.Of(names.Find(name => name == "id") ?? names.Find(name => name == "imei") ?? names[0]);
        if (id.Fields.FirstOrDefault(field => !names.Contains(field)) is { } missing)
        {
            problem = $"has no field {{{missing}}}, which the id is made of";
            return false;
        }

        var pattern = new Regex($@"\A(?:{builder.Pattern}){Behind}\z", RegexOptions.NonBacktracking | RegexOptions.CultureInvariant | RegexOptions.Singleline);
        form = new TemplateForm(pattern, builder.Fields, id, isLine ? 0 : builder.FixedLength, builder.Literals, builder.IsText);
        return true;
    }

    /// <inheritdoc/>
    public override bool TryRead(ReadOnlySpan<byte> bytes, out Presented presented)
    {
        presented = default;

        // One character a byte: text and packed fields stand beside each other.
        var text = Encoding.Latin1.GetString(bytes);
        if (bytes.IsEmpty || bytes.Length > RegistrationReader.MaxLength || _pattern.Match(text + Behind) is not { Success: true } match)
        {
            return false;
        }

        string? Value(string name) => _fields.FirstOrDefault(field => field.Name == name) is { } field ? field.Read(match.Groups[name].Value) : null;
        if (Id.Render(Value) is not { } id || !DtuId.TryParse(id, out _))
        {
            return false;
        }

        presented = new Presented(id, Value(Secret), text);
        return true;
    }

    /// <inheritdoc/>
    /// <remarks>Always false where the template spells out less than two bytes beside its fields.</remarks>
    public override bool TryReadAgain(ReadOnlySpan<byte> burst, out Presented presented)
    {
        presented = default;
        return _isDistinctive && TryRead(FixedLength > 0 ? burst : WithoutNewline(burst), out presented) && !IsRejected(presented);
    }

    /// <summary>A field's characters, how many, and whether one DTU's are others each time.</summary>
    private sealed record Shape(string Characters, int Least, int Most, bool Varies = false)
    {
        /// <summary>Its length where it has one, else 0.</summary>
        public int Fixed => Least == Most ? Most : 0;
    }

    /// <summary>One field: how it stands in the bytes.</summary>
    private sealed record Field(string Name, bool IsPacked, bool IsRaw)
    {
        /// <summary>The field's text of its bytes, one character each; null where packed digits are none.</summary>
        public string? Read(string characters)
        {
            if (!IsPacked && !IsRaw)
            {
                return characters;
            }

            var hex = Convert.ToHexString(Encoding.Latin1.GetBytes(characters));
            if (IsRaw)
            {
                return hex;
            }

            // An odd number of digits has a pad behind it: 15 of an IMEI stand in 8 bytes.
            var length = Known[Name].Fixed;
            var digits = (length > 0 && length < hex.Length ? hex[..length] : hex).TrimEnd('F');
            return digits.AsSpan().ContainsAnyExceptInRange('0', '9') ? null : digits;
        }
    }

    private sealed class Builder
    {
        private readonly StringBuilder _pattern = new();
        private readonly List<Field> _fields = [];
        private int _length;
        private int _most;

        public string Pattern => _pattern.ToString();

        public IReadOnlyList<Field> Fields => _fields;

        public string? Problem { get; private set; }

        public int Literals { get; private set; }

        public bool IsText { get; private set; } = true;

        /// <summary>0 where a field's length varies.</summary>
        public int FixedLength => Math.Max(_length, 0);

        public bool TryAdd(string part, bool isField) => isField ? TryAddField(part) : AddLiteral(Encoding.UTF8.GetBytes(part));

        private bool AddLiteral(byte[] bytes)
        {
            foreach (var b in bytes)
            {
                _pattern.Append(CultureInfo.InvariantCulture, $@"\x{b:X2}");
                IsText &= b is >= 0x20 and not 0x7F;
            }

            Literals += bytes.Length;
            return Lengthen(bytes.Length, bytes.Length);
        }

        private bool TryAddField(string part)
        {
            var colon = part.IndexOf(':', StringComparison.Ordinal);
            var name = colon < 0 ? part : part[..colon];
            var format = colon < 0 ? "" : part[(colon + 1)..];
            if (name == Literal)
            {
                return TryAddHex(format);
            }

            if (!Known.TryGetValue(name, out var known))
            {
                return Fail($"there is no field {{{name}}}; there are {string.Join(", ", Known.Keys)} and {Literal}");
            }

            var isPacked = format.StartsWith("bcd", StringComparison.Ordinal);
            var isRaw = format.StartsWith("raw", StringComparison.Ordinal);
            var digits = isPacked || isRaw ? format[3..] : format;
            var length = 0;
            if (format.Length > 0 && (!int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out length) || length is < 1 or > MaxFieldLength))
            {
                return Fail($"{{{part}}}: right would be {{{name}}}, {{{name}:12}}, {{{name}:bcd8}} or {{{name}:raw6}}, with 1 to {MaxFieldLength}");
            }

            var shape = isPacked || isRaw ? $"[\\x00-\\xFF]{{{length}}}" : length > 0 ? $"[!-~]{{{length}}}" : $"{known.Characters}{{{known.Least},{known.Most}}}";
            _pattern.Append(CultureInfo.InvariantCulture, $"(?<{name}>{shape})");
            _fields.Add(new Field(name, isPacked, isRaw));
            IsText &= !isPacked && !isRaw;
            return Lengthen(length > 0 ? length : known.Fixed, length > 0 ? length : known.Most);
        }

        private bool TryAddHex(string digits)
        {
            digits = digits.Replace(" ", "", StringComparison.Ordinal);
            if (digits.Length == 0 || digits.Length % 2 != 0 || !digits.All(char.IsAsciiHexDigit))
            {
                return Fail($"{{{Literal}:{digits}}} is no row of bytes; right would be {{{Literal}:0D 0A}}");
            }

            return AddLiteral(Convert.FromHexString(digits));
        }

        /// <param name="length">How long the part is, 0 where that varies.</param>
        /// <param name="most">How long it may be.</param>
        private bool Lengthen(int length, int most)
        {
            _length = _length < 0 || length == 0 ? -1 : _length + length;
            _most += most;
            return _most <= RegistrationReader.MaxLength || Fail($"may be longer than a registration, which has at most {RegistrationReader.MaxLength} bytes");
        }

        private bool Fail(string problem)
        {
            Problem = problem;
            return false;
        }
    }
}
