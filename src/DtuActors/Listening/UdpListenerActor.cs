using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Akka.Actor;
using Akka.Event;
using Akka.IO;
using DtuActors.Configuration;
using DtuActors.Directory;
using DtuActors.Protocol;
using DtuActors.Sessions;

namespace DtuActors.Listening;

/// <summary>
/// Owns one bound UDP socket, and is Akka.IO's connection to the sessions behind it: each knows this actor as its socket, and this actor knows each by its reference, its address
/// and its id. Registers no DTU itself: it only sees whose a datagram is. Sessions have no connection that could break, so they outlive the socket: where that dies, it
/// is bound anew with back-off. Akka.IO's own UDP ends on any error (see akka.md), so the socket is read and written here, without blocking.
/// </summary>
public sealed partial class UdpListenerActor : ListenerShell
{
    private readonly UdpEntrance _entrance;
    private readonly bool _isProxied;
    private readonly SortedDictionary<string, long> _dropped = new(StringComparer.Ordinal);

    private Reception? _reception;
    private int _connections;

    public UdpListenerActor(ListenerSetup setup, SessionSetup sessions, bool isProxied)
        : base(setup)
    {
        _entrance = new UdpEntrance(sessions);
        _isProxied = isProxied;
        _unknown = new UnknownSenders();

        Receive<Arrived>(OnArrived);
        Receive<ReceiveOn>(OnReceiveOn);
        Receive<Tcp.ResumeReading>(_ => PeerOf(Sender)?.Read(Now));
        Receive<Datagrams.Hold>(hold => PeerOf(Sender)?.Hold = hold.Stay);
        Receive<Tcp.Write>(OnWrite);
        Receive<SentOff>(OnSentOff);
        Receive<Tcp.Register>(_ => { });
        Receive<Tcp.CloseCommand>(OnClose);
        Receive<Terminated>(OnTerminated);
    }

    /// <param name="setup">What is bound.</param>
    /// <param name="sessions">What its sessions are made of.</param>
    /// <param name="isProxied">Whether a balancer writes the DTU's address before each datagram (PROXY protocol, version 2).</param>
    public static Props Props(ListenerSetup setup, SessionSetup sessions, bool isProxied) =>
        Akka.Actor.Props.Create<UdpListenerActor>(setup, sessions, isProxied);

    protected override void PostStop() => _reception?.Dispose();

    // One broken session is that session's end and nobody else's.
    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(failure =>
    {
        Log.Error(failure, "a session of {0} failed and is closed", Setup.Name);
        return Directive.Stop;
    }, loggingEnabled: false);

    // ---- the socket

    protected override void Bind()
    {
        try
        {
            var self = Self;
            _reception = Reception.Bind(
                (IPEndPoint)Address, reception => self.Tell(new Arrived(reception), ActorRefs.NoSender));
        }
        catch (SocketException failure)
        {
            OnBindFailed(failure);
            return;
        }

        IsBound(_reception.Socket.LocalEndPoint!);
        Listen(_reception);
    }

    private void OnBindFailed(SocketException failure)
    {
        TellBindFailed(Address, failure.Message, failure.SocketErrorCode is SocketError.AddressAlreadyInUse);
        BindLater();
    }

    private void OnSocketFailed(SocketException failure)
    {
        _reception?.Dispose();
        _reception = null;
        IsLost($"the socket failed ({failure.Message}); binding anew");
    }

    // ---- end: the sessions first, each in its own good order; what they still say leaves by the socket

    protected override void OnDrain()
    {
        Draining = true;
        TellSessions(ShutDown.Drain.Instance);
        StopWhenEmpty();
    }

    private void StopWhenEmpty()
    {
        if (Draining && _connections == 0)
        {
            Context.Stop(Self);
        }
    }

    private void OnTerminated(Terminated terminated)
    {
        _connections--;
        if (PeerOf(terminated.ActorRef) is { } peer)
        {
            Forget(peer);
        }

        PublishSoon();
        StopWhenEmpty();
    }

    // ---- how it stands

    protected override ListenerStatus Counted(ListenerStatus status) =>
        status with { Connections = _connections, Dropped = _dropped.ToImmutableSortedDictionary(StringComparer.Ordinal) };

    protected override void TellSessions(object message)
    {
        foreach (var child in Context.GetChildren())
        {
            child.Tell(message);
        }
    }

    private void Drop(string reason)
    {
        _dropped[reason] = _dropped.GetValueOrDefault(reason) + 1;
        GatewayMetrics.FramesDropped.Add(1, new KeyValuePair<string, object?>("reason", reason));
        PublishSoon();
    }

    private sealed record Arrived(Reception Reception) : INoSerializationVerificationNeeded;

    private sealed record ReceiveOn(Reception Reception) : INoSerializationVerificationNeeded;

    private sealed record SentOff(IActorRef Session, Tcp.Event Ack, bool Failed) : INoSerializationVerificationNeeded;
}
