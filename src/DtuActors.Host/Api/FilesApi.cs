using System.Collections.Immutable;
using System.ComponentModel;
using DtuActors.Configuration;
using DtuActors.Host.Auditing;
using DtuActors.Host.Writing;
using DtuActors.Protocol;
using DtuActors.Protocol.Files;
using DtuActors.Transfers;
using DtuActors.Writing;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Http.Metadata;

namespace DtuActors.Host.Api;

/// <summary>Files to and from the instrument behind a DTU, or on a COM port: <c>.../files</c> of either.</summary>
internal static class FilesApi
{
    // A file in hexadecimal, and the words around it.
    private const long MostBodyBytes = (2L * TransferActor.MostBytes) + (64 * 1024);
    private const int LongestName = 200;
    private const int MostSaid = 1024;

    private const string Words =
        "202: it takes the line for itself, as soon as it is its turn, and gives it back whatever happens; meanwhile all others wait for the bus. direction = put: files are sent to the instrument, " +
        "which is waiting for them, or is made to by say; direction = get: they come from it. protocol: xmodem (one file; checksum or CRC, as the receiver asks), xmodem-1k (the same in blocks of 1,024 bytes), ymodem (files with names and " +
        "sizes). At most 8 MB together. GET .../files/TID tells how far it is, DELETE .../files/TID cancels it, here and at the instrument. In a cluster a transfer is the business of the node that was asked for it.";

    public static void Map(RouteGroupBuilder api)
    {
        var ofDtu = api.MapGroup("/dtus/{id}/files");
        ofDtu.MapPost("", async ([Description("The DTU's id.")] string id, HttpContext context, DtuGateway gateway, CancellationToken cancellation) =>
                await StartAsync(await DtuAsync(gateway, Arguments.Id(id), cancellation), context, gateway, cancellation))
            .WithSummary("Send files to the instrument behind a DTU, or fetch them from it")
            .Described();
        ofDtu.MapGet("", ([Description("The DTU's id.")] string id, DtuGateway gateway, CancellationToken cancellation) => ListAsync(new Line(Arguments.Id(id), null), gateway, cancellation))
            .WithSummary("File transfers over a DTU's line, newest first").Refuses(400);
        ofDtu.MapGet("/{transfer}", ([Description("The DTU's id.")] string id, [Description("The transfer's id.")] string transfer, DtuGateway gateway, CancellationToken cancellation) =>
                OneAsync(new Line(Arguments.Id(id), null), transfer, gateway, cancellation))
            .WithSummary("How far a file transfer is").Refuses(400, 404);
        ofDtu.MapDelete("/{transfer}", ([Description("The DTU's id.")] string id, [Description("The transfer's id.")] string transfer, DtuGateway gateway, CancellationToken cancellation) =>
                CancelAsync(new Line(Arguments.Id(id), null), transfer, gateway, cancellation))
            .WithSummary("Cancel a file transfer").Refuses(400, 404, 409);
        ofDtu.MapGet("/{transfer}/content/{number:int}", (
                [Description("The DTU's id.")] string id, [Description("The transfer's id.")] string transfer, [Description("Which file of it, from 0.")] int number, DtuGateway gateway, CancellationToken cancellation) =>
                ContentAsync(new Line(Arguments.Id(id), null), transfer, number, gateway, cancellation))
            .WithSummary("A file that came from the instrument").Produces(200, contentType: "application/octet-stream").Refuses(400, 404);

        var ofPort = api.MapGroup("/endpoints/{name}/files");
        ofPort.MapPost("", async ([Description("The endpoint's name: kind serial or pty.")] string name, HttpContext context, DtuGateway gateway, CancellationToken cancellation) =>
                await StartAsync(await PortAsync(gateway, name, cancellation), context, gateway, cancellation))
            .WithSummary("Send files to the instrument on a COM port, or fetch them from it")
            .Described();
        ofPort.MapGet("", ([Description("The endpoint's name.")] string name, DtuGateway gateway, CancellationToken cancellation) => ListAsync(new Line(null, name), gateway, cancellation))
            .WithSummary("File transfers over a COM port, newest first").Refuses(400);
        ofPort.MapGet("/{transfer}", ([Description("The endpoint's name.")] string name, [Description("The transfer's id.")] string transfer, DtuGateway gateway, CancellationToken cancellation) =>
                OneAsync(new Line(null, name), transfer, gateway, cancellation))
            .WithSummary("How far a file transfer is").Refuses(400, 404);
        ofPort.MapDelete("/{transfer}", ([Description("The endpoint's name.")] string name, [Description("The transfer's id.")] string transfer, DtuGateway gateway, CancellationToken cancellation) =>
                CancelAsync(new Line(null, name), transfer, gateway, cancellation))
            .WithSummary("Cancel a file transfer").Refuses(400, 404, 409);
        ofPort.MapGet("/{transfer}/content/{number:int}", (
                [Description("The endpoint's name.")] string name, [Description("The transfer's id.")] string transfer, [Description("Which file of it, from 0.")] int number, DtuGateway gateway, CancellationToken cancellation) =>
                ContentAsync(new Line(null, name), transfer, number, gateway, cancellation))
            .WithSummary("A file that came from the instrument").Produces(200, contentType: "application/octet-stream").Refuses(400, 404);
    }

