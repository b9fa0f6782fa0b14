using DtuActors.Protocol.Transports;
using FsCheck.Xunit;

namespace DtuActors.Protocol.Tests;

/// <summary>The DTU's side of each envelope, against the centre's and against the layouts of the recordings.</summary>
public sealed class TerminalTests
{
    private const string Id = "13800138000";

    // A name of a row, and what its DTU says first: a registration, or data.
    private static readonly (string Name, byte[] First)[] Dtus =
    [
        ("ddp", Convert.FromHexString("7B01001631333430333135343332390A1BBE2D0FA07B")),
        ("ddp", Ddp.Build(DdpType.Data, Id, "x"u8)),
        ("four-faith-prot", FourFaithProt.BuildLogin([0x78, 0x56, 0x34, 0x12], "13066668888", [192, 168, 1, 66])),
        ("zg", Zg.Build(ZgType.Register, "13800138000"u8)),
        ("zg", Zg.BuildNumbered(ZgType.Register, Id, "192.168.1.100,5002"u8)),
        ("zg", Zg.BuildNumbered(ZgType.Data, Id, "x"u8)),
        ("jbt", Jbt.Build(JbtFunction.Register, Id, [])),
        ("jbt", Jbt.Build(JbtFunction.Data, Id, [])),
    ];

    [Property(MaxTest = 300)]
    public void What_it_wraps_the_centre_opens_and_what_the_centre_wraps_it_opens_at_any_cut((byte[] Data, bool Heartbeat)[] said, int[] cuts)
    {
        foreach (var (name, first) in Dtus)
        {
            var terminal = Envelopes.MakeTerminal(name, first)!;
            byte[] up = [.. terminal.Registration.Span, .. said.SelectMany(s => (byte[])[.. terminal.Wrap(s.Data), .. s.Heartbeat ? terminal.Repeat(terminal.Registration).ToArray() : []])];
            var centre = Opened.Of(name, Recording.Cut(up, cuts)).Silence();
            Assert.Equal(Opened.Of(name, first).Units[0].Id, centre.Units[0].Id);
            Assert.Equal(EnvelopeKind.Registration, centre.Units[0].Kind);
            Assert.Equal(said.SelectMany(s => s.Data), centre.Data);
            Assert.Equal(1 + said.Count(s => s.Heartbeat), centre.Units.Count(unit => unit.Kind is EnvelopeKind.Registration or EnvelopeKind.Heartbeat));
            Assert.Empty(centre.Drops);

            // What the centre answers to the registration and to each heartbeat stands among its data.
            byte[] down = [.. centre.Units[0].Reply.Span, .. said.SelectMany(s => (byte[])[.. centre.Envelope.Wrap(Id, s.Data), .. centre.Units[0].Reply.Span])];
            var dtu = Heard.Of(Envelopes.MakeTerminal(name, first)!, isListening: false, Recording.Cut(down, cuts));
            Assert.Equal(said.SelectMany(s => s.Data), dtu.Data);
            Assert.Equal(centre.Units[0].Reply.IsEmpty ? 0 : 1 + said.Length, dtu.Log.Count(line => line.StartsWith("reply ", StringComparison.Ordinal)));
            Assert.All(dtu.Log, line => Assert.StartsWith("reply ", line, StringComparison.Ordinal));
        }
    }

    [Property(MaxTest = 300)]
    public void Anything_at_all_is_accounted_for_and_never_throws(byte[] noise, int[] cuts)
    {
        byte[] likely = [0x7B, 0x7D, 0x30, 0x32, 0x89, 0x00, 0x10, 0x0C, 0xA8, 0x81, 0xFD, 0xED, 0xEE, 0xFE, 0x31, 0x12];
        byte[] junk = [.. noise.Select(b => likely[b % likely.Length])];
        foreach (var (name, first) in Dtus)
        {
            _ = Envelopes.MakeTerminal(name, junk);
            var whole = Heard.Of(Envelopes.MakeTerminal(name, first)!, isListening: false, junk);
            var inParts = Heard.Of(Envelopes.MakeTerminal(name, first)!, isListening: false, Recording.Cut(junk, cuts));
            Assert.Equal(whole.Data, inParts.Data);
            Assert.Equal(whole.Answers, inParts.Answers);
        }
    }

    [Fact]
    public void A_registration_goes_up_byte_for_byte_and_one_is_made_for_a_DTU_that_said_data_first()
    {
        Assert.Equal(Dtus[0].First, Envelopes.MakeTerminal("ddp", Dtus[0].First)!.Registration.ToArray());
        Assert.Equal(Ddp.Build(DdpType.Register, Id, new byte[6]), Envelopes.MakeTerminal("ddp", Dtus[1].First)!.Registration.ToArray());
        Assert.Equal(Zg.BuildNumbered(ZgType.Register, Id, []), Envelopes.MakeTerminal("zg", Dtus[5].First)!.Registration.ToArray());
        Assert.Equal(Jbt.Build(JbtFunction.Register, Id, []), Envelopes.MakeTerminal("jbt", Dtus[7].First)!.Registration.ToArray());
        Assert.Empty(Envelopes.MakeTerminal("four-faith-prot", "data"u8.ToArray())!.Registration.ToArray());
        Assert.Empty(Envelopes.MakeTerminal("zg", Zg.Build(ZgType.Data, "data"u8))!.Registration.ToArray());
    }

    [Theory]
    [InlineData("ddp")]
    [InlineData("jbt")]
    [InlineData("none")]
    public void Who_must_name_itself_and_did_not_can_not_be_played(string name)
    {
        Assert.Null(Envelopes.MakeTerminal(name, default));
        Assert.Null(Envelopes.MakeTerminal(name, "pump-7"u8.ToArray()));
    }

