using System.CommandLine;
using DtuActors.Host.Attaching;
using DtuActors.Host.Client;
using DtuActors.Host.Writing;

namespace DtuActors.Host.Commands;

internal static class AttachCommand
{
    private static readonly Dictionary<string, byte[]> Enters = new(StringComparer.Ordinal) { ["cr"] = "\r"u8.ToArray(), ["lf"] = "\n"u8.ToArray(), ["crlf"] = "\r\n"u8.ToArray() };

    private static readonly TimeSpan DefaultSettle = TimeSpan.FromSeconds(1);

    public static Command Create()
    {
        var id = GatewayCommand.Id();
        var echo = new Option<bool>("--echo") { Description = "Shows what is typed, for instruments that do not echo." };
        var hex = new Option<bool>("--hex") { Description = "Shows bytes in hexadecimal, one line a piece." };
        var enter = new Option<string>("--enter") { Description = "What the Enter key sends.", DefaultValueFactory = _ => "cr" };
        enter.AcceptOnlyFromAmong([.. Enters.Keys]);
        var settle = Downlinks.Duration("--settle", "Input that is no terminal: how long nothing may come until it ends. [default: 1s]");
        return new ExampledCommand("attach", "A raw terminal on a DTU's serial line; Ctrl-] leaves.", "dtu attach 13800138000 --echo --enter crlf", "printf 'AT\\r' | dtu attach 13800138000")
        {
            id, echo, hex, enter, settle,
        }.Talks((client, parsed, _, ended) => AttachAsync(
            client,
            new AttachOptions(
                parsed.GetValue(id)!, Enters[parsed.GetValue(enter)!], parsed.GetValue(echo), parsed.GetValue(hex), DurationText.Parse(parsed.GetValue(settle)) ?? DefaultSettle),
            ended));
    }

    private static async Task<int> AttachAsync(ApiClient client, AttachOptions options, CancellationToken ended)
    {
        try
        {
            return await new Attachment(client, options, !Console.IsInputRedirected).RunAsync(ended);
        }
        catch (IOException broken)
        {
            Terminal.Fault(broken.Message);
            return ExitCodes.Failed;
        }
    }
}
