using System.Net.ServerSentEvents;
using System.Text;
using System.Text.Json;
using System.Threading.Channels;
using DtuActors.Host.Api;
using DtuActors.Host.Client;
using DtuActors.Host.Commands;
using DtuActors.Writing;

namespace DtuActors.Host.Attaching;

/// <summary>How a terminal hangs on a DTU's line.</summary>
/// <param name="Id">The DTU.</param>
/// <param name="Enter">What the Enter key sends.</param>
/// <param name="Echo">Whether what is typed is shown, for instruments that do not echo.</param>
/// <param name="Hex">Whether bytes are shown in hexadecimal.</param>
/// <param name="Settle">How long nothing may come after the input's end until all answers are in.</param>
internal sealed record AttachOptions(string Id, byte[] Enter, bool Echo, bool Hex, TimeSpan Settle);

/// <summary>
/// One terminal on one DTU's serial line: what comes from the DTU is written as it is, what is typed is sent, one request at a time; what is typed meanwhile goes together with the next.
/// </summary>
internal sealed class Attachment(ApiClient client, AttachOptions options, bool isTerminal)
{
    // A person's typing ahead, and a piece of what is piped in.
    private const int MostWaiting = 4096;

    // What was typed before Ctrl-] is still sent, unless the bus holds it up for so long.
    private static readonly TimeSpan SendRestWithin = TimeSpan.FromSeconds(5);

    private readonly Stream _output = Console.OpenStandardOutput();
    private readonly Channel<byte> _typed = Channel.CreateBounded<byte>(MostWaiting);
    private readonly Channel<bool> _came = Channel.CreateBounded<bool>(1);
    private readonly Lock _writing = new();
    private bool _isFull;

    public async Task<int> RunAsync(CancellationToken ended)
    {
        var dtu = ApiClient.Read<DtuModel>(await client.GetAsync(ApiClient.Dtu(options.Id), ended));
        using var over = CancellationTokenSource.CreateLinkedTokenSource(ended);
        await using var events = await client.StreamAsync($"/api/v1/events?dtu={Uri.EscapeDataString(options.Id)}", over.Token);
        if (!isTerminal && dtu.State is not ("online" or "conflict"))
        {
            Say($"{options.Id} is {dtu.State}");
        }

        var showing = ShowAsync(events, over.Token);
        var typing = isTerminal ? TypeAsync(dtu.State, over.Token) : PipeAsync(over.Token);
        var first = await Task.WhenAny(showing, typing);
        await over.CancelAsync();
        try
        {
            await first;
        }
        catch (OperationCanceledException) when (over.IsCancellationRequested)
        {
            // A signal is a way to leave.
        }

        return ExitCodes.Done;
    }

    // Ends with Ctrl-], or with the terminal.
    private async Task TypeAsync(string state, CancellationToken ended)
    {
        using var terminal = RawTerminal.Enter();
        Say($"attached to {options.Id}, {state}; Ctrl-] leaves");
        var sending = SendTypedAsync(ended);
        var keyboard = new Keyboard(options.Enter);

        // Left open: a read that waits for a key goes on until the process ends.
        var input = RawTerminal.OpenInput();
        var keys = new byte[256];
        for (var isOver = false; !isOver;)
        {
            // The read itself can't be ended; whoever waits for it can.
            var reading = input.ReadAsync(keys, CancellationToken.None).AsTask();
            await Task.WhenAny(reading, sending).WaitAsync(ended);
            if (sending.IsCompleted)
            {
                await sending;
            }

            var count = await reading.WaitAsync(ended);
            (var bytes, isOver) = keyboard.Read(keys.AsSpan(0, count));
            isOver |= count == 0;
            Take(bytes);
        }

        _typed.Writer.Complete();
        try
        {
            await sending.WaitAsync(SendRestWithin, ended);
        }
        catch (TimeoutException)
        {
            Say("what was typed last was not sent: the bus was not free");
        }
    }

