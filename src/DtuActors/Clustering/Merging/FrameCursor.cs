using System.Buffers.Text;
using System.Collections.Immutable;
using System.Globalization;
using System.Text;

namespace DtuActors.Clustering.Merging;

/// <summary>
/// Where a page of frames of several nodes ends: each node's own place. What it says is nobody's business but the gateway's; the place of a gateway that is alone is a number, as ever.
/// </summary>
public static class FrameCursor
{
    // No number begins so.
    private const char Mark = '~';
    private const int MostNodes = 1000;

    /// <summary>Whether a text may be one, of either kind.</summary>
    public static bool IsCursor(string text) => IsNumber(text) || Parse(text) is not null;

    internal static string Of(IEnumerable<KeyValuePair<string, string>> places) =>
        Mark + Base64Url.EncodeToString(Encoding.UTF8.GetBytes(string.Join('\n', places.OrderBy(place => place.Key, StringComparer.Ordinal).SelectMany(place => (string[])[place.Key, place.Value]))));

    /// <summary>The places by node; null: it is no cursor of several.</summary>
    internal static ImmutableDictionary<string, string>? Parse(string text)
    {
        if (text.Length < 2 || text[0] != Mark || !Base64Url.IsValid(text.AsSpan(1)))
        {
            return null;
        }

        var parts = Encoding.UTF8.GetString(Base64Url.DecodeFromChars(text.AsSpan(1))).Split('\n');
        if (parts.Length % 2 != 0 || parts.Length > 2 * MostNodes)
        {
            return null;
        }

        var places = ImmutableDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        foreach (var place in parts.Chunk(2))
        {
            if (!IsNumber(place[1]))
            {
                return null;
            }

            places[place[0]] = place[1];
        }

        return places.ToImmutable();
    }

    private static bool IsNumber(string text) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out _);
}
