using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using Akka.Actor;
using Akka.IO;
using DtuActors.Configuration;
using DtuActors.Listening;
using DtuActors.Protocol.Registration;
using DtuActors.Protocol.Transports;
using DtuActors.Sessions;

namespace DtuActors.Tests.Listening;

/// <summary>Whose a datagram is, where its session's words go, and how both end.</summary>
public sealed class UdpListenerSpec : UdpBench
{
    [Fact]
    public void A_DTU_that_registers_gets_a_session_that_reads_the_datagram_itself_and_each_further_one_whole()
    {
        Listen(Options.Profile());
        var dtu = Dtu();
        Say(dtu, "dtu-1");
        var session = NewSession();
        Assert.Equal(dtu.LocalEndPoint!.ToString(), session.Remote.Text);
        Assert.Equal("dtu-1", Read(session));
        Say(dtu, "one");
        Say(dtu, "two");
        Assert.Equal("one", Read(session));
        Assert.Equal("two", Read(session));
    }

    [Fact]
    public async Task What_a_session_writes_leaves_as_one_datagram_and_is_acknowledged()
    {
        var listener = Listen(Options.Profile());
        var dtu = Dtu();
        Say(dtu, "dtu-1");
        var session = NewSession();
        session.Tell(new Scripted.Do(Tcp.Write.Create(ByteString.FromString("hello"), new Written(5))));
        Assert.Equal(5, Sessions.ExpectMsg<Written>(Patience).Bytes);
        Assert.Equal("hello", await HearAsync(dtu));
        Assert.NotNull(listener);
    }

    [Fact]
    public void A_stranger_s_datagram_is_dropped_and_counted_and_the_first_of_an_address_is_shown()
    {
        Listen(Options.Profile());
        var stranger = Dtu();
        Say(stranger, "what is this?");
        Say(stranger, "what is this?");
        var refused = Inbox.ExpectMsg<RefusedConnection>(Patience);
        Assert.Equal(("unregistered", "main", "what is this?"), (refused.Reason, refused.Listener, Encoding.ASCII.GetString(refused.FirstBytes.Span)));
        Assert.Equal(2, Seen(status => status.Dropped.GetValueOrDefault("unregistered") == 2).Dropped["unregistered"]);
        Inbox.ExpectNoMsg(TimeSpan.Zero);
        Sessions.ExpectNoMsg(TimeSpan.Zero);

        // Its address may be somebody else's, who never asked.
        Assert.Equal(0, stranger.Available);
    }

    [Fact]
    public void Where_every_datagram_carries_the_id_a_new_address_moves_inside_the_session()
    {
        Listen(Ddp);
        var dtu = Dtu();
        Send(dtu, DdpDatagram.Build(DdpType.Register, "330", []));
        var session = NewSession();
        _ = ReadBytes(session);
        var moved = Dtu();
        var data = DdpDatagram.Build(DdpType.Data, "330", "x"u8);
        Send(moved, data);
        Assert.Equal(moved.LocalEndPoint!.ToString(), Sessions.ExpectMsg<Datagrams.Moved>(Patience).Peer.Text);
        Assert.Equal(data, ReadBytes(session));
        Sessions.ExpectNoMsg(TimeSpan.Zero);

        // The address that it left is nobody's: whoever comes by it has to say who it is.
        Send(dtu, DdpDatagram.Build(DdpType.CentreDataTaken, "330", []));
        Seen(status => status.Dropped.GetValueOrDefault("unregistered") == 1);
    }

    [Fact]
    public void While_several_devices_have_the_id_the_address_stays_as_long_as_the_session_says_and_the_others_datagrams_are_a_rivals()
    {
        Listen(Ddp);
        var first = Dtu();
        var second = Dtu();
        var data = DdpDatagram.Build(DdpType.Data, "330", "x"u8);
        Send(first, DdpDatagram.Build(DdpType.Register, "330", []));
        var session = NewSession();
        _ = ReadBytes(session);
        session.Tell(new Scripted.Do(new Datagrams.Hold(TimeSpan.FromSeconds(10))));
        Settle(session.Self);
        Send(second, data);
        Assert.Equal(second.LocalEndPoint!.ToString(), Sessions.ExpectMsg<Datagrams.Moved>(Patience).Peer.Text);
        _ = ReadBytes(session);
        Send(first, data);
        var rival = Sessions.ExpectMsg<Datagrams.Rival>(Patience);
        Assert.Equal(first.LocalEndPoint!.ToString(), rival.Peer.Text);
        Assert.Equal(data, rival.Bytes.ToArray());
        Advance(TimeSpan.FromSeconds(10));
        Send(first, data);
        Sessions.ExpectMsg<Datagrams.Moved>(Patience);
        _ = ReadBytes(session);
        Send(second, data);
        Sessions.ExpectMsg<Datagrams.Rival>(Patience);
        session.Tell(new Scripted.Do(new Datagrams.Hold(TimeSpan.Zero)));
        Settle(session.Self);
        Send(second, data);
        Sessions.ExpectMsg<Datagrams.Moved>(Patience);
    }

