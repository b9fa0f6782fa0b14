using System.Collections.Immutable;
using System.Globalization;
using System.Text.RegularExpressions;
using DtuActors.Configuration;
using DtuActors.Protocol;

namespace DtuActors.Registering;

/// <summary>
/// The register's columns as texts: what each may say, in a file and in a call alike. Blanks around a value are not part of it; <c>groups</c> and <c>aliases</c>
/// hold several, with <c>;</c> between them.
/// </summary>
public static partial class RegisterColumns
{
    public const string Id = "id";
    public const string Name = "name";
    public const string Profile = "profile";
    public const string Groups = "groups";
    public const string Secret = "secret";
    public const string Port = "port";
    public const string Aliases = "aliases";
    public const string Note = "note";

    /// <summary>Between the values of a column that holds several.</summary>
    public const char Separator = ';';

    public const int LongestName = 256;
    public const int LongestNote = 2000;
    public const int LongestGroup = 64;
    public const int MostItems = 64;

    /// <summary>A spreadsheet keeps so many digits of a number; the rest it turns into zeros.</summary>
    private const int DigitsOfANumber = 15;

    private const string AsText = "give the cells the format Text before the id is entered, and enter it anew";

    /// <summary>All of them, in the order of a file.</summary>
    public static readonly ImmutableArray<string> All = [Id, Name, Profile, Groups, Secret, Port, Aliases, Note];

    /// <summary>What is said of a column that does not exist.</summary>
    public static string Unknown(string column) => $"there is no column '{KeyPath.Shown(column)}'; expected {BlockReader.Meant(column, All)}";

    /// <summary>
    /// Reads one DTU from its cells, null for a column that was not named. <paramref name="isText"/> says whether a column's text can't have been a number in a
    /// spreadsheet. Null, with every fault told, where a cell is wrong.
    /// </summary>
    public static DtuEdit? Read(int? row, Func<string, string?> cell, Func<string, bool> isText, RowFaults faults)
    {
        var before = faults.Count;
        void Fault(string column, string detail) => faults.Add(row, column, detail);
        var id = ReadId(Trimmed(cell(Id)), isText(Id), Fault);
        var edit = new DtuEdit
        {
            Row = row,
            Id = id,
            Name = ReadText(Name, Trimmed(cell(Name)), LongestName, mayBreak: false, Fault),
            Profile = ReadText(Profile, Trimmed(cell(Profile)), LongestName, mayBreak: false, Fault),
            Groups = ReadGroups(Trimmed(cell(Groups)), Fault),
            Secret = ReadSecret(Trimmed(cell(Secret)), Fault),
            Port = ReadPort(Trimmed(cell(Port)), Fault),
            Aliases = ReadAliases(id, Trimmed(cell(Aliases)), isText(Aliases), Fault),
            Note = ReadText(Note, Trimmed(cell(Note)), LongestNote, mayBreak: true, Fault),
        };
        return faults.Count == before ? edit : null;
    }

    /// <summary>One of <see cref="All"/> of a DTU, as <see cref="Read"/> takes it.</summary>
    public static string Write(RegisteredDtu dtu, string column) => column switch
    {
        Id => dtu.Id.Value,
        Name => dtu.Name,
        Profile => dtu.Profile,
        Groups => Join(dtu.Groups),
        Secret => dtu.Secret,
        Port => dtu.Port == 0 ? "" : dtu.Port.ToString(CultureInfo.InvariantCulture),
        Aliases => Join(dtu.Aliases),
        Note => dtu.Note,
        _ => throw new ArgumentException(Unknown(column), nameof(column)),
    };

    public static string Join(ImmutableArray<string> items) => string.Join(Separator, items);

    public static ImmutableArray<string> Split(string text) => [.. text.Split(Separator, StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)];

    /// <summary>Whether a spreadsheet may have made this of a longer number: more than 15 digits, and only zeros from the 16th on.</summary>
    public static bool LooksRounded(string text) =>
        text.Length > DigitsOfANumber && text.All(char.IsAsciiDigit) && !text.AsSpan(DigitsOfANumber).ContainsAnyExcept('0');

    private static string? Trimmed(string? cell) => cell?.Trim();

    private static DtuId ReadId(string? text, bool isText, Action<string, string> fault)
    {
        if (string.IsNullOrEmpty(text))
        {
            fault(Id, "is missing; expected what the DTU's registration says");
        }
        else if (IdFault(text, isText) is { } wrong)
        {
            fault(Id, wrong);
        }
        else
        {
            return DtuId.Parse(text);
        }

        return default;
    }

