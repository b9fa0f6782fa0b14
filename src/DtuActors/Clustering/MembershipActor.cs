using System.Collections.Immutable;
using Akka.Actor;
using Akka.Cluster;
using Akka.Event;
using Akka.Remote;
using DtuActors.Configuration;

namespace DtuActors.Clustering;

/// <summary>A node of the cluster.</summary>
/// <param name="Name">Its <c>node.name</c>. Two may have the same for some seconds, while one of them is on its way out; an address is one node's.</param>
/// <param name="Address">Where its actors are.</param>
/// <param name="Roles">As configured.</param>
/// <param name="Version">Of DtuActors.</param>
/// <param name="IsSelf">Whether it is this one.</param>
public sealed record NodeInfo(string Name, Address Address, ImmutableArray<string> Roles, string Version, bool IsSelf);

/// <summary>How a node stands: one of <see cref="NodeStates"/>.</summary>
public sealed record NodeStanding(NodeInfo Node, string State);

/// <summary>The states of a node.</summary>
public static class NodeStates
{
    /// <summary>On its way in.</summary>
    public const string Joining = "joining";

    public const string Up = "up";

    /// <summary>It does not answer, and may again.</summary>
    public const string Unreachable = "unreachable";

    /// <summary>On its way out, in good order.</summary>
    public const string Leaving = "leaving";

    /// <summary>Given up; or, of a gateway without a cluster, not ready.</summary>
    public const string Down = "down";
}

/// <summary>
/// Who belongs to the cluster, for whoever follows: each other node that is up, what becomes of it, and this node's own way in and out. Of messages that a node crosses
/// nothing is told twice; a follower that comes late hears what is.
/// </summary>
public static class Membership
{
    /// <summary>What follows goes to <paramref name="Follower"/> too, from the nodes that are up now on, until it ends.</summary>
    public sealed record Follow(IActorRef Follower) : INoSerializationVerificationNeeded;

    /// <summary>This node is up. Its own <see cref="NodeUp"/> is before it.</summary>
    public sealed record Joined(NodeInfo Self) : INoSerializationVerificationNeeded;

    /// <summary>This node was not let in: the run ends.</summary>
    /// <param name="KeyPath">What to look at.</param>
    /// <param name="Problem">In words.</param>
    public sealed record NotJoined(string KeyPath, string Problem) : INoSerializationVerificationNeeded;

    /// <summary>A node is up, this one or another.</summary>
    public sealed record NodeUp(NodeInfo Node) : INoSerializationVerificationNeeded;

    /// <summary>It does not answer: stopped, cut off or slow.</summary>
    public sealed record NodeUnreachable(string Name, Address Address) : INoSerializationVerificationNeeded;

    /// <summary>It answers again.</summary>
    public sealed record NodeReachable(string Name, Address Address) : INoSerializationVerificationNeeded;

    /// <summary>It stops, in good order: what it has is about to be elsewhere.</summary>
    public sealed record NodeLeaving(string Name, Address Address) : INoSerializationVerificationNeeded;

    /// <summary>It is no member any more. What it had is nobody's.</summary>
    /// <param name="Name">Its name.</param>
    /// <param name="Address">Its address.</param>
    /// <param name="WasDowned">Given up because nobody reached it; false: it left.</param>
    public sealed record NodeGone(string Name, Address Address, bool WasDowned) : INoSerializationVerificationNeeded;

    /// <summary>One <see cref="Listed"/> to the sender.</summary>
    public sealed record GetNodes : INoSerializationVerificationNeeded;

    /// <param name="Nodes">Those that are up or on their way out, by name.</param>
    /// <param name="Unreachable">Addresses of those among them that don't answer.</param>
    /// <param name="Standings">All that are members, on their way in too, by name.</param>
    public sealed record Listed(ImmutableArray<NodeInfo> Nodes, ImmutableHashSet<Address> Unreachable, ImmutableArray<NodeStanding> Standings) : INoSerializationVerificationNeeded;
}

