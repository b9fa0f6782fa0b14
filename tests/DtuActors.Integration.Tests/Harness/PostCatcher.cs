using System.Net;
using System.Text;
using System.Threading.Channels;
using DtuActors.Tests.Sockets;

namespace DtuActors.Integration.Tests.Harness;

/// <summary>One call that was caught.</summary>
public sealed record CaughtPost(string Path, string? ContentType, string? Authorization, byte[] Body)
{
    /// <summary>Whether the bytes hold this text, whatever stands around it.</summary>
    public bool Holds(string text) => Body.AsSpan().IndexOf(Encoding.UTF8.GetBytes(text)) >= 0;
}

/// <summary>An HTTP receiver on loopback: answers the first calls with a fault, all others with 200, and keeps what came.</summary>
public sealed class PostCatcher : IAsyncDisposable
{
    private readonly HttpListener _listener = new();
    private readonly Channel<CaughtPost> _caught = Channel.CreateUnbounded<CaughtPost>();
    private readonly Task _running;
    private int _faults;

    public PostCatcher(int faults = 0)
    {
        _faults = faults;
        Url = $"http://127.0.0.1:{FreePorts.Row(1)}/";
        _listener.Prefixes.Add(Url);
        _listener.Start();
        _running = RunAsync();
    }

    public string Url { get; }

    /// <summary>The next call that fits; others are passed over.</summary>
    public async Task<CaughtPost> NextAsync(Predicate<CaughtPost> fits)
    {
        using var patience = new CancellationTokenSource(HostProcess.Patience);
        await foreach (var post in _caught.Reader.ReadAllAsync(patience.Token))
        {
            if (fits(post))
            {
                return post;
            }
        }

        throw new InvalidOperationException("no more calls");
    }

    public async ValueTask DisposeAsync()
    {
        _listener.Close();
        await _running;
    }

    private async Task RunAsync()
    {
        try
        {
            while (true)
            {
                var context = await _listener.GetContextAsync();
                using var body = new MemoryStream();
                await context.Request.InputStream.CopyToAsync(body);
                context.Response.StatusCode = Interlocked.Decrement(ref _faults) >= 0 ? 503 : 200;
                context.Response.Close();
                _caught.Writer.TryWrite(new CaughtPost(context.Request.Url!.AbsolutePath, context.Request.ContentType, context.Request.Headers["Authorization"], body.ToArray()));
            }
        }
        catch (Exception end) when (end is HttpListenerException or ObjectDisposedException)
        {
            _caught.Writer.TryComplete();
        }
    }
}
