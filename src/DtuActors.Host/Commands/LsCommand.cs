using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using DtuActors.Host.Api;
using DtuActors.Host.Client;
using Spectre.Console;

namespace DtuActors.Host.Commands;

internal static class LsCommand
{
    private static readonly string[] Columns = ["ID", "STATE", "NAME", "LISTENER", "REMOTE", "LAST SEEN", "UP", "DOWN"];

    // What the gateway shows is a second old at most.
    private static readonly TimeSpan RefreshEvery = TimeSpan.FromSeconds(1);

    public static Command Create()
    {
        var state = new Option<string?>("--state") { Description = "Only those in this state." };
        state.AcceptOnlyFromAmong(Arguments.States);
        var group = new Option<string?>("--group") { Description = "Only members of this group." };
        var name = new Option<string?>("--name") { Description = "Only those whose name or id contains this, in capitals or not.", HelpName = "TEXT" };
        var watch = new Option<bool>("--watch") { Description = "Goes on until Ctrl-C: on a terminal the list stays current, else one line per change." };
        return new ExampledCommand("ls", "List DTUs: who is online.", "dtu ls --state online", "dtu ls --group pumps --watch", "dtu ls --json") { state, group, name, watch }
            .Talks((client, parsed, json, ended) =>
            {
                var filter = new Filter(parsed.GetValue(state), parsed.GetValue(group), parsed.GetValue(name));
                return parsed.GetValue(watch) ? WatchAsync(client, filter, json, ended) : ListAsync(client, filter, json, ended);
            });
    }

    private static async Task<int> ListAsync(ApiClient client, Filter filter, bool json, CancellationToken ended)
    {
        var items = await AllAsync(client, filter, ended);
        if (json)
        {
            Terminal.Line(JsonSerializer.Serialize(new ItemPage<DtuModel>(items, null), ApiJson.Of<ItemPage<DtuModel>>()));
            return ExitCodes.Done;
        }

        Terminal.Table(Columns, items.Select(Row));
        return ExitCodes.Done;
    }

    private static async Task<List<DtuModel>> AllAsync(ApiClient client, Filter filter, CancellationToken ended)
    {
        var items = new List<DtuModel>();
        string? next = null;
        do
        {
            var state = filter.State is null ? "" : $"&state={filter.State}";
            var path = $"/api/v1/dtus?limit={Arguments.MostItems}{state}{(next is null ? "" : $"&after={Uri.EscapeDataString(next)}")}";
            var page = ApiClient.Read<ItemPage<DtuModel>>(await client.GetAsync(path, ended));
            items.AddRange(page.Items.Where(filter.Fits));
            next = page.Next;
        }
        while (next is not null);
        return items;
    }

    private static async Task<int> WatchAsync(ApiClient client, Filter filter, bool json, CancellationToken ended)
    {
        try
        {
            using var timer = new PeriodicTimer(RefreshEvery);
            if (Terminal.IsTerminal && !json)
            {
                await AnsiConsole.Live(Text.Empty).Overflow(VerticalOverflow.Crop).StartAsync(async live =>
                {
                    do
                    {
                        live.UpdateTarget(Screen(await AllAsync(client, filter, ended)));
                    }
                    while (await timer.WaitForNextTickAsync(ended));
                });
                return ExitCodes.Done;
            }

            var before = new Dictionary<string, DtuModel>(StringComparer.Ordinal);
            do
            {
                var now = (await AllAsync(client, filter, ended)).ToDictionary(dtu => dtu.Id, StringComparer.Ordinal);
                PrintChanges(before, now, json);
                before = now;
            }
            while (await timer.WaitForNextTickAsync(ended));
        }
        catch (OperationCanceledException) when (ended.IsCancellationRequested)
        {
            // Ctrl-C is how it ends.
        }

        return ExitCodes.Done;
    }

    // Counters move all the time: a change is what a person would call one. The first list is all news.
    private static void PrintChanges(Dictionary<string, DtuModel> before, Dictionary<string, DtuModel> now, bool json)
    {
        foreach (var dtu in now.Values)
        {
            if (!before.TryGetValue(dtu.Id, out var was) || (was.State, was.Remote, was.Name, was.ConnectedAt) != (dtu.State, dtu.Remote, dtu.Name, dtu.ConnectedAt))
            {
                Terminal.Line(json ? JsonSerializer.Serialize(dtu, ApiJson.Of<DtuModel>()) : string.Join('\t', Row(dtu).Select(cell => Terminal.Safe(cell ?? ""))));
            }
        }

        foreach (var gone in before.Keys.Where(id => !now.ContainsKey(id)))
        {
            Terminal.Line(json ? JsonSerializer.Serialize(before[gone] with { State = "gone" }, ApiJson.Of<DtuModel>()) : $"{Terminal.Safe(gone)}\tgone");
        }
    }

    private static Rows Screen(List<DtuModel> items)
    {
        // Head, frame and the line below need their room.
        const int rest = 6;
        var room = Math.Max(1, AnsiConsole.Profile.Height - rest);
        var below = string.Create(
            CultureInfo.InvariantCulture,
            $"{items.Count} DTUs, {items.Count(dtu => dtu.State is "online" or "conflict")} online{(items.Count > room ? $"; {items.Count - room} more do not fit (--state, --group, --name)" : "")}; Ctrl-C ends");
        return new Rows(Terminal.Grid(Columns, items.Take(room).Select(Row)), new Text(below));
    }

    private static string?[] Row(DtuModel dtu) =>
    [
        dtu.Id, dtu.State, dtu.Name, dtu.Listener, dtu.Remote, dtu.LastSeenAt?.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture),
        dtu.BytesUp.ToString(CultureInfo.InvariantCulture), dtu.BytesDown.ToString(CultureInfo.InvariantCulture),
    ];

    private sealed record Filter(string? State, string? Group, string? Name)
    {
        public bool Fits(DtuModel dtu) =>
            (Group is null || dtu.Groups.Contains(Group, StringComparer.Ordinal))
            && (Name is null || dtu.Id.Contains(Name, StringComparison.OrdinalIgnoreCase) || dtu.Name?.Contains(Name, StringComparison.OrdinalIgnoreCase) == true);
    }
}
