using Akka.Actor;
using Akka.IO;
using DtuActors.Directory;
using DtuActors.Listening;
using DtuActors.Listening.Streams;
using DtuActors.Routing;

namespace DtuActors.Tests.Sessions;

/// <summary>A session whose kernel takes what is written at once, and whose socket says so on the spot.</summary>
public sealed class PromptSocketSpec : SessionSpec
{
    private static readonly TimeSpan Published = TimeSpan.FromSeconds(1.1);

    protected override IActorRef Connection => new PromptSocket(Socket);

    [Fact]
    public void What_goes_down_is_published_within_a_second_though_the_dtu_says_nothing()
    {
        var session = Online();
        Advance(Published);
        Fleet.FishForMessage<Fleet.SessionSeen>(_ => true);
        session.Tell(Delivery(TestActor, "down"u8.ToArray()));
        Socket.FishForMessage(message => message is Tcp.Write);
        Settle(session);
        Advance(Published);
        var report = Fleet.FishForMessage<Fleet.SessionSeen>(seen => seen.Report.FramesDown > 0).Report;
        Assert.Equal((1L, 4L, 1L), (report.FramesDown, report.BytesDown, report.Down.Written));
    }

    [Fact]
    public void Its_source_hears_that_it_is_taken_and_nobody_waits_for_the_socket()
    {
        var session = Online();
        for (var frame = 1; frame <= 3; frame++)
        {
            session.Tell(Delivery(TestActor, [(byte)frame], ackWanted: true, through: frame));
            Assert.Equal(frame, ExpectMsg<Flow.Taken>().Through);
            Assert.Equal([(byte)frame], ((Tcp.Write)Socket.FishForMessage(message => message is Tcp.Write)).Data.ToArray());
        }

        Settle(session);
        Advance(TimeSpan.FromSeconds(31), TimeSpan.FromSeconds(1));
        Assert.DoesNotContain(Socket.ReceiveWhile<object>(TimeSpan.FromMilliseconds(20), static message => message), static message => message is Tcp.Abort);
    }

    /// <summary>Gives each acknowledgement on the spot where it may, and hands all on to the probe that plays it.</summary>
    private sealed class PromptSocket(IActorRef probe) : DirectRef(probe, number: 1)
    {
        protected override void OnTold(object message, IActorRef sender)
        {
            if (message is Tcp.Write { Ack: AckAtOnce acknowledgement })
            {
                Assert.True(acknowledgement.Give());
            }

            Parent.Tell(message, sender);
        }

        protected override void OnStopped(Exception? failure)
        {
        }
    }
}