/// <summary>Joins the cluster, says who is in it, and ends the run of a node that has no place in it.</summary>
/// <remarks>
/// <code>
/// looking ──seeds known──▶ asking ──a member answered──▶ joining ──up──▶ joined
///    └─────── seed-node-timeout ─┴──▶ (not joined)           └── another node has the name for too long ──▶ (not joined)
/// </code>
/// </remarks>
public sealed class MembershipActor : ReceiveActor, IWithTimers
{
    // A node that was killed and begins anew under another address still stands there, until it is given up or marked as unreachable; one that lives stays.
    private static readonly TimeSpan NameTakenFor = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan FewAfter = TimeSpan.FromSeconds(10);
    private const int Few = 3;
    private static readonly object SeedsKey = new();
    private static readonly object LimitKey = new();
    private static readonly object NameKey = new();
    private static readonly object FewKey = new();

    private readonly TimeSpan _nameTakenFor;
    private readonly string _name;
    private readonly ClusterOptions _options;
    private readonly Cluster _cluster = Cluster.Get(Context.System);
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly Backoff _backoff = new(new ReopenOptions { Min = TimeSpan.FromMilliseconds(500), Max = TimeSpan.FromSeconds(5) });
    private readonly Dictionary<UniqueAddress, NodeInfo> _nodes = [];
    private readonly Dictionary<UniqueAddress, Member> _members = [];
    private readonly HashSet<UniqueAddress> _unreachable = [];
    private readonly HashSet<UniqueAddress> _downed = [];
    private readonly HashSet<Address> _quarantinedBy = [];
    private readonly HashSet<IActorRef> _followers = [];
    private string? _lookupProblem;
    private bool _isMember;
    private bool _isJoined;
    private bool _isDown;

    public MembershipActor(string name, ClusterOptions options, TimeSpan nameTakenFor)
    {
        _nameTakenFor = nameTakenFor;
        _name = name;
        _options = options;

        Receive<SeedsFound>(OnSeeds);
        Receive<LookAgain>(_ => Look());
        Receive<ClusterEvent.MemberJoined>(happened => OnJoining(happened.Member));
        Receive<ClusterEvent.MemberUp>(happened => OnUp(happened.Member));
        Receive<ClusterEvent.MemberLeft>(happened => OnLeaving(happened.Member));
        Receive<ClusterEvent.MemberExited>(happened => Seen(happened.Member));
        Receive<ClusterEvent.MemberDowned>(happened => OnDowned(happened.Member));
        Receive<ClusterEvent.MemberRemoved>(OnRemoved);
        Receive<ClusterEvent.UnreachableMember>(happened => OnUnreachable(happened.Member));
        Receive<ClusterEvent.ReachableMember>(happened => OnReachable(happened.Member));
        Receive<ClusterEvent.IClusterDomainEvent>(_ => { });
        Receive<ThisActorSystemQuarantinedEvent>(OnQuarantined);
        Receive<Membership.Follow>(OnFollow);
        Receive<Membership.GetNodes>(_ => Sender.Tell(new Membership.Listed(
            [.. _nodes.Values.OrderBy(node => node.Name, StringComparer.Ordinal)], [.. _unreachable.Where(_nodes.ContainsKey).Select(node => node.Address)],
            [.. _members.Values.Where(IsNode).Select(member => new NodeStanding(Info(member), StateOf(member))).OrderBy(standing => standing.Node.Name, StringComparer.Ordinal)])));
        Receive<Terminated>(ended => _followers.Remove(ended.ActorRef));
        Receive<TooLate>(_ => OnTooLate());
        Receive<NameStillTaken>(_ => OnNameStillTaken());
        Receive<StillFew>(_ => OnStillFew());
    }

    public ITimerScheduler Timers { get; set; } = null!;

    /// <param name="name">This node's, unique in the cluster.</param>
    /// <param name="options">The cluster.</param>
    /// <param name="nameTakenFor">How long another node may have the name; null: as long as it may take until others know that it is gone.</param>
    public static Props Props(string name, ClusterOptions options, TimeSpan? nameTakenFor = null) =>
        Maker.Of((name, options, nameTakenFor: nameTakenFor ?? NameTakenFor), static from => new MembershipActor(from.name, from.options, from.nameTakenFor));

