using System.Globalization;

namespace DtuActors.Benchmarks.Systems;

/// <summary>
/// Both ends of what is measured, in one process of two threads: clients that have one frame under way each, and the far end, which answers. Lines it takes:
/// <list type="bullet">
/// <item><c>echo</c>: a server that sends every byte back (<c>bench echoing PORT</c>);</item>
/// <item><c>dtus PORT PREFIX COUNT</c>: that many dial and register as <c>PREFIX-0</c> and on, and send every byte back; <c>slaves ...</c>: they answer reads of one register
/// (<c>bench dialled</c>); <c>dial PORT</c>: one that registers as nobody (<c>bench dialled</c>);</item>
/// <item><c>clients SET KIND PORT,PORT...</c>: one to each (<c>bench connected</c>); <c>pty SET KIND</c>: a program that has a serial port (<c>bench device PATH</c>); <c>again SET
/// OTHER KIND</c>: the same with other frames (<c>bench connected</c>);</item>
/// <item><c>fan SET PORT ID CLIENTS_PORT COUNT</c>: a DTU that says, and that many that hear it (<c>bench connected</c>);</item>
/// <item><c>run SET MILLISECONDS</c>: <c>bench ran ROUND_TRIPS_A_SECOND P50 P99 P999 FAIRNESS FAULTS</c>, times in µs, fairness the least of a client by the most.</item>
/// </list>
/// </summary>
internal static class Load
{
    private static readonly Dictionary<string, Clients> Sets = [];
    private static readonly FarEnd Far = new();

    public static async Task RunAsync(int number)
    {
        Console.WriteLine("ready");
        while (await Console.In.ReadLineAsync() is { } line)
        {
            Console.WriteLine(await AnswerAsync(line.Split(' ')));
        }
    }

    private static async Task<string> AnswerAsync(string[] words)
    {
        switch (words)
        {
            case ["echo"]:
                return $"bench echoing {Far.Listen()}";
            case ["dtus" or "slaves", var port, var prefix, var count]:
                await Far.DialAsync(Number(port), [.. Enumerable.Range(0, Number(count)).Select(i => $"{prefix}-{i}\r\n")], isSlave: words[0] == "slaves");
                return "bench dialled";
            case ["dial", var port]:
                await Far.DialAsync(Number(port), [""], isSlave: false);
                return "bench dialled";
            case ["clients", var set, var kind, var ports]:
                Sets[set] = await Clients.ConnectAsync([.. ports.Split(',').Select(Number)], FrameKind.Named(kind));
                return "bench connected";
            case ["pty", var set, var kind]:
                var file = Epoll.OpenPty(out var device);
                Sets[set] = new Clients([file], [file], FrameKind.Named(kind));
                return $"bench device {device}";
            case ["again", var set, var other, var kind]:
                Sets[other] = Sets[set].With(FrameKind.Named(kind));
                return "bench connected";
            case ["fan", var set, var port, var id, var clientsPort, var count]:
                Sets[set] = await Clients.FanAsync(Number(port), id, Number(clientsPort), Number(count));
                return "bench connected";
            case ["run", var set, var milliseconds]:
                return Sets[set].Run(TimeSpan.FromMilliseconds(Number(milliseconds)));
            default:
                return $"bench unknown {string.Join(' ', words)}";
        }
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
