using System.Net;
using Akka.Actor;
using Akka.IO;
using DtuActors.Protocol;
using DtuActors.Routing;
using DtuActors.Sessions;

namespace DtuActors.Listening;

/// <summary>
/// One DTU of a <see cref="UdpListenerActor"/>: who it is, where it is, and the datagrams that its session has not asked for yet. Nothing slows a sender of datagrams
/// down, so these are bounded by bytes and age, the oldest go first, and the session hears of each.
/// </summary>
internal sealed class UdpPeer(IActorRef session, DtuId id, int candidate, IPEndPoint address)
{
    public const int MostWaiting = 64 * 1024;
    public static readonly TimeSpan MostAge = TimeSpan.FromSeconds(30);

    // What one costs beside its bytes: a flood of empty ones is one as well. The longest still fits alone.
    private const int Overhead = 24;

    private readonly Queue<(byte[] Bytes, DateTimeOffset At)> _waiting = new();
    private int _cost;
    private bool _isWanted;
    private DateTimeOffset _movedAt;

    public IActorRef Session => session;

    public DtuId Id => id;

    /// <summary>The profile by which it came in.</summary>
    public int Candidate => candidate;

    /// <summary>Where it spoke from last.</summary>
    public IPEndPoint Address { get; private set; } = address;

    /// <summary>How long it stays at an address, see <see cref="Datagrams.Hold"/>.</summary>
    public TimeSpan Hold { get; set; }

    /// <summary>Where its last datagram came by, and what it is told leaves to: its address, or the balancer's that stands for it.</summary>
    public IPEndPoint Via { get; private set; } = address;

    /// <summary>How many wait.</summary>
    public int Waiting => _waiting.Count;

    public bool MayMove(DateTimeOffset now) => now - _movedAt >= Hold;

    /// <summary>It speaks from another address; its session hears of it.</summary>
    public void Move(IPEndPoint to, DateTimeOffset now)
    {
        Address = to;
        _movedAt = now;
        session.Tell(new Datagrams.Moved(Peer.Of(to)));
    }

    /// <summary>Takes one that came.</summary>
    public void Take(byte[] datagram, IPEndPoint via, DateTimeOffset now)
    {
        Via = via;
        DropOld(now);
        if (_isWanted)
        {
            _isWanted = false;
            session.Tell(new Tcp.Received(ByteString.FromBytes(datagram)));
        }
        else
        {
            _waiting.Enqueue((datagram, now));
            _cost += datagram.Length + Overhead;
            DropOldestUntilRoom();
        }
    }

    /// <summary>The session reads one.</summary>
    public void Read(DateTimeOffset now)
    {
        DropOld(now);
        if (_waiting.Count == 0)
        {
            _isWanted = true;
            return;
        }

        session.Tell(new Tcp.Received(ByteString.FromBytes(Dequeue())));
    }

    private void DropOldestUntilRoom()
    {
        while (_cost > MostWaiting)
        {
            session.Tell(new Datagrams.Dropped(Dequeue(), RelayDrops.BufferFull));
        }
    }

    private void DropOld(DateTimeOffset now)
    {
        while (_waiting.TryPeek(out var oldest) && now - oldest.At > MostAge)
        {
            session.Tell(new Datagrams.Dropped(Dequeue(), RelayDrops.TooOld));
        }
    }

    private byte[] Dequeue()
    {
        var (bytes, _) = _waiting.Dequeue();
        _cost -= bytes.Length + Overhead;
        return bytes;
    }
}