    protected override void PreStart()
    {
        _followers.Add(Context.Parent);
        _cluster.Subscribe(Self, ClusterEvent.SubscriptionInitialStateMode.InitialStateAsEvents, typeof(ClusterEvent.IMemberEvent), typeof(ClusterEvent.IReachabilityEvent));
        Context.System.EventStream.Subscribe(Self, typeof(ThisActorSystemQuarantinedEvent));
        if (!Timers.IsTimerActive(LimitKey))
        {
            Timers.StartSingleTimer(LimitKey, TooLate.Instance, _options.SeedNodeTimeout);
        }

        Look();
    }

    protected override void PostStop()
    {
        _cluster.Unsubscribe(Self);
        Context.System.EventStream.Unsubscribe(Self);
    }

    // ---- looking, asking

    private void Look()
    {
        if (_isMember)
        {
            return;
        }

        var (self, address) = (Self, _cluster.SelfAddress);
        var system = Context.System;
        FindAsync(system, _options, new SeedNode(address.Host, address.Port ?? 0)).PipeTo(self, failure: problem => new SeedsFound([], problem.GetBaseException().Message));
    }

    private static async Task<SeedsFound> FindAsync(ActorSystem system, ClusterOptions options, SeedNode self) => new(await SeedLookup.FindAsync(system, options, self).ConfigureAwait(false), null);

    private void OnSeeds(SeedsFound found)
    {
        if (_isMember)
        {
            return;
        }

        _lookupProblem = found.Problem ?? (found.Seeds.IsEmpty ? "nobody else is there" : null);
        if (!found.Seeds.IsEmpty)
        {
            _cluster.JoinSeedNodes(found.Seeds.Select(seed => ClusterSetup.Address(Context.System, _options, seed)));
        }

        // Written addresses stay what they are, and Akka goes on asking them.
        if (_options.Discovery is not null)
        {
            Timers.StartSingleTimer(SeedsKey, LookAgain.Instance, found.Seeds.IsEmpty ? _backoff.Next() : TimeSpan.FromSeconds(10));
        }
    }

    private void OnTooLate()
    {
        if (_isMember)
        {
            return;
        }

        var waited = $"no node of the cluster answered within {Scalars.Show(_options.SeedNodeTimeout)}";
        Tell(_options.Discovery is { } discovery
            ? new Membership.NotJoined("dtu.cluster.discovery", $"{waited}: {discovery.Method} {discovery.Name}{(_lookupProblem is null ? "" : $": {_lookupProblem}")}")
            : new Membership.NotJoined("dtu.cluster.seed-nodes", $"{waited}: {string.Join(", ", _options.SeedNodes)}; only the first of them begins a cluster, and this node is {_cluster.SelfAddress.Host}:{_cluster.SelfAddress.Port}"));
    }

    // ---- members

    private void OnJoining(Member member)
    {
        Seen(member);
        if (IsSelf(member))
        {
            _isMember = true;
            Timers.Cancel(LimitKey);
            Timers.Cancel(SeedsKey);
        }
    }

    private void OnUp(Member member)
    {
        OnJoining(member);
        if (!IsNode(member) || !_nodes.TryAdd(member.UniqueAddress, Info(member)))
        {
            return;
        }

        if (_isJoined)
        {
            _log.Info("node {0} ({1}) has joined", Name(member), Show(member.Address));
        }

        Tell(new Membership.NodeUp(_nodes[member.UniqueAddress]));
        EnterIfNameIsFree();
        LookIfFew();
    }

