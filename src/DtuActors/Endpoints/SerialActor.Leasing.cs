using Akka.Actor;
using DtuActors.Routing;
using DtuActors.Sessions;

namespace DtuActors.Endpoints;

/// <summary>A port that one holder has for himself: what it says is told to him as it comes, what is for it from elsewhere waits.</summary>
public sealed partial class SerialActor
{
    // Begins when the write that is in flight has ended.
    private Leasing.TakePort? _wanted;
    private Lease? _lease;

    // The holder's writes; the first is the port's.
    private readonly Queue<ReadOnlyMemory<byte>> _ofHolder = new();

    private bool IsLeased => _lease is not null || _wanted is not null;

    private void Leases()
    {
        Receive<Leasing.TakePort>(OnTakePort);
        Receive<Leasing.Write>(OnLeaseWrite);
        Receive<Leasing.Read>(read => _lease!.Read(read.Through), _ => IsHolder(Sender));
        Receive<Leasing.GiveBack>(_ => EndLease(null), _ => IsHolder(Sender));
        Receive<Terminated>(_ => EndLease(null), ended => IsHolder(ended.ActorRef));
    }

    private bool IsHolder(IActorRef who) => who.Equals(_lease?.Holder);

    private void OnTakePort(Leasing.TakePort take)
    {
        if (!IsOpen || Draining)
        {
            take.Holder.Tell(new Asking.Refused(take.Correlation, RefusalReason.Offline));
        }
        else if (IsLeased)
        {
            take.Holder.Tell(new Asking.Refused(take.Correlation, RefusalReason.BusBusy));
        }
        else
        {
            _wanted = take;
            BeginLease();
        }
    }

    private void BeginLease()
    {
        if (_wanted is not { } take || Outlet.IsWriting)
        {
            return;
        }

        // What it said before was for others.
        EndStream();
        _wanted = null;
        _lease = new Lease(take.Holder);
        Context.Watch(take.Holder);
        take.Holder.Tell(new Leasing.Taken(take.Correlation));
        Timers.Cancel(Due.Silence);
        OnMayReadAgain();
    }

    private void OnLeaseWrite(Leasing.Write write)
    {
        var waits = _ofHolder.Sum(bytes => bytes.Length);
        if (!IsHolder(Sender) || waits + write.Bytes.Length > Leasing.MostUnread)
        {
            Sender.Tell(new Leasing.Lost("the port is not this holder's"));
            return;
        }

        Books.Up.Accept(write.Bytes.Length);
        CountersMoved();
        _ofHolder.Enqueue(write.Bytes);
        if (_ofHolder.Count == 1)
        {
            _port.Tell(new Ports.Write(write.Bytes));
        }
    }

    // Whether it was the holder's, also of one that has left meanwhile.
    private bool OnWroteOfHolder(PortWrite outcome)
    {
        if (!_ofHolder.TryDequeue(out var bytes))
        {
            return false;
        }

        if (outcome is PortWrite.Written)
        {
            Books.Up.Write(bytes.Length, Now, Now);
        }
        else
        {
            Books.Up.Drop(bytes.Length, outcome is PortWrite.NoReader ? RelayDrops.NoReader : RelayDrops.DestinationSlow);
        }

        _lease?.Holder.Tell(Leasing.Written.Instance);
        if (_ofHolder.TryPeek(out var next))
        {
            _port.Tell(new Ports.Write(next));
        }

        return true;
    }

    private void OnHeard(ReadOnlySpan<byte> bytes)
    {
        if (!_lease!.Tell(bytes, Self))
        {
            DropDown(bytes.Length, RelayDrops.DestinationSlow);
        }
    }

    /// <param name="lost">Why the holder has no line any more; null: he knows.</param>
    private void EndLease(string? lost)
    {
        if (_wanted is { } waiting)
        {
            _wanted = null;
            waiting.Holder.Tell(new Asking.Refused(waiting.Correlation, RefusalReason.SessionEnded));
        }

        if (_lease is { } lease)
        {
            _lease = null;
            Context.Unwatch(lease.Holder);
            if (lost is not null)
            {
                lease.Holder.Tell(new Leasing.Lost(lost));
            }
        }

        DropOfHolder();
        WriteNext();
        ReadOn();
    }

    // What the port has already ends as it ends, while there is a port.
    private void DropOfHolder()
    {
        ReadOnlyMemory<byte> onItsWay = default;
        var isOnItsWay = _open is not null && _ofHolder.TryDequeue(out onItsWay);
        while (_ofHolder.TryDequeue(out var bytes))
        {
            Books.Up.Drop(bytes.Length, RelayDrops.DestinationLost);
            CountersMoved();
        }

        if (isOnItsWay)
        {
            _ofHolder.Enqueue(onItsWay);
        }
    }
}
