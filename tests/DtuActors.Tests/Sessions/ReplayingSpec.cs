using System.Text;
using Akka.Actor;
using DtuActors.Configuration;
using DtuActors.Protocol.Registration;
using DtuActors.Protocol.Transports;
using DtuActors.Routing;
using DtuActors.Sessions;
using Xunit;

namespace DtuActors.Tests.Sessions;

/// <summary>What a session tells of itself to an endpoint that plays its DTU.</summary>
public sealed class ReplayingSpec : SessionSpec
{
    [Fact]
    public void A_registration_is_told_as_it_came_with_its_newline_and_with_what_the_centre_answers()
    {
        var profile = Options.Profile();
        var session = Connect(profile with { Registration = profile.Registration with { Reply = "OK"u8.ToArray() } });
        Receive(session, "dtu-1\r\n");
        Grant(session, "dtu-1");
        var opened = Router.ExpectMsg<Registry.SessionOpened>();
        Assert.Equal("dtu-1\r\n", Text(opened.Registration!.Bytes));
        Assert.Equal("OK", Text(opened.Registration.Reply));
        Assert.Equal(TimeSpan.Zero, opened.Registration.Silence);
        Assert.Null(opened.Registration.Envelope);
    }

    [Fact]
    public void One_that_ends_by_silence_alone_asks_for_silence_behind_it()
    {
        var session = Connect();
        Receive(session, "dtu-1");
        Settle(session);
        Advance(TimeSpan.FromSeconds(1));
        Grant(session, "dtu-1");
        var registration = Router.ExpectMsg<Registry.SessionOpened>().Registration!;
        Assert.Equal("dtu-1", Text(registration.Bytes));
        Assert.True(registration.Silence >= TimeSpan.FromMilliseconds(500));
    }

    [Fact]
    public void Who_follows_gets_each_heartbeat_in_its_place_among_the_frames_until_it_does_not_any_more()
    {
        var profile = Options.Profile();
        var session = Online(profile: profile with { Heartbeat = new HeartbeatOptions { Match = [Encoding.ASCII.GetBytes("ping")], Reply = "pong"u8.ToArray() } });
        var branch = CreateTestProbe("branch");
        session.Tell(new Replaying.Follow("centre"), branch);
        Assert.Equal("dtu-1\n", Text(branch.ExpectMsg<Replaying.Registration>().Bytes));

        Receive(session, "one");
        Receive(session, "ping");
        Receive(session, "two");
        Assert.Equal("one", Text(Uplink().Frame!.Payload));
        var heartbeat = Uplink();
        Assert.Null(heartbeat.Frame);
        Assert.Equal(("centre", "ping", "pong"), (heartbeat.Only, Text(heartbeat.Heartbeat!.Bytes), Text(heartbeat.Heartbeat.Reply)));
        Assert.Equal("two", Text(Uplink().Frame!.Payload));

        session.Tell(new Replaying.Unfollow("centre"), branch);
        Receive(session, "ping");
        Receive(session, "three");
        Assert.Equal("three", Text(Uplink().Frame!.Payload));
    }

    [Fact]
    public void The_same_registration_again_is_a_heartbeat_that_is_handed_on()
    {
        var session = Online();
        session.Tell(new Replaying.Follow("centre"), CreateTestProbe());
        Receive(session, "dtu-1\n");
        Assert.Equal("dtu-1\n", Text(Uplink().Heartbeat!.Bytes));
    }

    [Fact]
    public void A_unit_of_an_envelope_that_registered_is_told_as_it_came_and_so_are_those_that_follow()
    {
        var registration = Ddp.Build(DdpType.Register, "13800138000", [10, 27, 190, 45, 0x0F, 0xA0]);
        var session = Connect(Options.Profile() with { Envelope = Envelopes.Find("ddp"), Registration = new RegistrationOptions { Form = new EnvelopeForm() } });
        Receive(session, registration);
        Grant(session, "13800138000");
        var told = Router.ExpectMsg<Registry.SessionOpened>().Registration!;
        Assert.Equal(("ddp", true, TimeSpan.Zero), (told.Envelope, told.Reply.IsEmpty, told.Silence));
        Assert.Equal(registration, told.Bytes.ToArray());

        var branch = CreateTestProbe("branch");
        session.Tell(new Replaying.Follow("centre"), branch);
        branch.ExpectMsg<Replaying.Registration>();
        var moved = Ddp.Build(DdpType.Register, "13800138000", [10, 27, 190, 46, 0x0F, 0xA1]);
        Receive(session, moved);
        Receive(session, Ddp.Build(DdpType.Data, "13800138000", "one"u8));
        var heartbeat = Uplink();
        Assert.Equal(("centre", true), (heartbeat.Only, heartbeat.Heartbeat!.IsUnit));
        Assert.Equal(moved, heartbeat.Heartbeat.Bytes.ToArray());
        Assert.Equal("one", Text(Uplink().Frame!.Payload));

        session.Tell(new Replaying.Follow("centre"), branch);
        Assert.Equal(moved, branch.ExpectMsg<Replaying.Registration>().Bytes.ToArray());
    }

    [Fact]
    public void A_data_unit_that_registered_is_told_too()
    {
        var session = Connect(Options.Profile() with { Envelope = Envelopes.Find("ddp"), Registration = new RegistrationOptions { Form = new EnvelopeForm() } });
        var data = Ddp.Build(DdpType.Data, "13800138000", "one"u8);
        Receive(session, data);
        Grant(session, "13800138000");
        Assert.Equal(data, Router.ExpectMsg<Registry.SessionOpened>().Registration!.Bytes.ToArray());
    }

    private static string Text(ReadOnlyMemory<byte> bytes) => Encoding.ASCII.GetString(bytes.Span);
}
