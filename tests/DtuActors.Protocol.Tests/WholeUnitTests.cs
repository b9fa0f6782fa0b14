using DtuActors.Protocol.Detection;
using DtuActors.Protocol.Framing;
using DtuActors.Protocol.Transports;
using DtuActors.Tests.Shared;
using FsCheck.Xunit;

namespace DtuActors.Protocol.Tests;

/// <summary>What only a boundary from outside ends, in <see cref="Detector"/> and <see cref="Dissection"/>: vectors/frames.tsv has some of each.</summary>
public sealed class WholeUnitTests
{
    private const string Detect = "55 AA 55 AA 03 00 00 11 65";
    private const string Down = "7B 89 00 10 31 33 39 31 32 33 34 35 36 37 38 7B 31 32 33";
    private static readonly byte[] Request = Recording.Hex("01 03 00 00 00 02 C4 0B");

    public static TheoryData<string, byte[]> Good() => Of("good");

    public static TheoryData<string, byte[]> Bad() => Of("bad");

    [Theory]
    [MemberData(nameof(Good))]
    public void A_good_unit_is_guessed_first_and_with_confidence(string name, byte[] unit)
    {
        var best = Detector.Guess(unit)[0];
        Assert.Equal((name, WholeUnits.KindOf(name), 0.9), (best.Name, best.Kind, best.Confidence));
        Assert.Equal((1, WholeUnits.ProofOf(name) == Proof.Checksum ? 1 : 0, 0), (best.Frames, best.Proven, best.Unexplained));
        Assert.Null(best.Configuration);
    }

    [Theory]
    [MemberData(nameof(Good))]
    public void A_good_unit_is_decoded_as_one_frame_with_the_same_words(string name, byte[] unit)
    {
        var dissection = Dissection.OfWhole(name, unit);
        Assert.Equal(1, dissection.Frames);
        var piece = Assert.Single(dissection.Pieces);
        Assert.Equal((PieceKind.Frame, 0, unit.Length), (piece.Kind, piece.Offset, piece.Bytes.Length));
        Assert.Equal(Detector.Guess(unit)[0].Decoded, piece.Decoded);
    }

    [Theory]
    [MemberData(nameof(Bad))]
    public void A_bad_unit_is_neither_guessed_nor_decoded(string name, byte[] unit) => AssertNone(name, unit);

    [Theory]
    [MemberData(nameof(Good))]
    public void A_unit_that_is_not_all_of_the_bytes_is_none(string name, byte[] unit)
    {
        AssertNone(name, [0x00, .. unit]);
        AssertNone(name, unit[..(unit.Length < 16 ? ^1 : 15)]);
        if (WholeUnits.ProofOf(name) == Proof.Checksum)
        {
            AssertNone(name, [.. unit, 0x00]);
            AssertNone(name, [.. unit, .. unit]);
        }
    }

    [Theory]
    [InlineData("usr-2217", "55 AA 55 01 C2 00 03 C6", "USR baud 115200, 8N1")]
    [InlineData("usr-2217", "55 AA 55 01 C2 00 83 46", "USR baud 115200, 8N1")]
    [InlineData("usr-2217", "55 AA 55 00 25 80 1E C3", "USR baud 9600, 7E2")]
    [InlineData("inhand-ihdmp", Detect, "IHDMP command 03, detect")]
    [InlineData("ddp-udp", Down, "DDP datagram, data of 13912345678, 3 bytes")]
    public void A_unit_is_told_in_one_line(string name, string hex, string line) => Assert.Equal(line, WholeUnits.Read(name, Recording.Hex(hex))?.Line);

    [Theory]
    [InlineData(0x03, true, 0, "IHDMP command 03 from the DTU, detect")]
    [InlineData(0x13, false, 3, "IHDMP command 13, short message, 3 parameters")]
    [InlineData(0xFE, false, 1, "IHDMP command FE, 1 parameter")]
    public void An_IHDMP_command_is_told_as_far_as_it_is_known(byte command, bool fromDtu, int parameters, string line)
    {
        var frame = Ihdmp.Build(new IhdmpFrame(fromDtu, command, [.. Enumerable.Repeat(new IhdmpParameter(0x8181, new byte[] { 2 }), parameters)]));
        Assert.Equal(line, Detector.Guess(frame)[0].Decoded);
    }

