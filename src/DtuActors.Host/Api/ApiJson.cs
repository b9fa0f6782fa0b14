using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace DtuActors.Host.Api;

/// <summary>Every shape of the HTTP API, as the server writes and the commands read it.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(Problem))]
[JsonSerializable(typeof(ItemPage<DtuModel>))]
[JsonSerializable(typeof(FleetModel))]
[JsonSerializable(typeof(ItemList<SessionModel>))]
[JsonSerializable(typeof(ItemList<NodeModel>))]
[JsonSerializable(typeof(FramePageModel))]
[JsonSerializable(typeof(ItemList<UnknownModel>))]
[JsonSerializable(typeof(ItemList<EndpointModel>))]
[JsonSerializable(typeof(ItemList<ListenerModel>))]
[JsonSerializable(typeof(ItemList<RouteModel>))]
[JsonSerializable(typeof(FilesBody))]
[JsonSerializable(typeof(TransferModel))]
[JsonSerializable(typeof(ItemList<TransferModel>))]
[JsonSerializable(typeof(SendBody))]
[JsonSerializable(typeof(SendAnswer))]
[JsonSerializable(typeof(ItemList<CommandModel>))]
[JsonSerializable(typeof(ItemList<GroupSendRow>))]
[JsonSerializable(typeof(RequestBody))]
[JsonSerializable(typeof(RequestAnswer))]
[JsonSerializable(typeof(DtuBody))]
[JsonSerializable(typeof(ImportAnswer))]
[JsonSerializable(typeof(ReloadAnswer))]
[JsonSerializable(typeof(RoutesBody))]
[JsonSerializable(typeof(RoutesAnswer))]
[JsonSerializable(typeof(LoginBody))]
[JsonSerializable(typeof(LoginAnswer))]
[JsonSerializable(typeof(HealthModel))]
[JsonSerializable(typeof(ItemList<AlarmModel>))]
[JsonSerializable(typeof(ItemList<ArchiveModel>))]
[JsonSerializable(typeof(ArchiveRunBody))]
[JsonSerializable(typeof(ArchiveRunAnswer))]
[JsonSerializable(typeof(ItemPage<AuditModel>))]
[JsonSerializable(typeof(SessionEvent))]
[JsonSerializable(typeof(FrameEvent))]
[JsonSerializable(typeof(EndpointEvent))]
[JsonSerializable(typeof(CommandEvent))]
[JsonSerializable(typeof(LostEvent))]
[JsonSerializable(typeof(ItemList<DtuActors.Host.Commands.FoundSlave>))]
[JsonSerializable(typeof(JsonElement))]
internal sealed partial class ApiJson : JsonSerializerContext
{
    /// <summary>Names and texts stay readable (七号泵站): the answers are JSON documents, never parts of an HTML page.</summary>
    public static readonly ApiJson Readable = new(new JsonSerializerOptions(JsonSerializerDefaults.Web) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

    /// <summary>The generated shape of <typeparamref name="T"/>.</summary>
    public static JsonTypeInfo<T> Of<T>() => (JsonTypeInfo<T>)Readable.GetTypeInfo(typeof(T))!;
}
