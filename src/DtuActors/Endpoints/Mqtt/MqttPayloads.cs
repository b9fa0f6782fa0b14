using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using DtuActors.Configuration;
using DtuActors.Protocol;
using DtuActors.Protocol.Decoding;
using DtuActors.Writing;

namespace DtuActors.Endpoints.Mqtt;

/// <summary>A downlink as a broker brought it. <paramref name="Id"/>: the publisher's own, told again in the result.</summary>
/// <param name="Wish">How it may wait; null: it does not say.</param>
internal sealed record MqttDownlink(byte[] Bytes, string? Id, CommandWish? Wish = null);

/// <summary>Why a published downlink is none. <paramref name="Reason"/> is a word, the message says it for a person.</summary>
internal sealed class MqttPayloadException(string reason, string problem, string? id = null) : Exception(problem)
{
    public const string Bad = "bad-payload";
    public const string TooLarge = "too-large";
    public const string NoStorage = "no-storage";

    public string Reason => reason;

    public string? Id => id;
}

/// <summary>Payloads as the topics carry them: raw, hexadecimal, or JSON with the HTTP API's own members.</summary>
internal static class MqttPayloads
{
    /// <summary>The longest id of a publisher's own, in characters.</summary>
    public const int LongestId = 256;

    // Names and texts stay readable: a payload is no part of an HTML page.
    private static readonly JsonWriterOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static ReadOnlyMemory<byte> Up(MqttPayload form, DtuId dtu, Frame frame) => form switch
    {
        MqttPayload.Hex => Encoding.ASCII.GetBytes(Convert.ToHexString(frame.Payload.Span)),
        MqttPayload.Json => Json(json =>
        {
            json.WriteString("at", Utc(frame.At));
            json.WriteString("dtu", dtu.Value);
            json.WriteString("direction", "up");
            json.WriteString("hex", Convert.ToHexString(frame.Payload.Span));
            json.WriteString("codec", frame.Codec);
            json.WriteString("decoded", Decoders.Describe(frame.Codec, FrameDirection.Up, frame.Payload.Span));
        }),
        _ => frame.Payload,
    };

    /// <summary>What became of a downlink. <paramref name="reason"/>: null where it was delivered.</summary>
    public static ReadOnlyMemory<byte> Result(DateTimeOffset at, DtuId dtu, string? reason, string? error, string? id, int bytes) => Json(json =>
    {
        json.WriteString("state", reason is null ? "delivered" : "failed");
        if (reason is not null)
        {
            json.WriteString("reason", reason);
        }

        if (error is not null)
        {
            json.WriteString("error", error);
        }

        json.WriteString("at", Utc(at));
        json.WriteString("dtu", dtu.Value);
        if (id is not null)
        {
            json.WriteString("id", id);
        }

        json.WriteNumber("bytes", bytes);
    });

    /// <summary>Reads a downlink. Throws <see cref="MqttPayloadException"/>.</summary>
    /// <param name="form">What payloads look like.</param>
    /// <param name="payload">The payload.</param>
    /// <param name="stores">Whether commands may wait.</param>
    public static MqttDownlink Down(MqttPayload form, ReadOnlySpan<byte> payload, bool stores)
    {
        string? id = null;
        try
        {
            return form switch
            {
                MqttPayload.Hex => new MqttDownlink(DownlinkBody.WithCheck(DownlinkBody.FromHex(Encoding.UTF8.GetString(payload)), null), null),
                MqttPayload.Json => OfJson(payload, stores, out id),
                _ when payload.IsEmpty => throw new MqttPayloadException(MqttPayloadException.Bad, "no bytes"),
                _ => new MqttDownlink(DownlinkBody.WithCheck(payload.ToArray(), null), null),
            };
        }
        catch (DownlinkFaultException fault)
        {
            throw new MqttPayloadException(fault.Member == DownlinkFaultException.TooLarge ? MqttPayloadException.TooLarge : MqttPayloadException.Bad, fault.Message, id);
        }
    }