    [Fact]
    public async Task A_downlink_goes_where_the_DTU_spoke_from_last()
    {
        Listen(Ddp);
        Send(Dtu(), DdpDatagram.Build(DdpType.Register, "330", []));
        var session = NewSession();
        _ = ReadBytes(session);
        var moved = Dtu();
        Send(moved, DdpDatagram.Build(DdpType.Data, "330", "x"u8));
        Sessions.ExpectMsg<Datagrams.Moved>(Patience);
        session.Tell(new Scripted.Do(Tcp.Write.Create(ByteString.FromString("down"), new Written(4))));
        Sessions.ExpectMsg<Written>(Patience);
        Assert.Equal("down", await HearAsync(moved));
    }

    [Fact]
    public void An_address_that_a_NAT_gave_to_another_DTU_is_that_DTU_s_and_the_one_that_had_it_ends()
    {
        Listen(Ddp);
        var address = Dtu();
        Send(address, DdpDatagram.Build(DdpType.Register, "330", []));
        var first = NewSession();
        _ = ReadBytes(first);
        Send(address, DdpDatagram.Build(DdpType.Data, "331", "x"u8));
        var both = Sessions.ReceiveN(2, Patience);
        Assert.Single(both.OfType<Tcp.ErrorClosed>());
        var second = both.OfType<Scripted.Started>().Single();
        Assert.NotEqual(first.Self, second.Self);
        Assert.Equal(DdpDatagram.Build(DdpType.Data, "331", "x"u8), ReadBytes(second));
    }

    [Fact]
    public void An_id_in_front_of_every_datagram_that_is_another_DTU_s_moves_that_one_to_the_address_and_data_that_name_nobody_stay()
    {
        Listen(Options.Profile() with
        {
            Registration = new RegistrationOptions
            {
                Form = new PatternForm { Pattern = new Regex(@"\A(?:(?<id>[0-9]{6}))\z", RegexOptions.NonBacktracking), Length = 6 }, EveryPacket = true,
            },
        });
        var (address, elsewhere) = (Dtu(), Dtu());
        Send(address, "000001one"u8.ToArray());
        var first = NewSession();
        _ = ReadBytes(first);
        Send(elsewhere, "000002two"u8.ToArray());
        var second = NewSession();
        _ = ReadBytes(second);

        // Nobody here has that id: it may be data, or a heartbeat that has none in front.
        Send(address, "000003six"u8.ToArray());
        Assert.Equal("000003six"u8.ToArray(), ReadBytes(first));
        Send(address, "000002two"u8.ToArray());
        var both = Sessions.ReceiveN(2, Patience);
        Assert.Single(both.OfType<Tcp.ErrorClosed>());
        Assert.Equal(address.LocalEndPoint!.ToString(), both.OfType<Datagrams.Moved>().Single().Peer.Text);
        Assert.Equal("000002two"u8.ToArray(), ReadBytes(second));
    }

    [Fact]
    public void A_registration_that_is_said_once_opens_a_new_session_at_a_new_address_and_the_old_one_s_end_leaves_it_alone()
    {
        Listen(Options.Profile());
        var old = Dtu();
        Say(old, "dtu-1");
        var ghost = NewSession();
        Assert.Equal("dtu-1", Read(ghost));
        var reborn = Dtu();
        Say(reborn, "dtu-1");
        var session = NewSession();
        Assert.Equal("dtu-1", Read(session));

        // The directory displaced it; it closes, and is gone.
        Close(ghost);
        Say(reborn, "data");
        Assert.Equal("data", Read(session));
        Say(old, "data of nobody!");
        Seen(status => status is { Connections: 1 } && status.Dropped.GetValueOrDefault("unregistered") == 1);
    }

    [Fact]
    public void A_displaced_session_hears_its_old_address_until_it_aborts_and_then_the_address_is_nobody_s()
    {
        Listen(Options.Profile());
        var old = Dtu();
        Say(old, "dtu-1");
        var ghost = NewSession();
        Assert.Equal("dtu-1", Read(ghost));
        var reborn = Dtu();
        Say(reborn, "dtu-1");
        var session = NewSession();
        Assert.Equal("dtu-1", Read(session));

        ghost.Tell(new Scripted.Do(Tcp.ConfirmedClose.Instance));
        Say(old, "still here");
        Assert.Equal("still here", Read(ghost));
        Say(reborn, "data");
        Assert.Equal("data", Read(session));

        // That the close was not answered shows in what is heard next.
        ghost.Tell(new Scripted.Do(Tcp.Abort.Instance));
        Sessions.ExpectMsg<Tcp.Aborted>(Patience);
        Say(old, "data of nobody!");
        Seen(status => status is { Connections: 2 } && status.Dropped.GetValueOrDefault("unregistered") == 1);
        Say(old, "dtu-2");
        Assert.Equal("dtu-2", Read(NewSession()));
        ghost.Self.Tell(PoisonPill.Instance);
        Say(reborn, "more");
        Assert.Equal("more", Read(session));
    }

