using System.CommandLine;
using System.Text.Json;
using DtuActors.Host.Client;

namespace DtuActors.Host.Commands;

internal static class ShowCommand
{
    public static Command Create()
    {
        var id = GatewayCommand.Id();
        return new ExampledCommand("show", "Show one DTU in detail.", "dtu show 13800138000") { id }
            .Talks((client, parsed, json, ended) => ShowAsync(client, parsed.GetValue(id)!, json, ended));
    }

    private static async Task<int> ShowAsync(ApiClient client, string id, bool json, CancellationToken ended)
    {
        var text = await client.GetAsync(ApiClient.Dtu(id), ended);
        if (json)
        {
            Terminal.Line(text);
            return ExitCodes.Done;
        }

        Terminal.Table(["WHAT", "VALUE"], Rows("", ApiClient.Read<JsonElement>(text)));
        return ExitCodes.Done;
    }

    private static string Words(JsonElement item) => string.Join(' ', item.EnumerateObject().Select(member => $"{member.Name} {member.Value}"));

    // Whatever the gateway tells of a DTU is shown, also what a newer one tells more.
    private static IEnumerable<string?[]> Rows(string prefix, JsonElement element)
    {
        foreach (var member in element.EnumerateObject())
        {
            switch (member.Value.ValueKind)
            {
                case JsonValueKind.Null:
                    break;
                case JsonValueKind.Object:
                    foreach (var row in Rows($"{prefix}{member.Name}.", member.Value))
                    {
                        yield return row;
                    }

                    break;
                case JsonValueKind.Array when member.Value.EnumerateArray().FirstOrDefault().ValueKind is JsonValueKind.Object:
                    yield return [prefix + member.Name, string.Join(", ", member.Value.EnumerateArray().Select(Words))];
                    break;
                case JsonValueKind.Array:
                    yield return [prefix + member.Name, string.Join(", ", member.Value.EnumerateArray())];
                    break;
                default:
                    yield return [prefix + member.Name, member.Value.ToString()];
                    break;
            }
        }
    }
}
