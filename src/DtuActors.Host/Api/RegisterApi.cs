using System.ComponentModel;
using System.Text.Json;
using DtuActors.Configuration;
using DtuActors.Host.Auditing;
using DtuActors.Protocol;
using DtuActors.Registering;
using DtuActors.Storage;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.Net.Http.Headers;

namespace DtuActors.Host.Api;

/// <summary>The register of DTUs: one by one, and as a CSV file.</summary>
internal static class RegisterApi
{
    /// <summary>The most a file may have, in bytes: a hundred thousand rows of 300.</summary>
    public const int MostFileBytes = 32 * 1024 * 1024;

    private const string CsvType = "text/csv";

    // Files that are held at once, arriving or whole.
    private const int MostHeld = 4;

    private static readonly SemaphoreSlim Held = new(MostHeld);

    // A file takes several times its size while it is read: one at a time, and only when it is here.
    private static readonly SemaphoreSlim Importing = new(1);

    // Whoever sends slower than any link holds a place for nothing.
    private static readonly MinDataRate Slowest = new(16 * 1024, gracePeriod: TimeSpan.FromSeconds(30));

    public static void Map(RouteGroupBuilder api)
    {
        api.MapPut("/dtus/{id}", PutAsync)
            .Accepts<DtuBody>("application/json")
            .WithMetadata(new NeedsRole(ApiRole.Admin))
            .WithSummary("Add a DTU to the register, or edit it")
            .WithDescription(
                "201 where it is new, 200 where it was there. A member that is left out stays as it is; null or an empty text empties it. Open connections are not touched: what changed " +
                "holds from the DTU's next registration on. 409: the DTU stands under dtus of the configuration (configured), or the gateway stores nothing (no-storage). 422: errors tells what is wrong.")
            .Refuses(400, 409, 413, 415, 422);
        api.MapDelete("/dtus/{id}", DeleteAsync)
            .WithMetadata(new NeedsRole(ApiRole.Admin))
            .WithSummary("Take a DTU out of the register and forget it")
            .WithDescription("An open connection is not touched: the DTU is listed until it goes. 409: the DTU stands under dtus of the configuration (configured), or the gateway stores nothing (no-storage).")
            .Refuses(400, 404, 409);
        api.MapPost("/dtus/import", ImportAsync)
            .Accepts<string>(CsvType)
            .WithMetadata(new NeedsRole(ApiRole.Admin), new BodyLimit(MostFileBytes))
            .WithSummary("Read the register from a CSV file")
            .WithDescription(
                $"A header and a row for each DTU; columns: {string.Join(", ", RegisterColumns.All)}, of which only id has to be there. A column that is not there stays as it is; DTUs that are not in the " +
                "file stay too. groups and aliases hold several with ';' between them. All or nothing: on faults 422, with errors by row, and nothing is changed. Open connections are not touched. " +
                $"408: it came slower than {Slowest.BytesPerSecond / 1024:0} kB a second. 503: {MostHeld} others are being sent (busy).")
            .Refuses(400, 408, 409, 413, 415, 422);
        api.MapGet("/dtus.csv", ExportAsync)
            .Produces<string>(StatusCodes.Status200OK, CsvType)
            .WithSummary("The register as a CSV file")
            .WithDescription("UTF-8, ordered by id. The column secret is there for the role admin only; a file without it changes no secret when it is read back.")
            .Refuses();
    }

    private static async Task<Results<Ok<DtuModel>, Created<DtuModel>>> PutAsync(
        [Description("The DTU's id.")] string id, HttpContext context, DtuGateway gateway)
    {
        var dtu = Arguments.Id(id);
        var body = await Body.ReadElementAsync(context);

        // What was edited, not to what: a secret may be among it.
        context.Audit(body.ValueKind is JsonValueKind.Object ? string.Join(", ", body.EnumerateObject().Select(member => member.Name).Take(RegisterColumns.All.Length)) : "");
        RefuseConfigured(dtu, gateway.Options);
        var faults = new RowFaults();
        var edit = DtuBody.Read(dtu, body, faults);
        if (edit is null)
        {
            throw RefusalException.Faulty(faults);
        }

        var applied = await EditAsync(gateway, [edit], dryRun: false, context.RequestAborted);
        var item = (await gateway.FindDtuAsync(dtu, context.RequestAborted))?.ToModel() ?? throw RefusalException.NoSuchDtu(id);
        return applied.Added == 1 ? TypedResults.Created(IdInPath.Prefix + Uri.EscapeDataString(id), item) : TypedResults.Ok(item);
    }

    private static async Task<NoContent> DeleteAsync(
        [Description("The DTU's id.")] string id, DtuGateway gateway, CancellationToken cancellation)
    {
        await ForgetAsync(Arguments.Id(id), gateway, cancellation);
        return TypedResults.NoContent();
    }

