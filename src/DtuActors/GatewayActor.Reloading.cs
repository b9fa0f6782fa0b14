using System.Collections.Immutable;
using Akka.Actor;
using Akka.Event;
using DtuActors.Configuration;
using DtuActors.Directory;
using DtuActors.Endpoints;
using DtuActors.Registering;
using DtuActors.Routing;
using DtuActors.Sessions;

namespace DtuActors;

/// <summary>
/// Other options while sockets are open. The register may object, and is asked first; behind it nothing can fail. Then, in this order: who may register and what is
/// polled; routes let go of the endpoints that go; these write what waits and end, so that their ports are free; others begin in their place; routes lead there.
/// </summary>
/// <remarks>
/// <code>
/// checking ──collides──▶ (answered)
///    └──▶ parting ──rerouted──▶ leaving ──all ended──▶ joining ──rerouted, bound or not──▶ (answered)
/// </code>
/// What nobody waits for is skipped.
/// </remarks>
public sealed partial class GatewayActor
{
    // An import of a hundred thousand rows may be before it.
    private static readonly TimeSpan CheckLimit = TimeSpan.FromMinutes(2);

    // An endpoint that was told to stop ends at once, but for a device's driver that does not let go.
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan BindLimit = TimeSpan.FromSeconds(2);
    private static readonly object ReloadKey = new();

    // By name, for that is what has to become free: who is ending, and what begins in its place.
    private readonly Dictionary<string, (IActorRef Ref, EndpointOptions? Next)> _leaving = new(StringComparer.Ordinal);
    private Reload? _reload;
    private int _reroutes;

    private enum Step
    {
        Waiting,
        Checking,
        Parting,
        Leaving,
        Joining,
    }

    private void Reloads()
    {
        Receive<Reloading.Apply>(OnApply);
        Receive<Editing.Reconfigured>(OnReconfigured);
        Receive<Editing.Collides>(OnCollides);
        Receive<RouterActor.Rerouted>(OnRerouted, rerouted => rerouted.Number == _reroutes);
        Receive<RouterActor.Rerouted>(_ => { });
        Receive<ReloadOverdue>(_ => OnReloadOverdue());
    }

    private void OnApply(Reloading.Apply apply)
    {
        if (_stopping || _reload is not null)
        {
            Sender.Tell(new Reloading.Refused(_stopping ? "the gateway is stopping" : "another reload is under way"));
            return;
        }

        _reload = new Reload(apply.Options, apply.Change, Sender);
        if (_ready)
        {
            Check();
        }
    }

    private void Check()
    {
        Enter(Step.Checking, CheckLimit);
        _register.Tell(new Editing.Reconfigure(_reload!.Options));
    }

    private void OnCollides(Editing.Collides collides)
    {
        if (_reload is { Step: Step.Checking } reload && collides.Options == reload.Options)
        {
            End(new Reloading.Collides(collides.Names));
        }
    }

    private void OnReconfigured(Editing.Reconfigured reconfigured)
    {
        if (_reload is not { Step: Step.Checking } reload || reconfigured.Options != reload.Options)
        {
            return;
        }

        _options = reload.Options;
        var change = reload.Change;
        if (!change.Dtus.IsEmpty)
        {
            _fleet.Tell(new Fleet.DtusConfigured(_options.Dtus));
        }

        if (!change.Polls.IsEmpty)
        {
            _polls.Use(_options.Polls);
            _entrances.ForEach(entrance => entrance.Tell(Polling.Changed.Instance));
        }

        var endpoints = _options.Endpoints.ToDictionary(endpoint => endpoint.Name, StringComparer.Ordinal);
        foreach (var name in change.Endpoints.Removed.Concat(change.Endpoints.Changed))
        {
            LetGo(name, endpoints.GetValueOrDefault(name) is { } next && IsHere(next) ? next : null);
        }

        if (reload.Parting.Count > 0)
        {
            Enter(Step.Parting, limit: null);
            Reroute();
        }
        else
        {
            Join();
        }
    }

    private void LetGo(string name, EndpointOptions? next)
    {
        var index = _endpoints.FindIndex(endpoint => endpoint.Name == name);
        if (index >= 0)
        {
            _leaving[name] = (_endpoints[index].Ref, next);
            _reload!.Parting.Add(_endpoints[index].Ref);
            _endpoints.RemoveAt(index);
        }
        else if (_leaving.TryGetValue(name, out var late))
        {
            _leaving[name] = (late.Ref, next);
        }
        else if (next is not null)
        {
            // It was on another node.
            _reload!.Successors.Add(next);
        }
    }

    // The answer to the last one counts: the router may have begun anew meanwhile.
    private void Reroute() => _router.Tell(new RouterActor.Reroute(_options.Routes, [.. _endpoints], ++_reroutes));

    private void OnRerouted(RouterActor.Rerouted rerouted)
    {
        DrainLetGo();
        switch (_reload?.Step)
        {
            case Step.Parting:
                // Whatever the router sent them is before this in their mailboxes.
                Enter(Step.Leaving, EndpointsLimit);
                _reload.Parting.ForEach(endpoint => endpoint.Tell(ShutDown.Drain.Instance));
                JoinIfAllLeft();
                break;
            case Step.Joining:
                _reload.IsRerouted = true;
                EndIfJoined();
                break;
        }
    }

