using Akka.Actor;
using Akka.Event;
using DtuActors.Directory;
using DtuActors.Listening;

namespace DtuActors.Sessions;

/// <summary>Where datagrams carry the session: each one's end is all the silence that a stream would wait for, and its sender's address may move.</summary>
public sealed partial class ConnectionActor
{
    private Peer? _movedFrom;

    private void OnDatagramDropped(Datagrams.Dropped dropped)
    {
        CountDroppedUp(dropped.Bytes.Span, dropped.Reason);
        if (_session is not null)
        {
            PublishSoon();
        }
    }

    private void EndBurstOfPiece()
    {
        if (_setup.Carrier.PieceIsBurst)
        {
            EndBurst();
        }
    }

    // From the outside in: what a transport's unit, or a prefix, still holds belongs to the frame before that is given up.
    private void EndBurst()
    {
        if (_units is { } units)
        {
            var opened = new UnitSink(this);
            units.Silence(ref opened);
        }

        if (_prefix is { } prefix)
        {
            var packets = new PacketSink(this);
            prefix.Silence(ref packets);
        }

        var frames = new FrameSink(this);
        _framer.Silence(ref frames);
    }

    private void OnMoved(Datagrams.Moved moved)
    {
        _log.Info("DTU {0} moved from {1} to {2}", _presented, Remote, moved.Peer.Text);
        var left = _remote;
        _remote = moved.Peer;
        if (_session is not null)
        {
            // A NAT gives new addresses; one that comes back is another device's, which never left.
            if (moved.Peer == _movedFrom)
            {
                _setup.Directory.Tell(new Holding.StillAlive(_id, left.Text));
            }

            PublishSoon();
        }

        _movedFrom = left;
    }
}
