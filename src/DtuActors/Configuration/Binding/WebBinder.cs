using System.Collections.Immutable;
using DtuActors.Configuration.Hocon;

namespace DtuActors.Configuration;

/// <summary>Addresses that are called, and what is sent along in headers.</summary>
internal static class WebBinder
{
    private const int MostHeaders = 20;
    private const int LongestHeader = 4096;

    /// <summary>Null where the key is absent, empty or wrong.</summary>
    public static Uri? Url(BlockReader block, string key)
    {
        if (block.Text(key) is not { Length: > 0 } text)
        {
            return null;
        }

        if (Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https" && url.Host.Length > 0 && url.UserInfo.Length == 0)
        {
            return url;
        }

        // It may hold a secret where none belongs.
        block.Fault(key, "is no address (its value is not shown)", "as https://alarms.example.net/dtu, without user and password: those go into headers");
        return null;
    }

    /// <summary>A block of the user's own keys: a header's name and its value, which is never repeated in a fault.</summary>
    /// <param name="block">Where the block stands.</param>
    /// <param name="key">Its key.</param>
    /// <param name="mayHoldCommas">False where the sender's library would cut a value there.</param>
    public static ImmutableSortedDictionary<string, string> Headers(BlockReader block, string key, bool mayHoldCommas = true)
    {
        var headers = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.OrdinalIgnoreCase);
        switch (block.Find(key))
        {
            case null:
                break;
            case HoconObject map:
                foreach (var member in map.Members.Where(member => member.Value is not HoconBroken))
                {
                    var path = KeyPath.Append(KeyPath.Append(block.Path, key), member.Key);
                    if (!IsName(member.Key))
                    {
                        block.Context.Fault(path, member.Position, "is no header's name", "letters, digits and '-', as Authorization; not Content-Type, Content-Length, Host");
                    }
                    else if (member.Value is not HoconScalar { Text: var value } || !IsValue(value) || (!mayHoldCommas && value.Contains(',', StringComparison.Ordinal)))
                    {
                        block.Context.Fault(path, member.Value.Position, "is no header's value (it is not shown)", $"1 to {LongestHeader} printable ASCII characters{(mayHoldCommas ? "" : ", no comma")}");
                    }
                    else if (headers.Count == MostHeaders)
                    {
                        block.Context.Fault(path, member.Position, "is one header too many", $"at most {MostHeaders}");
                        break;
                    }
                    else
                    {
                        headers[member.Key] = value;
                    }
                }

                break;
            case var other:
                block.Fault(key, $"{other.Shape} where a block should stand", $"{key} {{ Authorization = \"Bearer ...\" }}");
                break;
        }

        return headers.ToImmutable();
    }

    private static bool IsName(string name) =>
        name.Length is > 0 and <= 64 && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_')
        && !name.StartsWith("content-", StringComparison.OrdinalIgnoreCase) && !name.Equals("host", StringComparison.OrdinalIgnoreCase);

    private static bool IsValue(string value) => value.Length is > 0 and <= LongestHeader && value.All(c => c is >= ' ' and <= '~') && value.Trim() == value;
}
