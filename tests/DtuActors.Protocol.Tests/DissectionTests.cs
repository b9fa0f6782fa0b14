using DtuActors.Protocol.Detection;
using DtuActors.Protocol.Framing;
using DtuActors.Protocol.Transports;
using FsCheck.Xunit;

namespace DtuActors.Protocol.Tests;

public sealed class DissectionTests
{
    private static readonly byte[] Request = Recording.Hex("01 03 00 00 00 02 C4 0B");

    [Fact]
    public void A_capture_is_told_piece_by_piece_with_offsets_reasons_and_words()
    {
        // Unit 80, read as a function after a garbage byte, begins no frame either.
        var request = Modbus.ModbusRtu.Build(0x80, [3, 0, 0, 0, 2]);
        byte[] damaged = [.. request.AsSpan(..^1), 0x55];
        var pieces = Of(new FramingOptions { Codec = "modbus-rtu", Role = ModbusRole.Requests }, [0x00, 0x00, .. request, .. damaged, .. request.AsSpan(..5)], FrameDirection.Down);
        Assert.Equal(
            [(PieceKind.Dropped, 0, 2, "garbage"), (PieceKind.Frame, 2, 8, null), (PieceKind.Dropped, 10, 8, "bad-checksum"), (PieceKind.Dropped, 18, 5, "truncated")],
            pieces.Select(piece => (piece.Kind, piece.Offset, piece.Bytes.Length, piece.Reason)));
        Assert.Equal("Modbus read holding registers request, unit 128, 2 registers from 0", pieces[1].Decoded);
    }

    [Fact]
    public void The_direction_decides_where_a_frame_reads_both_ways()
    {
        var write = Recording.Hex("01 06 00 01 00 01 19 CA");
        Assert.Contains("request", Of(new FramingOptions { Codec = "modbus-rtu" }, write, FrameDirection.Down)[0].Decoded!, StringComparison.Ordinal);
        Assert.DoesNotContain("request", Of(new FramingOptions { Codec = "modbus-rtu" }, write, FrameDirection.Up)[0].Decoded!, StringComparison.Ordinal);
    }

    [Fact]
    public void Heartbeats_stand_between_frames()
    {
        var pieces = Dissection.OfCodec(new FramingOptions { Codec = "modbus-rtu" }, (byte[])[.. Request, .. "ping"u8, .. Request], FrameDirection.Up, ["ping"u8.ToArray()]).Pieces;
        Assert.Equal([(PieceKind.Frame, 0), (PieceKind.Heartbeat, 8), (PieceKind.Frame, 12)], pieces.Select(piece => (piece.Kind, piece.Offset)));
    }

    [Fact]
    public void A_delimiter_that_is_left_out_stands_between_pieces()
    {
        var pieces = Of(new FramingOptions { Codec = "delimiter", Delimiter = "ab"u8.ToArray() }, "xabbabab"u8.ToArray());
        Assert.Equal([(0, "78"), (3, "62")], pieces.Select(piece => (piece.Offset, Convert.ToHexString(piece.Bytes.Span))));
    }

    [Fact]
    public void Units_of_an_envelope_come_with_id_payload_and_answer()
    {
        byte[] capture = [0x55, .. Ddp.Build(DdpType.Register, "330", [10, 0, 0, 1, 0, 80]), .. Ddp.Build(DdpType.Data, "330", Request)];
        var dissection = Dissection.OfEnvelope("ddp", capture);
        Assert.Equal(2, dissection.Frames);
        Assert.Equal([(PieceKind.Dropped, null), (PieceKind.Frame, EnvelopeKind.Registration), (PieceKind.Frame, (EnvelopeKind?)EnvelopeKind.Data)], dissection.Pieces.Select(piece => (piece.Kind, piece.Unit)));
        Assert.Equal("7B81001033333000000000000000007B", Convert.ToHexString(dissection.Pieces[1].Reply.Span));
        Assert.Equal(Request, dissection.Pieces[2].Payload.ToArray());
        Assert.Equal("modbus-rtu: Modbus read holding registers request, unit 1, 2 registers from 0", dissection.Pieces[2].Decoded);
    }

    [Fact]
    public void Raw_cuts_nothing() => Assert.Equal([(PieceKind.Frame, 0, 8)], Of(new FramingOptions(), Request).Select(piece => (piece.Kind, piece.Offset, piece.Bytes.Length)));

    [Fact]
    public void No_bytes_have_no_pieces()
    {
        Assert.Empty(Of(new FramingOptions { Codec = "modbus-rtu" }, []));
        Assert.Empty(Dissection.OfEnvelope("ddp", default).Pieces);
    }

    [Fact]
    public void What_no_table_knows_is_refused()
    {
        Assert.Throws<ArgumentException>(() => Of(new FramingOptions { Codec = "modbus" }, Request));
        Assert.Throws<ArgumentException>(() => Dissection.OfEnvelope("none", Request));
        Assert.Throws<ArgumentException>(() => Dissection.OfLogin("none", Request));
    }

    [Property(MaxTest = 300)]
    public void Every_byte_is_in_one_piece_and_the_pieces_are_in_order(byte[] bytes, byte[] more)
    {
        byte[] capture = [.. bytes, .. Request, .. more, .. Ddp.Build(DdpType.Data, "1", bytes), .. bytes];
        foreach (var codec in Codecs.Names.Where(name => Codecs.Create(Options(name)).IsProtocol || name is "raw" or "idle-gap" or "fixed"))
        {
            AssertWhole(capture, Of(Options(codec), capture));
        }

        Assert.All(Envelopes.Names, name => AssertWhole(capture, Dissection.OfEnvelope(name, capture).Pieces));
    }

    // Enough keys for every codec that needs some.
    private static FramingOptions Options(string codec) => new() { Codec = codec, Length = 7, Start = new byte[] { 2 }, End = new byte[] { 3 } };

    private static void AssertWhole(byte[] capture, IReadOnlyList<Piece> pieces)
    {
        Assert.Equal(capture, pieces.SelectMany(piece => piece.Bytes.ToArray()));
        var at = 0;
        Assert.All(pieces, piece =>
        {
            Assert.Equal(at, piece.Offset);
            at += piece.Bytes.Length;
        });
    }

    private static IReadOnlyList<Piece> Of(FramingOptions framing, byte[] capture, FrameDirection direction = FrameDirection.Up) =>
        Dissection.OfCodec(framing, capture, direction).Pieces;
}
