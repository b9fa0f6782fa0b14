using System.Collections.Immutable;
using System.ComponentModel;
using System.Text.Json;
using DtuActors.Protocol;
using DtuActors.Recording;
using Microsoft.AspNetCore.Http.Features;

namespace DtuActors.Host.Api;

/// <summary>
/// <c>GET /api/v1/events</c>: what happens from now on, as server-sent events. What a slow reader can't take in time is counted and told as <c>lost</c>, never
/// queued without bound; a comment every 15 s keeps middle boxes from cutting an idle stream.
/// </summary>
internal static class EventsApi
{
    private static readonly TimeSpan HeartbeatEvery = TimeSpan.FromSeconds(15);

    public static void Map(RouteGroupBuilder api) =>
        api.MapGet("/events", StreamAsync)
            .WithSummary("Live events and frames, as server-sent events")
            .WithDescription(
                "Events: online {at,dtu,listener,remote}, offline {at,dtu,reason,remote}, frame {at,dtu,direction,hex,codec,decoded,source,verdict}, " +
                "endpoint {at,endpoint,kind,state,lastError,node}, command {at,dtu,commandId,state,reason}, alarm {at,id,kind,subject,severity,text,state,node,raisedAt,clearedAt}, lost {at,count} where this reader was too slow. In a cluster what happens on every node, whichever is asked.")
            .Produces<string>(StatusCodes.Status200OK, "text/event-stream")
            .Refuses(400);

    private static async Task StreamAsync(
        HttpContext context,
        DtuGateway gateway,
        Readiness readiness,
        [Description("Only events of these DTUs; may be repeated.")] string[]? dtu = null)
    {
        var only = dtu is { Length: > 0 } ? dtu.Select(Arguments.Id).ToImmutableHashSet() : null;
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, readiness.Stopping);
        using var subscription = await gateway.ObserveAsync(only);
        using var heartbeat = new PeriodicTimer(HeartbeatEvery);

        context.Response.ContentType = "text/event-stream";
        context.Response.Headers.CacheControl = "no-cache";
        context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        try
        {
            // Whoever reads this line knows that nothing from here on is missed.
            await WriteAsync(context, ": connected\n\n"u8.ToArray(), ended.Token);
            var more = subscription.Events.WaitToReadAsync(ended.Token).AsTask();
            var tick = heartbeat.WaitForNextTickAsync(ended.Token).AsTask();
            while (true)
            {
                if (await Task.WhenAny(more, tick) == tick)
                {
                    await tick;
                    await WriteAsync(context, ": \n\n"u8.ToArray(), ended.Token);
                    tick = heartbeat.WaitForNextTickAsync(ended.Token).AsTask();
                    continue;
                }

                if (!await more)
                {
                    return;
                }

                while (subscription.Events.TryRead(out var happened))
                {
                    await WriteAsync(context, Format(happened), ended.Token);
                }

                more = subscription.Events.WaitToReadAsync(ended.Token).AsTask();
            }
        }
        catch (OperationCanceledException)
        {
            // The reader went away, or the gateway stops: either way the stream ends here.
        }
    }

    /// <summary>One event as it goes over the wire: <c>event: NAME</c>, <c>data: JSON</c>, an empty line.</summary>
    internal static byte[] Format(FieldEvent happened) => happened switch
    {
        DtuOnline online => Format("online", new SessionEvent { At = ModelMap.Utc(online.At), Dtu = online.Dtu.Value, Listener = online.Listener, Remote = online.Remote }),
        DtuOffline offline => Format("offline", new SessionEvent { At = ModelMap.Utc(offline.At), Dtu = offline.Dtu.Value, Reason = offline.Reason, Remote = offline.Remote }),
        FramePassed frame => Format("frame", frame.ToModel()),
        EndpointChanged endpoint => Format("endpoint", new EndpointEvent
        {
            At = ModelMap.Utc(endpoint.At), Endpoint = endpoint.Endpoint, Kind = endpoint.Kind, State = endpoint.State, LastError = endpoint.LastError, Node = endpoint.Node,
        }),
        CommandChanged command => Format("command", new CommandEvent
        {
            At = ModelMap.Utc(command.At), Dtu = command.Dtu.Value, CommandId = command.CommandId, State = command.State, Reason = command.Reason,
        }),
        AlarmChanged alarm => Format("alarm", AlarmModel.Of(alarm.Alarm, alarm.At)),
        EventsLost lost => Format("lost", new LostEvent { At = ModelMap.Utc(lost.At), Count = lost.Count }),
        _ => [],
    };

    private static byte[] Format<T>(string name, T data) =>
        [.. "event: "u8, .. System.Text.Encoding.ASCII.GetBytes(name), .. "\ndata: "u8, .. JsonSerializer.SerializeToUtf8Bytes(data, ApiJson.Of<T>()), .. "\n\n"u8];

    private static async Task WriteAsync(HttpContext context, byte[] text, CancellationToken cancellation)
    {
        await context.Response.Body.WriteAsync(text, cancellation);
        await context.Response.Body.FlushAsync(cancellation);
    }
}
