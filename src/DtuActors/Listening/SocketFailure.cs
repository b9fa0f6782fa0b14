using System.Net.Sockets;
using Akka.IO;

namespace DtuActors.Listening;

/// <summary>Why Akka.IO could not bind or connect: the socket's own error where there is one, which Akka wraps at times.</summary>
internal static class SocketFailure
{
    public static SocketException? Of(Tcp.CommandFailed failed) =>
        failed.Cause.HasValue ? failed.Cause.Value as SocketException ?? failed.Cause.Value.InnerException as SocketException : null;

    /// <summary>In words, in the system's own where they are known. Akka's own words of a connection that was not made tell of its selector, not of the peer.</summary>
    public static string Words(Tcp.CommandFailed failed, string otherwise) => Of(failed) is { } error
        ? new SocketException((int)error.SocketErrorCode).Message
        : failed is { Cause.HasValue: true, Cmd: not Tcp.Connect } ? failed.Cause.Value.Message : otherwise;
}
