using System.Net;
using System.Net.Sockets;
using Akka.Actor;
using Akka.Event;
using Akka.IO;
using DtuActors.Dispatching;
using DtuActors.Protocol;
using DtuActors.Protocol.Transports;
using DtuActors.Routing;
using DtuActors.Sessions;

namespace DtuActors.Listening;

/// <summary>The datagrams: whose each one is, by its id before its address where it says so itself, and how a session's writes leave.</summary>
public sealed partial class UdpListenerActor
{
    // So many in one go, then everybody else's messages have their turn.
    private const int MostAtOnce = 64;
    private const string NoRoom = "max-connections";

    private readonly UnknownSenders _unknown;
    private readonly Dictionary<IActorRef, UdpPeer> _bySession = [];
    private readonly Dictionary<IPEndPoint, UdpPeer> _byAddress = [];

    // The last that came under an id. One that it displaced, and that is not closed yet, is still known by its address.
    private readonly Dictionary<DtuId, UdpPeer> _byId = [];

    private UdpPeer? PeerOf(IActorRef session) => _bySession.GetValueOrDefault(session);

    // ---- in

    /// <summary>Takes what is there, and has Self told when more comes.</summary>
    private void Listen(Reception reception)
    {
        var isAwaited = false;
        try
        {
            for (var i = 0; i < MostAtOnce && !isAwaited && reception == _reception; i++)
            {
                isAwaited = reception.Begin();
                if (!isAwaited)
                {
                    Take(reception);
                }
            }
        }
        finally
        {
            // Whatever a datagram did here, the next one is heard.
            if (!isAwaited)
            {
                Self.Tell(new ReceiveOn(reception));
            }
        }
    }

    private void OnArrived(Arrived arrived)
    {
        if (arrived.Reception != _reception)
        {
            return;
        }

        try
        {
            Take(arrived.Reception);
        }
        finally
        {
            OnReceiveOn(new ReceiveOn(arrived.Reception));
        }
    }

    private void OnReceiveOn(ReceiveOn on)
    {
        if (on.Reception == _reception)
        {
            Listen(on.Reception);
        }
    }

    private void Take(Reception reception)
    {
        if (reception.Error is SocketError.Success)
        {
            Take(reception.From, reception.Bytes);
        }
        else if (!UdpSockets.IsOfOnePeer(reception.Error))
        {
            OnSocketFailed(new SocketException((int)reception.Error));
        }
    }

    private void Take(IPEndPoint via, ReadOnlySpan<byte> datagram)
    {
        var from = via;
        if (_isProxied && !TakeHeaderOff(ref datagram, ref from))
        {
            TurnAway(datagram, Peer.Of(via), RelayDrops.ProxyHeader);
        }
        else if (!datagram.IsEmpty)
        {
            Take(from, via, datagram);
        }
    }

    // Where the proxy speaks for itself, or does not know for whom, the address that it came from is all there is.
    private static bool TakeHeaderOff(ref ReadOnlySpan<byte> datagram, ref IPEndPoint from)
    {
        if (!ProxyHeader.TryReadDatagram(datagram, out var header))
        {
            return false;
        }

        datagram = datagram[header.Length..];
        from = header.Source ?? from;
        return true;
    }

    private void Take(IPEndPoint from, IPEndPoint via, ReadOnlySpan<byte> datagram)
    {
        var known = _byAddress.GetValueOrDefault(from);
        if (known is not null && !_entrance.IsProven(known.Candidate) && !NamesAnother(known, datagram, from))
        {
            known.Take(datagram.ToArray(), via, Now);
            return;
        }

        var remote = Peer.Of(from);
        var verdict = _entrance.Read(datagram, remote);
        var peer = verdict.Refusal is not null || known?.Id == verdict.Id ? known : PeerElsewhere(verdict) ?? Enter(verdict, from, remote);
        if (peer is null)
        {
            TurnAway(datagram, remote, verdict.Refusal ?? (Draining ? EndReasons.Stopping : NoRoom), verdict.Secret);
        }
        else if (peer.Address.Equals(from) || TryMove(peer, from))
        {
            peer.Take(datagram.ToArray(), via, Now);
        }
        else
        {
            peer.Session.Tell(new Datagrams.Rival(datagram.ToArray(), remote));
        }
    }