    private void EnterIfNameIsFree()
    {
        if (_isJoined || _isDown || !_nodes.TryGetValue(_cluster.SelfUniqueAddress, out var self))
        {
            return;
        }

        if (NameTakenBy() is not null)
        {
            if (!Timers.IsTimerActive(NameKey))
            {
                Timers.StartSingleTimer(NameKey, NameStillTaken.Instance, _nameTakenFor);
            }

            return;
        }

        Timers.Cancel(NameKey);
        _isJoined = true;
        var others = string.Join(", ", _nodes.Values.Where(node => !node.IsSelf).Select(node => node.Name).Order(StringComparer.Ordinal));
        _log.Info("node {0} ({1}) is in the cluster, {2}", _name, Show(self.Address), others.Length == 0 ? "alone so far" : $"with {others}");
        Tell(new Membership.Joined(self));
        LookIfFew();
    }

    /// <summary>An older node under this one's name.</summary>
    private Member? NameTakenBy() =>
        _members.TryGetValue(_cluster.SelfUniqueAddress, out var self)
            ? _members.Values.FirstOrDefault(member => !IsSelf(member) && Name(member) == _name && member.Status is not MemberStatus.Joining && member.IsOlderThan(self))
            : null;

    private void OnNameStillTaken()
    {
        if (NameTakenBy() is not { } other)
        {
            EnterIfNameIsFree();
        }
        else if (_unreachable.Contains(other.UniqueAddress) || other.Status is MemberStatus.Leaving or MemberStatus.Exiting or MemberStatus.Down)
        {
            Timers.StartSingleTimer(NameKey, NameStillTaken.Instance, _nameTakenFor);
        }
        else
        {
            Tell(new Membership.NotJoined("dtu.node.name", $"the node {Show(other.Address)} is called {_name} too; each node has a name of its own"));
        }
    }

    private void OnUnreachable(Member member)
    {
        Seen(member);
        if (_unreachable.Add(member.UniqueAddress) && IsNode(member) && !IsSelf(member))
        {
            _log.Warning("node {0} ({1}) can't be reached", Name(member), Show(member.Address));
            Tell(new Membership.NodeUnreachable(Name(member), member.Address));
        }
    }

    private void OnReachable(Member member)
    {
        Seen(member);
        if (_unreachable.Remove(member.UniqueAddress) && IsNode(member) && !IsSelf(member))
        {
            _log.Info("node {0} ({1}) is reached again", Name(member), Show(member.Address));
            Tell(new Membership.NodeReachable(Name(member), member.Address));
        }
    }

    private void OnLeaving(Member member)
    {
        Seen(member);
        if (IsNode(member) && !IsSelf(member))
        {
            _log.Info("node {0} ({1}) is leaving", Name(member), Show(member.Address));
            Tell(new Membership.NodeLeaving(Name(member), member.Address));
        }
    }

    private void OnDowned(Member member)
    {
        Seen(member);
        _downed.Add(member.UniqueAddress);
        if (IsSelf(member))
        {
            SayDown("the others can't be reached, or gave this node up");
        }
    }

    private void OnRemoved(ClusterEvent.MemberRemoved removed)
    {
        // A node that is out sees all others go.
        if (_isDown)
        {
            return;
        }

        var member = removed.Member;
        _members.Remove(member.UniqueAddress);
        _unreachable.Remove(member.UniqueAddress);
        var wasDowned = _downed.Remove(member.UniqueAddress) | removed.PreviousStatus is MemberStatus.Down;
        if (_nodes.Remove(member.UniqueAddress) && !IsSelf(member))
        {
            if (wasDowned)
            {
                _log.Warning("node {0} ({1}) is lost", Name(member), Show(member.Address));
            }
            else
            {
                _log.Info("node {0} ({1}) has left", Name(member), Show(member.Address));
            }

            Tell(new Membership.NodeGone(Name(member), member.Address, wasDowned));
        }

        EnterIfNameIsFree();
        LookIfFew();
    }

    // Others have given this node up and never listen to it again, and this one may not know: it slept. It holds what others hold by now, so it ends at once. One
    // node that says so may be the one that is lost.
    private void OnQuarantined(ThisActorSystemQuarantinedEvent quarantined)
    {
        _quarantinedBy.Add(quarantined.RemoteAddress);
        var others = _nodes.Values.Where(node => !node.IsSelf).Select(node => node.Address).ToHashSet();
        if (!_isDown && _quarantinedBy.Count(others.Contains) * 2 > others.Count)
        {
            SayDown("the others gave it up while it did not answer");
            CoordinatedShutdown.Get(Context.System).Run(CoordinatedShutdown.ClusterDowningReason.Instance);
        }
    }

