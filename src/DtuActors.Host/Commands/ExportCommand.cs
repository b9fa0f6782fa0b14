using System.CommandLine;
using DtuActors.Host.Client;
using DtuActors.Registering;

namespace DtuActors.Host.Commands;

/// <summary>Writes the register as a CSV file that <c>import</c> reads.</summary>
internal static class ExportCommand
{
    public static Command Create()
    {
        var output = new Option<string>("--output", "-o") { Description = "The file to write; - is standard output.", HelpName = "FILE", DefaultValueFactory = _ => "-" };
        var encoding = new Option<string>("--encoding") { Description = "The file's encoding; spreadsheets of old read Chinese only from utf-8-bom or gb18030.", DefaultValueFactory = _ => CsvText.Utf8 };
        encoding.AcceptOnlyFromAmong(CsvText.WriteAs);
        var command = new ExampledCommand("export", "Write the register of DTUs as a CSV file.", "dtu export -o dtus.csv", "dtu export -o dtus.csv --encoding gb18030") { output, encoding };
        return command.Talks((client, parsed, json, ended) => ExportAsync(client, parsed.GetValue(output)!, parsed.GetValue(encoding)!, json, ended));
    }

    private static async Task<int> ExportAsync(ApiClient client, string path, string encoding, bool json, CancellationToken ended)
    {
        var text = await client.GetAsync("/api/v1/dtus.csv", ended);
        try
        {
            await using var file = path == "-" ? Console.OpenStandardOutput() : new FileStream(path, FileMode.Create, FileAccess.Write);
            await file.WriteAsync(CsvText.Encode(text, encoding), ended);
        }
        catch (Exception unwritable) when (unwritable is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            Terminal.Fault(unwritable.Message);
            return ExitCodes.Failed;
        }

        if (path != "-" && !json)
        {
            Terminal.Line($"wrote {path}");
        }

        return ExitCodes.Done;
    }
}
