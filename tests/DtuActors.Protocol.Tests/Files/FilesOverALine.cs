using DtuActors.Protocol.Files;

namespace DtuActors.Protocol.Tests.Files;

/// <summary>Two sides of an exchange and a line between them, in virtual time: it takes its time, cuts pieces, and damages them where it is told to.</summary>
internal sealed class FilesOverALine
{
    private static readonly DateTimeOffset Start = new(2026, 5, 4, 10, 0, 0, TimeSpan.Zero);

    private readonly Random _chance;
    private readonly TimeSpan _latency;
    private readonly double _damage;
    private readonly PriorityQueue<(bool Up, byte[] Bytes), (DateTimeOffset At, int Number)> _underWay = new();
    private readonly FileSender _sender;
    private int _number;
    private DateTimeOffset _lastUp;
    private DateTimeOffset _lastDown;

    public FilesOverALine(FileProtocol protocol, IReadOnlyList<OutgoingFile> files, int seed, TimeSpan latency, double damage, long most = long.MaxValue)
    {
        _chance = new Random(seed);
        _latency = latency;
        _damage = damage;
        _sender = new FileSender(protocol, files, new Side(this, up: false));
        Receiver = new FileReceiver(protocol, most, new Side(this, up: true));
        _sender.Begin(Now);
        Receiver.Begin(Now);
    }

    public DateTimeOffset Now { get; private set; } = Start;

    public TimeSpan Took => Now - Start;

    public FileReceiver Receiver { get; }

    public FileSender Sender => _sender;

    public int Damaged { get; private set; }

    /// <summary>Runs until both have ended.</summary>
    public FilesOverALine Run()
    {
        while (_sender.End is null || Receiver.End is null)
        {
            Assert.True(Took < TimeSpan.FromHours(3), "neither comes to an end");
            var due = _sender.End is not null ? Receiver.Due : Receiver.End is not null || _sender.Due < Receiver.Due ? _sender.Due : Receiver.Due;
            if (_underWay.TryPeek(out var piece, out var arrival) && arrival.At <= due)
            {
                _underWay.Dequeue();
                Now = arrival.At;
                ((FileExchange)(piece.Up ? _sender : Receiver)).Feed(piece.Bytes, Now);
            }
            else
            {
                Now = due > Now ? due : Now;
                _sender.Tick(Now);
                Receiver.Tick(Now);
            }
        }

        return this;
    }

    // Up: from the receiver to the sender. Pieces of one direction keep their order.
    private void Put(bool up, ReadOnlyMemory<byte> bytes)
    {
        for (var rest = bytes; !rest.IsEmpty;)
        {
            var piece = rest[..Math.Min(rest.Length, _chance.Next(1, 600))];
            rest = rest[piece.Length..];
            var at = Now + _latency + TimeSpan.FromMilliseconds(_chance.Next(0, 40));
            ref var last = ref up ? ref _lastUp : ref _lastDown;
            last = at > last ? at : last;
            _underWay.Enqueue((up, Damage(piece)), (last, _number++));
        }
    }

    private byte[] Damage(ReadOnlyMemory<byte> piece)
    {
        var bytes = piece.ToArray();
        if (_chance.NextDouble() >= _damage)
        {
            return bytes;
        }

        Damaged++;
        var place = _chance.Next(bytes.Length);
        switch (_chance.Next(3))
        {
            case 0:
                return [.. bytes[..place], .. bytes[(place + 1)..]];
            case 1:
                return [.. bytes[..place], (byte)_chance.Next(256), .. bytes[place..]];
            default:
                bytes[place] ^= (byte)_chance.Next(1, 256);
                return bytes;
        }
    }

    private sealed class Side(FilesOverALine line, bool up) : IFileLine
    {
        public void Write(ReadOnlyMemory<byte> bytes) => line.Put(up, bytes);
    }
}
