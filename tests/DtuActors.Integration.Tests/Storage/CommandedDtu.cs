using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using DtuActors.Integration.Tests.Harness;

namespace DtuActors.Integration.Tests.Storage;

/// <summary>
/// A DTU to which commands are sent, each a number of its own of eight bytes, so that what arrived is told from what did not: every acknowledged command arrives once and in order, or
/// is listed as failed with unknown-outcome, or expired; none arrives twice but with retry = always, none after its time.
/// </summary>
/// <param name="number">Its place.</param>
/// <param name="hold">Hears what has to be so, and the words for when it is not.</param>
internal sealed class CommandedDtu(int number, Action<bool, string> hold)
{
    private readonly HashSet<long> _retried = [];
    private long _numbers;
    private int _listening;

    public string Id { get; } = string.Create(CultureInfo.InvariantCulture, $"dtu-{number}");

    /// <summary>Commands whose 202 came and whose end is not compared yet.</summary>
    public List<Sent> Acknowledged { get; } = [];

    /// <summary>In the order in which it came.</summary>
    public ConcurrentQueue<long> Received { get; } = new();

    /// <summary>How a command may be refused.</summary>
    public int[] Refusals { get; init; } = [409];

    /// <summary>Whether it dials again where its connection ends, until it is told to end.</summary>
    public bool ComesBack { get; init; }

    /// <summary>A fault that is planted: each command counts as two.</summary>
    public bool HearsTwice { get; init; }

    public int Delivered { get; private set; }

    public int Unknown { get; private set; }

    public int Expired { get; private set; }

    private bool IsListening => Volatile.Read(ref _listening) > 0;

    /// <summary>Sends so many, one after the other.</summary>
    public async Task CommandAsync(HttpClient http, Random random, int most, CancellationToken end)
    {
        for (var i = 0; i < most && !end.IsCancellationRequested; i++)
        {
            var next = ++_numbers;
            var (retry, isShort) = (random.Next(8) == 0, random.Next(6) == 0);
            if (retry)
            {
                _retried.Add(next);
            }

            var bytes = new byte[8];
            BinaryPrimitives.WriteInt64BigEndian(bytes, next);
            var json = $$"""{"hex":"{{Convert.ToHexString(bytes)}}","ttl":"{{(isShort ? "300ms" : "1h")}}","retry":"{{(retry ? "always" : "never")}}"}""";
            try
            {
                using var body = new StringContent(json, Encoding.UTF8, "application/json");
                var answer = await Answer.OfAsync(await http.PostAsync($"/api/v1/dtus/{Id}/send", body, CancellationToken.None));
                if (answer.Status == 202)
                {
                    Acknowledged.Add(new Sent(answer.Json.GetProperty("commandId").GetString()!, next, retry, isShort));
                }
                else
                {
                    hold(Refusals.Contains(answer.Status), $"{Id}: a command was refused: {answer.Status} {answer.Json}");
                }
            }
            catch (Exception killed) when (killed is HttpRequestException or IOException or TaskCanceledException or JsonException or ObjectDisposedException)
            {
                return;
            }
        }
    }

    /// <summary>Compares what the gateway says of the acknowledged commands with what arrived; those that ended leave. How many are open.</summary>
    public async Task<int> CheckAsync(HttpClient http)
    {
        var states = new Dictionary<string, (string State, string? Reason)>();
        var answer = await Answer.OfAsync(await http.GetAsync($"/api/v1/dtus/{Id}/commands"));
        if (answer.Status == 200)
        {
            foreach (var command in answer.Json.GetProperty("items").EnumerateArray())
            {
                states[command.GetProperty("id").GetString()!] = (command.GetProperty("state").GetString()!, command.GetProperty("reason").GetString());
            }
        }
        else if (Refusals.Contains(answer.Status))
        {
            return Acknowledged.Count;
        }
        else
        {
            // Nobody knows it before its first command.
            hold(answer.Status == 404 && Acknowledged.Count == 0, $"{Id}: {answer.Status} {answer.Json}");
        }

        foreach (var sent in Acknowledged.ToArray())
        {
            if (!states.TryGetValue(sent.Id, out var known))
            {
                hold(false, $"{Id}: command {sent.Number} was acknowledged and is not listed");
                Acknowledged.Remove(sent);
            }
            else if (HasEnded(sent, known.State, known.Reason))
            {
                Acknowledged.Remove(sent);
            }
        }

        return Acknowledged.Count;
    }

    private bool HasEnded(Sent sent, string state, string? reason)
    {
        var arrived = Received.Count(number => number == sent.Number);
        switch (state)
        {
            case "queued" or "sent":
                return false;

            // Told before the DTU's side has read it.
            case "delivered" when arrived == 0 && IsListening:
                return false;
            case "delivered":
                hold(arrived == 1 || (arrived > 1 && sent.Retry), $"{Id}: command {sent.Number} is delivered and arrived {arrived} times");
                Delivered++;
                return true;
            case "failed" when reason is "unknown-outcome" or "session-ended":
                hold(arrived <= 1 || sent.Retry, $"{Id}: command {sent.Number} is of unknown outcome and arrived {arrived} times");
                Unknown++;
                return true;
            case "expired":
                hold(sent.IsShort && arrived == 0, $"{Id}: command {sent.Number} is expired and arrived {arrived} times");
                Expired++;
                return true;
            default:
                hold(false, $"{Id}: command {sent.Number} ended as {state}, {reason}");
                return true;
        }
    }

    /// <summary>Dials and hears, until the connection or the run ends.</summary>
    public async Task ListenAsync(Func<IPEndPoint?> gateway, int after, CancellationToken end)
    {
        do
        {
            using var socket = new TcpClient();
            try
            {
                await Task.Delay(after, end);
                if (gateway() is not { } address)
                {
                    continue;
                }

                Interlocked.Increment(ref _listening);
                await socket.ConnectAsync(address, end);
                await socket.GetStream().WriteAsync(Encoding.UTF8.GetBytes(Id + "\r\n"), end);
                await HearAsync(socket, end);
            }
            catch (Exception over) when (over is OperationCanceledException or IOException or SocketException)
            {
                await DrainAsync(socket);
            }
            finally
            {
                Interlocked.Decrement(ref _listening);
            }
        }
        while (ComesBack && !end.IsCancellationRequested);
    }

    // To the end of what the kernel still has of a process that is dead; or until nothing is to come any more.
    private async Task HearAsync(TcpClient socket, CancellationToken end)
    {
        var bytes = new byte[8];
        while (true)
        {
            await socket.GetStream().ReadExactlyAsync(bytes, end);
            for (var times = HearsTwice ? 2 : 1; times > 0; times--)
            {
                Received.Enqueue(BinaryPrimitives.ReadInt64BigEndian(bytes));
            }
        }
    }

    // What came before the process died and was not read yet.
    private async Task DrainAsync(TcpClient socket)
    {
        try
        {
            while (socket.Connected)
            {
                using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(5));
                await HearAsync(socket, patience.Token);
            }
        }
        catch (Exception over) when (over is OperationCanceledException or IOException or SocketException or InvalidOperationException)
        {
        }
    }

    public void CheckOrder()
    {
        var once = Received.Where(number => !_retried.Contains(number)).ToList();
        hold(once.SequenceEqual(once.Order()), $"{Id}: what arrived is out of order: {string.Join(' ', once)}");
        hold(once.Count == once.Distinct().Count(), $"{Id}: what arrived is doubled: {string.Join(' ', once)}");
    }

    internal sealed record Sent(string Id, long Number, bool Retry, bool IsShort);
}
