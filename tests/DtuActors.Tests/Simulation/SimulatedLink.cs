using Akka.Actor;
using Akka.IO;
using DtuActors.Listening;
using DtuActors.Listening.Streams;

namespace DtuActors.Tests.Simulation;

/// <summary>
/// One TCP connection, as the gateway's socket at one end and the network between: bytes come in order, in whatever pieces, as late as it wants. A DTU that is gone says no FIN; what it
/// had said may still arrive, behind what its next connection brings.
/// </summary>
internal sealed class SimulatedLink(IActorRef root, int number, SimulatedDtu dtu, World world) : DirectRef(root, number)
{
    private readonly Queue<byte> _up = new();
    private readonly Queue<byte> _down = new();
    private readonly Queue<Tcp.Write> _unacknowledged = new();
    private readonly NumberedStream _written = new();
    private readonly List<byte> _sinceOpen = [];
    private IActorRef _handler = ActorRefs.Nobody;
    private Tcp.CloseCommand? _closing;
    private bool _mayRead;
    private bool _isFinished;
    private bool _isAbandoned;
    private Numbered? _open;
    private DateTimeOffset? _openSince;

    /// <summary>The gateway's end is closed.</summary>
    public bool IsOver { get; private set; }

    public SimulatedDtu Dtu => dtu;

    /// <summary>When the gateway last heard something of it.</summary>
    public DateTimeOffset LastHeard { get; private set; } = world.Now;

    // ---- the DTU's end

    public void Send(byte[] bytes)
    {
        foreach (var one in bytes)
        {
            _up.Enqueue(one);
        }
    }

    public void Finish() => _isFinished = true;

    public void Abandon() => _isAbandoned = true;

    // ---- the network

    /// <summary>Something that can happen to it does.</summary>
    public void Step(Random chance)
    {
        if (IsOver)
        {
            return;
        }

        switch (chance.Next(8))
        {
            case < 4:
                CarryUp(chance);
                break;
            case < 6:
                CarryDown(chance);
                break;
            case 6 when Acknowledge():
                break;
            default:
                GoOnClosing(isAnswered: !_isAbandoned);
                break;
        }
    }

    /// <summary>What the network held back is lost, and a reset comes: somebody took the path away.</summary>
    public void Reset()
    {
        if (!IsOver)
        {
            Over(new Tcp.ErrorClosed("reset by peer"));
        }
    }

    // Of what is on its way: cut, or several things at once.
    private static byte[] Piece(Queue<byte> onItsWay, Random chance)
    {
        var piece = new byte[chance.Next(3) == 0 ? chance.Next(1, onItsWay.Count + 1) : onItsWay.Count];
        for (var i = 0; i < piece.Length; i++)
        {
            piece[i] = onItsWay.Dequeue();
        }

        return piece;
    }

    private void CarryUp(Random chance)
    {
        if (!_mayRead || _handler.IsNobody())
        {
            return;
        }

        if (_up.Count == 0)
        {
            if (_isFinished)
            {
                Over(Tcp.PeerClosed.Instance);
            }

            return;
        }

        var bytes = Piece(_up, chance);
        Arrive(bytes);
        if (world.Plants(Plant.DoubledPiece) && Numbered.Of(bytes) is { Kind: Kind.Up })
        {
            Arrive(bytes);
        }
    }

    /// <summary>The gateway reads it.</summary>
    public void Arrive(byte[] bytes)
    {
        _mayRead = false;
        LastHeard = world.Now;
        NoteAnswer(bytes);
        _handler.Tell(new Tcp.Received(ByteString.FromBytes(bytes)), this);
    }

    private void CarryDown(Random chance)
    {
        if (_down.Count == 0)
        {
            return;
        }

        var bytes = Piece(_down, chance);
        if (dtu.Link == this)
        {
            dtu.Hear(bytes);
        }
    }

    // ---- the gateway's end

    protected override void OnTold(object message, IActorRef sender)
    {
        switch (message)
        {
            case Tcp.Register register:
                _handler = register.Handler;
                EndWith(_handler);
                break;
            case Tcp.ResumeReading:
                _mayRead = true;
                break;
            case Tcp.Write write when _closing is null:
                Write(write);
                break;
            case Tcp.Abort:
                Over(Tcp.Aborted.Instance);
                break;
            case Tcp.CloseCommand close:
                _closing ??= close;
                break;
        }
    }

    protected override void OnStopped(Exception? failure)
    {
        IsOver = true;
        if (failure is not null)
        {
            world.History.Fail(failure);
        }
    }

    private void Write(Tcp.Write write)
    {
        var bytes = write.Data.ToArray();
        foreach (var frame in _written.Feed(bytes))
        {
            world.History.Write(dtu.Number, frame, _openSince, world.Now);
            if (frame is { } known && (known.Kind is Kind.Ask || world.IsRequestResponse))
            {
                (_open, _openSince) = (known, world.Now);
                _sinceOpen.Clear();
            }
        }

        foreach (var one in bytes)
        {
            _down.Enqueue(one);
        }

        if (write.Ack is not AckAtOnce atOnce || world.Chance.Next(2) == 0 || !atOnce.Give())
        {
            _unacknowledged.Enqueue(write);
        }
    }

    private void NoteAnswer(byte[] bytes)
    {
        if (_open is not { } open || world.Plants(Plant.NoAnswerEnds))
        {
            return;
        }

        _sinceOpen.AddRange(bytes);
        if (_sinceOpen.ToArray().AsSpan().IndexOf(open.ToBytes()) >= 0)
        {
            (_open, _openSince) = (null, null);
        }
    }

    private void GoOnClosing(bool isAnswered)
    {
        if (_closing is null || Acknowledge())
        {
            return;
        }

        if (_closing is not Tcp.ConfirmedClose)
        {
            Over(_closing.Event);
        }
        else if (isAnswered)
        {
            if (dtu.Link == this)
            {
                dtu.HangUp();
            }

            if (_up.Count == 0)
            {
                Over(Tcp.ConfirmedClosed.Instance);
            }
        }
    }

    // False: the kernel has told of all that it has.
    private bool Acknowledge()
    {
        if (!_unacknowledged.TryDequeue(out var write))
        {
            return false;
        }

        _handler.Tell(write.Ack, this);
        return true;
    }

    private void Over(Tcp.ConnectionClosed how)
    {
        IsOver = true;
        if (dtu.Link == this)
        {
            dtu.LosePower();
        }

        _handler.Tell(how, this);
        Stop();
    }
}
