using System.ComponentModel;
using System.Text;
using DtuActors.Configuration;
using DtuActors.Host.Auditing;
using DtuActors.Protocol;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.HttpResults;

namespace DtuActors.Host.Api;

/// <summary>Bytes to every member of a group: <c>POST /api/v1/groups/NAME/send</c>.</summary>
internal static class GroupsApi
{
    public const string Prefix = "/api/v1/groups/";

    /// <summary>As many commands as the gateway keeps.</summary>
    private const int MostMembers = 10_000;
    private const int PageSize = 1000;

    public static void Map(RouteGroupBuilder api) =>
        api.MapPost("/groups/{name}/send", SendAsync)
            .Accepts<SendBody>("application/json")
            .WithSummary("Send bytes to every member of a group")
            .WithDescription(
                "202 with one row per member: state and reason are those of its command after a second at most; without ttl a member that is offline reads failed, offline. " +
                "Nothing is sent where the bytes can't be made for one of them: text is written in each member's profile's encoding unless the body names one. " +
                $"A group of more than {MostMembers} members gives 409, type too-many. ttl, retry and key as for one DTU.")
            .Refuses(400, 404, 409, 413, 415);

    private static async Task<Accepted<ItemList<GroupSendRow>>> SendAsync(
        [Description("The group's name.")] string name, HttpContext context, DtuGateway gateway, GatewayOptions options, Readiness readiness)
    {
        var body = await Body.ReadAsync<SendBody>(context);
        var wish = await DownlinkApi.WishAsync(body, gateway);
        using var cancellation = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, readiness.Stopping);
        var members = await MembersAsync(Named(context, name), gateway, cancellation.Token);
        var payloads = Payloads(body, members, options);
        context.Audit($"{members.Count} members: {Audited.Hex(payloads[0].Bytes)}");
        var caller = DownlinkApi.CallerOf(context);
        var outcomes = await Task.WhenAll(payloads.Select(payload => gateway.SendAsync(payload.Dtu, payload.Bytes, cancellation.Token, caller, wish)));
        return TypedResults.Accepted((string?)null, new ItemList<GroupSendRow>([.. payloads.Zip(outcomes, (payload, outcome) => Row(payload.Dtu, outcome))]));
    }

    private static GroupSendRow Row(DtuId dtu, SendOutcome outcome) => new() { Dtu = dtu.Value, CommandId = outcome.CommandId, State = outcome.State, Reason = outcome.Reason };

    private static async Task<List<DtuStatus>> MembersAsync(string group, DtuGateway gateway, CancellationToken cancellation)
    {
        var members = new List<DtuStatus>();
        var filter = new DtuFilter(Group: group);
        DtuSearch page;
        do
        {
            page = await gateway.SearchDtusAsync(filter, members.Count, PageSize, cancellation);
            if (page.Total > MostMembers)
            {
                throw new RefusalException(
                    StatusCodes.Status409Conflict, "too-many", "The group is too large", $"group '{group}' has {page.Total} members; at most {MostMembers} are sent to at once; nothing was sent");
            }

            members.AddRange(page.Items);
        }
        while (page.Items.Length > 0 && members.Count < page.Total);

        // Who comes or goes between two pages moves the rest.
        members = [.. members.DistinctBy(member => member.Id)];
        return members.Count > 0 && group.Length > 0
            ? members
            : throw new RefusalException(StatusCodes.Status404NotFound, "no-such-group", "No such group", $"group '{group}' has no members; GET /api/v1/fleet lists the groups that have");
    }

    private static List<(DtuId Dtu, byte[] Bytes)> Payloads(SendBody body, List<DtuStatus> members, GatewayOptions options)
    {
        // As many as there are encodings.
        var made = new Dictionary<Encoding, byte[]>();
        return members.ConvertAll(member =>
        {
            var encoding = DownlinkApi.EncodingOf(member.Profile, options);
            if (!made.TryGetValue(encoding, out var bytes))
            {
                made.Add(encoding, bytes = DownlinkApi.Payload(body, encoding));
            }

            return (member.Id, bytes);
        });
    }

    // The server decodes a path, but leaves %2F: from the request line a name comes as it was meant.
    private static string Named(HttpContext context, string routed)
    {
        var target = context.Features.Get<IHttpRequestFeature>()?.RawTarget ?? "";
        return target.StartsWith(Prefix, StringComparison.Ordinal) ? Uri.UnescapeDataString(target[Prefix.Length..].Split('/', 2)[0]) : routed;
    }
}

internal sealed record GroupSendRow
{
    public required string Dtu { get; init; }
    public required string CommandId { get; init; }

    [Description("queued, sent, delivered, answered, withdrawn, expired or failed.")]
    public required string State { get; init; }

    [Description("Why it failed, as a command's reason.")]
    public string? Reason { get; init; }
}
