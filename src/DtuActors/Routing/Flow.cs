using Akka.Actor;
using DtuActors.Clustering;
using DtuActors.Dispatching;
using DtuActors.Protocol;

namespace DtuActors.Routing;

/// <summary>One life of a destination: an actor that was restarted keeps its reference and gets a new incarnation.</summary>
public readonly record struct Destination(IActorRef Ref, long Incarnation);

/// <summary>
/// How a destination slows its sources. The router tells a source which windowed destinations its frames reach; each destination tells the source
/// directly how far it has come. Totals are cumulative, so a lost word costs nothing: the next one, or the answer to a probe, says it all.
/// </summary>
public static class Flow
{
    /// <summary>
    /// Router → source: frames that you emit from now on reach this destination. <paramref name="Dtu"/>: whose session it is, where it is one, for an endpoint that
    /// keeps its DTUs apart.
    /// </summary>
    public sealed record PathAdded(Destination Destination, DtuId? Dtu = null) : INoSerializationVerificationNeeded, IWire;

    /// <summary>Router → source: they do not any more.</summary>
    public sealed record PathRemoved(Destination Destination, DtuId? Dtu = null) : INoSerializationVerificationNeeded, IWire;

    /// <summary>Router → session: every path that was named to you before is forgotten; those that hold are named anew. From a router that was restarted.</summary>
    public sealed record PathsForgotten : INoSerializationVerificationNeeded, IWire
    {
        public static readonly PathsForgotten Instance = new();
    }

    /// <summary>Destination → source: everything that you emitted up to <paramref name="Through"/> is written or dropped.</summary>
    public sealed record Taken(Destination Destination, long Through) : INoSerializationVerificationNeeded, IWire;
}

/// <summary>
/// A source's side of <see cref="Flow"/>: how much of what it emitted its slowest destination has not taken. While <see cref="IsOpen"/> is false the source
/// reads no more, and repeats a probe (a frameless message with <see cref="Emitted"/>) each second, at once when it closes.
/// </summary>
public sealed class OutboundWindows
{
    /// <summary>The most bytes on the way to one destination.</summary>
    public const int DefaultWindow = 64 * 1024;

    private readonly int _window;
    private readonly int _ackEvery;

    // A source that no windowed destination hears has none.
    private Dictionary<IActorRef, (long Incarnation, long Through)>? _taken;
    private long _nextAck;

    public OutboundWindows(int window = DefaultWindow)
    {
        _window = window;
        _ackEvery = window / 4;
        _nextAck = _ackEvery;
    }

    /// <summary>Bytes emitted in this source's life.</summary>
    public long Emitted { get; private set; }

    /// <summary>Whether every destination has room.</summary>
    public bool IsOpen
    {
        get
        {
            if (_taken is null)
            {
                return true;
            }

            foreach (var (_, (_, through)) in _taken)
            {
                if (Emitted - through >= _window)
                {
                    return false;
                }
            }

            return true;
        }
    }

    /// <summary>
    /// Counts a frame that is about to be emitted; <paramref name="ackWanted"/> is true once each quarter of a window, so that most frames cost no
    /// answer.
    /// </summary>
    public long Emit(int bytes, out bool ackWanted)
    {
        Emitted += bytes;
        ackWanted = Emitted >= _nextAck;
        if (ackWanted)
        {
            _nextAck = Emitted + _ackEvery;
        }

        return Emitted;
    }

    /// <summary>
    /// A destination begins with an empty window; what an earlier incarnation of it had not taken is forgotten, since that one never answers again. One
    /// that is known already stays as it is.
    /// </summary>
    public void Add(Destination destination)
    {
        if (!IsKnown(destination))
        {
            (_taken ??= new(ByUid.Comparer))[destination.Ref] = (destination.Incarnation, Emitted);
        }
    }

    /// <summary>Forgets a destination, unless a later incarnation of it stands in its place.</summary>
    public void Remove(Destination destination)
    {
        if (IsKnown(destination))
        {
            _taken!.Remove(destination.Ref);
        }
    }

    /// <summary>Forgets all of them: whoever names destinations begins anew.</summary>
    public void Clear() => _taken = null;

    /// <summary>A destination has come so far. A word of an earlier incarnation, or an older total, changes nothing.</summary>
    public void Take(Destination destination, long through)
    {
        if (IsKnown(destination) && through > _taken![destination.Ref].Through && through <= Emitted)
        {
            _taken[destination.Ref] = (destination.Incarnation, through);
        }
    }

    private bool IsKnown(Destination destination) =>
        _taken is not null && _taken.TryGetValue(destination.Ref, out var known) && known.Incarnation == destination.Incarnation;
}
