using System.CommandLine;
using System.Globalization;
using DtuActors.Host.Api;
using DtuActors.Host.Client;
using DtuActors.Writing;

namespace DtuActors.Host.Commands;

internal static class RequestCommand
{
    public static Command Create()
    {
        var id = GatewayCommand.Id();
        var hex = Downlinks.Hex();
        hex.Required = true;
        var crc = Downlinks.Crc();
        var timeout = Downlinks.Duration("--timeout", "How long the answer may take. [default: the profile's response-timeout]");
        return new ExampledCommand(
            "request", "Send bytes to a DTU and print the answer.", "dtu request 13800138000 --hex \"01 03 00 00 00 02\" --crc modbus --timeout 5s")
        {
            id, hex, crc, timeout,
        }.Talks(async (client, parsed, json, ended) =>
        {
            var body = new RequestBody { Hex = parsed.GetValue(hex), Crc = parsed.GetValue(crc), Timeout = parsed.GetValue(timeout) };
            var text = await client.PostAsync(ApiClient.Dtu(parsed.GetValue(id)!, "/request"), body, ended);
            if (json)
            {
                Terminal.Line(text);
                return ExitCodes.Done;
            }

            var answer = ApiClient.Read<RequestAnswer>(text);
            var isAnswered = answer.Hex.Length > 0;
            if (isAnswered)
            {
                Terminal.Line(HexText.Spaced(answer.Hex));
            }

            if (answer.Decoded is { } decoded)
            {
                Terminal.Line(Terminal.Safe(decoded));
            }

            if (isAnswered && Terminal.IsTerminal)
            {
                Terminal.Line(string.Create(CultureInfo.InvariantCulture, $"after {answer.ElapsedMs:0.#} ms"));
            }

            return ExitCodes.Done;
        });
    }
}
