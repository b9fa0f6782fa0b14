using Akka.Actor;
using Akka.Event;
using DtuActors.Configuration;
using DtuActors.Directory;
using DtuActors.Listening;
using DtuActors.Routing;

namespace DtuActors.Sessions;

/// <summary>Where datagrams carry the session: each one's end is all the silence that a stream would wait for, and its sender's address may move.</summary>
public sealed partial class ConnectionActor
{
    // Devices with one id that take turns are found out up to one more than so many.
    private const int MostLeft = 8;

    private Grumble? _moves;
    private Queue<Peer>? _left;

    private void OnDatagramDropped(Datagrams.Dropped dropped)
    {
        CountDroppedUp(dropped.Bytes.Span, dropped.Reason);
        if (_session is not null)
        {
            PublishSoon();
        }
    }

    // A takeover of a stream waits, or is refused, in the directory. Between datagrams there is none: the listener holds the address instead.
    private void HoldAddress(string? rival)
    {
        if (_setup.Carrier.PieceIsBurst && (rival is null) != (_conflictWith is null))
        {
            _socket.Tell(new Datagrams.Hold(
                rival is null ? TimeSpan.Zero : _profile.Duplicates.Policy is DuplicatesPolicy.HoldFirst ? TimeSpan.MaxValue : DtuActor.ContestedWait));
        }
    }

    private void OnRival(Datagrams.Rival rival)
    {
        CountDroppedUp(rival.Bytes.Span, RelayDrops.Conflict);
        if (_session is { } session && _endReason is null)
        {
            _setup.Directory.Tell(new Holding.StillAlive(_id, session.Epoch, rival.Peer.Text));
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

        DecideHeld();
    }

    private void OnMoved(Datagrams.Moved moved)
    {
        var left = _remote;
        _remote = moved.Peer;
        if ((_moves ??= new Grumble()).IsDue(Now, out var times))
        {
            Log.Info("DTU {0} moved from {1} to {2}{3}", _presented, left.Text, Remote, times == 1 ? "" : $", its {times} moves since the last line");
        }

        if (_session is { } session && _endReason is null)
        {
            TellMoved(session, left);
            PublishSoon();
        }

        RememberLeft(left);
    }

    // A NAT gives new addresses; one that comes back is another device's, which never left.
    private void TellMoved(SessionRef session, Peer left)
    {
        Announce();
        if (_left?.Contains(_remote) == true)
        {
            _setup.Directory.Tell(new Holding.StillAlive(_id, session.Epoch, left.Text));
        }
    }

    private void RememberLeft(Peer left)
    {
        _left ??= [];
        if (_left.Contains(left))
        {
            return;
        }

        _left.Enqueue(left);
        if (_left.Count > MostLeft)
        {
            _left.Dequeue();
        }
    }
}