    [Fact]
    public void A_datagram_is_told_with_its_id_and_what_is_inside()
    {
        var datagram = DdpDatagram.Build(DdpType.Data, "330", Request);
        var best = Detector.Guess(datagram)[0];
        Assert.Equal(("ddp-udp", GuessKind.Datagram, "330", "DDP datagram, data of 330, 8 bytes"), (best.Name, best.Kind, best.Id, best.Decoded));
        Assert.Equal(("modbus-rtu", 1), (best.Inside[0].Name, best.Inside[0].Proven));
        var piece = Assert.Single(Dissection.OfWhole("ddp-udp", datagram).Pieces);
        Assert.Equal((EnvelopeKind.Data, "330", Convert.ToHexString(Request)), (piece.Unit, piece.Id, Convert.ToHexString(piece.Payload.Span)));
        Assert.Equal("DDP datagram, data of 330, 8 bytes; modbus-rtu: Modbus read holding registers request, unit 1, 2 registers from 0", piece.Decoded);
    }

    [Fact]
    public void A_baud_command_shows_through_the_transport_that_carries_it()
    {
        var baud = UsrBaudFrame.Build(9600, 8, LineParity.None, 1);
        var inside = Detector.Guess(DdpDatagram.Build(DdpType.CentreData, "330", baud))[0].Inside[0];
        Assert.Equal(("usr-2217", GuessKind.Command), (inside.Name, inside.Kind));
    }

    [Fact]
    public void A_datagram_that_a_stream_would_carry_alike_is_guessed_once_and_decoded_by_either_name()
    {
        var registration = Ddp.Build(DdpType.Register, "330", [10, 0, 0, 1, 0, 80]);
        Assert.Equal(["ddp"], Detector.Guess(registration).Select(guess => guess.Name));
        var piece = Assert.Single(Dissection.OfWhole("ddp-udp", registration).Pieces);
        Assert.Equal(("DDP datagram, registration of 330", "7B81001033333000000000000000007B"), (piece.Decoded, Convert.ToHexString(piece.Reply.Span)));
    }

    [Fact]
    public void A_datagram_that_names_nobody_has_only_its_shape()
    {
        var datagram = DdpDatagram.Build(DdpType.Data, "330", Request);
        datagram.AsSpan(4, 11).Clear();
        var guess = Assert.Single(Detector.Guess(datagram), guess => guess.Name == "ddp-udp");
        Assert.Equal((0.6, null), (guess.Confidence, guess.Id));
    }

    [Fact]
    public void No_bytes_have_no_pieces() => Assert.All(WholeUnits.Names, name => Assert.Empty(Dissection.OfWhole(name, default).Pieces));

    [Fact]
    public void What_the_table_does_not_know_is_refused()
    {
        Assert.Throws<ArgumentException>(() => WholeUnits.Read("none", Request));
        Assert.Throws<ArgumentException>(() => Dissection.OfWhole("none", Request));
    }

    [Property(MaxTest = 300)]
    public void Anything_at_all_is_one_piece(byte[] bytes, byte[] more)
    {
        foreach (var capture in (byte[][])
        [
            bytes, [0x55, 0xAA, 0x55, .. bytes], [0x55, 0xAA, 0x55, 0xAA, .. bytes], [0x7B, 0x09, 0x00, 0x10, .. bytes, 0x7B, .. more],
            Ihdmp.Build(new IhdmpFrame(FromDtu: true, 0x03, [new IhdmpParameter(0, bytes), new IhdmpParameter(1, more)])),
            DdpDatagram.Build(DdpType.Data, "1", bytes),
        ])
        {
            Assert.All(WholeUnits.Names, name => Assert.Equal(capture, Dissection.OfWhole(name, capture).Pieces.SelectMany(piece => piece.Bytes.ToArray())));
        }
    }

    private static void AssertNone(string name, byte[] bytes)
    {
        Assert.DoesNotContain(Detector.Guess(bytes), guess => guess.Name == name);
        var dissection = Dissection.OfWhole(name, bytes);
        Assert.Equal(0, dissection.Frames);
        var piece = Assert.Single(dissection.Pieces);
        Assert.Equal((PieceKind.Dropped, DropReasons.Garbage, null), (piece.Kind, piece.Reason, piece.Decoded));
    }

    private static TheoryData<string, byte[]> Of(string expect)
    {
        var data = new TheoryData<string, byte[]>();
        foreach (var vector in FrameVector.All.Where(vector => vector.Expect == expect && WholeUnits.Names.Contains(vector.Protocol)))
        {
            data.Add(vector.Protocol, vector.Bytes);
        }

        return data;
    }
}
