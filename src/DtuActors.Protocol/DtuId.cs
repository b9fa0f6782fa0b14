using System.Diagnostics.CodeAnalysis;

namespace DtuActors.Protocol;

/// <summary>
/// The name a DTU goes by: what its registration says, verbatim. Ids compare by ordinal and keep leading zeros.
/// </summary>
public readonly record struct DtuId : IComparable<DtuId>
{
    /// <summary>The longest id, in characters: 64 of the registration's default pattern and room for a listener's prefix.</summary>
    public const int MaxLength = 128;

    private readonly string? _value;

    private DtuId(string value) => _value = value;

    /// <summary>The id's text; empty for <c>default</c>, which no DTU has.</summary>
    public string Value => _value ?? "";

    /// <summary>Makes an id of a text that is 1 to <see cref="MaxLength"/> characters long and holds no control character.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out DtuId id)
    {
        id = default;
        if (string.IsNullOrEmpty(text) || text.Length > MaxLength || HasControl(text))
        {
            return false;
        }

        id = new DtuId(text);
        return true;
    }

    // Asked for each frame that comes from another node.
    private static bool HasControl(string text)
    {
        foreach (var character in text)
        {
            if (char.IsControl(character))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Makes an id, or throws <see cref="FormatException"/> where <see cref="TryParse"/> says no.</summary>
    public static DtuId Parse(string text) =>
        TryParse(text, out var id) ? id : throw new FormatException($"not a DTU id: 1 to {MaxLength} characters, none of them a control character");

    public int CompareTo(DtuId other) => string.CompareOrdinal(Value, other.Value);

    public static bool operator <(DtuId left, DtuId right) => left.CompareTo(right) < 0;
    public static bool operator >(DtuId left, DtuId right) => left.CompareTo(right) > 0;
    public static bool operator <=(DtuId left, DtuId right) => left.CompareTo(right) <= 0;
    public static bool operator >=(DtuId left, DtuId right) => left.CompareTo(right) >= 0;

    public override string ToString() => Value;
}