    /// <summary>A name that a stranger gave, as one of a file in a folder of ours: no path, nothing that is not seen.</summary>
    public static string FileName(string told, string other)
    {
        var last = told.Split('/', '\\')[^1];
        var name = string.Concat(Commands.Terminal.Safe(last).Select(letter => letter is '\uFFFD' or ':' or '*' or '?' or '"' or '<' or '>' or '|' || letter is >= '\u2400' and <= '\u2421' ? '_' : letter)).Trim(' ', '.');
        return name.Length == 0 ? other : name.Length <= LongestName ? name : name[..LongestName];
    }

    private static void Described(this RouteHandlerBuilder builder) => builder
        .Accepts<FilesBody>("application/json")
        .WithDescription(Words)
        .WithMetadata(new BodyLimit(MostBodyBytes))
        .Refuses(400, 404, 409, 413, 415, 429);

    private static async Task<Line> DtuAsync(DtuGateway gateway, DtuId dtu, CancellationToken cancellation) =>
        await gateway.FindDtuAsync(dtu, cancellation) is { ConnectedAt: not null, State: not (DtuState.Offline or DtuState.Sleeping) }
            ? new Line(dtu, null)
            : throw await DownlinkApi.OfflineAsync(gateway, dtu, cancellation);

    private static async Task<Line> PortAsync(DtuGateway gateway, string name, CancellationToken cancellation)
    {
        var there = (await gateway.EndpointsAsync(cancellation)).Where(endpoint => endpoint.Name == name).ToArray();
        return there switch
        {
            [] => throw new RefusalException(
                StatusCodes.Status404NotFound, "no-such-endpoint", "No such endpoint", $"no endpoint '{name}' is configured; GET /api/v1/endpoints lists those that are"),
            [{ Kind: not ("serial" or "pty") } other, ..] => throw new RefusalException(
                StatusCodes.Status409Conflict, "not-a-port", "The endpoint is no COM port", $"endpoint '{name}' is of kind {other.Kind}; files go over kind serial and pty, and over DTUs"),
            [{ State: not "up" } down, ..] => throw new RefusalException(
                StatusCodes.Status409Conflict, "offline", "The COM port is not open", $"endpoint '{name}' is {down.State}{(down.LastError is null ? "" : $": {down.LastError}")}"),
            _ => new Line(null, name),
        };
    }

    private static async Task<Accepted<TransferModel>> StartAsync(Line line, HttpContext context, DtuGateway gateway, CancellationToken cancellation)
    {
        var body = await Body.ReadAsync<FilesBody>(context);
        var direction = body.Direction switch
        {
            "put" => TransferDirection.Put,
            "get" => TransferDirection.Get,
            var other => throw RefusalException.Bad("direction", $"direction '{other}': expected put (to the instrument) or get (from it)"),
        };
        if (!FileProtocols.TryParse(body.Protocol ?? "", out var protocol))
        {
            throw RefusalException.Bad("protocol", $"protocol '{body.Protocol}': expected {string.Join(", ", FileProtocols.Names)}");
        }

        var files = FilesOf(body, direction, protocol);
        byte[]? said = null;
        if (body.Say is { } say && (!MarkText.TryParse(say, out said, out _) || said.Length > MostSaid))
        {
            throw RefusalException.Bad("say", $"say '{say}': expected {MarkText.Expected}, at most {MostSaid} bytes");
        }

        context.Audit($"{body.Protocol}{string.Concat(files.Select(file => $" {Commands.Terminal.Safe(file.Name)} ({file.Content.Length} bytes)"))}");
        var order = new TransferOrder(NextId(), line.Dtu, line.Port, direction, protocol, files, said ?? [], DownlinkApi.CallerOf(context));
        return TypedResults.Accepted((string?)null, TransferModel.Of(await BeginAsync(order, gateway, cancellation)));
    }

