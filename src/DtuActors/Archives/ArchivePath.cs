using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using DtuActors.Protocol;

namespace DtuActors.Archives;

/// <summary>The path of a DTU's file of a day, as <c>dtu.archives.NAME.path</c> says it. No two ids have the same, whatever an id looks like: it can't lead out of the target's folder, and no system refuses it.</summary>
internal static class ArchivePath
{
    /// <summary>Stands for the id.</summary>
    public const string Dtu = "{dtu}";

    /// <summary>Stands for the day, as 2026-05-04.</summary>
    public const string Date = "{date}";

    /// <summary>Behind the name of a file that is not whole yet.</summary>
    public const string PartSuffix = ".part";

    // A name may have 255 bytes on most systems, and more stands around it.
    private const int LongestName = 120;
    private const int KeptOfLong = 80;
    private const int HashBytes = 8;

    private static readonly string[] Reserved = ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"];

    public static string Of(string template, DtuId dtu, DateOnly day) =>
        template.Replace(Date, Text(day), StringComparison.Ordinal).Replace(Dtu, FileName(dtu), StringComparison.Ordinal);

    /// <summary>The folder of a file, with <c>/</c>; null where it lies in none.</summary>
    public static string? FolderOf(string path) => path.LastIndexOf('/') is > 0 and var slash ? path[..slash] : null;

    /// <summary>A day as it stands in paths.</summary>
    public static string Text(DateOnly day) => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    /// <summary>Whether Windows takes it for a device, whatever follows its first dot.</summary>
    public static bool IsReserved(string name)
    {
        var stem = name.Split('.')[0].TrimEnd();
        return Reserved.Contains(stem, StringComparer.OrdinalIgnoreCase)
            || (stem.Length == 4 && (stem.StartsWith("COM", StringComparison.OrdinalIgnoreCase) || stem.StartsWith("LPT", StringComparison.OrdinalIgnoreCase)) && char.IsDigit(stem[3]));
    }

    /// <summary>
    /// The id, percent-encoded but for letters, digits, '-', '_' and a '.' within; <c>%</c> and <c>~</c> never stand for themselves. A long one is cut, and its hash behind '~' tells it from others.
    /// </summary>
    public static string FileName(DtuId dtu)
    {
        var id = dtu.Value;
        var name = new StringBuilder(id.Length);
        var kept = 0;
        var at = 0;
        var hidesFirst = IsReserved(id);
        foreach (var rune in id.EnumerateRunes())
        {
            var isEdge = at == 0 || at + rune.Utf16SequenceLength == id.Length;
            var isPlain = Rune.IsLetterOrDigit(rune) || rune.Value is '-' or '_' || (rune.Value == '.' && !isEdge);
            if (isPlain && !(at == 0 && hidesFirst))
            {
                name.Append(rune);
            }
            else
            {
                Escape(name, rune);
            }

            at += rune.Utf16SequenceLength;
            kept = Encoding.UTF8.GetByteCount(name.ToString()) <= KeptOfLong ? name.Length : kept;
        }

        var text = name.ToString();
        return Encoding.UTF8.GetByteCount(text) <= LongestName ? text : $"{text[..kept]}~{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(id)).AsSpan(0, HashBytes))}";
    }

    private static void Escape(StringBuilder name, Rune rune)
    {
        Span<byte> bytes = stackalloc byte[4];
        foreach (var one in bytes[..rune.EncodeToUtf8(bytes)])
        {
            name.Append('%').Append(one.ToString("X2", CultureInfo.InvariantCulture));
        }
    }
}