    // Any data may look like some id, but where each datagram has one in front, that of another DTU that is here is no accident: a NAT gave it the address.
    private bool NamesAnother(UdpPeer known, ReadOnlySpan<byte> datagram, IPEndPoint from) =>
        _entrance.IsInFront(known.Candidate)
        && _entrance.Read(datagram, Peer.Of(from)) is { Refusal: null } verdict && verdict.Id != known.Id && _byId.ContainsKey(verdict.Id);

    /// <summary>The DTU is here already, and every datagram says that it is it: only its address is another.</summary>
    private UdpPeer? PeerElsewhere(in DatagramVerdict verdict) =>
        _entrance.IsInAll(verdict.Candidate) && _byId.TryGetValue(verdict.Id, out var peer) && peer.Candidate == verdict.Candidate ? peer : null;

    private bool TryMove(UdpPeer peer, IPEndPoint to)
    {
        if (!peer.MayMove(Now))
        {
            return false;
        }

        GiveUp(to);
        _byAddress.Remove(peer.Address);
        _byAddress.Add(to, peer);
        peer.Move(to, Now);
        return true;
    }

    /// <summary>A session of its own, which reads the registration itself; that of the same DTU at another address is displaced by the directory, as any is. Null: there is no room.</summary>
    private UdpPeer? Enter(in DatagramVerdict verdict, IPEndPoint from, Peer remote)
    {
        if (Draining || _connections >= Setup.MaxConnections)
        {
            Refused++;
            return null;
        }

        GiveUp(from);
        Accepted++;
        _connections++;
        var session = Context.Watch(Context.ActorOf(Setup.Handler(Self, remote).OnDataPath(Context.System)));
        var peer = new UdpPeer(session, verdict.Id, verdict.Candidate, from);
        _bySession.Add(session, peer);
        _byAddress.Add(from, peer);
        _byId[verdict.Id] = peer;
        PublishSoon();
        return peer;
    }

    // A NAT gave the address to another DTU: what is written to the one that had it would reach a stranger. It comes back with its next datagram.
    private void GiveUp(IPEndPoint address)
    {
        if (_byAddress.TryGetValue(address, out var peer))
        {
            Forget(peer);
            peer.Session.Tell(new Tcp.ErrorClosed("another DTU speaks from its address now"));
        }
    }

    // Compared, so that one that ends late takes no newer one off.
    private void Forget(UdpPeer peer)
    {
        _bySession.Remove(peer.Session);
        _byAddress.Remove(peer.Address);
        if (_byId.TryGetValue(peer.Id, out var last) && last == peer)
        {
            _byId.Remove(peer.Id);
        }

        for (var i = 0; i < peer.Waiting; i++)
        {
            Drop(RelayDrops.DestinationLost);
        }
    }

    // Nobody unknown gets an answer: the address may be forged, and stand for somebody who never asked.
    private void TurnAway(ReadOnlySpan<byte> datagram, Peer remote, string reason, string? secret = null)
    {
        Drop(reason);
        if (remote.Address is { } address && _unknown.IsShown(address, Now))
        {
            Log.Info("datagram from {0} on {1} dropped: {2}", remote.Text, Setup.Name, reason);
            Setup.Inbox.Tell(new RefusedConnection(At, Setup.Name, remote.Text, RefusedConnection.Keep(datagram, secret), reason));
        }
    }

    private void OnClose(Tcp.CloseCommand close)
    {
        if (close is Tcp.ConfirmedClose)
        {
            // No datagram says that its sender closes in return: whoever asks listens until it aborts.
            return;
        }

        if (PeerOf(Sender) is { } peer)
        {
            Forget(peer);
        }

        Sender.Tell(close.Event);
    }

    // ---- out

    private void OnWrite(Tcp.Write write)
    {
        if (PeerOf(Sender) is not { } peer)
        {
            return;
        }

        if (_reception?.Socket is not { } socket)
        {
            OnSentOff(new SentOff(Sender, write.Ack, Failed: true));
            return;
        }

        var sending = socket.SendToAsync(write.Data.ToArray().AsMemory(), SocketFlags.None, peer.Via);
        if (sending.IsCompletedSuccessfully)
        {
            Sender.Tell(write.Ack);
            return;
        }

        var session = Sender;
        sending.AsTask().PipeTo(Self, success: _ => new SentOff(session, write.Ack, Failed: false), failure: _ => new SentOff(session, write.Ack, Failed: true));
    }

    // What the system would not send is lost as one that the network lost is: the session goes on. But it is counted.
    private void OnSentOff(SentOff sent)
    {
        if (sent.Failed)
        {
            Drop(RelayDrops.Unreachable);
        }

        sent.Session.Tell(sent.Ack);
    }
}
