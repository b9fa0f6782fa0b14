using System.Globalization;

namespace DtuActors.Protocol.Decoding;

/// <summary>What every decoder says alike.</summary>
internal static class Words
{
    /// <summary><c>1 byte</c>, <c>2 bytes</c>.</summary>
    public static string Plural(int count, string word) => count == 1 ? $"1 {word}" : $"{count.ToString(CultureInfo.InvariantCulture)} {word}s";
}
