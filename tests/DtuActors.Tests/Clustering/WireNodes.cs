using System.Runtime.Serialization;
using Akka.Actor;
using Akka.Configuration;
using Akka.TestKit;
using Akka.TestKit.Configs;
using DtuActors.Clustering.Wire;

namespace DtuActors.Tests.Clustering;

/// <summary>Two nodes that could talk to each other, each with a clock of its own that stands still: what one writes the other reads, without a network between.</summary>
public sealed class WireNodes : IAsyncLifetime
{
    public const string Remoting = """
        akka {
          loglevel = WARNING
          actor.provider = remote
          remote.dot-netty.tcp { hostname = "127.0.0.1", port = 0 }
        }
        """;

    public WireNodes()
    {
        Here = Node();
        There = Node();
        ((TestScheduler)There.Scheduler).Advance(TimeSpan.FromHours(5));
        Writer = new WireSerializer(Here);
        Reader = new WireSerializer(There);
        Samples = new WireSamples(Here, There);
    }

    public ExtendedActorSystem Here { get; }

    public ExtendedActorSystem There { get; }

    public WireSerializer Writer { get; }

    public WireSerializer Reader { get; }

    internal WireSamples Samples { get; }

    /// <summary>What arrives.</summary>
    public object Cross(object message) => Reader.FromBinary(Writer.ToBinary(message), Writer.Manifest(message));

    /// <summary>What is left of any bytes: a message, or null where they are refused as they should be.</summary>
    public object? Read(byte[] bytes, string manifest)
    {
        try
        {
            return Reader.FromBinary(bytes, manifest);
        }
        catch (SerializationException refused)
        {
            Assert.Contains($"'{manifest}'", refused.Message, StringComparison.Ordinal);
            return null;
        }
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => Task.WhenAll(Here.Terminate(), There.Terminate());

    private static ExtendedActorSystem Node() => (ExtendedActorSystem)ActorSystem.Create(
        "dtu", ConfigurationFactory.ParseString(Remoting).WithFallback(WireSerializer.Hocon).WithFallback(TestConfigs.TestSchedulerConfig));
}
