using System.Collections.Concurrent;
using System.Threading.Channels;
using DtuActors.Endpoints;

namespace DtuActors.Tests.Endpoints;

/// <summary>A port that a test holds in its hand.</summary>
internal sealed class FakePort : IPort
{
    private readonly Channel<byte[]> _incoming = Channel.CreateUnbounded<byte[]>();

    public ConcurrentQueue<string> Written { get; } = new();

    /// <summary>Closed: writes wait until it opens or the port is told to stop.</summary>
    public ManualResetEventSlim Gate { get; } = new(true);

    public Func<PortWrite> Outcome { get; set; } = () => PortWrite.Written;

    public string? Problem { get; set; }

    public bool IsDisposed { get; private set; }

    public int Reads { get; private set; }

    public bool CanPause { get; init; } = true;

    public int MostPerWrite { get; init; } = 16;

    public void Send(string text) => _incoming.Writer.TryWrite(System.Text.Encoding.ASCII.GetBytes(text));

    /// <summary>The device goes away: the pending read ends.</summary>
    public void Unplug() => _incoming.Writer.TryComplete();

    public PortWrite Write(ReadOnlyMemory<byte> bytes, CancellationToken stop)
    {
        Gate.Wait(stop);
        var outcome = Outcome();
        if (outcome == PortWrite.Written)
        {
            Written.Enqueue(System.Text.Encoding.ASCII.GetString(bytes.Span));
        }

        return outcome;
    }

    public async ValueTask<int> ReadAsync(Memory<byte> buffer)
    {
        Reads++;
        if (!await _incoming.Reader.WaitToReadAsync() || !_incoming.Reader.TryRead(out var bytes))
        {
            return 0;
        }

        bytes.CopyTo(buffer);
        return bytes.Length;
    }

    public string? Lost() => Problem;

    public void Dispose()
    {
        IsDisposed = true;
        Unplug();
    }
}

internal sealed class FakeOpener : IPortOpener
{
    private readonly Lock _lock = new();
    private readonly List<FakePort> _opened = [];

    public string Where => "fake";

    /// <summary>Why it can't be opened, or null.</summary>
    public string? Refusal { get; set; }

    public Func<FakePort> Make { get; set; } = () => new FakePort();

    public IReadOnlyList<FakePort> Opened
    {
        get
        {
            lock (_lock)
            {
                return [.. _opened];
            }
        }
    }

    public FakePort Port => Opened[^1];

    public IPort Open()
    {
        if (Refusal is { } refusal)
        {
            throw new IOException(refusal);
        }

        var port = Make();
        lock (_lock)
        {
            _opened.Add(port);
        }

        return port;
    }
}
