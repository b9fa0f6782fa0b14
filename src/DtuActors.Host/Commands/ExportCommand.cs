using System.CommandLine;
using DtuActors.Host.Client;
using DtuActors.Registering;
using DtuActors.Storage;

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
            await WriteAsync(path, CsvText.Encode(text, encoding), ended);
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

    private static async Task WriteAsync(string path, byte[] bytes, CancellationToken ended)
    {
        if (path == "-" || IsMadeReady(path))
        {
            await using var ready = path == "-" ? Console.OpenStandardOutput() : new FileStream(path, FileMode.Create, FileAccess.Write);
            await ready.WriteAsync(bytes, ended);
            return;
        }

        // An admin's file holds the secrets: it is nobody else's, also where a file that others read stood there, and it is never half a file.
        var part = $"{path}.{Path.GetRandomFileName()}";
        try
        {
            await using (var file = PrivateFile.CreateNew(part))
            {
                await file.WriteAsync(bytes, ended);
            }

            File.Move(part, path, overwrite: true);
        }
        finally
        {
            File.Delete(part);
        }
    }

    // A device, a pipe, a link, an empty file: whoever put it there chose who reads it.
    private static bool IsMadeReady(string path) => new FileInfo(path) is { Exists: true } there && (there.LinkTarget is not null || there.Length == 0);
}
