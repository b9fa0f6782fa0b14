using DtuActors.Protocol.Files;

namespace DtuActors.Tests.Shared;

/// <summary>
/// Exchanges of files fuzzed, XMODEM and YMODEM, either side: whatever a device says, the exchange comes to an end, says no more than one block to each thing that it hears or waits for,
/// and keeps no more than was said and than it may.
/// </summary>
internal static class FilesTarget
{
    public const string Name = "files";

    private const int MostReceived = 4096;
    private const int LongestBlock = 1024 + 5;

    // Ten attempts at each block, and what is asked before and behind.
    private const int MostTicks = 200;

    private static readonly DateTimeOffset Start = new(2026, 5, 4, 10, 0, 0, TimeSpan.Zero);
    private static readonly OutgoingFile[] Outgoing = [new("a.cfg", new byte[2000]), new("b", "last"u8.ToArray())];

    private static readonly Func<IFileLine, FileExchange>[] Sides =
    [
        static line => new FileReceiver(FileProtocol.Ymodem, MostReceived, line),
        static line => new FileReceiver(FileProtocol.Xmodem, MostReceived, line),
        static line => new FileSender(FileProtocol.Xmodem, Outgoing[..1], line),
        static line => new FileSender(FileProtocol.Xmodem1K, Outgoing[..1], line),
        static line => new FileSender(FileProtocol.Ymodem, Outgoing, line),
    ];

    /// <summary>What each side hears of one that never errs, as a whole and cut, and of one that cancels.</summary>
    public static IEnumerable<byte[]> Seeds()
    {
        foreach (var (protocol, receiver, sender) in ((FileProtocol, int, int)[])[(FileProtocol.Ymodem, 0, 4), (FileProtocol.Xmodem, 1, 2), (FileProtocol.Xmodem1K, 1, 3)])
        {
            var (sent, answered) = Conversation(protocol);
            yield return FuzzInput.Write(receiver, false, [0x7F], sent);
            yield return FuzzInput.Write(receiver, false, [20, 0x80], sent.AsSpan(0, Math.Min(sent.Length, 300)));
            yield return FuzzInput.Write(sender, false, [0x80], answered);
            yield return FuzzInput.Write(sender, false, [0x80, 0], [.. answered[..2], 0x15, 0x18, 0x18]);
        }
    }

    public static void Run(FuzzInput input)
    {
        var line = new CountedLine();
        var exchange = Sides[input.Settings % Sides.Length](line);
        var now = Start;
        exchange.Begin(now);
        var (at, turns) = (0, 1);
        foreach (var (end, silence) in input.Pieces())
        {
            exchange.Feed(input.Stream[at..end], now);
            turns += end - at;
            at = end;
            now += silence ? TimeSpan.FromSeconds(6) : TimeSpan.FromMilliseconds(1);
            exchange.Tick(now);
            turns++;
        }

        var ticks = 0;
        for (; exchange.End is null && ticks < MostTicks; ticks++)
        {
            now = exchange.Due > now ? exchange.Due : now + TimeSpan.FromMilliseconds(1);
            exchange.Tick(now);
        }

        BrokenPromiseException.Unless(exchange.End is not null, $"a device that says nothing more is given up: after {ticks} waits it is at {exchange.Progress}");
        BrokenPromiseException.Unless(
            line.Written <= (long)(turns + ticks) * LongestBlock, $"one block is said to each thing that is heard or waited for: {line.Written} bytes to {turns} and {ticks}");
        if (exchange is FileReceiver receiver)
        {
            var kept = receiver.Files.Sum(file => file.Content.Length);
            BrokenPromiseException.Unless(kept <= Math.Min(MostReceived, input.Stream.Length), $"no more is kept than was said, and than may be: {kept} of {input.Stream.Length}");
        }
    }

    // All that either side says where nothing is lost.
    private static (byte[] Sent, byte[] Answered) Conversation(FileProtocol protocol)
    {
        var (down, up) = (new CountedLine(), new CountedLine());
        var (sender, receiver) = (new FileSender(protocol, Outgoing[1..], down), new FileReceiver(protocol, MostReceived, up));
        var now = Start;
        sender.Begin(now);
        receiver.Begin(now);
        while (sender.End is null || receiver.End is null)
        {
            var (heard, answered) = (down.Take(), up.Take());
            receiver.Feed(heard, now);
            sender.Feed(answered, now);
            if (heard.Length == 0 && answered.Length == 0)
            {
                now += TimeSpan.FromMilliseconds(250);
                sender.Tick(now);
                receiver.Tick(now);
            }
        }

        return (down.All, up.All);
    }

    private sealed class CountedLine : IFileLine
    {
        private readonly List<byte> _all = [];
        private int _taken;

        public long Written => _all.Count;

        public byte[] All => [.. _all];

        public void Write(ReadOnlyMemory<byte> bytes) => _all.AddRange(bytes.Span);

        public byte[] Take()
        {
            var rest = _all.GetRange(_taken, _all.Count - _taken);
            _taken = _all.Count;
            return [.. rest];
        }
    }
}