    private void Take(byte[] bytes)
    {
        var taken = 0;
        while (taken < bytes.Length && _typed.Writer.TryWrite(bytes[taken]))
        {
            taken++;
        }

        if (options.Echo)
        {
            Show(bytes.AsSpan(0, taken));
        }

        var isFull = taken < bytes.Length;
        if (isFull && !_isFull)
        {
            Say($"the line is slower than the keys: {MostWaiting} bytes wait, and no more are taken until some are sent");
        }

        _isFull = isFull;
    }

    private async Task SendTypedAsync(CancellationToken ended)
    {
        var piece = new List<byte>(MostWaiting);
        while (await _typed.Reader.WaitToReadAsync(ended))
        {
            piece.Clear();
            while (piece.Count < MostWaiting && _typed.Reader.TryRead(out var key))
            {
                piece.Add(key);
            }

            await SendAsync([.. piece], ended);
        }
    }

    // What is piped in is sent as it is, no faster than the line takes it; then the answers are waited for.
    private async Task PipeAsync(CancellationToken ended)
    {
        await using var input = Console.OpenStandardInput();
        var piece = new byte[MostWaiting];
        for (int count; (count = await input.ReadAsync(piece, CancellationToken.None).AsTask().WaitAsync(ended)) > 0;)
        {
            if (!await SendAsync(piece[..count], ended))
            {
                throw new ApiFailureException("not everything was sent");
            }
        }

        try
        {
            while (await _came.Reader.ReadAsync(ended).AsTask().WaitAsync(options.Settle, ended))
            {
                // Each piece that comes begins the wait anew.
            }
        }
        catch (TimeoutException)
        {
            // The answers are in.
        }
    }

    private async Task<bool> SendAsync(byte[] bytes, CancellationToken ended)
    {
        try
        {
            await client.PostAsync(ApiClient.Dtu(options.Id, "/send"), new SendBody { Hex = Convert.ToHexString(bytes) }, ended);
            return true;
        }
        catch (ApiFailureException refused) when (refused.ProblemJson is not null)
        {
            Say($"not sent: {refused.Message}");
            return false;
        }
    }

    private async Task ShowAsync(Stream events, CancellationToken ended)
    {
        try
        {
            await foreach (var happened in SseParser.Create(events).EnumerateAsync(ended))
            {
                var data = ApiClient.Read<JsonElement>(happened.Data);
                switch (happened.EventType)
                {
                    case "frame" when data.GetProperty("direction").GetString() == "up":
                        Show(Convert.FromHexString(data.GetProperty("hex").GetString() ?? ""));

                        // One word is enough, however many pieces came.
                        _came.Writer.TryWrite(true);
                        break;
                    case "online":
                        Say($"{options.Id} is online");
                        break;
                    case "offline":
                        Say($"{options.Id} went offline: {data.GetProperty("reason").GetString()}");
                        break;
                    case "lost":
                        Say($"{data.GetProperty("count").GetInt64()} events lost: this terminal was too slow");
                        break;
                }
            }
        }
        catch (Exception cut) when (cut is IOException or HttpRequestException)
        {
            throw new ApiFailureException($"the stream broke off: {cut.Message}");
        }

        throw new ApiFailureException("the gateway ended the stream; it is stopping");
    }

    private void Show(ReadOnlySpan<byte> bytes)
    {
        lock (_writing)
        {
            if (options.Hex)
            {
                _output.Write(Encoding.ASCII.GetBytes(HexText.Spaced(Convert.ToHexString(bytes)) + NewLine));
            }
            else
            {
                _output.Write(bytes);
            }

            _output.Flush();
        }
    }

    // A raw terminal goes down at a line feed, not back.
    private string NewLine => isTerminal ? "\r\n" : "\n";

    private void Say(string text) => Console.Error.Write($"{(isTerminal ? "\r\n" : "")}dtu: {Terminal.Safe(text)}{NewLine}");
}
