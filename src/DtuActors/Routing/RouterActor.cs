using System.Collections.Immutable;
using Akka.Actor;
using Akka.Event;
using DtuActors.Commanding;
using DtuActors.Configuration;
using DtuActors.Directory;
using DtuActors.Protocol;
using DtuActors.Sessions;

namespace DtuActors.Routing;

/// <summary>
/// Moves frames between sessions and endpoints, and between sessions: knows the routes, who is online, and which endpoints are there. Keeps no bytes, but while it asks
/// the directory for a session it does not know. After a restart it asks its parent for everything anew: routes and endpoints, and that sessions announce themselves; what arrives
/// before it knows the routes waits, bounded.
/// </summary>
public sealed partial class RouterActor : ReceiveActor, IWithTimers, IWithUnboundedStash
{
    /// <summary>Router → its parent, at each start: one <see cref="Reroute"/>, please, and the word to every session that it announce itself.</summary>
    public sealed record WhatIsThere : INoSerializationVerificationNeeded
    {
        public static readonly WhatIsThere Instance = new();
    }

    /// <summary>
    /// All routes, and every configured endpoint, whether it has announced itself or not, in the place of what there was. A route that stays keeps its counters and
    /// its windows, an endpoint that stays hears nothing of it. One <see cref="Rerouted"/> to the sender: what the router is told from there on goes the new ways.
    /// </summary>
    public sealed record Reroute(ImmutableArray<RouteOptions> Routes, ImmutableArray<(string Name, IActorRef Ref)> Endpoints, int Number = 0)
        : INoSerializationVerificationNeeded;

    /// <summary>The answer to the <see cref="Reroute"/> of that number.</summary>
    public sealed record Rerouted(int Number) : INoSerializationVerificationNeeded, IDeadLetterSuppression;

    // While the router learns who is there, a moment; after it, frames have somewhere to go.
    private const int MostStashed = 10_000;
    private static readonly TimeSpan PublishEvery = TimeSpan.FromSeconds(1);
    private static readonly object PublishKey = new();

    // A probe is no traffic.
    private static readonly RouteTraffic NoTraffic = new();

    private readonly Admission _admission;
    private readonly IActorRef _directory;
    private readonly IActorRef _fleet;

    // Those of this node.
    private readonly Dictionary<string, EndpointParty> _endpoints = [];
    private readonly Dictionary<DtuId, SessionParty> _sessions = [];
    private readonly Dictionary<IActorRef, DtuId> _idOf = [];
    private readonly EndedEpochs _ended = new();
    private long _uplinks;
    private int _stashed;
    private bool _isRestarted;

    public RouterActor(Admission admission, IActorRef directory, IActorRef fleet, string? node)
    {
        _node = node;
        _admission = admission;
        _directory = directory;
        _fleet = fleet;
        Become(Learning);
    }

    public ITimerScheduler Timers { get; set; } = null!;

    public IStash Stash { get; set; } = null!;

    /// <param name="admission">Who is in which group.</param>
    /// <param name="directory">Knows who holds a DTU.</param>
    /// <param name="fleet">Hears how routes stand.</param>
    /// <param name="node">This node's name among others; null: there is no cluster.</param>
    public static Props Props(Admission admission, IActorRef directory, IActorRef fleet, string? node = null) =>
        Maker.Of((admission, directory, fleet, node), static from => new RouterActor(from.admission, from.directory, from.fleet, from.node));

    protected override void PreStart() => Context.Parent.Tell(WhatIsThere.Instance);

    protected override void PostRestart(Exception reason)
    {
        _isRestarted = true;
        base.PostRestart(reason);
    }

    // ---- learning: which routes and endpoints there are

    private void Learning()
    {
        Receive<Reroute>(OnLearned);
        ReceiveAny(message =>
        {
            if (_stashed++ < MostStashed)
            {
                Stash.Stash();
            }
            else
            {
                Context.System.DeadLetters.Tell(message);
            }
        });
    }

    private void OnLearned(Reroute reroute)
    {
        OnReroute(reroute);
        _stashed = 0;
        Become(Routing);
        Stash.UnstashAll();
    }

    // ---- routing

