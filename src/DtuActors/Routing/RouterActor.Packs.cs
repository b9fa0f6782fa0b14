using Akka.Actor;

namespace DtuActors.Routing;

/// <summary>What parties of this node say to parties of others, and hear of them: from router to router, behind what those were told of sessions.</summary>
public sealed partial class RouterActor
{
    // A connection between nodes that breaks takes packs along, and the word that they came.
    private static readonly TimeSpan PackLimit = TimeSpan.FromMilliseconds(100);

    private void Packs()
    {
        Receive<Peering.Pack>(OnPack);
        Receive<PackOverdue>(OnPackOverdue);
    }

    private void Pack(string node, Peering.Packed item)
    {
        var peer = _peers[node];
        TellNews(peer);
        peer.Line.Add(item);
        if (peer.Line.IsFull)
        {
            TellPacked(peer);
        }
        else if (!peer.Line.IsUnderWay)
        {
            TellPeersSoon();
        }
        else
        {
            WatchPack(peer);
        }
    }

    // What this router has in hand beside it goes along.
    private void TellPacked(PeerRouter peer)
    {
        if (!peer.Line.IsEmpty)
        {
            Tell(peer, peer.Line.Leave(_node!));
        }
    }

    private void TellPackOrThatOneCame(PeerRouter peer)
    {
        if (peer.Line.Next(_node!) is { } pack)
        {
            Tell(peer, pack);
        }
    }

    private void Tell(PeerRouter peer, Peering.Pack pack) => ((ICanTell?)peer.Teller ?? peer.Router)?.Tell(pack, Self);

    private void WatchPack(PeerRouter peer)
    {
        if (!Timers.IsTimerActive(peer.Line))
        {
            Timers.StartSingleTimer(peer.Line, new PackOverdue(peer.Node, peer.Line.Number), PackLimit);
        }
    }

    private void OnPackOverdue(PackOverdue overdue)
    {
        if (!_peers.TryGetValue(overdue.Node, out var peer) || !peer.Line.IsUnderWay || peer.Line.IsEmpty)
        {
            return;
        }

        if (peer.Line.Number == overdue.Number)
        {
            peer.Line.GiveUp();
            TellPeersSoon();
        }
        else
        {
            WatchPack(peer);
        }
    }

    private void OnPack(Peering.Pack pack)
    {
        foreach (var (name, session, delivery) in pack.Items)
        {
            if (session is not null)
            {
                // A superseded one gives it back to the router that meant it.
                session.Tell(delivery, Sender);
            }
            else if (_endpoints.TryGetValue(name!, out var endpoint))
            {
                if (delivery.Frame is not null && _sessions.TryGetValue(delivery.Dtu, out var speaker))
                {
                    speaker.LastUplink = ++_uplinks;
                }

                endpoint.Ref.Tell(delivery);
            }
            else
            {
                Drop(delivery.Frame, RelayDrops.DestinationLost);
            }
        }

        if (_peers.TryGetValue(pack.Node, out var peer))
        {
            peer.Line.Hear(pack);
            if (peer.Line.IsDue)
            {
                TellPeersSoon();
            }
        }
    }

    private void LosePacked(PeerRouter peer)
    {
        Timers.Cancel(peer.Line);
        foreach (var item in peer.Line.Clear())
        {
            Drop(item.Delivery.Frame, RelayDrops.DestinationLost);
        }
    }

    private sealed record PackOverdue(string Node, long Number) : INoSerializationVerificationNeeded;
}
