using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using DtuActors.Integration.Tests.MainJob;

namespace DtuActors.Integration.Tests.Faults;

/// <summary>A COM port that can be pulled: socat makes the device and dials the program at its other end.</summary>
internal sealed class ComCable : IAsyncDisposable
{
    private readonly TcpListener _program = new(IPAddress.Loopback, 0);
    private Process? _socat;

    private ComCable(string device) => Device = device;

    public string Device { get; }

    public static ComCable Plug(string device)
    {
        Tools.Need("socat");
        var cable = new ComCable(device);
        cable._program.Start();
        cable.Plug();
        return cable;
    }

    /// <summary>The program's side of the next cable that is plugged.</summary>
    public async Task<Socket> OpenAsync(CancellationToken end)
    {
        // A program that hung up took its cable along; one that was pulled stays so until it is plugged.
        if (_socat is { HasExited: true })
        {
            await PullAsync();
            Plug();
        }

        return await _program.AcceptSocketAsync(end);
    }

    public void Plug()
    {
        lock (_program)
        {
            _socat ??= Tools.Start(
                "socat", $"pty,raw,echo=0,link={Device}", string.Create(CultureInfo.InvariantCulture, $"TCP:127.0.0.1:{((IPEndPoint)_program.LocalEndpoint).Port},nodelay"));
        }
    }

    public async Task PullAsync()
    {
        if (Interlocked.Exchange(ref _socat, null) is { } socat)
        {
            // Before the device is gone: its number is soon somebody else's, and a link left behind would lead there.
            File.Delete(Device);
            socat.Kill();
            await socat.WaitForExitAsync();
            socat.Dispose();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await PullAsync();
        _program.Dispose();
    }
}