    /// <summary>A name for one more transfer.</summary>
    public static string NextId() => Guid.CreateVersion7().ToString("n");

    /// <summary>Starts it, or says that too many are under way.</summary>
    public static async Task<TransferStatus> BeginAsync(TransferOrder order, DtuGateway gateway, CancellationToken cancellation) =>
        await gateway.StartTransferAsync(order, cancellation)
        ?? throw new RefusalException(
            StatusCodes.Status429TooManyRequests, "queue-full", "Too many transfers", $"{TransfersActor.MostAtOnce} transfers are under way on this node; try again when one has ended");

    private static ImmutableArray<OutgoingFile> FilesOf(FilesBody body, TransferDirection direction, FileProtocol protocol)
    {
        var given = body.Files ?? [];
        if (direction is TransferDirection.Get)
        {
            return given.Count == 0 ? [] : throw RefusalException.Bad("files", "files: with direction get they come from the instrument");
        }

        if (given.Count == 0)
        {
            throw RefusalException.Bad("files", "files: at least one; right would be [{\"name\":\"fw.bin\",\"hex\":\"...\"}]");
        }

        if (given.Count > 1 && protocol is not FileProtocol.Ymodem)
        {
            throw RefusalException.Bad("files", $"files: {body.Protocol} carries one, ymodem several");
        }

        var files = given.Select((file, number) => new OutgoingFile(Name(file, number), Content(file, number))).ToImmutableArray();
        if (files.Sum(file => (long)file.Content.Length) > TransferActor.MostBytes)
        {
            throw new RefusalException(
                StatusCodes.Status413PayloadTooLarge, "too-large", "The files are too large", $"together they have more than {TransferActor.MostBytes} bytes");
        }

        return protocol is not FileProtocol.Ymodem && files[0].Content.IsEmpty
            ? throw RefusalException.Bad("files", $"files[0]: {body.Protocol} carries no empty file")
            : files;
    }

    private static string Name(FileBody file, int number) => file.Name is { Length: > 0 and <= LongestName } name && !name.Any(char.IsControl) && !name.Contains('/', StringComparison.Ordinal)
        ? name
        : throw RefusalException.Bad("files", $"files[{number}].name: expected 1 to {LongestName} characters, without a path and without control characters");

    private static byte[] Content(FileBody file, int number) => file.Hex is { } hex && HexText.TryParse(hex, out var bytes, out _)
        ? bytes
        : file.Hex is "" ? [] : throw RefusalException.Bad("files", $"files[{number}].hex: expected the file's bytes in hexadecimal");

    private static async Task<Ok<ItemList<TransferModel>>> ListAsync(Line line, DtuGateway gateway, CancellationToken cancellation) =>
        TypedResults.Ok(new ItemList<TransferModel>([.. (await gateway.TransfersAsync(line.Dtu, line.Port, cancellation)).Select(TransferModel.Of)]));

    private static async Task<Ok<TransferModel>> OneAsync(Line line, string transfer, DtuGateway gateway, CancellationToken cancellation) =>
        TypedResults.Ok(TransferModel.Of(await FindAsync(line, transfer, gateway, cancellation)));

    private static async Task<NoContent> CancelAsync(Line line, string transfer, DtuGateway gateway, CancellationToken cancellation)
    {
        var status = await FindAsync(line, transfer, gateway, cancellation);
        if (TransferStates.IsEnd(status.State))
        {
            throw new RefusalException(StatusCodes.Status409Conflict, "not-cancelled", "The transfer has ended", $"transfer '{transfer}' has ended as {status.State}");
        }

        await gateway.CancelTransferAsync(transfer, cancellation);
        return TypedResults.NoContent();
    }

