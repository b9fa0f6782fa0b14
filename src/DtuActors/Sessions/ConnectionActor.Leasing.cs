using Akka.Actor;
using DtuActors.Protocol;
using DtuActors.Protocol.Framing;
using DtuActors.Recording;
using DtuActors.Routing;

namespace DtuActors.Sessions;

/// <summary>Online, leased: one holder has the bus, and hears all that the instrument says, as it comes. Heartbeats and the transport's own words stay the session's.</summary>
public sealed partial class ConnectionActor
{
    private static readonly FramingOptions AsItComes = new() { Codec = "raw" };

    private Lease? _lease;
    private BusItem? _leaseItem;

    private bool Leased(object message)
    {
        switch (message)
        {
            case Leasing.Take take:
                Enqueue(new Downlink(default, take.Asker, Now) { Lease = take }, wantsAnswer: true, AnswerRule.ByMode, null);
                return true;
            case Leasing.Write write:
                OnLeaseWrite(write);
                return true;
            case Leasing.Read read when Sender.Equals(_lease?.Holder):
                _lease!.Read(read.Through);
                return true;
            case Leasing.GiveBack when Sender.Equals(_lease?.Holder):
                EndLease();
                return true;
            default:
                return false;
        }
    }

    // Its turn on the bus. What the codec still holds was said to somebody else.
    private void BeginLease(Downlink downlink)
    {
        var take = downlink.Lease!;
        DecideHeld();
        _lease = new Lease(take.Holder);
        _leaseItem = downlink.Item;
        _framer = _setup.Carrier.Framer(AsItComes, HeartbeatBytes());
        Context.Watch(take.Holder);
        take.Holder.Tell(new Leasing.Taken(take.Correlation));
        ReadOn();
    }

    private void OnLeaseWrite(Leasing.Write write)
    {
        if (!Sender.Equals(_lease?.Holder) || Pending + write.Bytes.Length > MostPending)
        {
            Sender.Tell(new Leasing.Lost("the line is not this holder's"));
            return;
        }

        _down.Accept(write.Bytes.Length);
        Write(new Downlink(write.Bytes, ((Downlink)_leaseItem!.Tag).Source, Now) { Holder = Sender });
    }

    private void OnFrameLeased(ReadOnlySpan<byte> bytes)
    {
        _framesUp++;
        GatewayMetrics.Frames.CountUp(1);
        _setup.Events.Offer(new FramePassed(At, _id, FrameDirection.Up, bytes.ToArray(), _framer.Codec.Name, "dtu"));
        if (!_lease!.Tell(bytes, Self))
        {
            CountDroppedUp(bytes, RelayDrops.DestinationSlow);
        }
    }

    private void EndLease()
    {
        var item = _leaseItem!;
        ForgetLease();
        _framer = _setup.Carrier.Framer(_profile.Framing, HeartbeatBytes());
        Bus.GiveBack(item, Now);
        ArmBus();
        PublishSoon();
    }

    // The session ends, or something took its turn away.
    private void LoseLease(Downlink downlink, RefusalReason reason)
    {
        if (downlink.Item is { } item && ReferenceEquals(item, _leaseItem))
        {
            _lease!.Holder.Tell(new Leasing.Lost(_lastError is null ? $"the DTU's session ended: {_endReason}" : $"the DTU's session ended: {_endReason} ({_lastError})"));
            ForgetLease();
        }
        else
        {
            downlink.Lease!.Holder.Tell(new Asking.Refused(downlink.Lease.Correlation, reason));
        }
    }

    private void ForgetLease()
    {
        Context.Unwatch(_lease!.Holder);
        (_lease, _leaseItem) = (null, null);
    }
}
