using Akka.Actor;
using Akka.IO;
using DtuActors.Configuration;
using DtuActors.Directory;
using DtuActors.Protocol.Framing;
using DtuActors.Protocol.Modbus;
using DtuActors.Sessions;

namespace DtuActors.Tests.Sessions;

/// <summary>Who asks in Modbus RTU is answered in RTU, whatever form of it the DTU delivers, and whatever function it is.</summary>
public sealed class ModbusFormsSpec : SessionSpec
{
    private static readonly byte[] Ask = Items.Read(1, 0);
    private static readonly byte[] Value = Items.Value(1, 0x1234);

    public static TheoryData<BusMode> Modes => new(BusMode.Transparent, BusMode.RequestResponse);

    [Theory]
    [MemberData(nameof(Modes))]
    public void A_DTU_of_modbus_tcp_is_asked_under_transactions_of_the_session_s_own(BusMode mode)
    {
        var session = OnBus("modbus-tcp", mode);
        session.Tell(Request(Ask, 1, turn: "one"));
        session.Tell(Request(Ask, 2, turn: "other"));
        Assert.Equal(Mbap.Build(1, 1, Pdu(Ask)), Written(session));

        // Another transaction's, however well it fits.
        Receive(session, Mbap.Build(9, 1, [3, 2, 0, 0]));
        Receive(session, Mbap.Build(1, 1, Pdu(Value)));
        var answered = ExpectMsg<Asking.Answered>();
        Assert.Equal((1L, "modbus-rtu"), (answered.Correlation, answered.Frame.Codec));
        Assert.Equal(Value, answered.Frame.Payload.ToArray());
        Assert.Equal(Mbap.Build(2, 1, Pdu(Ask)), Written(session));
        Receive(session, Mbap.Build(2, 1, [0x83, 2]));
        Assert.Equal(ModbusRtu.Build(1, [0x83, 2]), ExpectMsg<Asking.Answered>().Frame.Payload.ToArray());
    }

    [Fact]
    public void A_DTU_of_modbus_ascii_is_asked_in_ascii()
    {
        var session = OnBus("modbus-ascii", BusMode.RequestResponse);
        session.Tell(Request(Ask, 1));
        Assert.Equal(ModbusAscii.Build(1, Pdu(Ask)), Written(session));
        Receive(session, ModbusAscii.Build(1, Pdu(Value)));
        Assert.Equal(Value, ExpectMsg<Asking.Answered>().Frame.Payload.ToArray());
    }

    [Fact]
    public void What_an_operator_sends_to_a_DTU_of_modbus_tcp_is_sent_as_it_is()
    {
        var session = OnBus("modbus-tcp", BusMode.RequestResponse);
        session.Tell(Request(Ask, 1, AnswerRule.ByMode));
        Assert.Equal(Ask, Written(session));
    }

    [Fact]
    public void A_late_answer_under_its_own_transaction_holds_nobody_back_and_is_nobody_s()
    {
        var session = OnBus("modbus-tcp", BusMode.RequestResponse);
        session.Tell(Request(Ask, 1));
        Written(session);
        Advance(TimeSpan.FromSeconds(5.1));
        Assert.Equal(RefusalReason.NoAnswer, ExpectMsg<Asking.Refused>().Reason);
        session.Tell(Request(Ask, 2));
        Assert.Equal(Mbap.Build(2, 1, Pdu(Ask)), Written(session));
        Receive(session, Mbap.Build(1, 1, [3, 2, 0, 1]));
        Receive(session, Mbap.Build(2, 1, [3, 2, 0, 2]));
        Assert.Equal(Items.Value(1, 2), ExpectMsg<Asking.Answered>().Frame.Payload.ToArray());
        session.Tell(Tcp.PeerClosed.Instance);
        Assert.Equal(1, Fleet.FishForMessage<Fleet.SessionEnded>(_ => true).Report.DroppedUp["late-answer"]);
    }

    [Fact]
    public void Those_who_read_the_same_share_an_answer_though_their_transactions_differ()
    {
        var session = OnBus("modbus-tcp", BusMode.RequestResponse, new BusOptions { Coalesce = TimeSpan.FromSeconds(1) });
        session.Tell(Request(Ask, 1, turn: "one"));
        session.Tell(Request(Ask, 2, turn: "other"));
        Written(session);
        Receive(session, Mbap.Build(1, 1, Pdu(Value)));
        Assert.Equal(Value, ExpectMsg<Asking.Answered>().Frame.Payload.ToArray());
        Assert.Equal(Value, ExpectMsg<Asking.Answered>().Frame.Payload.ToArray());
    }

