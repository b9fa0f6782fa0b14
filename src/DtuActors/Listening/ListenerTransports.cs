using System.Net;
using System.Net.Sockets;
using Akka.Actor;
using Akka.IO;
using DtuActors.Configuration;
using DtuActors.Listening.Streams;

namespace DtuActors.Listening;

/// <summary>What each transport of <c>listeners</c> stands on.</summary>
internal static class ListenerTransports
{
    /// <summary>What a listener's actor is made of: Akka.IO carries plain TCP unless asked otherwise, the stream transport all else.</summary>
    /// <param name="listener">What configuration says.</param>
    /// <param name="tcpOptions">Set on each accepted TCP socket, before anybody knows whose it is.</param>
    /// <param name="fleet">Shows how the listener stands.</param>
    /// <param name="inbox">Takes refused connections.</param>
    /// <param name="handler">Makes a connection's actor.</param>
    public static ListenerSetup Setup(
        StreamListenerOptions listener, IEnumerable<Inet.SocketOption> tcpOptions, IActorRef fleet, IActorRef inbox, Func<IActorRef, Peer, Props> handler) => new()
    {
        Name = listener.Name,
        KeyPath = listener is UnixListenerOptions ? $"{listener.KeyPath}.path" : listener.KeyPath,
        Transport = listener.Transport,
        Address = Address(listener),
        MaxConnections = listener.MaxConnections,
        MaxPerAddress = listener.MaxPerAddress,
        AcceptRate = listener.AcceptRate,
        Profile = string.Join(", ", listener.Profiles),
        Observer = fleet,
        Inbox = inbox,
        Handler = handler,
        Binder = listener is TcpListenerOptions { Engine: ListenerEngine.AkkaIo, ProxyProtocol: null } and not TlsListenerOptions
            ? new AkkaIoBinder { SocketOptions = tcpOptions }
            : new StreamBinder(new StreamSetup
            {
                SocketOptions = listener is TcpListenerOptions ? tcpOptions : [],

                // One DTU needs no more, and a range of ports would have them for each.
                Doors = listener.Dtu is null ? StreamListener.MostDoors : 1,
                Proxy = listener.ProxyProtocol,
                Tls = listener is TlsListenerOptions tls ? new TlsCredentials(tls.Tls) : null,
            }),
    };

    /// <summary>What a listener of datagrams is made of.</summary>
    public static ListenerSetup Setup(UdpListenerOptions listener, IActorRef fleet, IActorRef inbox, Func<IActorRef, Peer, Props> handler) => new()
    {
        Name = listener.Name,
        KeyPath = listener.KeyPath,
        Transport = listener.Transport,
        Address = new IPEndPoint(listener.Address, listener.Port),
        MaxConnections = listener.MaxConnections,
        Profile = string.Join(", ", listener.Profiles),
        Observer = fleet,
        Inbox = inbox,
        Handler = handler,
    };

    private static EndPoint Address(StreamListenerOptions listener) => listener switch
    {
        TcpListenerOptions tcp => new IPEndPoint(tcp.Address, tcp.Port),
        UnixListenerOptions unix => new UnixDomainSocketEndPoint(unix.Path),
        _ => throw new ArgumentException($"no stream transport is called {listener.Transport}", nameof(listener)),
    };
}