    private static string? IdFault(string text, bool isText) =>
        TextFault(text, DtuId.MaxLength, mayBreak: false) is { } wrong ? wrong
        : Shortened().IsMatch(text) ? $"'{text}' is a number that a spreadsheet shortened, its digits are lost: {AsText}"
        : Decimal().IsMatch(text) ? $"'{text}' is a number with decimals, as a spreadsheet writes it: {AsText}"
        : !isText && LooksRounded(text) ? $"'{text}' looks like a number that a spreadsheet rounded to {DigitsOfANumber} digits: {AsText}; an id that really ends so stands in quotes"
        : null;

    private static ImmutableArray<string>? ReadAliases(DtuId id, string? text, bool isText, Action<string, string> fault)
    {
        if (ReadItems(Aliases, text, fault) is not { } aliases)
        {
            return null;
        }

        foreach (var alias in aliases)
        {
            if (IdFault(alias, isText) is { } wrong)
            {
                fault(Aliases, wrong);
            }
            else if (alias == id.Value)
            {
                fault(Aliases, $"'{alias}' is the DTU's id already; expected other ids that it presents itself under");
            }
        }

        return aliases;
    }

    private static ImmutableArray<string>? ReadGroups(string? text, Action<string, string> fault)
    {
        if (ReadItems(Groups, text, fault) is not { } groups)
        {
            return null;
        }

        foreach (var group in groups)
        {
            if (TextFault(group, LongestGroup, mayBreak: false) is { } wrong)
            {
                fault(Groups, wrong);
            }
            else if (group.AsSpan().ContainsAny(',', '|'))
            {
                fault(Groups, $"'{KeyPath.Shown(group)}' is no group's name; expected ';' between several");
            }
        }

        return groups;
    }

    private static ImmutableArray<string>? ReadItems(string column, string? text, Action<string, string> fault)
    {
        if (text is null)
        {
            return null;
        }

        var items = Split(text);
        if (items.Length > MostItems)
        {
            fault(column, $"{items.Length} are too many; at most {MostItems}");
            return null;
        }

        foreach (var twice in items.GroupBy(item => item, StringComparer.Ordinal).Where(same => same.Count() > 1))
        {
            fault(column, $"'{KeyPath.Shown(twice.Key)}' stands there twice");
        }

        return items;
    }

    private static string? ReadText(string column, string? text, int longest, bool mayBreak, Action<string, string> fault)
    {
        if (text is not null && TextFault(text, longest, mayBreak) is { } wrong)
        {
            fault(column, wrong);
        }

        return text;
    }

    private static string? ReadSecret(string? text, Action<string, string> fault)
    {
        if (text is { Length: > 0 } && (!BlockReader.IsSecret(text) || !IsWhole(text)))
        {
            fault(Secret, $"is no usable secret (it is not shown); expected {BlockReader.SecretForm}");
        }

        return text;
    }

    private static int? ReadPort(string? text, Action<string, string> fault)
    {
        if (text is null or "")
        {
            return text is null ? null : 0;
        }

        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port is >= 1 and <= 65535)
        {
            return port;
        }

        fault(Port, $"'{KeyPath.Shown(text)}' is no port; expected 1 to 65535, or nothing");
        return null;
    }

    private static string? TextFault(string text, int longest, bool mayBreak) =>
        text.Length > longest ? $"{text.Length} characters are too many; at most {longest}"
        : text.Any(c => char.IsControl(c) && !(mayBreak && c is '\r' or '\n')) ? $"'{KeyPath.Shown(text)}' has a control character in it"
        : !IsWhole(text) ? $"'{KeyPath.Shown(text)}' has half a character in it"
        : null;

    // Half of a surrogate pair can be written in no encoding.
    private static bool IsWhole(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (char.IsSurrogate(text[i]) && !(i + 1 < text.Length && char.IsSurrogatePair(text[i], text[++i])))
            {
                return false;
            }
        }

        return true;
    }

    // 1.38E+10, 8,6E+14: an exponent with a sign, or decimals before it. 12E5 alone may be an id of hexadecimal digits.
    [GeneratedRegex(@"\A[+-]?[0-9]+(?:[.,][0-9]+[eE][+-]?|[eE][+-])[0-9]+\z")]
    private static partial Regex Shortened();

    [GeneratedRegex(@"\A[0-9]+[.,]0+\z")]
    private static partial Regex Decimal();
}
