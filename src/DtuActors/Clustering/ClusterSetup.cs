using System.Globalization;
using System.Reflection;
using System.Text;
using Akka.Actor;
using Akka.Cluster.Sharding;
using Akka.Cluster.Tools.PublishSubscribe;
using Akka.Cluster.Tools.Singleton;
using Akka.Configuration;
using Akka.DistributedData;
using Akka.Hosting;
using DtuActors.Clustering.Wire;
using DtuActors.Configuration;

namespace DtuActors.Clustering;

/// <summary>What Akka is told where there is a cluster: remoting, membership, who is given up when, sharding, and how a node leaves.</summary>
public static class ClusterSetup
{
    /// <summary>From the signal to the end, all phases of the stop together.</summary>
    public static readonly TimeSpan StopWithin = TimeSpan.FromSeconds(45);

    /// <summary>DtuActors' version, which a member of the cluster has beside its roles.</summary>
    public static readonly string Version =
        typeof(ClusterSetup).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0.0.0";

    /// <summary>Makes the actor system one of several.</summary>
    internal static AkkaConfigurationBuilder WithCluster(this AkkaConfigurationBuilder builder, GatewayOptions options)
    {
        if (options.Cluster.Tls is { } tls)
        {
            builder.AddSetup(NodeCertificates.Load(tls).Setup());
        }

        return builder.WithActorRefProvider(ProviderSelection.Cluster.Instance).AddHocon(Config(options.Node.Name, options.Cluster), HoconAddMode.Append);
    }

    /// <summary>
    /// The configuration for Akka of the node <paramref name="node"/>. What Akka's own parts bring is in it from the start: a serializer that comes with its extension comes too late for
    /// the actor system that is there already, and a node would not understand what others send.
    /// </summary>
    public static Config Config(string node, ClusterOptions options) => ConfigurationFactory.ParseString(Hocon(node, options))
        .WithFallback(ClusterSharding.DefaultConfig())
        .WithFallback(ClusterSingleton.DefaultConfig())
        .WithFallback(DistributedPubSub.DefaultConfig())
        .WithFallback(DistributedData.DefaultConfig());

    private static string Hocon(string node, ClusterOptions options)
    {
        // On Unix "reuse" would let two processes listen on one port, each with half of the connections. A message that has no serializer of its own fails where it is sent. Two cores that are busy, or a long collection of garbage, keep a node silent for some seconds; one that is stopped for ten comes back unharmed.
        // A shard on its way to another node keeps claims waiting; the words of that can be lost with a connection between nodes, and the shard stays until handoff-timeout is over. DtuActor leaves within 8 s, and has 5 s less than that time.
        var text = new StringBuilder($$"""
            akka {
              actor.provider = cluster
              actor.serialization-settings.allow-unregistered-types = off
              remote {
                log-remote-lifecycle-events = off
                dot-netty.tcp {
                  hostname = {{Quoted(options.Host)}}
                  port = {{options.Port}}
                  public-hostname = {{Quoted(options.PublicHost ?? options.Host)}}
                  public-port = {{options.PublicPort ?? 0}}
                  enable-ssl = {{(options.Tls is null ? "off" : "on")}}
                  maximum-frame-size = {{WireProtocol.MostBytes}}b
                  send-buffer-size = {{WireProtocol.MostBytes}}b
                  receive-buffer-size = {{WireProtocol.MostBytes}}b
                  batching.enabled = off
                  tcp-reuse-addr = off
                }
              }
              cluster {
                roles = [{{string.Join(", ", options.Roles.Prepend(NodeRole.Of(node)).Select(Quoted))}}]
                app-version = {{Quoted(Version)}}
                seed-nodes = []
                seed-node-timeout = 5s
                retry-unsuccessful-join-after = 5s
                shutdown-after-unsuccessful-join-seed-nodes = off
                allow-weakly-up-members = off
                log-info = off
                run-coordinated-shutdown-when-down = on
                downing-provider-class = "Akka.Cluster.SBR.SplitBrainResolverProvider, Akka.Cluster"
                split-brain-resolver {
                  active-strategy = keep-majority
                  stable-after = {{Milliseconds(options.StableAfter)}}
                }
                failure-detector {
                  heartbeat-interval = 1s
                  acceptable-heartbeat-pause = 5s
                }
                sharding {
                  state-store-mode = ddata
                  remember-entities = off
                  passivate-idle-entity-after = off
                  role = ""
                  rebalance-interval = 3s
                  handoff-timeout = 15s
                  updating-state-timeout = 2s
                  coordinator-state { write-majority-plus = 0, read-majority-plus = 0 }
                  distributed-data.durable.keys = []
                }
                distributed-data.durable.keys = []
              }
              coordinated-shutdown.phases {
                cluster-sharding-shutdown-region.timeout = 20s
                cluster-leave.timeout = 10s
                cluster-exiting.timeout = 10s
              }
            }
            """);
        if (options.Discovery is { Method: DiscoveryOptions.Dns })
        {
            text.Append(CultureInfo.InvariantCulture, $$"""

                akka.discovery.dns.class = "{{typeof(DnsDiscovery).FullName}}, DtuActors"
                """);
        }

        return text.AppendLine().Append(WireSerializer.Hocon).ToString();
    }

    /// <summary>Takes part in the choice of the <see cref="OwnerActor"/>'s node, for <paramref name="gateway"/>; on every node, once.</summary>
    internal static IActorRef TakePart(ActorSystem system, IActorRef gateway) => system.ActorOf(
        ClusterSingletonManager.Props(
            OwnerActor.Props(gateway), OwnerActor.Release.Instance, ClusterSingletonManagerSettings.Create(system).WithSingletonName("owner")), "dtu-owner");

    /// <summary>Where other nodes' connections are taken, as start-up prints it.</summary>
    internal static string BoundAddress(ActorSystem system, ClusterOptions options)
    {
        var port = options.Port != 0 ? options.Port : ((ExtendedActorSystem)system).Provider.DefaultAddress.Port ?? 0;
        return new SeedNode(options.Host, port).ToString();
    }

    /// <summary>The address that a member is joined by.</summary>
    internal static Address Address(ActorSystem system, ClusterOptions options, SeedNode seed) =>
        new(options.Tls is null ? "akka.tcp" : "akka.ssl.tcp", system.Name, seed.Host, seed.Port);

    private static string Milliseconds(TimeSpan span) => string.Create(CultureInfo.InvariantCulture, $"{(long)span.TotalMilliseconds}ms");

    // Names and hosts: neither has a quote or a backslash.
    private static string Quoted(string text) => $"\"{text}\"";
}
