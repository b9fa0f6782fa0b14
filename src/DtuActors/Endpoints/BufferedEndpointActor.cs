using Akka.Actor;
using DtuActors.Configuration;
using DtuActors.Routing;

namespace DtuActors.Endpoints;

/// <summary>
/// The shell of an endpoint whose one resource comes and goes, while what waits for it stays. While the resource is there the sources are held back by their windows,
/// and a source that does not keep to them is cut off at twice a window. While it is not, sources are acknowledged at once and <c>buffer</c> and <c>buffer-age</c>
/// bound what waits; the oldest goes first (<c>buffer-full</c>, <c>too-old</c>), so that the order stays and the newest gets through.
/// </summary>
public abstract class BufferedEndpointActor : EndpointActor
{
    private static readonly TimeSpan LookAtAge = TimeSpan.FromSeconds(1);

    private readonly StreamEndpointOptions _options;

    protected BufferedEndpointActor(StreamEndpointOptions options, EndpointSurroundings surroundings, EndpointBooks books)
        : base(options, surroundings, books, exclusive: true)
    {
        _options = options;
        Outlet = new Outlet(books.Up, Settle);
        Receive<AgeDue>(_ => OnAgeDue());
    }

    /// <summary>Whether the resource is there.</summary>
    protected abstract bool IsOpen { get; }

    private protected Outlet Outlet { get; }

    protected override void PreStart()
    {
        Books.Up.DropWaiting(RelayDrops.Restarted);
        Books.Down.DropWaiting(RelayDrops.Restarted);
        base.PreStart();
    }

    protected abstract void WriteNext();

    /// <summary>Nothing waits any more, for it became too old.</summary>
    protected virtual void OnNothingWaits()
    {
    }

    /// <summary>Whether the source has no window here: what is more than the buffer is dropped as it comes.</summary>
    protected virtual bool IsMirrored(Relay.Deliver delivery) => false;

    protected override void OnDeliver(Relay.Deliver delivery)
    {
        if (delivery.Frame is { } frame)
        {
            if (IsOpen && !MayWait(delivery, frame.Payload.Length))
            {
                CountersMoved();
                return;
            }

            Books.Up.Accept(frame.Payload.Length);
            CountersMoved();
        }

        Outlet.Add(delivery, Now);
        if (IsOpen)
        {
            WriteNext();
        }
        else
        {
            WaitForResource();
        }
    }

    /// <summary>What waits is from here on the buffer's, not the windows'.</summary>
    protected void WaitForResource()
    {
        if (!Outlet.IsEmpty && !Timers.IsTimerActive(AgeDue.Instance))
        {
            Timers.StartPeriodicTimer(AgeDue.Instance, AgeDue.Instance, LookAtAge);
        }

        Outlet.SettleAll();
        Outlet.TrimTo(_options.Buffer, RelayDrops.BufferFull);
    }

    /// <summary>The resource is there again.</summary>
    protected void StopWaiting()
    {
        Outlet.DropOlderThan(Now - _options.BufferAge, RelayDrops.TooOld);
        Timers.Cancel(AgeDue.Instance);
    }

    private bool MayWait(Relay.Deliver delivery, int bytes)
    {
        if (IsMirrored(delivery))
        {
            if (Outlet.WaitingBytes == 0 || Outlet.WaitingBytes + bytes <= _options.Buffer)
            {
                return true;
            }

            Refuse(delivery, RelayDrops.DestinationSlow);
            return false;
        }

        if (Outlet.IsOverrunBy(delivery.Source))
        {
            Outlet.Refuse(delivery, RelayDrops.BufferFull, Now);
            return false;
        }

        return true;
    }

    private void OnAgeDue()
    {
        Outlet.DropOlderThan(Now - _options.BufferAge, RelayDrops.TooOld);
        CountersMoved();
        if (Outlet.IsEmpty)
        {
            Timers.Cancel(AgeDue.Instance);
            OnNothingWaits();
        }
    }

    private sealed record AgeDue : INoSerializationVerificationNeeded
    {
        public static readonly AgeDue Instance = new();
    }
}
