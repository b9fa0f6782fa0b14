using DtuActors.Protocol;
using DtuActors.Routing;
using DtuActors.Sessions;

namespace DtuActors.Endpoints.Mqtt;

/// <summary>Which DTUs routes lead to the endpoint from, and whether they are online: what the state topics say.</summary>
/// <remarks>Of those that are offline the last <see cref="MostOffline"/> are remembered, so that a broker that forgot them hears of them again.</remarks>
internal sealed class MqttPresence
{
    public const int MostOffline = 10_000;

    private readonly Dictionary<DtuId, Registry.SessionSeen> _online = [];
    private readonly Dictionary<DtuId, LinkedListNode<DtuId>> _offline = [];
    private readonly LinkedList<DtuId> _byAge = new();
    private HashSet<DtuId>? _unconfirmed;

    public IEnumerable<DtuId> Online => _online.Keys;

    public IEnumerable<DtuId> Offline => _byAge;

    /// <summary>The session of a DTU, or null where none is known here.</summary>
    public Registry.SessionSeen? Find(DtuId dtu) => _online.GetValueOrDefault(dtu);

    public void Seen(Registry.SessionSeen seen)
    {
        var dtu = seen.Session.Id;
        _unconfirmed?.Remove(dtu);
        _online[dtu] = seen;
        if (_offline.Remove(dtu, out var node))
        {
            _byAge.Remove(node);
        }
    }

    /// <summary>False where it is not that session that is known.</summary>
    public bool Gone(SessionRef session) =>
        _online.TryGetValue(session.Id, out var known) && known.Session.Epoch == session.Epoch && _online.Remove(session.Id);

    /// <summary>Remembers that a DTU is offline; the one that is forgotten for it, or null.</summary>
    public DtuId? Remember(DtuId dtu)
    {
        if (_offline.Remove(dtu, out var node))
        {
            _byAge.Remove(node);
        }

        _offline.Add(dtu, _byAge.AddLast(dtu));
        if (_offline.Count <= MostOffline)
        {
            return null;
        }

        var oldest = _byAge.First!.Value;
        _byAge.RemoveFirst();
        _offline.Remove(oldest);
        return oldest;
    }

    /// <summary>From now on every session is doubted until it is seen again.</summary>
    public void Doubt() => _unconfirmed = [.. _online.Keys];

    /// <summary>Those that were not seen again since <see cref="Doubt"/>; they are online no more.</summary>
    public IReadOnlyCollection<DtuId> EndDoubt()
    {
        DtuId[] gone = [.. (_unconfirmed ?? []).Where(_online.Remove)];
        _unconfirmed = null;
        return gone;
    }
}
