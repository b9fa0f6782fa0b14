using System.Collections.Immutable;
using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Configuration;
using Akka.TestKit;
using Akka.TestKit.Xunit2;
using DtuActors.Clustering;
using DtuActors.Configuration;
using DtuActors.Endpoints;

namespace DtuActors.Tests.Clustering;

/// <summary>An actor system that is one of several in this process, configured as a gateway's is, with a faster pulse.</summary>
internal sealed class TestNode : IAsyncDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private const string Fast = """
        akka {
          loglevel = OFF
          stdout-loglevel = OFF
          log-dead-letters = off
          actor.guardian-supervisor-strategy = "Akka.Actor.StoppingSupervisorStrategy"
          coordinated-shutdown.run-by-clr-shutdown-hook = off
          cluster { gossip-interval = 200ms, leader-actions-interval = 200ms, unreachable-nodes-reaper-interval = 200ms, periodic-tasks-initial-delay = 100ms }
          cluster.singleton.hand-over-retry-interval = 300ms
          test.single-expect-default = 30s
        }
        """;

    private TestNode(string name, ActorSystem system, ClusterOptions options)
    {
        Name = name;
        System = system;
        Options = options;
        Kit = new TestKit(system);
    }

    public string Name { get; }

    public ActorSystem System { get; }

    public ClusterOptions Options { get; }

    public TestKit Kit { get; }

    public Address Address => ((ExtendedActorSystem)System).Provider.DefaultAddress;

    public SeedNode Seed => new(Address.Host, Address.Port!.Value);

    /// <summary>Starts one; without <paramref name="seed"/> it begins the cluster.</summary>
    public static TestNode Start(string name, TestNode? seed = null, ClusterOptions? options = null)
    {
        options = (options ?? new ClusterOptions()) with { Enabled = true, Port = 0 };
        var setup = ActorSystemSetup.Create(BootstrapSetup.Create().WithConfig(ConfigurationFactory.ParseString(Fast)
            .WithFallback(ClusterSetup.Config(name, options))
            .WithFallback(ConfigurationFactory.ParseString(EndpointDispatchers.Hocon))
            .WithFallback(TestKitBase.DefaultConfig)));
        if (options.Tls is { } tls)
        {
            setup = setup.WithSetup(NodeCertificates.Load(tls).Setup());
        }

        var system = ActorSystem.Create("dtu", setup);
        var node = new TestNode(name, system, options);
        return options.SeedNodes.IsEmpty ? new TestNode(name, system, options with { SeedNodes = [(seed ?? node).Seed] }) : node;
    }

    /// <summary>Its membership, and a probe that hears what the gateway's root would hear.</summary>
    public (IActorRef Membership, TestProbe Parent) Join(TimeSpan? nameTakenFor = null)
    {
        var parent = Kit.CreateTestProbe();
        return (parent.ChildActorOf(MembershipActor.Props(Name, Options, nameTakenFor), "membership"), parent);
    }

    /// <summary>Leaves in good order.</summary>
    public Task LeaveAsync() => CoordinatedShutdown.Get(System).Run(CoordinatedShutdown.ActorSystemTerminateReason.Instance).WaitAsync(Patience);

    public async ValueTask DisposeAsync() => await System.Terminate().WaitAsync(Patience);
}