    private void Routing()
    {
        Receive<Relay.Uplink>(OnUplink);
        Receive<Relay.Downlink>(OnDownlink);
        Receive<Relay.StaleSession>(OnStale);
        Receive<Asking.Request>(request => ToSession(request.Dtu, session => Ask(session, request), () => request.ReplyTo.Tell(Offline(request.Correlation))));
        Receive<Asking.Send>(send => ToSession(send.Dtu, session => Ask(session, send), () => send.ReplyTo.Tell(Offline(send.Correlation))));
        Receive<Leasing.Take>(take => ToSession(take.Dtu, session => Take(session, take), () => take.Holder.Tell(Offline(take.Correlation))));
        Receive<Leasing.TakePort>(OnTakePort);
        Receive<Asking.Withdraw>(withdraw => ToSession(withdraw.Dtu, session => Ask(session, withdraw), () => NotWaiting(withdraw)));
        Receive<Asking.Kick>(kick => ToSession(kick.Dtu, session => Ask(session, kick), () => kick.ReplyTo.Tell(Offline(kick.Correlation))));
        Receive<Registry.SessionOpened>(opened => Open(opened.Session, opened.Registration));
        Receive<Registry.SessionClosed>(OnSessionClosed);
        Receive<Registry.EndpointStarted>(OnEndpointStarted);
        Receive<Registry.MembershipsChanged>(OnMembershipsChanged);
        Receive<Reroute>(OnReroute);
        Receive<Holding.Found>(OnFound);
        Receive<LookupOverdue>(overdue => EndLookup(overdue.Dtu, null));
        Receive<Terminated>(OnTerminated);
        Receive<Relay.Command>(OnCommand);
        Receive<Queueing.Taken>(OnTaken);
        Receive<Queueing.Refused>(OnQueueRefused);
        Receive<Queueing.Ended>(OnQueueEnded);
        Receive<PublishDue>(_ => Publish());
        Receive<Fleet.TellAgain>(_ => Publish());
        Peers();
        Packs();
        Errands();
    }

    private static Asking.Refused Offline(long correlation) => new(correlation, RefusalReason.Offline);

    private void OnUplink(Relay.Uplink uplink)
    {
        var session = uplink.Session;
        if (!_sessions.TryGetValue(session.Id, out var source) && !_ended.IsLate(session.Id, session.Epoch))
        {
            // It carries its own proof: the directory granted it that epoch.
            Open(session);
            source = _sessions[session.Id];
        }

        if (source is null || (session.Epoch < source.Session.Epoch && !session.Connection.Equals(source.Ref)))
        {
            Drop(uplink.Frame, RelayDrops.StaleSession);
            return;
        }

        var said = new Relay.Deliver(
            session.Connection, source.Name, session.Id, session.Epoch, uplink.Frame, uplink.Through, uplink.AckWanted, IsAnswer: uplink.Only is not null);
        if (uplink.Heartbeat is not null)
        {
            Replay(source, said with { Heartbeat = uplink.Heartbeat }, EndpointNames.AtHome(uplink.Only, _node));
        }
        else if (uplink.Frame is null)
        {
            Probe(source, said);
        }
        else
        {
            source.LastUplink = ++_uplinks;
            Spread(source, said, EndpointNames.AtHome(uplink.Only, _node));
        }
    }

    private void Probe(Party source, Relay.Deliver probe)
    {
        foreach (var party in source.Windows.Keys)
        {
            Deliver(party, NoTraffic, probe);
        }
    }

    // The endpoint that follows the session, whichever way its route leads.
    private void Replay(SessionParty source, Relay.Deliver heartbeat, string? follower)
    {
        foreach (var (_, target) in source.Place.Ways)
        {
            foreach (var party in target.Far)
            {
                if (party is EndpointParty endpoint && endpoint.To == follower)
                {
                    Deliver(party, NoTraffic, heartbeat);
                }
            }
        }
    }

