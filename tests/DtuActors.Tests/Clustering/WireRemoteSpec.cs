using Akka.Actor;
using Akka.Configuration;
using Akka.Serialization;
using Akka.TestKit;
using Akka.TestKit.Xunit2;
using DtuActors.Clustering.Wire;
using DtuActors.Protocol;
using DtuActors.Routing;
using DtuActors.Sessions;

namespace DtuActors.Tests.Clustering;

/// <summary>Two nodes with a network between them: messages cross, answers come back, and one that cannot cross costs nothing but itself.</summary>
public sealed class WireRemoteSpec : TestKit, IAsyncLifetime
{
    private static readonly DtuId Dtu = DtuId.Parse("0007");

    private static readonly Config Node = ConfigurationFactory.ParseString(WireNodes.Remoting).WithFallback(ConfigurationFactory.ParseString("akka.test.single-expect-default = 15s"));

    private readonly ActorSystem _other;

    public WireRemoteSpec()
        : base(Node.WithFallback(WireSerializer.Hocon)) => _other = ActorSystem.Create("other", Sys.Settings.Config);

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _other.Terminate();

    [Fact]
    public void A_frame_crosses_and_how_far_it_came_is_told_directly()
    {
        var source = CreateTestProbe();
        var endpoint = CreateTestProbe(_other);
        var known = new OutboundWindows(10);
        var destination = new Destination(SeenFrom(Sys, endpoint), 3);
        known.Add(destination);
        var through = known.Emit(12, out var ackWanted);
        Assert.False(known.IsOpen);

        var frame = new Frame(new byte[] { 1, 2, 3 }, FrameDirection.Up, "raw", Sys.Scheduler.Now);
        destination.Ref.Tell(new Relay.Deliver(source, "dtu:0007", Dtu, new Epoch(5, 6), frame, through, ackWanted));
        var deliver = endpoint.ExpectMsg<Relay.Deliver>();
        Assert.Equal(frame.Payload.ToArray(), deliver.Frame!.Payload.ToArray());
        Assert.Equal(new Epoch(5, 6), deliver.Epoch);
        deliver.Source.Tell(new Flow.Taken(new Destination(endpoint, 3), deliver.Through));

        var taken = source.ExpectMsg<Flow.Taken>();
        known.Take(taken.Destination, taken.Through);
        Assert.True(known.IsOpen);
    }

    [Fact]
    public void Who_names_a_type_has_no_object_made_of_it()
    {
        var bytes = "{}"u8.ToArray();
        Assert.Throws<System.Runtime.Serialization.SerializationException>(() => Sys.Serialization.Deserialize(bytes, NoJson.Taken, typeof(Made).AssemblyQualifiedName));
        Assert.Throws<System.Runtime.Serialization.SerializationException>(() => Sys.Serialization.Deserialize(bytes, NoJson.Taken, typeof(Made)));
        Assert.Throws<System.Runtime.Serialization.SerializationException>(() => Sys.Serialization.Deserialize(bytes, NoJson.Taken, ""));
        Assert.Equal(0, Made.Count);
    }

    [Fact]
    public async Task Who_asks_from_outside_an_actor_is_answered_too()
    {
        var session = CreateTestProbe(_other);
        var answer = SeenFrom(Sys, session).Ask<Asking.Sent>(replyTo => new Asking.Kick(Dtu, 7, replyTo), TimeSpan.FromSeconds(15), CancellationToken.None);
        (await session.ExpectMsgAsync<Asking.Kick>()).ReplyTo.Tell(new Asking.Sent(7));
        Assert.Equal(new Asking.Sent(7), await answer);
    }

    [Theory]
    [InlineData("later", "")]
    [InlineData("del", "FFFFFF")]
    [InlineData("fin", "")]
    public async Task What_cannot_be_read_is_logged_and_dropped_and_what_follows_arrives(string manifest, string hex)
    {
        var newer = ActorSystem.Create("newer", Node.WithFallback($$"""
            akka.actor {
              serializers.later = "{{typeof(LaterSerializer).AssemblyQualifiedName}}"
              serialization-bindings { "{{typeof(Later).AssemblyQualifiedName}}" = later }
            }
            """));
        try
        {
            var receiver = CreateTestProbe();
            var seen = SeenFrom(newer, receiver);
            await EventFilter.Custom(said => said.ToString()!.Contains($"'{manifest}'", StringComparison.Ordinal)).ExpectAsync(1, async () =>
            {
                seen.Tell("before");
                seen.Tell(new Later(manifest, Convert.FromHexString(hex)));
                seen.Tell("after");
                await receiver.ExpectMsgAsync("before");
                await receiver.ExpectMsgAsync("after");
            });
        }
        finally
        {
            await newer.Terminate();
        }
    }

    [Fact]
    public async Task What_cannot_be_written_costs_nothing_that_follows()
    {
        var receiver = CreateTestProbe(_other);
        var seen = SeenFrom(Sys, receiver);
        await EventFilter.Custom(said => said.ToString()!.Contains("'req'", StringComparison.Ordinal)).ExpectAsync(1, async () =>
        {
            seen.Tell(new Asking.Request(Dtu, default, null, AnswerRule.ByMode, 1, "api", TestActor, Turn: 7));
            seen.Tell(new Asking.Begun(7));
            await receiver.ExpectMsgAsync(new Asking.Begun(7));
        });
    }

    private static IActorRef SeenFrom(ActorSystem node, TestProbe probe)
    {
        var home = (ExtendedActorSystem)probe.Sys;
        return ((ExtendedActorSystem)node).Provider.ResolveActorRef(probe.Ref.Path.ToSerializationFormatWithAddress(home.Provider.DefaultAddress));
    }

    private sealed record Later(string Manifest, byte[] Bytes);

    /// <summary>Another release's: it says what this one does not know.</summary>
    private sealed class LaterSerializer(ExtendedActorSystem system) : SerializerWithStringManifest(system)
    {
        public override int Identifier => WireSerializer.Id;

        public override string Manifest(object o) => ((Later)o).Manifest;

        public override byte[] ToBinary(object obj) => ((Later)obj).Bytes;

        public override object FromBinary(byte[] bytes, string manifest) => throw new NotSupportedException();
    }

    private sealed class Made
    {
        public Made() => Count++;

        public static int Count { get; private set; }
    }
}
