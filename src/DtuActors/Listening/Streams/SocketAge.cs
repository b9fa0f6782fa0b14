using System.Buffers.Binary;
using System.Diagnostics;
using System.Net.Sockets;

namespace DtuActors.Listening.Streams;

/// <summary>
/// When a socket came that was accepted just now. Sockets wait in backlogs while the gateway starts, or stands still, and an address has several: which one is accepted first says
/// nothing of which came first.
/// </summary>
internal static class SocketAge
{
    // tcp(7), linux/tcp.h: struct tcp_info, tcpi_last_data_sent, in milliseconds. Until the first byte is sent it counts from the end of the handshake (tcp_create_openreq_child).
    private const int TcpLevel = 6;
    private const int TcpInfo = 11;
    private const int LastDataSent = 44;

    /// <summary>
    /// By this node's monotonic clock, before anything is sent to it. Now, where the system does not tell. Ages go by the system's tick, some milliseconds long, and so they are taken from a clock that goes
    /// by it too (CLOCK_MONOTONIC_COARSE, which is TickCount64): of two sockets that came in different ticks the later one is told as such, whenever each is asked.
    /// </summary>
    public static long Came(Socket socket)
    {
        var now = Stopwatch.GetTimestamp();
        if (!OperatingSystem.IsLinux() || socket.ProtocolType is not ProtocolType.Tcp)
        {
            return now;
        }

        Span<byte> info = stackalloc byte[LastDataSent + sizeof(uint)];
        try
        {
            return socket.GetRawSocketOption(TcpLevel, TcpInfo, info) == info.Length
                ? (Environment.TickCount64 - Milliseconds(info[LastDataSent..])) * Stopwatch.Frequency / 1000
                : now;
        }
        catch (SocketException)
        {
            // It is gone already, and what follows says so.
            return now;
        }
    }

    private static long Milliseconds(ReadOnlySpan<byte> field) => BitConverter.IsLittleEndian ? BinaryPrimitives.ReadUInt32LittleEndian(field) : BinaryPrimitives.ReadUInt32BigEndian(field);
}