    /// <summary>
    /// Tells a frame to all that its source's routes lead to and, where it stands at the other end of routes itself, to all that they come from; to none of them twice.
    /// Where nobody is online there, alone or but for itself, it is dropped.
    /// </summary>
    /// <param name="source">The session that said it.</param>
    /// <param name="said">The frame.</param>
    /// <param name="only">The one that is to hear it; null: all.</param>
    private void Spread(SessionParty source, Relay.Deliver said, string? only)
    {
        var (isHeard, isLost) = (false, false);
        foreach (var (route, target) in source.Place.Ways)
        {
            if (route.IsUp)
            {
                if (only is null && target is { Dtu: { } other, Far.Count: 0 } && TryQueue(route, route.Up, other, null, said))
                {
                    isHeard = true;
                }
                else if (only is null && target.IsOfDtus && (target.Far.Count == 0 || (target.Far.Count == 1 && target.Far.Contains(source))))
                {
                    Lose(route.Up, RelayDrops.DtuOffline);
                }
                else if (!target.IsOfDtus && target.Far.Count == 0 && (only is null || only == route.Options.To))
                {
                    // A reload is putting another endpoint in its place.
                    Lose(route.Up, RelayDrops.DestinationLost);
                }

                foreach (var party in target.Far)
                {
                    isHeard |= Tell(party, route, route.Up);
                }
            }
        }

        foreach (var target in source.Place.Ends)
        {
            if (only is null && target is { DownRoute: { IsForOne: true } one, Down.Count: 0 } && TryQueue(one, one.Down, DtuId.Parse(one.Options.Dtu), null, said))
            {
                isHeard = true;
            }
            else if (only is null && target.DownRoute is { } first && (target.Down.Count == 0 || (target.Down.Count == 1 && target.Down.Contains(source))))
            {
                Lose(first.Down, RelayDrops.DtuOffline);
            }

            foreach (var party in target.Down)
            {
                isHeard |= Tell(party, target.Near[party], target.Near[party].Down);
            }
        }

        if (!isHeard && only is not null && only.StartsWith(RouteOptions.DtuPrefix, StringComparison.Ordinal) && !IsOnline(only))
        {
            Drop(said.Frame, RelayDrops.DtuOffline);
        }
        else if (!isHeard && !isLost && EndpointNames.IsElsewhere(only))
        {
            Drop(said.Frame, RelayDrops.DestinationLost);
        }

        // Every route counts what it lost; the frame is one, whichever of them it was to go.
        void Lose(RouteTraffic traffic, string reason)
        {
            traffic.Dropped++;
            Drop(isLost ? null : said.Frame, reason);
            isLost = true;
        }

        bool Tell(Party party, Route route, RouteTraffic traffic)
        {
            if (party == source || (only is not null && only != party.Name) || (party is SessionParty session && !session.HearsFirst(_uplinks)))
            {
                return false;
            }

            if (only is not null || party is not SessionParty other || !IsQueueing(other) || !TryQueue(route, traffic, other.Session.Id, other, said))
            {
                Deliver(party, traffic, said);
            }

            return true;
        }
    }

    private bool IsOnline(string asker) => DtuId.TryParse(asker[RouteOptions.DtuPrefix.Length..], out var id) && _sessions.ContainsKey(id);

    // A probe goes to all whose windows it asks about, settings of the line to all whose line it is; a frame to the one DTU, or to those that select means.
    private void OnDownlink(Relay.Downlink downlink)
    {
        var said = new Relay.Deliver(downlink.Source, downlink.Endpoint, default, default, downlink.Frame, downlink.Through, downlink.AckWanted, Line: downlink.Line);
        if (!_endpoints.TryGetValue(downlink.Endpoint, out var endpoint))
        {
            Drop(said.Frame, RelayDrops.NoRoute);
            return;
        }

        if (downlink.Line is { } line)
        {
            endpoint.Keep(line, downlink.To);
        }

        var target = endpoint.Place.Ends[0];
        if (downlink.To is { } to)
        {
            if (_sessions.TryGetValue(to, out var meant) && target.Down.Contains(meant))
            {
                DeliverDown(target, meant, said);
            }
            else if (_table.For(to).FirstOrDefault(route => route.IsDown && route.Options.To == endpoint.Name) is { } route)
            {
                if (!TryQueue(route, route.Down, to, null, said))
                {
                    DropOffline(route.Down, said);
                }
            }
            else
            {
                Drop(said.Frame, RelayDrops.NoRoute);
            }
        }
        else if (target.Down.Count == 0)
        {
            DropDownlink(target, said);
        }
        else if (said.Frame is null || target.Down.Count == 1 || endpoint.Announced?.Select is DownlinkSelect.Broadcast)
        {
            foreach (var session in target.Down)
            {
                DeliverDown(target, session, said);
            }
        }
        else
        {
            DeliverDown(target, target.Down.MaxBy(session => session.LastUplink)!, said);
        }
    }