    [Fact]
    public void What_came_in_DDPs_datagrams_goes_up_in_the_layout_of_TCP()
    {
        var datagram = DdpDatagram.Build(DdpType.Register, Id, [10, 0, 0, 1, 1, 2]);
        var terminal = Envelopes.MakeTerminal("ddp", datagram)!;
        var registration = Ddp.Build(DdpType.Register, Id, new byte[6]);
        Assert.Equal(registration, terminal.Registration.ToArray());
        Assert.Equal(registration, terminal.Repeat(datagram).ToArray());
    }

    [Fact]
    public void A_DDP_DTU_confirms_data_registers_again_when_it_is_asked_to_and_does_not_understand_settings()
    {
        byte[] down =
        [
            .. Ddp.Build(DdpType.CentreData, Id, "one"u8), .. Ddp.Build(DdpType.RegisterAgain, Id, []), .. Ddp.Build(DdpType.SetParameters, Id, "no"u8),
            .. Ddp.Build(DdpType.Unregistered, Id, []), .. Ddp.Build(DdpType.DataTaken, Id, []),
        ];
        var dtu = Heard.Of(new DdpTerminal(Id), isListening: false, down);
        byte[] answers = [.. Ddp.Build(DdpType.CentreDataTaken, Id, []), .. Ddp.Build(DdpType.Register, Id, new byte[6]), .. Ddp.Build(DdpType.Invalid, Id, [])];
        Assert.Equal(answers, dtu.Answers);
        Assert.Equal("one"u8.ToArray(), dtu.Data);
        Assert.Equal(["command 83", "command 8D", "command 82", "reply 85"], dtu.Log.Select(line => line.Split(' ') is var parts ? $"{parts[0]} {parts[1][2..4]}" : ""));

        // Who only listens hands nothing on, and confirms nothing.
        Assert.Equal(answers[16..], Heard.Of(new DdpTerminal(Id), isListening: true, down).Answers);
    }

    [Fact]
    public void A_Four_Faith_login_that_is_repeated_goes_up_as_a_heartbeat()
    {
        var login = Dtus[2].First;
        var terminal = Envelopes.MakeTerminal("four-faith-prot", login)!;
        Assert.Equal([FourFaithProt.Heartbeat], terminal.Repeat(login).ToArray());
        Assert.Equal([FourFaithProt.Heartbeat], terminal.Repeat(new[] { FourFaithProt.Heartbeat }).ToArray());
    }

    [Fact]
    public void A_JBT_DTUs_second_port_is_not_its_first()
    {
        byte[] down = [.. "one"u8, .. Jbt.Build(JbtFunction.SecondPortDown, Id, "other"u8), .. Jbt.Build(JbtFunction.Registered, Id, "two"u8)];
        var dtu = Heard.Of(Envelopes.MakeTerminal("jbt", Dtus[6].First)!, isListening: false, down);
        Assert.Equal("onetwo"u8.ToArray(), dtu.Data);
        Assert.Contains("command " + Convert.ToHexString("other"u8), dtu.Log);
    }

    [Fact]
    public void A_unit_whose_rest_does_not_come_is_given_up_at_silence_and_the_next_one_is_read()
    {
        var dtu = new Heard(new DdpTerminal(Id), isListening: false);
        dtu.Feed(Ddp.Build(DdpType.CentreData, Id, "lost"u8)[..^3]);
        Assert.NotNull(dtu.SilenceDue);
        dtu.Silence();
        dtu.Feed(Ddp.Build(DdpType.CentreData, Id, "next"u8));
        Assert.Equal("next"u8.ToArray(), dtu.Data);
        Assert.Null(dtu.SilenceDue);
        Assert.Contains(dtu.Log, line => line.StartsWith("truncated ", StringComparison.Ordinal));
    }

    /// <summary>What a terminal makes of what its centre sends.</summary>
    private sealed class Heard(Terminal terminal, bool isListening) : IPortSink
    {
        private readonly TerminalPort _port = new(terminal, isListening);

        public List<byte> Data { get; } = [];

        public List<string> Log { get; } = [];

        public List<byte> Answers { get; } = [];

        public TimeSpan? SilenceDue => _port.SilenceDue;

        public static Heard Of(Terminal terminal, bool isListening, params byte[][] pieces)
        {
            var heard = new Heard(terminal, isListening);
            Array.ForEach(pieces, heard.Feed);
            heard.Silence();
            return heard;
        }

        public void Feed(byte[] piece)
        {
            var sink = this;
            _port.Feed(piece, ref sink);
            Answers.AddRange(_port.TakeAnswers().ToArray());
        }

        public void Silence()
        {
            var sink = this;
            _port.Silence(ref sink);
        }

        public void OnData(ReadOnlySpan<byte> data) => Data.AddRange(data);

        public void OnKept(ReadOnlySpan<byte> unit, bool isReply) => Log.Add($"{(isReply ? "reply" : "command")} {Convert.ToHexString(unit)}");

        public void OnDropped(ReadOnlySpan<byte> bytes, string reason) => Log.Add($"{reason} {Convert.ToHexString(bytes)}");

        public void OnLine(LineField field, uint value) => throw new InvalidOperationException("a centre knows no line");

        public void OnPurge(PortBuffers buffers) => throw new InvalidOperationException("a centre knows no buffers");

        public void OnSuspend(bool isSuspended) => throw new InvalidOperationException("a centre does not suspend");
    }
}
