using System.ComponentModel;
using System.Text;
using DtuActors.Commanding;
using DtuActors.Configuration;
using DtuActors.Host.Auditing;
using DtuActors.Host.Writing;
using DtuActors.Protocol;
using DtuActors.Protocol.Decoding;
using DtuActors.Sessions;
using DtuActors.Writing;
using Microsoft.AspNetCore.Http.HttpResults;

namespace DtuActors.Host.Api;

/// <summary>Bytes to a DTU: <c>send</c>, and <c>request</c>, which waits for the answer.</summary>
internal static class DownlinkApi
{
    public static readonly TimeSpan LongestTimeout = TimeSpan.FromMinutes(10);

    public static readonly TimeSpan LongestTimeToLive = TimeSpan.FromDays(30);

    private const int LongestKey = 64;

    public static void Map(RouteGroupBuilder api)
    {
        api.MapPost("/dtus/{id}/send", SendAsync)
            .Accepts<SendBody>("application/json")
            .WithSummary("Send bytes to a DTU")
            .WithDescription(
                "202 with state delivered: the bytes are written to the DTU's socket; with state sent: written in request-response mode, where the bus waits for the answer; " +
                "with state queued: it waits, for its DTU or for its turn on the bus. GET .../commands tells what becomes of it, DELETE .../commands/CID withdraws it while it waits. " +
                "A command is on disk before the 202 leaves, and ends exactly once, whatever happens to the gateway. Without ttl an offline DTU gives 409; with ttl (at most 30d) the command waits for it that " +
                "long, in order with the DTU's others, and expires then. retry = always: after a crash, or a session that ended with it, it is written again; else it ends as failed, since nobody knows " +
                "whether it arrived. key: it takes the place of one that waits under the same key. With storage = none nothing waits: ttl, retry and key give 409, type no-storage. " +
                "503, type storage-failed: the database did not take it, and nothing is written.")
            .Refuses(400, 404, 409, 413, 415, 429, 503, 504);
        api.MapPost("/dtus/{id}/request", RequestAsync)
            .Accepts<RequestBody>("application/json")
            .WithSummary("Send bytes to a DTU and wait for the answer")
            .WithDescription(
                "The request takes the bus for itself. In transparent mode the answer is the first uplink frame after the write. " +
                "A broadcast (unit 0 of Modbus) is answered by nobody: 200 with an empty hex as soon as it is written. " +
                "504: no answer in time, the bus was not free, or the slave is suspended because it kept timing out; 429: too many requests wait already.")
            .Refuses(400, 404, 409, 413, 415, 429, 504);
    }