    /// <summary>Takes a DTU out of the register, and forgets it where it is offline.</summary>
    /// <exception cref="RefusalException">Nobody knows it, it is configured, or nothing is stored.</exception>
    public static async Task ForgetAsync(DtuId dtu, DtuGateway gateway, CancellationToken cancellation)
    {
        var options = gateway.Options;
        var wasRegistered = Answer<Editing.Removed>(await gateway.RemoveFromRegisterAsync(dtu, cancellation), options).WasThere;
        if (!wasRegistered)
        {
            RefuseConfigured(dtu, options);
        }

        if (!await gateway.ForgetAsync(dtu, cancellation) && !wasRegistered)
        {
            throw RefusalException.NoSuchDtu(dtu.Value);
        }
    }

    private static async Task<Ok<ImportAnswer>> ImportAsync(
        HttpContext context,
        DtuGateway gateway,
        GatewayOptions options,
        [Description("true: check the file and say what would change, without changing it.")] string? dryRun = null,
        [Description("auto, utf-8 or gb18030. auto, which is the default: a byte-order mark decides, else UTF-8 where the file is, else GB 18030. Without it, the charset of Content-Type.")] string? encoding = null)
    {
        var isDry = Arguments.Flag("dryRun", dryRun);
        if (!MediaTypeHeaderValue.TryParse(context.Request.ContentType, out var type) || !type.MediaType.Equals(CsvType, StringComparison.OrdinalIgnoreCase))
        {
            throw RefusalException.ContentType($"the body must be CSV, sent with Content-Type: {CsvType}");
        }

        var readAs = encoding is null && type.Charset.HasValue
            ? Arguments.Word("charset", type.Charset.Value!.Trim('"').ToLowerInvariant(), CsvText.ReadAs)
            : Arguments.Word("encoding", encoding, CsvText.ReadAs);

        if (!await Held.WaitAsync(TimeSpan.Zero, context.RequestAborted))
        {
            throw Busy();
        }

        try
        {
            using var file = await ReceiveAsync(context);
            var answer = await ReadInAsync(file, readAs, isDry, gateway, options, context.RequestAborted);
            context.Audit($"{answer.Rows} rows: {answer.Added} added, {answer.Changed} changed, {answer.Unchanged} unchanged{(isDry ? ", a dry run" : "")}");
            return TypedResults.Ok(answer);
        }
        finally
        {
            Held.Release();
        }
    }

    /// <summary>The same for a file that comes by the console; it is read to its end.</summary>
    /// <exception cref="RefusalException">Rows are wrong, nothing is stored, or too many files are being read.</exception>
    public static async Task<ImportAnswer> ReadFileAsync(Stream sent, bool isDry, DtuGateway gateway, GatewayOptions options, CancellationToken cancellation)
    {
        if (!await Held.WaitAsync(TimeSpan.Zero, cancellation))
        {
            throw Busy();
        }

        try
        {
            using var file = new MemoryStream();
            await sent.CopyToAsync(file, cancellation);
            return await ReadInAsync(file, CsvText.Auto, isDry, gateway, options, cancellation);
        }
        finally
        {
            Held.Release();
        }
    }

    private static RefusalException Busy() => new(
        StatusCodes.Status503ServiceUnavailable, "busy", "Too many files at once", $"{MostHeld} other files are being sent and read; send this one again when one of them is through");

    private static async Task<MemoryStream> ReceiveAsync(HttpContext context)
    {
        context.Features.Get<IHttpMinRequestBodyDataRateFeature>()?.MinDataRate = Slowest;
        var file = new MemoryStream();
        await context.Request.Body.CopyToAsync(file, context.RequestAborted);
        return file;
    }

    private static async Task<ImportAnswer> ReadInAsync(
        MemoryStream file, string readAs, bool isDry, DtuGateway gateway, GatewayOptions options, CancellationToken cancellation)
    {
        await Importing.WaitAsync(cancellation);
        try
        {
            var faults = new RowFaults();
            var text = CsvText.Decode(file.GetBuffer().AsSpan(0, (int)file.Length), readAs, faults);
            var edits = text is null ? [] : RegisterCsv.Read(text, options.Storage.MaxKnown, faults);
            if (faults.Count > 0)
            {
                throw RefusalException.Faulty(faults);
            }

            var applied = await EditAsync(gateway, edits, isDry, cancellation);
            return new ImportAnswer
            {
                Added = applied.Added, Changed = applied.Changed, Unchanged = applied.Unchanged, Rows = edits.Length, DryRun = isDry,
            };
        }
        finally
        {
            Importing.Release();
        }
    }

    private static async Task<ContentHttpResult> ExportAsync(HttpContext context, DtuGateway gateway, GatewayOptions options)
    {
        var register = Answer<Editing.Listed>(await gateway.RegisterAsync(context.RequestAborted), options).Register;
        var isAdmin = context.Features.Get<Caller>()?.Role is ApiRole.Admin;
        context.Response.Headers.ContentDisposition = "attachment; filename=dtus.csv";
        return TypedResults.Text(RegisterCsv.Write(register.Rows, isAdmin), $"{CsvType}; charset=utf-8");
    }