    /// <summary>Whether it was one that was to end.</summary>
    private bool OnEndpointLeft(IActorRef endpoint)
    {
        var (name, (_, next)) = _leaving.FirstOrDefault(row => row.Value.Ref.Equals(endpoint));
        if (name is null)
        {
            return false;
        }

        _leaving.Remove(name);
        _withSockets.Remove(endpoint);
        _followers.Remove(endpoint);
        if (_stopping)
        {
            return true;
        }

        _fleet.Tell(new Fleet.EndpointGone(name));
        if (_reload is { Step: Step.Parting or Step.Leaving } reload && reload.Parting.Remove(endpoint))
        {
            if (next is not null)
            {
                reload.Successors.Add(next);
            }

            JoinIfAllLeft();
        }
        else if (next is not null && IsHere(next))
        {
            // It took longer than anybody waits for, and its reload was answered.
            StartEndpoint(next);
            Reroute();
        }

        return true;
    }

    private void JoinIfAllLeft()
    {
        if (_reload is { Step: Step.Leaving, Parting.Count: 0 })
        {
            Join();
        }
    }

    private void Join()
    {
        var reload = _reload!;
        Enter(Step.Joining, BindLimit);
        var added = reload.Change.Endpoints.Added.ToHashSet(StringComparer.Ordinal);
        foreach (var endpoint in _options.Endpoints.Where(endpoint => added.Contains(endpoint.Name) && IsHere(endpoint)))
        {
            // One that was removed a reload ago may not have ended yet.
            if (_leaving.TryGetValue(endpoint.Name, out var late))
            {
                _leaving[endpoint.Name] = (late.Ref, endpoint);
            }
            else
            {
                reload.Successors.Add(endpoint);
            }
        }

        foreach (var endpoint in reload.Successors.Where(IsHere))
        {
            StartEndpoint(endpoint);
            if (EndpointTable.Listens(endpoint))
            {
                reload.Unbound.Add(endpoint.Name);
            }
        }

        foreach (var (name, late) in _leaving.Where(row => row.Value.Next is not null))
        {
            reload.Down.Add(new Reloading.Unbound(name, "what stood under this name before has not ended yet; it begins as soon as that has"));
        }

        // Other DTUs may be in other groups.
        if (reload.Successors.Count > 0 || !reload.Change.Routes.IsEmpty || reload.Change.RoutesMoved || !reload.Change.Dtus.IsEmpty)
        {
            Reroute();
        }
        else
        {
            reload.IsRerouted = true;
            EndIfJoined();
        }
    }

    private void OnReloadBound(Binding.SocketBound bound)
    {
        if (_reload is { Step: Step.Joining } reload && reload.Unbound.Remove(bound.Name))
        {
            EndIfJoined();
        }
    }

    private void OnReloadRangeBound(Binding.RangeBound bound)
    {
        if (_reload is { Step: Step.Joining } reload && reload.Unbound.Remove(bound.Name))
        {
            reload.Down.AddRange(bound.NotBound.Select(problem => new Reloading.Unbound(bound.Name, problem)));
            EndIfJoined();
        }
    }

    private void OnReloadBindFailed(Binding.BindFailed failed)
    {
        if (_reload is { Step: Step.Joining } reload && reload.Unbound.Remove(failed.Name))
        {
            reload.Down.Add(new Reloading.Unbound(failed.Name, $"{failed.Address}: {failed.Problem}"));
            EndIfJoined();
        }
    }

    private void EndIfJoined()
    {
        if (_reload is { IsRerouted: true, Unbound.Count: 0 } reload)
        {
            End(new Reloading.Applied(reload.Change, [.. reload.Down]));
        }
    }

    private void OnReloadOverdue()
    {
        switch (_reload)
        {
            case { Step: Step.Checking } reload:
                // Should it still come to it, this is behind it.
                _register.Tell(new Editing.Reconfigure(_options));
                End(new Reloading.Refused("the register did not answer in time"));
                break;
            case { Step: Step.Leaving, AreStopped: false } reload:
                reload.AreStopped = true;
                Enter(Step.Leaving, StopLimit);
                reload.Parting.ForEach(Context.Stop);
                break;
            case { Step: Step.Leaving }:
                Join();
                break;
            case { Step: Step.Joining } reload:
                reload.Down.AddRange(reload.Unbound.Select(name => new Reloading.Unbound(name, "is not bound yet")));
                reload.Unbound.Clear();
                EndIfJoined();
                break;
        }
    }

    private void Enter(Step step, TimeSpan? limit)
    {
        _reload!.Step = step;
        if (limit is { } within)
        {
            Timers.StartSingleTimer(ReloadKey, ReloadOverdue.Instance, within);
        }
        else
        {
            Timers.Cancel(ReloadKey);
        }
    }

    private void End(Reloading.Answer answer)
    {
        Timers.Cancel(ReloadKey);
        _reload!.Asker.Tell(answer);
        _reload = null;
        StartOwned();
    }

    /// <summary>The one that is under way, or waits for the start to end.</summary>
    private sealed class Reload(GatewayOptions options, OptionsChange change, IActorRef asker)
    {
        public GatewayOptions Options => options;

        public OptionsChange Change => change;

        public IActorRef Asker => asker;

        public Step Step { get; set; }

        /// <summary>Endpoints that have not ended yet.</summary>
        public List<IActorRef> Parting { get; } = [];

        public bool AreStopped { get; set; }

        /// <summary>What begins.</summary>
        public List<EndpointOptions> Successors { get; } = [];

        public HashSet<string> Unbound { get; } = new(StringComparer.Ordinal);

        public List<Reloading.Unbound> Down { get; } = [];

        public bool IsRerouted { get; set; }
    }

    private sealed record ReloadOverdue : INoSerializationVerificationNeeded
    {
        public static readonly ReloadOverdue Instance = new();
    }
}
