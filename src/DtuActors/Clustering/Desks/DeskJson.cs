using System.Text.Json;
using System.Text.Json.Serialization;
using DtuActors.Protocol;
using DtuActors.Sessions;

namespace DtuActors.Clustering.Desks;

/// <summary>The bodies that desks exchange. Members are only ever added, for nodes of different releases ask each other while they are restarted one by one.</summary>
internal static class DeskJson
{
    public static readonly JsonSerializerOptions Options = new()
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Converters = { new JsonStringEnumConverter(), new IdConverter() },
    };

    private sealed class IdConverter : JsonConverter<DtuId>
    {
        public override DtuId Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            DtuId.TryParse(reader.GetString(), out var id) ? id : throw new JsonException("no DTU's id");

        public override void Write(Utf8JsonWriter writer, DtuId value, JsonSerializerOptions options) => writer.WriteStringValue(value.Value);

        public override DtuId ReadAsPropertyName(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => Read(ref reader, typeToConvert, options);

        public override void WriteAsPropertyName(Utf8JsonWriter writer, DtuId value, JsonSerializerOptions options) => writer.WritePropertyName(value.Value);
    }
}
