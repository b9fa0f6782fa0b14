using System.ComponentModel;
using DtuActors.Protocol;
using DtuActors.Protocol.Capture;
using DtuActors.Recording;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace DtuActors.Host.Api;

/// <summary>
/// What passes from now on, for Wireshark: pcapng, sent frame by frame until the reader leaves or the gateway stops. It observes as <c>/events</c> does: a slow reader loses frames,
/// is told so in a comment, and slows nobody.
/// </summary>
internal static class CaptureApi
{
    private const string MediaType = "application/x-pcapng";

    public static void Map(RouteGroupBuilder api)
    {
        api.MapGet("/dtus/{id}/capture.pcapng", OfOneAsync)
            .WithSummary("A DTU's frames from now on, as a live pcapng stream")
            .WithDescription(
                "Wireshark and tshark read Modbus, DNP3 and IEC 60870-5-104 in it without a plug-in; Modbus RTU and ASCII are wrapped as Modbus TCP. It ends when the reader leaves or the gateway stops, " +
                "and waits for a DTU that is offline. What a slow reader lost is told in the next packet's comment.")
            .Produces<byte[]>(StatusCodes.Status200OK, MediaType)
            .Refuses(400, 404);
        api.MapGet("/capture.pcapng", OfManyAsync)
            .WithSummary("Frames of many DTUs from now on, as a live pcapng stream")
            .WithDescription("One interface per DTU, named by its id, from its first frame on.")
            .Produces<byte[]>(StatusCodes.Status200OK, MediaType)
            .Refuses(400, 404);
    }

    private static Task OfOneAsync([Description("The DTU's id.")] string id, HttpContext context, DtuGateway gateway, Readiness readiness) =>
        StreamAsync([id], context, gateway, readiness);

    private static Task OfManyAsync(
        HttpContext context, DtuGateway gateway, Readiness readiness, [Description("Only these DTUs; may be repeated. Without it, all.")] string[]? dtu = null) =>
        StreamAsync(dtu ?? [], context, gateway, readiness);

    private static async Task StreamAsync(string[] ids, HttpContext context, DtuGateway gateway, Readiness readiness)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, readiness.Stopping);
        var asked = ids.Select(Arguments.Id).Distinct().ToArray();
        var known = new List<DtuStatus>();
        foreach (var id in asked)
        {
            known.Add(await gateway.FindDtuAsync(id, ended.Token) ?? throw RefusalException.NoSuchDtu(id.Value));
        }

        using var subscription = await gateway.ObserveAsync(asked.Length > 0 ? [.. asked] : null);
        context.Response.ContentType = MediaType;
        context.Response.Headers.CacheControl = "no-cache";
        context.Response.Headers.ContentDisposition = "attachment; filename=capture.pcapng";
        context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();

        // A reader that pauses is not cut off: it loses frames, and hears how many.
        if (context.Features.Get<IHttpMinResponseDataRateFeature>() is { } pace)
        {
            pace.MinDataRate = null;
        }

        var output = context.Response.BodyWriter;
        var writer = new CaptureWriter(output, "DtuActors");
        foreach (var dtu in known)
        {
            writer.Introduce(dtu.Id, Describe(dtu));
        }

        try
        {
            // Whoever has read this much knows that nothing from here on is missed.
            await output.FlushAsync(ended.Token);
            await foreach (var happened in subscription.Events.ReadAllAsync(ended.Token))
            {
                switch (happened)
                {
                    case EventsLost lost:
                        writer.Miss(lost.Count);
                        break;
                    case FramePassed frame:
                        if (!writer.Knows(frame.Dtu))
                        {
                            writer.Introduce(frame.Dtu, await DescribeAsync(gateway, frame.Dtu, ended.Token));
                        }

                        writer.Write(new CapturedFrame(frame.Dtu, frame.At, frame.Direction, frame.Payload, frame.Codec, frame.Source, frame.Verdict));
                        await output.FlushAsync(ended.Token);
                        break;
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The reader went away, or the gateway stops: either way the capture ends here, with a whole block.
        }
    }

    private static async Task<string?> DescribeAsync(DtuGateway gateway, DtuId id, CancellationToken cancellation)
    {
        try
        {
            return await gateway.FindDtuAsync(id, cancellation) is { } dtu ? Describe(dtu) : null;
        }
        catch (Akka.Actor.AskTimeoutException)
        {
            // A name is not worth a frame.
            return null;
        }
    }

    private static string Describe(DtuStatus dtu) =>
        string.Join(", ", new[] { dtu.Name, dtu.Profile is { } profile ? $"profile {profile}" : null, dtu.Remote is { } remote ? $"from {remote}" : null }.Where(word => !string.IsNullOrEmpty(word)));
}
