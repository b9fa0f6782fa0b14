using System.Text;

namespace DtuActors.Protocol;

/// <summary>The field of fixed width in which vendors' frames carry a DTU's id or phone number: printable ASCII, padded with NUL or spaces.</summary>
internal static class IdField
{
    private const byte Space = 0x20;
    private const byte LastPrintable = 0x7E;

    /// <summary>The field's text without its padding, or null where it is blank or holds anything else in front of the first NUL.</summary>
    public static string? Read(ReadOnlySpan<byte> field)
    {
        var end = field.IndexOf((byte)0);
        var text = (end < 0 ? field : field[..end]).Trim(Space);
        return text.IsEmpty || text.ContainsAnyExceptInRange(Space, LastPrintable) ? null : Encoding.ASCII.GetString(text);
    }

    /// <summary>
    /// Whether a field of <paramref name="width"/> bytes can begin with these, which may be more: text first and padding only behind it. Stricter than
    /// <see cref="Read"/>, since it is what tells a head from garbage.
    /// </summary>
    public static bool CanBegin(ReadOnlySpan<byte> bytes, int width)
    {
        var field = bytes.Length > width ? bytes[..width] : bytes;
        var end = field.IndexOf((byte)0);
        var text = end < 0 ? field : field[..end];
        return !text.ContainsAnyExceptInRange(Space, LastPrintable)
            && (end < 0 || !field[end..].ContainsAnyExcept((byte)0, Space))
            && (!text.Trim(Space).IsEmpty || (end < 0 && field.Length < width));
    }

    /// <summary>Writes an id, padded with NUL.</summary>
    /// <exception cref="ArgumentException">The id is not 1 to <paramref name="field"/>'s width of printable ASCII characters.</exception>
    public static void Write(Span<byte> field, string id, string what)
    {
        if (id.Length == 0 || id.Length > field.Length || id.AsSpan().ContainsAnyExceptInRange(' ', '~'))
        {
            throw new ArgumentException($"{what} is 1 to {field.Length} printable ASCII characters", nameof(id));
        }

        field.Clear();
        Encoding.ASCII.GetBytes(id, field);
    }
}