    private void DropDownlink(RouteTarget target, Relay.Deliver said)
    {
        if (target.DownRoute is { } route)
        {
            if (!route.IsForOne || !TryQueue(route, route.Down, DtuId.Parse(route.Options.Dtu), null, said))
            {
                DropOffline(route.Down, said);
            }
        }
        else
        {
            Drop(said.Frame, RelayDrops.NoRoute);
        }
    }

    // To a session behind what a superseded one gave back, which is older.
    private void Deliver(Party party, RouteTraffic traffic, Relay.Deliver said)
    {
        if (party is EndpointParty endpoint)
        {
            Tell(endpoint, said);
            Count(traffic, said);
        }
        else if (party is SessionParty session && _lookups.ContainsKey(session.Session.Id))
        {
            DeliverLater(session.Session.Id, traffic, said);
        }
        else
        {
            DeliverTo((SessionParty)party, traffic, said);
        }
    }

    private void Tell(EndpointParty endpoint, Relay.Deliver said)
    {
        if (endpoint.Node is { } node)
        {
            Pack(node, new Peering.Packed(endpoint.To, null, said));
        }
        else
        {
            endpoint.Ref.Tell(said);
        }
    }

    private void Tell(SessionParty session, Relay.Deliver said)
    {
        if (session.Node is { } node)
        {
            Pack(node, new Peering.Packed(null, session.Ref, said));
        }
        else
        {
            session.Ref.Tell(said);
        }
    }

    private void DeliverLater(DtuId dtu, RouteTraffic traffic, Relay.Deliver said) =>
        Wait(dtu, _ => DeliverTo(_sessions[dtu], traffic, said), () => DropOffline(traffic, said));

    private void DeliverTo(SessionParty session, RouteTraffic traffic, Relay.Deliver said)
    {
        var source = session.IsHere ? said.SourceName : Abroad(said.SourceName);
        session.Hears(source);
        Tell(session, said with { SourceName = source, Dtu = session.Session.Id, Epoch = session.Session.Epoch });
        Count(traffic, said);
    }

    private void Count(RouteTraffic traffic, Relay.Deliver said)
    {
        if (said.Frame is not null)
        {
            traffic.Frames++;
            PublishSoon();
        }
    }

    private void DropOffline(RouteTraffic traffic, Relay.Deliver said)
    {
        traffic.Dropped += said.Frame is null ? 0 : 1;
        Drop(said.Frame, RelayDrops.DtuOffline);
    }

    // The frame is counted here, the source is not kept waiting: its window forgets a destination that is gone.
    private void Drop(Frame? frame, string reason)
    {
        if (frame is not null)
        {
            GatewayMetrics.FramesDropped.Add(1, new KeyValuePair<string, object?>("reason", reason));
            PublishSoon();
        }
    }

    // ---- how it stands

    private void PublishSoon()
    {
        if (!Timers.IsTimerActive(PublishKey))
        {
            Timers.StartSingleTimer(PublishKey, PublishDue.Instance, PublishEvery);
        }
    }

    private void Publish() => _fleet.Tell(new Fleet.RoutesSeen([.. _table.All.Select(Status)]));

    private RouteStatus Status(Route route)
    {
        var (state, lastError) = _targets[route.Options.To].State;
        return new RouteStatus
        {
            Name = route.Options.Name,
            State = state,
            LastError = lastError,
            Dtu = route.Options.Dtu,
            To = route.Options.To,
            Direction = route.Options.Direction.ToString().ToLowerInvariant(),
            Online = route.Online,
            FramesUp = route.Up.Frames,
            FramesDown = route.Down.Frames,
            DroppedUp = route.Up.Dropped,
            DroppedDown = route.Down.Dropped,
        };
    }

    private sealed record PublishDue : INoSerializationVerificationNeeded
    {
        public static readonly PublishDue Instance = new();
    }
}
