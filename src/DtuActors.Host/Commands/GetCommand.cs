using System.CommandLine;
using DtuActors.Host.Api;
using DtuActors.Host.Client;
using DtuActors.Protocol.Files;
using DtuActors.Transfers;

namespace DtuActors.Host.Commands;

/// <summary>Fetches files from the instrument behind a DTU, or on a COM port. A file is there whole, or not at all, and none that was there before is lost.</summary>
internal static class GetCommand
{
    public static Command Create()
    {
        var id = GatewayCommand.Id();
        var protocol = TransferWatch.Protocol();
        var output = new Option<string?>("--output", "-o") { Description = "The file to write; with ymodem, which names its files, the folder. [default: ID.bin; with ymodem the current folder]", HelpName = "PATH" };
        var force = new Option<bool>("--force") { Description = "Write over a file that is there." };
        var say = TransferWatch.Say();
        var port = TransferWatch.Port();
        return new ExampledCommand(
            "get", "Fetch files from the instrument behind a DTU by XMODEM or YMODEM.", "dtu get 13800138000 --protocol xmodem -o log.bin", "dtu get 13800138000 --say \"sb *.log\\r\" -o logs", "dtu get meter-bus --port")
        {
            id, protocol, output, force, say, port,
        }.Talks((client, parsed, json, ended) => GetAsync(
            client,
            parsed.GetValue(id)!,
            parsed.GetValue(port),
            new FilesBody { Direction = "get", Protocol = parsed.GetValue(protocol), Say = parsed.GetValue(say) },
            parsed.GetValue(output),
            parsed.GetValue(force),
            json,
            ended));
    }

    private static async Task<int> GetAsync(ApiClient client, string id, bool isPort, FilesBody body, string? output, bool force, bool json, CancellationToken ended)
    {
        var named = body.Protocol == FileProtocol.Ymodem.Name();
        var single = output ?? $"{FilesApi.FileName(id, "file")}.bin";
        if (named ? output is not null && !System.IO.Directory.Exists(output) : !force && File.Exists(single))
        {
            Terminal.Fault(named ? $"{output} is no folder; ymodem names its files itself" : $"{single} is there already; --force writes over it, -o names another");
            return ExitCodes.Usage;
        }

        var path = TransferWatch.Path(id, isPort);
        var transfer = await TransferWatch.RunAsync(client, path, body, json, ended);
        List<string> written = [];
        try
        {
            for (var number = 0; number < transfer.Received.Count; number++)
            {
                var bytes = await client.BytesAsync($"{path}/{transfer.Id}/content/{number}", CancellationToken.None);
                var target = named ? Path.Combine(output ?? ".", FilesApi.FileName(transfer.Received[number].Name, $"{number}.bin")) : single;
                written.Add($"{await WriteAsync(target, bytes, force)} {bytes.Length} bytes");
            }
        }
        catch (Exception unwritable) when (unwritable is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            Terminal.Fault($"{unwritable.Message}; the gateway still has it: GET {path}/{transfer.Id}/content/0");
            return ExitCodes.Failed;
        }

        if (json)
        {
            Terminal.Line(System.Text.Json.JsonSerializer.Serialize(transfer, ApiJson.Of<TransferModel>()));
        }
        else if (written.Count > 0)
        {
            Terminal.Line(TransferWatch.Words(transfer, string.Join(", ", written)));
        }

        return transfer.State == TransferStates.Done ? ExitCodes.Done : TransferWatch.Failed(transfer);
    }

    // Beside it first. What is there already stays, and the new one is numbered, unless it is to be written over.
    private static async Task<string> WriteAsync(string target, byte[] bytes, bool force)
    {
        var beside = $"{target}.{Guid.NewGuid():n}.part";
        try
        {
            await File.WriteAllBytesAsync(beside, bytes);
            var path = target;
            for (var number = 1; !TryMove(beside, path, force); number++)
            {
                path = $"{target}.{number}";
            }

            return path;
        }
        finally
        {
            File.Delete(beside);
        }
    }

    private static bool TryMove(string from, string to, bool force)
    {
        if (!force && File.Exists(to))
        {
            return false;
        }

        File.Move(from, to, force);
        return true;
    }
}
