using System.Net;
using System.Net.Sockets;

namespace DtuActors.Listening;

/// <summary>Bound UDP sockets, and which of their errors are no end.</summary>
internal static class UdpSockets
{
    // A whole fleet's datagrams of some milliseconds; the system may give less (net.core.rmem_max).
    private const int KernelBuffer = 1024 * 1024;

    // Windows' SIO_UDP_CONNRESET (mstcpip.h): an ICMP "port unreachable" for one peer is no error of the socket.
    private const int ConnectionResetControl = -1744830452;

    /// <exception cref="SocketException">The address can't be bound.</exception>
    public static Socket Bind(IPEndPoint address)
    {
        var socket = new Socket(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        try
        {
            // As TCP's listener: the unspecified IPv6 address is every address, IPv4's too.
            if (address.Address.Equals(IPAddress.IPv6Any))
            {
                socket.DualMode = true;
            }

            if (OperatingSystem.IsWindows())
            {
                socket.IOControl(ConnectionResetControl, [0], null);
            }

            socket.ReceiveBufferSize = KernelBuffer;
            socket.Bind(address);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Whether the error tells of a datagram sent earlier to one peer, or of one that came: the socket goes on.</summary>
    public static bool IsOfOnePeer(SocketError error) => error
        is SocketError.ConnectionReset or SocketError.ConnectionRefused or SocketError.NetworkReset
        or SocketError.HostUnreachable or SocketError.HostDown or SocketError.NetworkUnreachable or SocketError.MessageSize;
}

/// <summary>
/// The way in from one bound UDP socket: one receive at a time into one buffer. A receive that finds a datagram is done at once; else its owner is
/// called from another thread when one, or an error, has come. Owns the socket.
/// </summary>
internal sealed class Reception : IDisposable
{
    private readonly SocketAsyncEventArgs _receive = new();
    private readonly IPEndPoint _anybody;

    private Reception(Socket socket, Action<Reception> arrived)
    {
        Socket = socket;
        _anybody = new IPEndPoint(socket.AddressFamily == AddressFamily.InterNetworkV6 ? IPAddress.IPv6Any : IPAddress.Any, 0);

        // More than the longest datagram, so that none is ever cut.
        _receive.SetBuffer(GC.AllocateUninitializedArray<byte>(64 * 1024));
        _receive.Completed += (_, _) => arrived(this);
    }

    /// <exception cref="SocketException">The address can't be bound.</exception>
    public static Reception Bind(IPEndPoint address, Action<Reception> arrived) => new(UdpSockets.Bind(address), arrived);

    public Socket Socket { get; }

    public SocketError Error => _receive.SocketError;

    /// <summary>Valid until the next <see cref="Begin"/>.</summary>
    public ReadOnlySpan<byte> Bytes => _receive.MemoryBuffer.Span[.._receive.BytesTransferred];

    public IPEndPoint From => (IPEndPoint)_receive.RemoteEndPoint!;

    /// <summary>Begins to receive; false where that is done already.</summary>
    public bool Begin()
    {
        _receive.RemoteEndPoint = _anybody;
        return Socket.ReceiveFromAsync(_receive);
    }

    public void Dispose()
    {
        Socket.Dispose();
        _receive.Dispose();
    }
}
