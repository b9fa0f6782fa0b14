using Akka.Actor;
using DtuActors.Directory;
using DtuActors.Protocol;
using DtuActors.Sessions;

namespace DtuActors.Routing;

/// <summary>How the router asks the directory, and the routers of other nodes, for a session that it does not know; and what waits meanwhile.</summary>
public sealed partial class RouterActor
{
    private const int MostWaitingPerLookup = 64;
    private static readonly TimeSpan LookupLimit = TimeSpan.FromSeconds(1);

    private readonly Dictionary<DtuId, Lookup> _lookups = [];

    private void ToSession(DtuId dtu, Action<SessionParty> tell, Action refuse)
    {
        if (_sessions.TryGetValue(dtu, out var entry) && !_lookups.ContainsKey(dtu))
        {
            tell(entry);
            return;
        }

        Wait(dtu, _ => tell(_sessions[dtu]), refuse);
    }

    // A superseded session gave a frame back: whoever holds the DTU now gets it, once, unless what the same source said later has been there already.
    private void OnStale(Relay.StaleSession stale)
    {
        var delivery = stale.Delivery;
        if (!_sessions.TryGetValue(stale.Stale.Id, out var entry) || entry.Session.Epoch <= stale.Stale.Epoch)
        {
            Wait(
                stale.Stale.Id,
                found => Tell(_sessions[found.Id], delivery with { Epoch = found.Epoch }),
                () => Drop(delivery.Frame, RelayDrops.StaleSession),
                isGivenBack: true);
        }
        else if (entry.HasHeard(delivery.SourceName))
        {
            Drop(delivery.Frame, RelayDrops.StaleSession);
        }
        else
        {
            Tell(entry, delivery with { Epoch = entry.Session.Epoch });
        }
    }

    private void Wait(DtuId dtu, Action<SessionRef> deliver, Action refuse, bool isGivenBack = false)
    {
        if (!_lookups.TryGetValue(dtu, out var lookup))
        {
            lookup = new Lookup();
            _lookups.Add(dtu, lookup);
            _directory.Tell(new Holding.Find(dtu));
            foreach (var peer in _peers.Values)
            {
                if (peer.Teller is { } router)
                {
                    router.Tell(new Peering.Whose(dtu));
                    lookup.Asked++;
                }
            }

            Timers.StartSingleTimer(lookup, new LookupOverdue(dtu), LookupLimit);
        }

        if (lookup.GivenBack.Count + lookup.Waiting.Count >= MostWaitingPerLookup)
        {
            refuse();
        }
        else
        {
            (isGivenBack ? lookup.GivenBack : lookup.Waiting).Enqueue((deliver, refuse));
        }
    }

    private void OnFound(Holding.Found found)
    {
        // What was looked for may have told of itself meanwhile, and of its end.
        if (!_lookups.TryGetValue(found.Dtu, out var lookup))
        {
            return;
        }

        if (found.Session is { } session && IsWithinReach(session.Connection))
        {
            // Where it is another one than the router knows, the lookup ends with it.
            Open(session);
            EndLookup(found.Dtu, null);
        }
        else if (--lookup.Asked == 0)
        {
            EndLookup(found.Dtu, null);
        }
    }

    private void EndLookup(DtuId dtu, SessionRef? session)
    {
        if (!_lookups.Remove(dtu, out var lookup))
        {
            return;
        }

        Timers.Cancel(lookup);
        if (session is null && _sessions.TryGetValue(dtu, out var superseded))
        {
            CloseSession(superseded.Ref);
        }

        foreach (var (deliver, refuse) in lookup.GivenBack.Concat(lookup.Waiting))
        {
            if (session is not null)
            {
                deliver(session);
            }
            else
            {
                refuse();
            }
        }
    }

    private sealed class Lookup
    {
        /// <summary>How many have not answered: the directory, and the other nodes' routers. It is the limit that ends it where one of them never does.</summary>
        public int Asked { get; set; } = 1;

        /// <summary>What superseded sessions gave back: older than all that waits.</summary>
        public Queue<(Action<SessionRef> Deliver, Action Refuse)> GivenBack { get; } = new();

        public Queue<(Action<SessionRef> Deliver, Action Refuse)> Waiting { get; } = new();
    }

    private sealed record LookupOverdue(DtuId Dtu) : INoSerializationVerificationNeeded;
}
