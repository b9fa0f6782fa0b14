using System.CommandLine;
using DtuActors.Host.Api;
using DtuActors.Protocol.Files;
using DtuActors.Transfers;

namespace DtuActors.Host.Commands;

/// <summary>Sends files to the instrument behind a DTU, or on a COM port.</summary>
internal static class PutCommand
{
    public static Command Create()
    {
        var id = GatewayCommand.Id();
        var files = new Argument<string[]>("FILE") { Description = "What is sent; ymodem sends several.", Arity = ArgumentArity.OneOrMore };
        var protocol = TransferWatch.Protocol();
        var say = TransferWatch.Say();
        var port = TransferWatch.Port();
        var command = new ExampledCommand(
            "put", "Send files to the instrument behind a DTU by XMODEM or YMODEM.", "dtu put 13800138000 firmware.bin --protocol ymodem", "dtu put 13800138000 params.cfg --protocol xmodem-1k --say \"rx params.cfg\\r\"", "dtu put meter-bus firmware.bin --port")
        {
            id, files, protocol, say, port,
        };
        command.Validators.Add(result =>
        {
            if (result.GetValue(files) is { Length: > 1 } && result.GetResult(protocol) is { Implicit: false } && result.GetValue(protocol) != FileProtocol.Ymodem.Name())
            {
                result.AddError($"--protocol {result.GetValue(protocol)} carries one file; ymodem carries several");
            }
        });
        return command.Talks(async (client, parsed, json, ended) =>
        {
            var paths = parsed.GetValue(files)!;
            List<FileBody> bodies = [];
            var left = (long)TransferActor.MostBytes;
            foreach (var path in paths)
            {
                try
                {
                    left -= new FileInfo(path).Length;
                    if (left < 0)
                    {
                        Terminal.Fault($"{path}: a transfer carries {TransferActor.MostBytes / 1024 / 1024} MB at most");
                        return ExitCodes.Usage;
                    }

                    bodies.Add(new FileBody { Name = Path.GetFileName(path), Hex = Convert.ToHexString(await File.ReadAllBytesAsync(path, ended)) });
                }
                catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
                {
                    Terminal.Fault(unreadable.Message);
                    return ExitCodes.Usage;
                }
            }

            var body = new FilesBody { Direction = "put", Protocol = parsed.GetValue(protocol), Say = parsed.GetValue(say), Files = bodies };
            var transfer = await TransferWatch.RunAsync(client, TransferWatch.Path(parsed.GetValue(id)!, parsed.GetValue(port)), body, json, ended);
            if (json)
            {
                Terminal.Line(System.Text.Json.JsonSerializer.Serialize(transfer, ApiJson.Of<TransferModel>()));
            }

            if (transfer.State != TransferStates.Done)
            {
                return TransferWatch.Failed(transfer);
            }

            if (!json)
            {
                Terminal.Line(TransferWatch.Words(transfer, string.Join(", ", bodies.Select(file => $"{file.Name} {file.Hex!.Length / 2} bytes"))));
            }

            return ExitCodes.Done;
        });
    }
}
