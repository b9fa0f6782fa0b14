using System.ComponentModel;
using System.Text;
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
    /// <summary>On a bus with one request at a time the bytes wait for their turn; the caller does not.</summary>
    public static readonly TimeSpan SendAnswerWithin = TimeSpan.FromSeconds(1);

    public static readonly TimeSpan LongestTimeout = TimeSpan.FromMinutes(10);

    public static void Map(RouteGroupBuilder api)
    {
        api.MapPost("/dtus/{id}/send", SendAsync)
            .Accepts<SendBody>("application/json")
            .WithSummary("Send bytes to a DTU")
            .WithDescription(
                "202 with state delivered: the bytes are written to the DTU's socket; with state sent: written in request-response mode, where the bus waits for the answer; " +
                "with state queued: after a second they still waited for their turn on the bus. GET .../commands tells what becomes of it, DELETE .../commands/CID withdraws it while it waits. " +
                "Commands live in memory only; an offline DTU gives 409. " +
                "ttl, retry and key need the durable queue, which is not built yet: 409, type no-storage.")
            .Refuses(400, 404, 409, 413, 415, 429, 504);
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
        RefuseWaiting(body);
        using var cancellation = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, readiness.Stopping);
        var payload = await PayloadAsync(dtu, body, gateway, options, cancellation.Token);
        context.Audit(Audited.Hex(payload));
        var (command, sending) = gateway.Send(dtu, payload, CallerOf(context));
        try
        {
            var outcome = await sending.WaitAsync(SendAnswerWithin, cancellation.Token);
            return outcome.Refusal is { } refusal
                ? throw await RefusedAsync(gateway, dtu, refusal, cancellation.Token)
                : TypedResults.Accepted((string?)null, new SendAnswer { CommandId = command, State = outcome.State });
        }
        catch (TimeoutException)
        {
            return TypedResults.Accepted((string?)null, new SendAnswer { CommandId = command, State = CommandStates.Queued });
        }
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
            StatusCodes.Status429TooManyRequests, "queue-full", "Too many requests wait", $"the bus queue of DTU '{dtu}' is full (bus.queue of its profile); try again later"),
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

    /// <summary>Refuses what only the durable queue could do.</summary>
    public static void RefuseWaiting(SendBody body)
    {
        if (body is { Ttl: not null } or { Retry: not null } or { Key: not null })
        {
            var asked = body.Ttl is not null ? "ttl" : body.Retry is not null ? "retry" : "key";
            throw new RefusalException(
                StatusCodes.Status409Conflict, "no-storage", "Commands can't wait", $"{asked} needs the durable command queue, which is not built yet; without it the bytes go to a DTU that is online");
        }
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