    private static async Task<FileContentHttpResult> ContentAsync(Line line, string transfer, int number, DtuGateway gateway, CancellationToken cancellation)
    {
        await FindAsync(line, transfer, gateway, cancellation);
        return await gateway.ReceivedFileAsync(transfer, number, cancellation) is { } file
            ? TypedResults.File(file.Content.ToArray(), "application/octet-stream", FileName(file.Name, $"{number}.bin"))
            : throw new RefusalException(
                StatusCodes.Status404NotFound, "no-such-file", "No such file", $"transfer '{transfer}' has no file {number}, or it made room for newer ones");
    }

    private static async Task<TransferStatus> FindAsync(Line line, string transfer, DtuGateway gateway, CancellationToken cancellation) =>
        await gateway.FindTransferAsync(transfer, cancellation) is { } status && status.Dtu == line.Dtu && status.Port == line.Port
            ? status
            : throw new RefusalException(
                StatusCodes.Status404NotFound, "no-such-transfer", "No such transfer", $"no transfer '{transfer}' over that line is remembered on this node; GET .../files lists those that are");

    /// <summary>Over what: a DTU's serial line, or the COM port of an endpoint.</summary>
    private readonly record struct Line(DtuId? Dtu, string? Port);

    private sealed record BodyLimit(long? MaxRequestBodySize) : IRequestSizeLimitMetadata;
}

internal sealed record FilesBody
{
    [Description("put (to the instrument) or get (from it).")]
    public string? Direction { get; init; }

    [Description("xmodem, xmodem-1k or ymodem.")]
    public string? Protocol { get; init; }

    [Description("Written first, once the line is taken: the command that makes the instrument begin. Text such as rb\\r, or hex:0D.")]
    public string? Say { get; init; }

    [Description("With put: what is sent.")]
    public IReadOnlyList<FileBody>? Files { get; init; }
}

internal sealed record FileBody
{
    [Description("Without a path; ymodem tells it to the instrument.")]
    public string? Name { get; init; }

    [Description("The file's bytes.")]
    public string? Hex { get; init; }
}

internal sealed record TransferModel
{
    public required string Id { get; init; }

    [Description("put or get.")]
    public required string Direction { get; init; }
    public required string Protocol { get; init; }

    [Description("waiting (for its turn on the line), running, then exactly one of done, failed (problem says why) and cancelled.")]
    public required string State { get; init; }

    [Description("The file that is on its way, or was the last; null where its name is not known.")]
    public string? File { get; init; }

    [Description("Of that file, in bytes; null: not known.")]
    public long? Size { get; init; }

    [Description("Of that file, that are known to have arrived.")]
    public required long Bytes { get; init; }

    [Description("Files that arrived whole before it.")]
    public required int FilesDone { get; init; }

    [Description("Blocks that were sent or asked for again.")]
    public required int Retries { get; init; }
    public string? Problem { get; init; }

    [Description("The name of the caller's key; null: the gateway has no keys.")]
    public string? By { get; init; }
    public required DateTime StartedAt { get; init; }
    public DateTime? EndedAt { get; init; }

    [Description("What came from the instrument; GET .../files/TID/content/0 is the first of them.")]
    public required IReadOnlyList<ReceivedFileModel> Received { get; init; }

    public static TransferModel Of(TransferStatus status) => new()
    {
        Id = status.Id,
        Direction = status.Direction is TransferDirection.Put ? "put" : "get",
        Protocol = status.Protocol.Name(),
        State = status.State,
        File = status.Progress.File,
        Size = status.Progress.Size,
        Bytes = status.Progress.Bytes,
        FilesDone = status.Progress.Files,
        Retries = status.Progress.Retries,
        Problem = status.Problem,
        By = status.By,
        StartedAt = ModelMap.Utc(status.StartedAt),
        EndedAt = status.EndedAt is { } ended ? ModelMap.Utc(ended) : null,
        Received = [.. status.Received.Select(file => new ReceivedFileModel { Name = file.Name, Size = file.Size, Kept = file.IsKept })],
    };
}

internal sealed record ReceivedFileModel
{
    [Description("As the instrument says it; empty with xmodem.")]
    public required string Name { get; init; }
    public required int Size { get; init; }

    [Description("False: it made room for newer ones.")]
    public required bool Kept { get; init; }
}