    private void SayDown(string why)
    {
        if (!_isDown)
        {
            _isDown = true;
            _log.Error("node {0} ({1}) is out of the cluster: {2}; it ends", _name, Show(_cluster.SelfAddress), why);
        }
    }

    // ---- followers

    private void OnFollow(Membership.Follow follow)
    {
        if (!_followers.Add(follow.Follower))
        {
            return;
        }

        Context.Watch(follow.Follower);
        foreach (var (key, node) in _nodes)
        {
            follow.Follower.Tell(new Membership.NodeUp(node));
            if (_unreachable.Contains(key) && !node.IsSelf)
            {
                follow.Follower.Tell(new Membership.NodeUnreachable(node.Name, node.Address));
            }

            if (_members.TryGetValue(key, out var member) && member.Status is MemberStatus.Leaving or MemberStatus.Exiting && !node.IsSelf)
            {
                follow.Follower.Tell(new Membership.NodeLeaving(node.Name, node.Address));
            }
        }

        if (_isJoined)
        {
            follow.Follower.Tell(new Membership.Joined(_nodes[_cluster.SelfUniqueAddress]));
        }
    }

    private void Tell(object what)
    {
        foreach (var follower in _followers)
        {
            follower.Tell(what);
        }
    }

    // ---- too few to outvote anybody

    private void LookIfFew()
    {
        if (!_isJoined || _nodes.Count >= Few)
        {
            Timers.Cancel(FewKey);
        }
        else if (!Timers.IsTimerActive(FewKey))
        {
            Timers.StartSingleTimer(FewKey, StillFew.Instance, FewAfter);
        }
    }

    private void OnStillFew() => _log.Warning(
        "the cluster has {0} of the {1} nodes it takes to lose one: where half of the nodes can't be reached, nobody knows which half is to go on", _nodes.Count, Few);

    // ----

    private void Seen(Member member) => _members[member.UniqueAddress] = member;

    private bool IsSelf(Member member) => member.UniqueAddress.Equals(_cluster.SelfUniqueAddress);

    // Another program's member is no gateway.
    private static bool IsNode(Member member) => NodeRole.NameIn(member.Roles) is not null;

    private static string Name(Member member) => NodeRole.NameIn(member.Roles) ?? "";

    private NodeInfo Info(Member member) => new(
        Name(member), member.Address, [.. member.Roles.Where(role => !role.StartsWith(NodeRole.Prefix, StringComparison.Ordinal)).Order(StringComparer.Ordinal)],
        member.AppVersion.Version, IsSelf(member));

    private string StateOf(Member member) => member.Status switch
    {
        MemberStatus.Down => NodeStates.Down,
        _ when _unreachable.Contains(member.UniqueAddress) => NodeStates.Unreachable,
        MemberStatus.Leaving or MemberStatus.Exiting => NodeStates.Leaving,
        MemberStatus.Up => NodeStates.Up,
        _ => NodeStates.Joining,
    };

    private static string Show(Address address) => new SeedNode(address.Host, address.Port ?? 0).ToString();

    private sealed record SeedsFound(ImmutableArray<SeedNode> Seeds, string? Problem) : INoSerializationVerificationNeeded;

    private sealed record LookAgain : INoSerializationVerificationNeeded
    {
        public static readonly LookAgain Instance = new();
    }

    private sealed record TooLate : INoSerializationVerificationNeeded
    {
        public static readonly TooLate Instance = new();
    }

    private sealed record NameStillTaken : INoSerializationVerificationNeeded
    {
        public static readonly NameStillTaken Instance = new();
    }

    private sealed record StillFew : INoSerializationVerificationNeeded
    {
        public static readonly StillFew Instance = new();
    }
}