    [Theory]
    [InlineData("modbus-tcp", BusMode.RequestResponse)]
    [InlineData("modbus-rtu", BusMode.RequestResponse)]
    [InlineData("raw", BusMode.Transparent)]
    public void A_broadcast_is_written_and_waits_for_nobody(string codec, BusMode mode)
    {
        var session = OnBus(codec, mode);
        session.Tell(Request(Items.WriteOne(0, 7), 1));
        session.Tell(Request(Ask, 2));
        var broadcast = Written(session);
        Assert.Equal(codec == "modbus-tcp" ? Mbap.Build(1, 0, Pdu(Items.WriteOne(0, 7))) : Items.WriteOne(0, 7), broadcast);
        Assert.Equal(1, ExpectMsg<Asking.Sent>().Correlation);
        Assert.Equal(codec == "modbus-tcp" ? Mbap.Build(2, 1, Pdu(Ask)) : Ask, Written(session));
    }

    /// <summary>Requests, and what they are answered, of functions that say no length, or whose length depends on the answer.</summary>
    public static TheoryData<string, byte[], byte[]> Functions()
    {
        var data = new TheoryData<string, byte[], byte[]>();
        (byte[] Request, byte[] Answer)[] rows =
        [
            ([0x41], [0x41]),
            ([0x48, 1, 2], [0x48, 9, 8, 7, 6, 5]),
            ([0x64, 0], [.. Enumerable.Repeat((byte)0x64, 253)]),
            ([0x6E, 3], [0xEE, 1]),
            ([0x2B, 0x0D, 1, 2], [0x2B, 0x0D, 3, 4, 5]),
            ([0x2B, 0x0E, 1, 0], [0x2B, 0x0E, 1, 1, 0, 0, 2, 0, 3, 0x41, 0x42, 0x43, 1, 1, 0x44]),
            ([0x18, 0, 5], [0x18, 0, 6, 0, 2, 1, 2, 3, 4]),
            ([0x14, 7, 6, 0, 4, 0, 1, 0, 2], [0x14, 6, 5, 6, 0x0D, 0xFE, 0, 0x20]),
            ([0x15, 9, 6, 0, 4, 0, 7, 0, 1, 6, 0xAF], [0x15, 9, 6, 0, 4, 0, 7, 0, 1, 6, 0xAF]),
            ([0x07], [0x07, 0x6D]),
            ([0x0B], [0x0B, 0xFF, 0xFF, 1, 8]),
            ([0x0C], [0x0C, 8, 0, 0, 1, 8, 1, 0x21, 0x20, 0]),
            ([0x11], [0x11, 3, 1, 0xFF, 9]),
            ([0x16, 0, 4, 0, 0xF2, 0, 0x25], [0x16, 0, 4, 0, 0xF2, 0, 0x25]),
            ([0x17, 0, 3, 0, 1, 0, 14, 0, 1, 2, 0, 0xFF], [0x17, 2, 0, 0xFE]),
        ];
        foreach (var codec in new[] { "modbus-rtu", "raw" })
        {
            foreach (var (request, answer) in rows)
            {
                data.Add(codec, request, answer);
            }
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Functions))]
    public void The_answer_of_any_function_is_known_without_waiting_wherever_it_was_cut(string codec, byte[] request, byte[] answer)
    {
        var frame = ModbusRtu.Build(1, answer);
        var session = OnBus(codec, BusMode.RequestResponse, heartbeat: "ping"u8.ToArray());
        Socket.IgnoreMessages(message => message is Tcp.ResumeReading);
        for (var cut = 0; cut < Math.Min(frame.Length, 20); cut++)
        {
            session.Tell(Request(ModbusRtu.Build(1, request), cut));
            Written(session);
            Receive(session, "ping"u8.ToArray());
            Receive(session, frame[..cut]);
            Receive(session, frame[cut..]);
            Assert.Equal(frame, ExpectMsg<Asking.Answered>().Frame.Payload.ToArray());
        }
    }

    [Theory]
    [InlineData("modbus-rtu")]
    [InlineData("raw")]
    public void Garbage_in_front_does_not_hide_the_answer_of_a_function_without_a_length(string codec)
    {
        var frame = ModbusRtu.Build(1, [0x41, 1, 2, 3]);
        var session = OnBus(codec, BusMode.RequestResponse);
        session.Tell(Request(ModbusRtu.Build(1, [0x41]), 1));
        Written(session);
        Receive(session, [0x55, 0x01, 0x03, .. frame]);
        Assert.Equal(frame, ExpectMsg<Asking.Answered>().Frame.Payload.ToArray());
    }

    private static byte[] Pdu(byte[] rtu) => rtu[1..^2];

    private IActorRef OnBus(string codec, BusMode mode, BusOptions? bus = null, byte[]? heartbeat = null) => Online(profile: Options.Profile(
        framing: new FramingOptions { Codec = codec, Role = ModbusRole.Responses },
        bus: (bus ?? new BusOptions()) with { Mode = mode },
        heartbeat: heartbeat is null ? new HeartbeatOptions() : new HeartbeatOptions { Match = [heartbeat] }));

    private Asking.Request Request(byte[] rtu, long correlation, AnswerRule rule = AnswerRule.Modbus, string turn = "master") =>
        new(Protocol.DtuId.Parse("dtu-1"), rtu, null, rule, correlation, "modbus", TestActor, turn);
}
