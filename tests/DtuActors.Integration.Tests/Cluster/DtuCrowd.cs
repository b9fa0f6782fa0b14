using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace DtuActors.Integration.Tests.Cluster;

/// <summary>
/// Many DTUs as bare sockets, spread over the nodes. Each registers, answers a frame with its id in front of what it was asked, and dials the next node that lives one second
/// after its link broke, as DTUs behind a balancer do.
/// </summary>
internal sealed class DtuCrowd : IAsyncDisposable
{
    /// <summary>HOCON of the profile that these DTUs have: two bytes of length, one request on a bus.</summary>
    public const string Profile =
        "profiles { default { framing { codec = length-field, offset = 0, size = 2 }, bus { mode = request-response, response-timeout = 5s } } }";

    private static readonly TimeSpan ReconnectAfter = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<string, int> _connects = new();
    private readonly ConcurrentDictionary<string, ConcurrentQueue<string>> _heard = new();
    private readonly Func<IPEndPoint[]> _live;
    private readonly Task _run;

    /// <param name="ids">Who they are.</param>
    /// <param name="live">Where they may dial now.</param>
    public DtuCrowd(IReadOnlyList<string> ids, Func<IPEndPoint[]> live)
    {
        _live = live;
        Ids = ids;
        _run = Task.WhenAll(ids.Select((id, number) => Task.Run(() => LiveAsync(id, number))));
    }

    public IReadOnlyList<string> Ids { get; }

    /// <summary>How often a DTU has dialled with success.</summary>
    public int ConnectsOf(string id) => _connects.GetValueOrDefault(id);

    /// <summary>What a DTU was asked, in order, over all its links.</summary>
    public IReadOnlyCollection<string> HeardBy(string id) => _heard.TryGetValue(id, out var heard) ? heard : [];

    public static IReadOnlyList<string> Names(int count) => [.. Enumerable.Range(0, count).Select(number => $"dtu-{number:d5}")];

    /// <summary>The frame of a text.</summary>
    public static byte[] Frame(string text)
    {
        var frame = new byte[2 + Encoding.ASCII.GetByteCount(text)];
        BinaryPrimitives.WriteUInt16BigEndian(frame, (ushort)(frame.Length - 2));
        Encoding.ASCII.GetBytes(text, frame.AsSpan(2));
        return frame;
    }

    /// <summary>What <paramref name="id"/> answers to <paramref name="asked"/>, and nobody else.</summary>
    public static byte[] AnswerOf(string id, string asked) => Frame($"{id}|{asked}");

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _run;
        _stop.Dispose();
    }

    private async Task LiveAsync(string id, int number)
    {
        for (var turn = number; !_stop.IsCancellationRequested; turn++)
        {
            try
            {
                var live = _live();
                using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                await socket.ConnectAsync(live[turn % live.Length], _stop.Token);
                await socket.SendAsync(Encoding.ASCII.GetBytes(id + "\r\n"), _stop.Token);
                _connects.AddOrUpdate(id, 1, (_, count) => count + 1);
                await AnswerAsync(id, socket);
            }
            catch (Exception ended) when (ended is SocketException or IOException or OperationCanceledException or DivideByZeroException)
            {
                // The link is over; who is it that lives is asked anew.
            }

            await Task.Delay(ReconnectAfter, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task AnswerAsync(string id, Socket socket)
    {
        await using var stream = new NetworkStream(socket);
        var head = new byte[2];
        while (true)
        {
            await stream.ReadExactlyAsync(head, _stop.Token);
            var body = new byte[BinaryPrimitives.ReadUInt16BigEndian(head)];
            await stream.ReadExactlyAsync(body, _stop.Token);
            var asked = Encoding.ASCII.GetString(body);
            _heard.GetOrAdd(id, _ => new ConcurrentQueue<string>()).Enqueue(asked);
            await stream.WriteAsync(AnswerOf(id, asked), _stop.Token);
        }
    }
}
