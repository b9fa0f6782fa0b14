using System.CommandLine;
using System.Diagnostics.CodeAnalysis;
using DtuActors.Host.Api;
using DtuActors.Host.Client;
using DtuActors.Registering;

namespace DtuActors.Host.Commands;

/// <summary>Reads the register from a CSV file; the gateway checks it, all or nothing.</summary>
internal static class ImportCommand
{
    public static Command Create()
    {
        var file = new Argument<string>("FILE") { Description = $"A CSV file with a header, columns {string.Join(',', RegisterColumns.All)}; - is standard input." };
        var dryRun = new Option<bool>("--dry-run") { Description = "Check the file and say what would change, without changing it." };
        var encoding = new Option<string>("--encoding") { Description = "The file's encoding.", DefaultValueFactory = _ => CsvText.Auto };
        encoding.AcceptOnlyFromAmong(CsvText.ReadAs);
        var command = new ExampledCommand("import", "Read the register of DTUs from a CSV file, all or nothing.", "dtu import dtus.csv --dry-run", "dtu import dtus.csv --encoding gb18030")
        {
            file, dryRun, encoding,
        };
        return command.Talks((client, parsed, json, ended) =>
            ImportAsync(client, parsed.GetValue(file)!, parsed.GetValue(dryRun), parsed.GetValue(encoding)!, json, ended));
    }

    private static async Task<int> ImportAsync(ApiClient client, string path, bool dryRun, string encoding, bool json, CancellationToken ended)
    {
        if (!TryRead(path, out var bytes))
        {
            return ExitCodes.Usage;
        }

        try
        {
            var answer = await client.PostAsync($"{IdInPath.Prefix}import?dryRun={(dryRun ? "true" : "false")}&encoding={encoding}", bytes, "text/csv", ended);
            var done = ApiClient.Read<ImportAnswer>(answer);
            Terminal.Line(json ? answer : $"{(dryRun ? "would be " : "")}added {done.Added}, changed {done.Changed}, unchanged {done.Unchanged}; {done.Rows} in the file");
            return ExitCodes.Done;
        }
        catch (ApiFailureException refused) when (refused.ProblemJson is { } problem)
        {
            foreach (var fault in ApiClient.Read<Problem>(problem).Errors ?? [])
            {
                Console.Error.WriteLine(Terminal.Safe($"{path}: {Place(fault)}{fault.Detail}"));
            }

            throw;
        }
    }

    private static string Place(RowFaultModel fault) => (fault.Row, fault.Column) switch
    {
        ({ } row, { } column) => $"row {row}, {column}: ",
        ({ } row, null) => $"row {row}: ",
        (null, { } column) => $"{column}: ",
        _ => "",
    };

    private static bool TryRead(string path, [NotNullWhen(true)] out byte[]? bytes)
    {
        bytes = null;
        try
        {
            using var file = path == "-" ? Console.OpenStandardInput() : new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            using var read = new MemoryStream();
            var buffer = new byte[64 * 1024];
            for (int count; (count = file.Read(buffer)) > 0;)
            {
                read.Write(buffer, 0, count);
                if (read.Length > RegisterApi.MostFileBytes)
                {
                    Terminal.Fault($"{path} has more than {RegisterApi.MostFileBytes / 1024 / 1024} MB; import it in parts");
                    return false;
                }
            }

            bytes = read.ToArray();
            return true;
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            Terminal.Fault(System.IO.Directory.Exists(path) ? $"{path} is a folder; expected a file" : unreadable.Message);
            return false;
        }
    }
}
