using System.Text.Json;

namespace DtuActors.Protocol.Registration;

/// <summary>
/// <c>kind = json</c>: one JSON object, whose members make the id (openLuat iRTU: <c>{"csq":25,"imei":"86...","iccid":"8986..."}</c>, the order of the members is not
/// fixed and nothing ends it but its own brace). A member <c>secret</c> is the secret.
/// </summary>
public sealed record JsonForm : ReadForm
{
    private const string SecretMember = "secret";

    /// <inheritdoc/>
    public override RegistrationKind Kind => RegistrationKind.Json;

    /// <summary>What the id is made of: members of the object, texts or numbers.</summary>
    public IdTemplate Id { get; init; } = IdTemplate.Of("imei");

    public override bool IsDelimited => true;

    // An instrument's object may name the DTU that it hangs on.
    public override bool OtherWordsAreHeartbeat => false;

    /// <inheritdoc/>
    public override bool TryReadAgain(ReadOnlySpan<byte> burst, out Presented presented)
    {
        presented = default;
        return LengthOf(burst) == burst.Length && TryRead(burst, out presented) && !IsRejected(presented);
    }

    /// <summary>The length up to the brace that closes the object.</summary>
    public override int LengthOf(ReadOnlySpan<byte> head)
    {
        var (depth, inText, escaped) = (0, false, false);
        for (var i = 0; i < head.Length; i++)
        {
            var b = head[i];
            if (inText)
            {
                inText = escaped || b != '"';
                escaped = !escaped && b == '\\';
            }
            else if (b == '"')
            {
                inText = true;
            }
            else if (b is (byte)'{' or (byte)'[')
            {
                depth++;
            }
            else if (b is (byte)'}' or (byte)']' && --depth == 0)
            {
                return i + 1;
            }

            if (depth <= 0)
            {
                return -1;
            }
        }

        return 0;
    }

    /// <inheritdoc/>
    public override bool TryRead(ReadOnlySpan<byte> bytes, out Presented presented)
    {
        presented = default;
        try
        {
            var reader = new Utf8JsonReader(bytes);
            if (!JsonElement.TryParseValue(ref reader, out var parsed) || parsed is not { ValueKind: JsonValueKind.Object } json
                || Id.Render(field => Member(json, field)) is not { } id || !DtuId.TryParse(id, out _))
            {
                return false;
            }

            presented = new Presented(id, Member(json, SecretMember), id);
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
        catch (InvalidOperationException)
        {
            // A text that is no Unicode (a lone surrogate written as an escape).
            return false;
        }
    }

    private static string? Member(JsonElement json, string name) =>
        !json.TryGetProperty(name, out var value) ? null
        : value.ValueKind switch
        {
            JsonValueKind.String => value.GetString(),
            JsonValueKind.Number => value.GetRawText(),
            _ => null,
        };
}