    private static async Task<Accepted<SendAnswer>> SendAsync(
        [Description("The DTU's id.")] string id, HttpContext context, DtuGateway gateway, GatewayOptions options, Readiness readiness)
    {
        var dtu = Arguments.Id(id);
        var body = await Body.ReadAsync<SendBody>(context);
        var wish = await WishAsync(body, gateway);
        using var cancellation = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, readiness.Stopping);
        var payload = await PayloadAsync(dtu, body, gateway, options, cancellation.Token);
        context.Audit(Audited.Hex(payload));
        var outcome = await gateway.SendAsync(dtu, payload, cancellation.Token, CallerOf(context), wish);
        return outcome.Refusal is { } refusal
            ? throw await RefusedAsync(gateway, dtu, refusal, cancellation.Token)
            : TypedResults.Accepted((string?)null, new SendAnswer { CommandId = outcome.CommandId, State = outcome.State });
    }

    private static async Task<Ok<RequestAnswer>> RequestAsync(
        [Description("The DTU's id.")] string id, HttpContext context, DtuGateway gateway, Readiness readiness)
    {
        var dtu = Arguments.Id(id);
        var body = await Body.ReadAsync<RequestBody>(context);
        TimeSpan? timeout = null;
        if (body.Timeout is { } given)
        {
            if (!DurationText.TryParse(given, out var duration) || duration > LongestTimeout)
            {
                throw RefusalException.Bad("timeout", $"timeout '{given}': expected {DurationText.Expected}, at most 10m");
            }

            timeout = duration;
        }

        var hex = body.Hex ?? throw RefusalException.Bad("payload", "the body has no hex; right would be {\"hex\":\"010300000002\",\"crc\":\"modbus\"}");
        var payload = Checked(() => DownlinkBody.WithCheck(DownlinkBody.FromHex(hex), body.Crc));
        context.Audit(Audited.Hex(payload));
        using var cancellation = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, readiness.Stopping);
        var outcome = await gateway.RequestAsync(dtu, payload, timeout, cancellation.Token, CallerOf(context));
        if (outcome.Refusal is { } refusal)
        {
            throw await RefusedAsync(gateway, dtu, refusal, cancellation.Token);
        }

        if (outcome.Answer is not { } answer)
        {
            return TypedResults.Ok(new RequestAnswer { Hex = "", ElapsedMs = 0, Decoded = "a broadcast: written, nobody answers" });
        }

        return TypedResults.Ok(new RequestAnswer
        {
            Hex = ModelMap.Hex(answer.Payload),
            ElapsedMs = Math.Round(outcome.Elapsed.TotalMilliseconds, 3),
            Decoded = Decoders.Describe(answer.Codec, FrameDirection.Up, answer.Payload.Span),
        });
    }

    // Keys take turns on a bus: none of them locks the others out.
    internal static string? CallerOf(HttpContext context) => context.Features.Get<Caller>()?.Name;

    /// <summary>Why a DTU that has no session can't be reached: 404 where nobody knows it, else 409.</summary>
    public static async Task<RefusalException> OfflineAsync(DtuGateway gateway, DtuId dtu, CancellationToken cancellation)
    {
        if (await gateway.FindDtuAsync(dtu, cancellation) is not { } status)
        {
            return RefusalException.NoSuchDtu(dtu.Value);
        }

        var seen = status.LastSeenAt is { } at ? $"last seen {ModelMap.Utc(at):yyyy-MM-dd'T'HH:mm:ss.fff'Z'}" : "it never came online";
        return new RefusalException(StatusCodes.Status409Conflict, "offline", "The DTU is offline", $"DTU '{dtu}' is offline; {seen}");
    }

    /// <summary>Why a DTU did not take or answer it.</summary>
    public static async Task<RefusalException> RefusedAsync(DtuGateway gateway, DtuId dtu, RefusalReason reason, CancellationToken cancellation) => reason switch
    {
        RefusalReason.Offline => await OfflineAsync(gateway, dtu, cancellation),
        RefusalReason.QueueFull => new RefusalException(
            StatusCodes.Status429TooManyRequests, "queue-full", "Too many requests wait", $"too much waits for DTU '{dtu}' (bus.queue of its profile, or {CommandQueue.MostOpen} commands, or {CommandQueue.MostOpenBytes / 1024 / 1024} MB of them); try again later"),
        RefusalReason.NoAnswer => new RefusalException(
            StatusCodes.Status504GatewayTimeout, "no-answer", "No answer in time", $"the bytes were written to DTU '{dtu}' and nothing came back in time"),
        RefusalReason.BusBusy => new RefusalException(
            StatusCodes.Status504GatewayTimeout, "bus-busy", "The bus was not free", $"the bus of DTU '{dtu}' was not free within its profile's bus.queue-wait; nothing was written"),
        RefusalReason.SlaveSuspended => new RefusalException(
            StatusCodes.Status504GatewayTimeout, "slave-suspended", "The slave is suspended", $"that slave of DTU '{dtu}' kept timing out and is not asked for a while (bus.suspend-slave of its profile); nothing was written"),
        RefusalReason.TooLong => new RefusalException(
            StatusCodes.Status409Conflict, "too-long", "Too long for a datagram", $"DTU '{dtu}' is reached over UDP, and the bytes are more than one datagram carries; nothing was written"),
        RefusalReason.Withdrawn => new RefusalException(
            StatusCodes.Status409Conflict, "withdrawn", "The command was withdrawn", $"the command to DTU '{dtu}' was taken back while it waited; nothing was written"),
        RefusalReason.StorageFailed => new RefusalException(
            StatusCodes.Status503ServiceUnavailable, "storage-failed", "The database does not take it", $"the command to DTU '{dtu}' could not be stored; nothing is written. GET /readyz says why"),
        RefusalReason.Expired => new RefusalException(
            StatusCodes.Status409Conflict, "expired", "The command's time is over", $"the time to live of the command to DTU '{dtu}' was over before it could be written; nothing was written"),
        RefusalReason.SessionEnded => new RefusalException(
            StatusCodes.Status409Conflict, "session-ended", "The DTU went away", $"the session of DTU '{dtu}' ended meanwhile; whether the bytes arrived is not known"),
        _ => new RefusalException(StatusCodes.Status409Conflict, "refused", "The DTU did not take it", $"DTU '{dtu}': {reason}"),
    };

    private static async Task<byte[]> PayloadAsync(DtuId dtu, SendBody body, DtuGateway gateway, GatewayOptions options, CancellationToken cancellation)
    {
        var downlink = new DownlinkBody(body.Hex, body.Text, body.Crc, body.Encoding);
        var encoding = downlink.TakesDefaultEncoding ? await ProfilesEncodingAsync(dtu, gateway, options, cancellation) : Encoding.UTF8;
        return Checked(() => downlink.ToBytes(encoding));
    }

    /// <summary>The bytes, with text that names no encoding in this one.</summary>
    public static byte[] Payload(SendBody body, Encoding encoding) => Checked(() => new DownlinkBody(body.Hex, body.Text, body.Crc, body.Encoding).ToBytes(encoding));

    /// <summary>How the command may wait; null: not at all. Refuses what can't be, and what only stored commands could do.</summary>
    public static async Task<CommandWish?> WishAsync(SendBody body, DtuGateway gateway)
    {
        if (body is { Ttl: null, Retry: null, Key: null })
        {
            return null;
        }

        TimeSpan? ttl = null;
        if (body.Ttl is { } given)
        {
            ttl = DurationText.TryParse(given, LongestTimeToLive, out var duration)
                ? duration
                : throw RefusalException.Bad("ttl", $"ttl '{given}': expected {DurationText.Expected}, at most {LongestTimeToLive.TotalDays:0}d");
        }

        var retry = body.Retry switch
        {
            null or "never" => false,
            "always" => true,
            var other => throw RefusalException.Bad("retry", $"retry '{other}': expected never or always"),
        };
        if (retry && ttl is null)
        {
            throw RefusalException.Bad("retry", "retry = always needs a ttl: within which time it may be written again");
        }

        if (body.Key is { } key && (key.Length is 0 or > LongestKey || key.Any(char.IsControl)))
        {
            throw RefusalException.Bad("key", $"key: expected 1 to {LongestKey} characters without control characters");
        }

        if (!await gateway.StoresCommandsAsync())
        {
            var asked = body.Ttl is not null ? "ttl" : body.Retry is not null ? "retry" : "key";
            throw new RefusalException(
                StatusCodes.Status409Conflict, "no-storage", "Commands can't wait", $"{asked} needs stored commands, and dtu.storage.provider = none stores nothing; without it the bytes go to a DTU that is online");
        }

        return new CommandWish(ttl, retry, body.Key);
    }

    /// <summary>What text to this DTU is written in where nothing else is said.</summary>
    public static async Task<Encoding> ProfilesEncodingAsync(DtuId dtu, DtuGateway gateway, GatewayOptions options, CancellationToken cancellation) =>
        EncodingOf((await gateway.FindDtuAsync(dtu, cancellation))?.Profile, options);

    /// <summary>What text to a DTU of this profile is written in; null: one that has none yet.</summary>
    public static Encoding EncodingOf(string? profile, GatewayOptions options) =>
        Encodings.Strict(options.Profiles.TryGetValue(profile ?? "default", out var found) ? found.TextEncoding : Encoding.UTF8);

    private static byte[] Checked(Func<byte[]> bytes)
    {
        try
        {
            return bytes();
        }
        catch (DownlinkFaultException fault)
        {
            throw fault.Member == DownlinkFaultException.TooLarge
                ? new RefusalException(StatusCodes.Status413PayloadTooLarge, fault.Member, "The payload is too large", fault.Message)
                : RefusalException.Bad(fault.Member, fault.Message);
        }
    }
}
