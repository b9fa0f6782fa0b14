using System.Net;
using System.Net.Sockets;

namespace DtuActors.Archives.Targets.Ftp;

/// <summary>The data connection of one upload: opened by us (passive) or by the server (active), always with the address that the control connection has at its other end.</summary>
internal sealed class FtpData : IDisposable
{
    private readonly Socket? _listener;
    private readonly IPAddress _peer;
    private readonly TimeSpan _limit;
    private Socket? _connection;

    private FtpData(Socket? listener, Socket? connection, IPAddress peer, TimeSpan limit)
    {
        _listener = listener;
        _connection = connection;
        _peer = peer;
        _limit = limit;
    }

    /// <summary>Where the server has to connect to, if it is the one that does.</summary>
    public IPEndPoint? Awaits => (IPEndPoint?)_listener?.LocalEndPoint;

    /// <summary>Connects to a port of the server's; which address it names with it is nobody's business (RFC 2577: what it names may be a third one).</summary>
    public static async Task<FtpData> ConnectAsync(IPAddress peer, int port, TimeSpan limit, CancellationToken cancellation)
    {
        try
        {
            return new FtpData(null, await FtpControl.ConnectAsync(new IPEndPoint(peer, port), limit, cancellation).ConfigureAwait(false), peer, limit);
        }
        catch (Exception failure) when (failure is SocketException or TimeoutException)
        {
            throw new ArchiveTargetException(ArchiveProblem.Unreachable, $"the data connection to port {port}: {TargetWords.Of(failure.Message)}", failure);
        }
    }

    /// <summary>Listens where the control connection comes from.</summary>
    public static FtpData Listen(IPAddress local, IPAddress peer, TimeSpan limit)
    {
        var listener = new Socket(local.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            listener.Bind(new IPEndPoint(local, 0));
            listener.Listen();
            return new FtpData(listener, null, peer, limit);
        }
        catch (SocketException failure)
        {
            listener.Dispose();
            throw FtpControl.Broken("the data connection", failure);
        }
    }

    /// <summary>Awaits the server, if it is the one that connects. Others that knock are turned away: a port that is open is there for all to see.</summary>
    public async Task OpenAsync(CancellationToken cancellation)
    {
        try
        {
            _connection ??= await TargetLimits.WithinAsync(_limit, AcceptAsync, cancellation).ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is SocketException or TimeoutException)
        {
            throw FtpControl.Broken("the server's data connection", failure);
        }
    }

    /// <summary>Throws <see cref="SocketException"/>, <see cref="TimeoutException"/>.</summary>
    public Task WriteAsync(ReadOnlyMemory<byte> block, CancellationToken cancellation) => FtpControl.SendAsync(_connection!, block, _limit, cancellation);

    /// <summary>Says that it is all: the end of the connection is the end of the file (RFC 959, section 3.4.1). Throws <see cref="SocketException"/>.</summary>
    public void End() => _connection!.Shutdown(SocketShutdown.Send);

    public void Dispose()
    {
        _listener?.Dispose();
        _connection?.Dispose();
    }

    private async ValueTask<Socket> AcceptAsync(CancellationToken until)
    {
        while (true)
        {
            var caller = await _listener!.AcceptAsync(until).ConfigureAwait(false);
            if (caller.RemoteEndPoint is IPEndPoint there && there.Address.Equals(_peer))
            {
                return caller;
            }

            caller.Dispose();
        }
    }
}
