using System.CommandLine;
using DtuActors.Host.Api;
using DtuActors.Host.Client;

namespace DtuActors.Host.Commands;

internal static class SendCommand
{
    public static Command Create()
    {
        var id = GatewayCommand.Id();
        id.Arity = ArgumentArity.ZeroOrOne;
        var group = new Option<string?>("--group") { Description = "Every member of this group, in place of ID.", HelpName = "NAME" };
        var hex = Downlinks.Hex();
        var text = new Option<string?>("--text") { Description = "Text, in --encoding." };
        var file = new Option<string?>("--file") { Description = "A file's bytes.", HelpName = "FILE" };
        var crc = Downlinks.Crc();
        var encoding = new Option<string?>("--encoding") { Description = "The text's encoding. [default: the profile's text-encoding]" };
        encoding.AcceptOnlyFromAmong("utf-8", "gb18030", "ascii", "latin1");
        var ttl = Downlinks.Duration("--ttl", "How long it may wait for a DTU that is offline: 30s, 2h, 7d.", DownlinkApi.LongestTimeToLive);
        var retry = new Option<string?>("--retry") { Description = "always: written again where nobody knows if it was (needs --ttl)." };
        retry.AcceptOnlyFromAmong("never", "always");
        var key = new Option<string?>("--key") { Description = "It takes the place of one that waits under the same key.", HelpName = "KEY" };
        var command = new ExampledCommand(
            "send", "Send bytes to a DTU, or to a group of them.", "dtu send 13800138000 --hex \"01 06 00 10 00 01\" --crc modbus", "dtu send 13800138000 --text 水位 --encoding gb18030",
            "dtu send --group pumps --hex FE", "dtu send 13800138000 --hex FE --ttl 12h --key setpoint")
        {
            id, group, hex, text, file, crc, encoding, ttl, retry, key,
        };
        command.Validators.Add(result =>
        {
            var given = new Symbol[] { hex, text, file }.Count(option => result.GetResult((Option)option) is { Implicit: false });
            if (given != 1)
            {
                result.AddError("what to send: exactly one of --hex, --text and --file");
            }
            else if (result.GetResult(encoding) is { Implicit: false } && result.GetResult(text) is null or { Implicit: true })
            {
                result.AddError("--encoding is for --text; --hex and --file are bytes already");
            }

            if (result.GetValue(retry) == "always" && result.GetResult(ttl) is null or { Implicit: true })
            {
                result.AddError("--retry always needs --ttl: within which time it may be written again");
            }

            if (result.GetResult(id) is { Tokens.Count: > 0 } == result.GetResult(group) is { Implicit: false })
            {
                result.AddError("to whom: exactly one of ID and --group");
            }
        });
        return command.Talks(async (client, parsed, json, ended) =>
        {
            var bytes = parsed.GetValue(hex);
            if (parsed.GetValue(file) is { } path)
            {
                try
                {
                    bytes = Convert.ToHexString(await File.ReadAllBytesAsync(path, ended));
                }
                catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
                {
                    Terminal.Fault($"--file: {unreadable.Message}");
                    return ExitCodes.Usage;
                }
            }

            var body = new SendBody
            {
                Hex = bytes, Text = parsed.GetValue(text), Crc = parsed.GetValue(crc), Encoding = parsed.GetValue(encoding), Ttl = parsed.GetValue(ttl), Retry = parsed.GetValue(retry),
                Key = parsed.GetValue(key),
            };
            if (parsed.GetValue(group) is { } name)
            {
                return Told(await client.PostAsync($"{GroupsApi.Prefix}{Uri.EscapeDataString(name)}/send", body, ended), json);
            }

            var answer = await client.PostAsync(ApiClient.Dtu(parsed.GetValue(id)!, "/send"), body, ended);
            var sent = ApiClient.Read<SendAnswer>(answer);
            Terminal.Line(json ? answer : $"{sent.State} {sent.CommandId}");
            return ExitCodes.Done;
        });
    }

    // Failed where it failed for any of them: a script has to look at the rows.
    private static int Told(string answer, bool json)
    {
        var rows = ApiClient.Read<ItemList<GroupSendRow>>(answer).Items;
        if (json)
        {
            Terminal.Line(answer);
        }
        else
        {
            Terminal.Table(["ID", "STATE", "COMMAND", "REASON"], rows.Select(row => (string?[])[row.Dtu, row.State, row.CommandId, row.Reason]));
        }

        return rows.Any(row => row.State == CommandStates.Failed) ? ExitCodes.Failed : ExitCodes.Done;
    }
}
