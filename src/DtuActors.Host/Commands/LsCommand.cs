using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using DtuActors.Host.Api;
using DtuActors.Host.Client;

namespace DtuActors.Host.Commands;

internal static class LsCommand
{
    private static readonly string[] Columns = ["ID", "STATE", "NAME", "LISTENER", "REMOTE", "LAST SEEN", "UP", "DOWN"];

    public static Command Create()
    {
        var state = new Option<string?>("--state") { Description = "Only those in this state." };
        state.AcceptOnlyFromAmong(Arguments.States);
        return new ExampledCommand("ls", "List DTUs: who is online.", "dtu ls --state online", "dtu ls --json") { state }
            .Talks((client, parsed, json, ended) => ListAsync(client, parsed.GetValue(state), json, ended));
    }

    private static async Task<int> ListAsync(ApiClient client, string? state, bool json, CancellationToken ended)
    {
        var items = new List<DtuModel>();
        string? next = null;
        do
        {
            var path = $"/api/v1/dtus?limit={Arguments.MostItems}{(state is null ? "" : $"&state={state}")}{(next is null ? "" : $"&after={Uri.EscapeDataString(next)}")}";
            var page = ApiClient.Read<ItemPage<DtuModel>>(await client.GetAsync(path, ended));
            items.AddRange(page.Items);
            next = page.Next;
        }
        while (next is not null);

        if (json)
        {
            Terminal.Line(JsonSerializer.Serialize(new ItemPage<DtuModel>(items, null), ApiJson.Of<ItemPage<DtuModel>>()));
            return ExitCodes.Done;
        }

        Terminal.Table(Columns, items.Select(dtu => new[]
        {
            dtu.Id, dtu.State, dtu.Name, dtu.Listener, dtu.Remote, dtu.LastSeenAt?.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture),
            dtu.BytesUp.ToString(CultureInfo.InvariantCulture), dtu.BytesDown.ToString(CultureInfo.InvariantCulture),
        }));
        return ExitCodes.Done;
    }
}
