using Akka.Actor;
using Akka.IO;
using DtuActors.Configuration;
using DtuActors.Directory;
using DtuActors.Protocol.Framing;
using DtuActors.Protocol.Modbus;
using DtuActors.Sessions;

namespace DtuActors.Tests.Sessions;

/// <summary>Noise that looks like the head of a long frame, in front of frames that come before it could be given up for silence.</summary>
public sealed class FalseHeadSpec : SessionSpec
{
    private static readonly byte[] Noise = [1, 3, 0xF0];
    private static readonly byte[] Question = ModbusRtu.Build(1, [3, 0, 1, 0, 1]);
    private static readonly byte[] Answer = ModbusRtu.Build(1, [3, 2, 0, 7]);
    private static readonly FramingOptions Framing = new() { Codec = "modbus-rtu", Gap = TimeSpan.FromMilliseconds(100) };

    [Fact]
    public void It_holds_others_back_no_longer_than_silence_would_take()
    {
        var session = Online("dtu-1", Options.Profile(framing: Framing));
        Say(session, Noise);
        const int EachMilliseconds = 300;
        const int Held = 1000 / EachMilliseconds;
        for (var i = 0; i < Held; i++)
        {
            Advance(TimeSpan.FromMilliseconds(EachMilliseconds));
            Say(session, Answer);
        }

        Assert.False(Router.HasMessages);
        Advance(TimeSpan.FromMilliseconds(EachMilliseconds));
        Receive(session, Answer);
        for (var i = 0; i <= Held; i++)
        {
            Assert.Equal(Answer, Uplink().Frame!.Payload.ToArray());
        }

        // From here on as ever.
        Receive(session, Answer);
        Assert.Equal(Answer, Uplink().Frame!.Payload.ToArray());
    }

    [Fact]
    public void One_that_silence_gave_up_takes_no_time_from_the_next()
    {
        var session = Online("dtu-1", Options.Profile(framing: Framing));
        Say(session, Noise);
        Advance(TimeSpan.FromSeconds(2));
        Settle(session);
        Say(session, [.. Noise, .. Answer]);
        Assert.False(Router.HasMessages);
        Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(Answer, Uplink().Frame!.Payload.ToArray());
    }

    [Fact]
    public void A_frame_that_comes_slowly_is_waited_for_to_its_end()
    {
        var session = Online("dtu-1", Options.Profile(framing: Framing));
        var frame = ModbusRtu.Build(1, [3, 20, .. new byte[20]]);
        foreach (var octet in frame)
        {
            Say(session, [octet]);
            Advance(TimeSpan.FromMilliseconds(400));
        }

        Assert.Equal(frame, Uplink().Frame!.Payload.ToArray());
    }

    [Fact]
    public void It_delays_no_answer_of_a_bus_that_knows_what_it_asked_for()
    {
        var session = Online("dtu-1", Options.Profile(framing: Framing, bus: new BusOptions { Mode = BusMode.RequestResponse }));
        session.Tell(new Asking.Request(Protocol.DtuId.Parse("dtu-1"), Question, null, AnswerRule.ByMode, 7, "api", TestActor));
        Assert.Equal(Question, Written(session));
        Receive(session, [.. Noise, .. Answer]);
        Assert.Equal(Answer, ExpectMsg<Asking.Answered>().Frame.Payload.ToArray());
    }

    // Handled before time passes.
    private void Say(IActorRef session, byte[] bytes)
    {
        Receive(session, bytes);
        Settle(session);
    }
}
