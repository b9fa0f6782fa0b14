using System.Net;
using System.Net.Sockets;

namespace DtuActors.Integration.Tests.Cluster;

/// <summary>
/// The lines between the nodes of a cluster: each node is dialled through a port of its own here, and lines are cut without a word, as a network does it. Who dials is read
/// from the first bytes, in which Akka's remoting names the port of the node it speaks for.
/// </summary>
internal sealed class NodeLinks : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Dictionary<string, TcpListener> _gates = [];
    private readonly List<Line> _lines = [];
    private readonly HashSet<string> _cutOff = [];
    private readonly Lock _lock = new();
    private readonly Dictionary<string, int> _ports;

    /// <param name="ports">The cluster port of each node, by name.</param>
    public NodeLinks(Dictionary<string, int> ports)
    {
        _ports = ports;
        foreach (var node in ports.Keys)
        {
            var gate = new TcpListener(IPAddress.Loopback, 0);
            gate.Start();
            _gates[node] = gate;
            _ = AcceptAsync(node, gate);
        }
    }

    /// <summary>The port that other nodes dial.</summary>
    public int PortOf(string node) => ((IPEndPoint)_gates[node].LocalEndpoint).Port;

    /// <summary>From now on nothing that <paramref name="node"/> says reaches another, nor the other way round; nobody is told.</summary>
    public void CutOff(string node)
    {
        lock (_lock)
        {
            _cutOff.Add(node);
        }
    }

    /// <summary>The lines that were cut are gone, and new ones may be made.</summary>
    public void Heal()
    {
        lock (_lock)
        {
            foreach (var line in _lines.Where(IsCut).ToArray())
            {
                line.Close();
                _lines.Remove(line);
            }

            _cutOff.Clear();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        lock (_lock)
        {
            _lines.ForEach(line => line.Close());
        }

        foreach (var gate in _gates.Values)
        {
            gate.Dispose();
        }
    }

    private bool IsCut(Line line) => _cutOff.Contains(line.To) || (line.From is { } from && _cutOff.Contains(from));

    private async Task AcceptAsync(string node, TcpListener gate)
    {
        try
        {
            while (true)
            {
                var line = new Line(await gate.AcceptSocketAsync(_stop.Token), node);
                lock (_lock)
                {
                    _lines.Add(line);
                }

                _ = CarryAsync(line);
            }
        }
        catch (Exception ended) when (ended is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private async Task CarryAsync(Line line)
    {
        try
        {
            // The first piece is the handshake, some hundred bytes in one segment.
            var first = new byte[16 * 1024];
            var read = await line.Near.ReceiveAsync(first, _stop.Token);
            line.From = _ports.Keys.FirstOrDefault(node => node != line.To && Names(first.AsSpan(0, read), PortOf(node)));
            await line.Far.ConnectAsync(new IPEndPoint(IPAddress.Loopback, _ports[line.To]), _stop.Token);
            await ForwardAsync(line, line.Far, first.AsMemory(0, read));
            await Task.WhenAll(PumpAsync(line, line.Near, line.Far), PumpAsync(line, line.Far, line.Near));
        }
        catch (Exception ended) when (ended is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // A cut line is silent until it heals; any other one ends on both sides.
        }

        bool isCut;
        lock (_lock)
        {
            isCut = IsCut(line);
        }

        if (!isCut)
        {
            line.Close();
            lock (_lock)
            {
                _lines.Remove(line);
            }
        }
    }

    private async Task PumpAsync(Line line, Socket from, Socket to)
    {
        var buffer = new byte[64 * 1024];
        while (await from.ReceiveAsync(buffer, _stop.Token) is > 0 and var read)
        {
            await ForwardAsync(line, to, buffer.AsMemory(0, read));
        }

        line.Close();
    }

    private async Task ForwardAsync(Line line, Socket to, ReadOnlyMemory<byte> bytes)
    {
        lock (_lock)
        {
            if (IsCut(line))
            {
                return;
            }
        }

        for (var sent = 0; sent < bytes.Length;)
        {
            sent += await to.SendAsync(bytes[sent..], _stop.Token);
        }
    }

    // AddressData of Akka's wire formats: field 3 is the port, a varint.
    private static bool Names(ReadOnlySpan<byte> handshake, int port)
    {
        Span<byte> field = stackalloc byte[6];
        field[0] = (3 << 3) | 0;
        var length = 1;
        for (var rest = (uint)port; ; rest >>= 7)
        {
            field[length++] = (byte)((rest & 0x7F) | (rest > 0x7F ? 0x80u : 0));
            if (rest <= 0x7F)
            {
                return handshake.IndexOf(field[..length]) >= 0;
            }
        }
    }

    private sealed class Line(Socket near, string to)
    {
        public Socket Near { get; } = near;

        public Socket Far { get; } = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };

        public string To { get; } = to;

        public string? From { get; set; }

        public void Close()
        {
            Near.Dispose();
            Far.Dispose();
        }
    }
}
