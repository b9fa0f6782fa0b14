using Akka.Actor;
using DtuActors.Commanding;
using DtuActors.Commanding.Journal;

namespace DtuActors.Tests.Commanding;

/// <summary>What the journal holds is read again as it was written; bytes of this release stay readable.</summary>
public sealed class CommandSerializerTests : ActorSpec
{
    private static readonly DateTimeOffset At = DateTimeOffset.FromUnixTimeMilliseconds(1_790_000_000_123);
    private static readonly CommandTaken Full = new("c1", At, "boss", "api", new byte[] { 0, 1, 255 }, At.AddHours(1), Retry: true, "setpoint", AnswerUp: true);
    private static readonly CommandTaken Bare = new("c2", At, null, "broker", new byte[] { 7 }, null, Retry: false, null, AnswerUp: false);

    private readonly CommandSerializer _serializer;

    public CommandSerializerTests() => _serializer = new CommandSerializer((ExtendedActorSystem)Sys);

    [Fact]
    public void Every_event_is_read_as_it_was_written()
    {
        AssertSame(Full, (CommandTaken)Again(Full));
        AssertSame(Bare, (CommandTaken)Again(Bare));
        Assert.Equal(new CommandSent("c1", At), Again(new CommandSent("c1", At)));
        Assert.Equal(new CommandReturned("c1", At), Again(new CommandReturned("c1", At)));
        var ended = (CommandEnded)Again(new CommandEnded("c1", At, "answered", null, new byte[] { 9 }));
        Assert.Equal(("c1", "answered", null), (ended.Id, ended.State, ended.Reason));
        Assert.Equal([9], ended.Answer!.Value.ToArray());
        Assert.Equal(new CommandEnded("c1", At, "failed", "no-answer", null), Again(new CommandEnded("c1", At, "failed", "no-answer", null)));
    }

    [Fact]
    public void A_queue_is_read_as_it_was_written()
    {
        var queue = new CommandQueue();
        foreach (var happened in (CommandEvent[])[Full, Bare, new CommandTaken("c3", At, null, "api", new byte[300], null, false, null, false), new CommandSent("c3", At), new CommandEnded("c3", At, "failed", "offline", null), new CommandSent("c1", At)])
        {
            queue.Apply(happened);
        }

        var again = (CommandQueue)Again(queue);
        Assert.Equal(["c1", "c2"], again.Open.Select(command => command.Taken.Id));
        Assert.Equal("c1", again.UnderWay!.Taken.Id);
        Assert.Equal(4, again.OpenBytes);
        AssertSame(Full, again.Open.First().Taken);
        var ended = Assert.Single(again.Ended);
        Assert.Equal(("c3", "failed", "offline", 300, 256), (ended.Id, ended.State, ended.Reason, ended.Bytes, ended.Payload.Length));
    }

    [Fact]
    public void Bytes_of_the_first_release_are_read()
    {
        // Written by this release's first version: a change of journal.proto that breaks it breaks what gateways have on disk.
        var taken = (CommandTaken)_serializer.FromBinary(
            Convert.FromHexString("0A0263311" + "0FB" + "93BFEB8C341A04626F7373220361706" + "92A03" + "0001FF" + "30FBF09AEDB534" + "3801" + "420873657" + "4706F696E74" + "4801"), "taken");
        Assert.Equal(("c1", "boss", "api", true, "setpoint", true), (taken.Id, taken.By, taken.Source, taken.Retry, taken.Key, taken.AnswerUp));
        Assert.Equal([0, 1, 255], taken.Payload.ToArray());
    }

    [Fact]
    public void What_a_newer_release_wrote_is_refused_by_its_name()
    {
        var refused = Assert.Throws<System.Runtime.Serialization.SerializationException>(() => _serializer.FromBinary([], "suspended"));
        Assert.Contains("'suspended'", refused.Message, StringComparison.Ordinal);
    }

    private object Again(object written) => _serializer.FromBinary(_serializer.ToBinary(written), _serializer.Manifest(written));

    private static void AssertSame(CommandTaken one, CommandTaken other)
    {
        Assert.Equal(one with { Payload = default }, other with { Payload = default });
        Assert.Equal(one.Payload.ToArray(), other.Payload.ToArray());
    }
}