    private static MqttDownlink OfJson(ReadOnlySpan<byte> payload, bool stores, out string? id)
    {
        var members = MembersOf(payload, out id);
        var body = new DownlinkBody(members.GetValueOrDefault("hex"), members.GetValueOrDefault("text"), members.GetValueOrDefault("crc"), members.GetValueOrDefault("encoding"));
        return new MqttDownlink(body.ToBytes(Encodings.Strict(Encoding.UTF8)), id, Wish(members, stores, id));
    }

    private static CommandWish? Wish(Dictionary<string, string> members, bool stores, string? id)
    {
        if (Durable.FirstOrDefault(members.ContainsKey) is not { } durable)
        {
            return null;
        }

        if (!stores)
        {
            throw new MqttPayloadException(MqttPayloadException.NoStorage, $"{durable} needs stored commands, and dtu.storage.provider = none stores nothing; without it the bytes go to a DTU that is online", id);
        }

        TimeSpan? ttl = null;
        if (members.TryGetValue("ttl", out var text))
        {
            ttl = Scalars.Duration(text) is { } duration && duration > TimeSpan.Zero && duration <= CommandWish.LongestTimeToLive
                ? duration
                : throw NotThat("ttl is no duration up to 30d, as 30s, 2h, 7d", id);
        }

        var retry = members.GetValueOrDefault("retry") switch
        {
            null or "never" => false,
            "always" when ttl is not null => true,
            "always" => throw NotThat("retry = always needs a ttl", id),
            _ => throw NotThat("retry is neither never nor always", id),
        };
        var key = members.GetValueOrDefault("key");
        return key is null || CommandWish.IsKey(key) ? new CommandWish(ttl, retry, key) : throw NotThat($"key has not 1 to {CommandWish.LongestKey} characters", id);
    }

    private static Dictionary<string, string> MembersOf(ReadOnlySpan<byte> payload, out string? id)
    {
        var members = new Dictionary<string, string>(StringComparer.Ordinal);
        try
        {
            var reader = new Utf8JsonReader(payload);
            using var document = JsonDocument.ParseValue(ref reader);
            if (document.RootElement.ValueKind is not JsonValueKind.Object)
            {
                throw NotThat("no JSON object");
            }

            foreach (var member in document.RootElement.EnumerateObject())
            {
                if (member.Value.ValueKind is JsonValueKind.Null)
                {
                    continue;
                }

                if (member.Value.ValueKind is not JsonValueKind.String || !Members.Contains(member.Name))
                {
                    throw NotThat($"the member {KeyPathShown(member.Name)} is unknown or no string");
                }

                members[member.Name] = member.Value.GetString()!;
            }

            if (reader.Read())
            {
                throw NotThat("something stands behind the JSON object");
            }
        }
        catch (Exception malformed) when (malformed is JsonException or InvalidOperationException)
        {
            throw NotThat("not valid JSON");
        }

        id = members.GetValueOrDefault("id");
        if (id?.Length > LongestId)
        {
            id = null;
            throw NotThat($"id has more than {LongestId} characters");
        }

        return members;
    }

    private static readonly string[] Durable = ["ttl", "retry", "key"];
    private static readonly string[] Members = ["hex", "text", "crc", "encoding", "id", .. Durable];

    private static MqttPayloadException NotThat(string problem, string? id = null) =>
        new(MqttPayloadException.Bad, $"{problem}; right would be {{\"hex\":\"0103000A0001\",\"crc\":\"modbus\"}}, with hex or text, crc, encoding, id, ttl, retry, key", id);

    private static string KeyPathShown(string name) => name.Length <= 32 ? name : name[..32] + "...";

    // To the millisecond, as the API writes it.
    private static DateTime Utc(DateTimeOffset at) => new(at.UtcTicks - (at.UtcTicks % TimeSpan.TicksPerMillisecond), DateTimeKind.Utc);

    private static ReadOnlyMemory<byte> Json(Action<Utf8JsonWriter> members)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, Readable))
        {
            json.WriteStartObject();
            members(json);
            json.WriteEndObject();
        }

        return buffer.WrittenMemory;
    }
}
