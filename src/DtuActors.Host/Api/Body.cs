using System.Text.Json;

namespace DtuActors.Host.Api;

/// <summary>Reads the JSON body of a write, and says in words what is wrong with it.</summary>
internal static class Body
{
    /// <summary>The most a body may have, in bytes: more than the longest downlink in hexadecimal takes.</summary>
    public const int MostBytes = 64 * 1024;

    public static async Task<T> ReadAsync<T>(HttpContext context)
        where T : class
    {
        NeedJson(context);
        try
        {
            return await JsonSerializer.DeserializeAsync(context.Request.Body, ApiJson.Of<T>(), context.RequestAborted) ?? throw Malformed("null is no body", Members<T>());
        }
        catch (JsonException malformed)
        {
            var where = malformed is { Path: { Length: > 1 } path } ? $"the member {path.TrimStart('$', '.')} is unknown or has the wrong type" : NotValid(malformed);
            throw Malformed(where, Members<T>());
        }
    }

    /// <summary>A body whose members are looked at one by one.</summary>
    public static async Task<JsonElement> ReadElementAsync(HttpContext context)
    {
        NeedJson(context);
        try
        {
            var element = await JsonSerializer.DeserializeAsync(context.Request.Body, ApiJson.Of<JsonElement>(), context.RequestAborted);
            TakeTexts(element);
            return element;
        }
        catch (JsonException malformed)
        {
            throw RefusalException.Bad("malformed-json", NotValid(malformed));
        }
        catch (InvalidOperationException)
        {
            throw RefusalException.Bad("malformed-json", "a text in it is no Unicode: half a character as an escape, or bytes that are no UTF-8");
        }
    }

    // What is no Unicode (a lone surrogate as an escape) is read as JSON all the same, and fails where somebody takes it out: better here than there. The reader bounds the depth.
    private static void TakeTexts(JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.String:
                _ = element.GetString();
                break;
            case JsonValueKind.Array:
                foreach (var item in element.EnumerateArray())
                {
                    TakeTexts(item);
                }

                break;
            case JsonValueKind.Object:
                foreach (var member in element.EnumerateObject())
                {
                    _ = member.Name;
                    TakeTexts(member.Value);
                }

                break;
        }
    }

    private static void NeedJson(HttpContext context)
    {
        if (!context.Request.HasJsonContentType())
        {
            throw RefusalException.ContentType("the body must be JSON, sent with Content-Type: application/json");
        }
    }

    private static string NotValid(JsonException malformed) => $"not valid JSON at line {(malformed.LineNumber ?? 0) + 1}, byte {(malformed.BytePositionInLine ?? 0) + 1}";

    private static RefusalException Malformed(string what, string members) =>
        RefusalException.Bad("malformed-json", $"{what}; the body is a JSON object with {members}");

    private static string Members<T>()
    {
        var members = ApiJson.Of<T>().Properties;
        var names = string.Join(", ", members.Select(member => member.Name));
        return members.All(member => member.PropertyType == typeof(string)) ? $"{names}, all of them strings" : names;
    }
}