    [Fact]
    public void The_end_of_a_displaced_session_does_not_take_the_id_from_the_newer_one()
    {
        Listen([Ddp, Options.Profile()]);
        var old = Dtu();
        Say(old, "330");
        var ghost = NewSession();
        Assert.Equal("330", Read(ghost));
        Send(Dtu(), DdpDatagram.Build(DdpType.Register, "330", []));
        var session = NewSession();
        _ = ReadBytes(session);
        ghost.Tell(new Scripted.Do(Tcp.ConfirmedClose.Instance));
        ghost.Tell(new Scripted.Do(Tcp.Abort.Instance));
        Sessions.ExpectMsg<Tcp.Aborted>(Patience);
        ghost.Self.Tell(PoisonPill.Instance);
        Seen(status => status is { Connections: 1 });
        var moved = Dtu();
        Send(moved, DdpDatagram.Build(DdpType.Data, "330", "x"u8));
        Assert.Equal(moved.LocalEndPoint!.ToString(), Sessions.ExpectMsg<Datagrams.Moved>(Patience).Peer.Text);
        Assert.Equal(DdpDatagram.Build(DdpType.Data, "330", "x"u8), ReadBytes(session));
    }

    [Fact]
    public void There_are_no_moreSessions_than_max_connections()
    {
        Listen(Options.Profile(), maxConnections: 1);
        Say(Dtu(), "dtu-1");
        NewSession();
        Say(Dtu(), "dtu-2");
        Assert.Equal("max-connections", Inbox.ExpectMsg<RefusedConnection>(Patience).Reason);
        Seen(status => status is { Accepted: 1, Refused: 1, Connections: 1 } && status.Dropped["max-connections"] == 1);
    }

    [Fact]
    public void A_registration_that_is_refused_is_counted_under_its_own_reason()
    {
        Listen(Options.Profile(), admission: AdmissionMode.Listed);
        Say(Dtu(), "dtu-1");
        Assert.Equal("not-listed", Inbox.ExpectMsg<RefusedConnection>(Patience).Reason);
        Assert.Equal(["not-listed"], Seen(status => !status.Dropped.IsEmpty).Dropped.Keys);
    }

    [Fact]
    public void A_session_that_failed_is_forgotten_and_the_DTU_registers_again()
    {
        Listen(Options.Profile());
        var dtu = Dtu();
        Say(dtu, "dtu-1");
        var session = NewSession();
        session.Tell(new Scripted.Fail());
        Seen(status => status is { Accepted: 1, Connections: 0 });
        Say(dtu, "dtu-1");
        Assert.NotEqual(session.Self, NewSession().Self);
    }

    [Fact]
    public void At_the_end_itsSessions_close_first_and_then_it_stops()
    {
        var listener = Listen(Options.Profile());
        Watch(listener);
        Say(Dtu(), "dtu-1");
        var session = NewSession();
        listener.Tell(ShutDown.Drain.Instance);
        Sessions.ExpectMsg<ShutDown.Drain>(Patience);
        Close(session);
        ExpectTerminated(listener, Patience);
    }

    [Fact]
    public void A_port_that_is_taken_is_told_with_its_key_and_tried_again()
    {
        var taken = Dtu();
        var listener = Start([Options.Profile()], ((IPEndPoint)taken.LocalEndPoint!).Port);
        var failed = Parent.ExpectMsg<Binding.BindFailed>(Patience);
        Assert.Equal(("dtu.listeners.main", true), (failed.KeyPath, failed.AddressInUse));
        taken.Dispose();
        AwaitAssert(() =>
        {
            Settle(listener);
            Advance(TimeSpan.FromSeconds(1));
            Assert.IsType<Binding.SocketBound>(Parent.ReceiveOne(TimeSpan.FromMilliseconds(100)));
        }, Patience);
    }

    [Fact]
    public void Nobody_at_the_other_end_is_no_end_of_the_listener()
    {
        Listen(Options.Profile());
        var gone = Dtu();
        Say(gone, "dtu-1");
        var session = NewSession();
        Assert.Equal("dtu-1", Read(session));
        gone.Dispose();
        for (var i = 0; i < 3; i++)
        {
            session.Tell(new Scripted.Do(Tcp.Write.Create(ByteString.FromString("x"), new Written(1))));
            Sessions.ExpectMsg<Written>(Patience);
        }

        Say(Dtu(), "dtu-2");
        Assert.NotEqual(session.Self, NewSession().Self);
    }
}
