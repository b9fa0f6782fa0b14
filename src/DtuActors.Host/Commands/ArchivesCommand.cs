using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using DtuActors.Host.Api;
using DtuActors.Host.Client;

namespace DtuActors.Host.Commands;

/// <summary>How archives stand, and one carried now.</summary>
internal static class ArchivesCommand
{
    private static readonly string[] Columns = ["NAME", "STATE", "DAY", "FILES", "LAST DAY", "NEXT", "WHERE", "PROBLEM"];

    public static Command Create() => new ExampledCommand(
        "archives", "List the archives: what of the history is carried elsewhere each day, and how it stands.", "dtu archives", "dtu archives --json", "dtu archives run office --day 2026-05-04")
    {
        Run(),
    }.Talks((client, _, json, ended) => ListAsync(client, json, ended));

    private static Command Run()
    {
        var name = new Argument<string>("NAME") { Description = "The archive's name." };
        var day = new Option<string?>("--day") { Description = "Which day, as 2026-05-04. [default: yesterday, or the day that failed]", HelpName = "DAY" };
        day.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string?>() is { } text && ArchivesApi.Day(text) is null)
            {
                result.AddError($"--day '{text}': expected a day such as 2026-05-04");
            }
        });
        return new ExampledCommand("run", "Carry a day now, again where it was carried before.", "dtu archives run office", "dtu archives run office --day 2026-05-04") { name, day }
            .Talks((client, parsed, json, ended) => RunAsync(client, parsed.GetValue(name)!, parsed.GetValue(day), json, ended));
    }

    private static async Task<int> ListAsync(ApiClient client, bool json, CancellationToken ended)
    {
        var text = await client.GetAsync("/api/v1/archives", ended);
        if (json)
        {
            Terminal.Line(text);
            return ExitCodes.Done;
        }

        var items = ApiClient.Read<ItemList<ArchiveModel>>(text).Items;
        Terminal.Table(Columns, items.Select(Row), wrapping: 2);
        if (items.Any(archive => archive.Missed.Count > 0))
        {
            foreach (var archive in items.Where(archive => archive.Missed.Count > 0))
            {
                Console.Error.WriteLine($"({Terminal.Safe(archive.Name)} missed {Days(archive.Missed)}: dtu archives run {Terminal.Safe(archive.Name)} --day DAY carries one, as far as the history has it)");
            }
        }

        return ExitCodes.Done;
    }

    private static async Task<int> RunAsync(ApiClient client, string name, string? day, bool json, CancellationToken ended)
    {
        var text = await client.PostAsync($"/api/v1/archives/{Uri.EscapeDataString(name)}/run", new ArchiveRunBody { Day = day }, ended);
        var answer = ApiClient.Read<ArchiveRunAnswer>(text);
        Terminal.Line(json ? JsonSerializer.Serialize(answer, ApiJson.Of<ArchiveRunAnswer>()) : $"{Terminal.Safe(answer.Name)}: {answer.Day} is carried now; dtu archives tells how it goes");
        return ExitCodes.Done;
    }

    private static string Days(IReadOnlyList<string> days) => days.Count == 1 ? days[0] : $"{days.Count} days, {days[0]} to {days[^1]}";

    private static string?[] Row(ArchiveModel archive) =>
    [
        archive.Name, archive.State, archive.Day, archive.Files.ToString(CultureInfo.InvariantCulture), archive.LastFinishedDay,
        (archive.RetryAt ?? archive.NextAt)?.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture), archive.Where,
        archive.Problem is null ? null : $"{archive.Problem}: {archive.LastError}",
    ];
}