    /// <summary>Adds and edits, all or none.</summary>
    /// <exception cref="RefusalException">A row is wrong, or nothing is stored.</exception>
    public static async Task<Editing.Applied> EditAsync(DtuGateway gateway, System.Collections.Immutable.ImmutableArray<DtuEdit> edits, bool dryRun, CancellationToken cancellation) =>
        Answer<Editing.Applied>(await gateway.EditRegisterAsync(edits, dryRun, cancellation), gateway.Options);

    /// <summary>The answer that was hoped for.</summary>
    /// <exception cref="RefusalException">It is another one.</exception>
    public static T Answer<T>(Editing.Answer answer, GatewayOptions options)
        where T : Editing.Answer => answer switch
    {
        T wanted => wanted,
        Editing.Faulty faulty => throw RefusalException.Faulty(faulty.Faults),
        Editing.Refused { Problem: { } problem } when Database.Of(options.Storage) is { } database => throw new RefusalException(
            StatusCodes.Status503ServiceUnavailable, "storage", "The register's database fails", $"{database.KeyPath}: {database.Place}: {problem}"),
        _ => throw new RefusalException(
            StatusCodes.Status409Conflict, "no-storage", "Nothing is stored", "the register needs storage, and dtu.storage.provider is none; right would be sqlite or postgresql"),
    };

    /// <summary>Refuses to edit what stands in the configuration.</summary>
    public static void RefuseConfigured(DtuId dtu, GatewayOptions options)
    {
        if (options.Dtus.ContainsKey(dtu))
        {
            throw new RefusalException(
                StatusCodes.Status409Conflict, "configured", "The DTU is configured", $"DTU '{dtu}' stands in the configuration, under {RegisterRules.KeyOf(dtu)}; edit it there");
        }
    }

    private sealed record BodyLimit(long? MaxRequestBodySize) : IRequestSizeLimitMetadata;
}

/// <summary>What a call says of one DTU of the register. It is read column by column: a member that is left out is another thing than one that is null.</summary>
internal sealed record DtuBody
{
    [Description("Where it is there, the id of the path.")]
    public string? Id { get; init; }
    public string? Name { get; init; }

    [Description("A profile of the configuration, in place of the listener's.")]
    public string? Profile { get; init; }
    public IReadOnlyList<string>? Groups { get; init; }

    [Description("What its registration must say as secret. Never shown again, but in the CSV file of an admin.")]
    public string? Secret { get; init; }

    [Description("1 to 65535, for no other DTU of the register.")]
    public int? Port { get; init; }

    [Description("Other ids it presents itself under.")]
    public IReadOnlyList<string>? Aliases { get; init; }
    public string? Note { get; init; }

    /// <summary>The edit, or null with its faults told.</summary>
    public static DtuEdit? Read(DtuId id, JsonElement body, RowFaults faults)
    {
        if (body.ValueKind is not JsonValueKind.Object)
        {
            throw RefusalException.Bad("malformed-json", $"the body is a JSON object with {string.Join(", ", RegisterColumns.All)}");
        }

        var cells = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var member in body.EnumerateObject())
        {
            if (!RegisterColumns.All.Contains(member.Name))
            {
                faults.Add(null, member.Name, RegisterColumns.Unknown(member.Name));
            }
            else if (Cell(member.Name, member.Value) is { } cell)
            {
                cells[member.Name] = cell;
            }
            else
            {
                faults.Add(null, member.Name, Holds(member.Name) ? $"is no list of texts without '{RegisterColumns.Separator}'" : "is no single value");
            }
        }

        if (cells.GetValueOrDefault(RegisterColumns.Id, id.Value) != id.Value)
        {
            faults.Add(null, RegisterColumns.Id, "is another one than the path's; a DTU's id can't be changed");
        }
        else if (id.Value.Trim() != id.Value)
        {
            faults.Add(null, RegisterColumns.Id, "has blanks around it");
        }

        cells[RegisterColumns.Id] = id.Value;
        var edit = RegisterColumns.Read(null, column => cells.GetValueOrDefault(column), _ => true, faults);
        return faults.Count == 0 ? edit : null;
    }

    private static bool Holds(string column) => column is RegisterColumns.Groups or RegisterColumns.Aliases;

    private static string? Cell(string column, JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => "",
        JsonValueKind.String => value.GetString()!,
        JsonValueKind.Number => value.GetRawText(),
        JsonValueKind.Array when Holds(column) && value.EnumerateArray().All(IsItem) => string.Join(RegisterColumns.Separator, value.EnumerateArray().Select(item => item.GetString())),
        _ => null,
    };

    private static bool IsItem(JsonElement item) => item.ValueKind is JsonValueKind.String && !item.GetString()!.Contains(RegisterColumns.Separator, StringComparison.Ordinal);
}
