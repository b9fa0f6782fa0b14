using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Serialization;
using DtuActors.Configuration;

namespace DtuActors.Host.Commands;

internal static class CheckCommand
{
    public static Command Create()
    {
        var files = ConfigurationFiles.Option();
        files.Required = true;
        var json = new Option<bool>("--json") { Description = "Print JSON." };
        var command = new ExampledCommand("check", "Check a configuration without starting anything: every fault, with its key, file and line.", "dtu check -c dtu.conf") { files, json };
        command.SetAction(parsed => Check(parsed.GetValue(files)!, parsed.GetValue(json)));
        return command;
    }

    private static int Check(string[] files, bool json)
    {
        var loaded = ConfigurationFiles.Load(files);
        string[] warnings = loaded.Options is { } options ? [.. WeakKeys.Of(options)] : [];
        if (json)
        {
            var report = new CheckReport(loaded.Options is not null, [.. loaded.Faults], warnings);
            Terminal.Line(JsonSerializer.Serialize(report, CheckJson.Default.CheckReport));
        }
        else if (loaded.Options is not null)
        {
            Terminal.Line($"{string.Join(", ", files)}: no faults");
            foreach (var warning in warnings)
            {
                Terminal.Line($"warning: {warning}");
            }
        }
        else
        {
            ConfigurationFiles.Say(loaded, Console.Out);
        }

        return loaded.Options is null ? ExitCodes.Usage : ExitCodes.Done;
    }
}

internal sealed record CheckReport(bool Ok, IReadOnlyList<ConfigurationFault> Faults, IReadOnlyList<string> Warnings);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, WriteIndented = true)]
[JsonSerializable(typeof(CheckReport))]
internal sealed partial class CheckJson : JsonSerializerContext;
