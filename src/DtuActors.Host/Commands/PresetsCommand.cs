using System.CommandLine;
using System.Text.Encodings.Web;
using System.Text.Json;
using DtuActors.Configuration;

namespace DtuActors.Host.Commands;

internal static class PresetsCommand
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static Command Create()
    {
        var name = new Argument<string?>("NAME") { Description = "One of them: the keys that it sets, as a profile would write them.", Arity = ArgumentArity.ZeroOrOne };
        name.AcceptOnlyFromAmong([.. Presets.Names]);
        var json = new Option<bool>("--json") { Description = "Print JSON." };
        var command = new ExampledCommand("presets", "The vendors' factory settings for a profile.", "dtu presets", "dtu presets hongdian") { name, json };
        command.SetAction(parsed => Show(parsed.GetValue(name), parsed.GetValue(json)));
        return command;
    }

    private static int Show(string? name, bool asJson)
    {
        var found = name is null ? null : Presets.Find(name);
        if (asJson)
        {
            Terminal.Line(found is null
                ? JsonSerializer.Serialize(new { items = Presets.All.Select(preset => new { preset.Name, preset.Description }) }, Json)
                : JsonSerializer.Serialize(new { found.Name, found.Description, found.Hocon }, Json));
        }
        else if (found is not null)
        {
            Terminal.Line($"# {found.Description}");
            Terminal.Line(found.Hocon);
        }
        else
        {
            Terminal.Table(["preset", "devices"], Presets.All.Select(preset => new string?[] { preset.Name, preset.Description }));
        }

        return ExitCodes.Done;
    }
}
