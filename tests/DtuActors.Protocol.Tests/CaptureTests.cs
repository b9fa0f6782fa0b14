using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using DtuActors.Protocol.Capture;

namespace DtuActors.Protocol.Tests;

public sealed class CaptureTests
{
    private static readonly DtuId Pump = DtuId.Parse("pump-7");
    private static readonly DateTimeOffset At = new(2026, 5, 4, 10, 0, 0, 123, TimeSpan.Zero);

    private readonly ArrayBufferWriter<byte> _output = new();
    private readonly CaptureWriter _writer;

    public CaptureTests() => _writer = new CaptureWriter(_output, "tests");

    [Fact]
    public void A_capture_begins_with_a_section_and_tells_each_DTU_once()
    {
        Write("01", FrameDirection.Up);
        Write("02", FrameDirection.Down);
        _writer.Introduce(Pump, "again");
        Write("03", FrameDirection.Up, "raw", dtu: DtuId.Parse("泵"));
        Assert.Equal([0x0A0D0D0A, 1, 6, 6, 1, 6], Blocks().Select(block => block.Type));
        Assert.Equal(["pump-7", "泵"], Blocks().Where(block => block.Type == 1).Select(block => Encoding.UTF8.GetString(Options(block.Content, 8)[2].Single())));
    }

    [Fact]
    public void What_is_known_of_a_DTU_describes_its_interface_and_times_are_nanoseconds()
    {
        _writer.Introduce(Pump, "七号泵站, profile default");
        Write("01", FrameDirection.Up);
        var options = Options(Blocks()[1].Content, 8);
        Assert.Equal("七号泵站, profile default", Encoding.UTF8.GetString(options[3].Single()));
        Assert.Equal([9], options[9].Single());
        var packet = Blocks()[2].Content;
        var at = ((ulong)BinaryPrimitives.ReadUInt32LittleEndian(packet.AsSpan(4)) << 32) | BinaryPrimitives.ReadUInt32LittleEndian(packet.AsSpan(8));
        Assert.Equal((ulong)At.ToUnixTimeMilliseconds() * 1_000_000, at);
    }

    [Theory]
    [InlineData(FrameDirection.Up, 1)]
    [InlineData(FrameDirection.Down, 2)]
    public void The_direction_is_in_the_flags(FrameDirection direction, byte flags)
    {
        Write("01", direction);
        Assert.Equal([flags, 0, 0, 0], Packet(0).Options[2].Single());
    }

    [Fact]
    public void An_answer_carries_the_transaction_of_its_request_and_comes_from_Modbus_s_port()
    {
        Write("010300000002C40B", FrameDirection.Down, "modbus-rtu");
        Write("010304000A00011BF1", FrameDirection.Up, "modbus-rtu");
        Write("010600010003980B", FrameDirection.Down, "modbus-rtu");
        Write("010600010003980B", FrameDirection.Up, "modbus-rtu");
        Assert.Equal(("000100000006010300000002", 49152, 502), Modbus(0));
        Assert.Equal(("000100000007010304000A0001", 502, 49152), Modbus(1));
        Assert.Equal(("000200000006010600010003", 49152, 502), Modbus(2));
        Assert.Equal(("000200000006010600010003", 502, 49152), Modbus(3));
    }

    [Fact]
    public void A_master_behind_the_DTU_is_known_by_what_can_only_be_a_request()
    {
        Write("010300000002C40B", FrameDirection.Up, "modbus-rtu");
        Write("010304000A00011BF1", FrameDirection.Down, "modbus-rtu");
        Write("010600010003980B", FrameDirection.Up, "modbus-rtu");
        Write("010600010003980B", FrameDirection.Down, "modbus-rtu");
        Assert.Equal([502, 49152, 502, 49152], Enumerable.Range(0, 4).Select(packet => Modbus(packet).To));
    }

    [Fact]
    public void Modbus_ASCII_becomes_bytes_and_Modbus_TCP_stays_as_it_is()
    {
        Write(Convert.ToHexString(":010300000002FA\r\n"u8), FrameDirection.Down, "modbus-ascii");
        Write("ABCD00000006010300000002", FrameDirection.Down, "modbus-tcp");
        Assert.Equal("000100000006010300000002", Modbus(0).Bytes);
        Assert.Equal("ABCD00000006010300000002", Modbus(1).Bytes);
    }

    [Fact]
    public void Modbus_that_no_codec_cut_is_known_by_its_CRC()
    {
        Write("010300000002C40B", FrameDirection.Down, "raw");
        Write("010300000002C40C", FrameDirection.Down, "raw");
        Assert.Equal("000100000006010300000002", Modbus(0).Bytes);
        Assert.Equal("010300000002C40C", Convert.ToHexString(Packet(1).Payload));
        Assert.Equal("data", Encoding.ASCII.GetString(Packet(1).Tags[12]));
    }

    [Fact]
    public void Comments_keep_source_verdict_words_and_what_was_lost()
    {
        _writer.Miss(3);
        _writer.Miss(4);
        Write("010300000002C40B", FrameDirection.Down, "modbus-rtu", source: "scada");
        Write("010300000002C40C", FrameDirection.Up, "modbus-rtu", verdict: "bad-checksum");
        var first = Comments(0);
        Assert.Equal("7 events lost before this: the reader of this capture was too slow", first[0]);
        Assert.Contains("Modbus read holding registers request, unit 1, 2 registers from 0", first);
        Assert.Contains("source scada, codec modbus-rtu", first);
        Assert.Equal(["no frame: bad-checksum", "source dtu, codec modbus-rtu"], Comments(1));
        Assert.Equal("010300000002C40C", Convert.ToHexString(Packet(1).Payload));
    }

    [Fact]
    public void A_packet_longer_than_Wireshark_takes_is_cut_and_says_so()
    {
        Write(Convert.ToHexString(new byte[CaptureWriter.MostOfPacket + 1]), FrameDirection.Up);
        var content = Blocks()[2].Content;
        Assert.Equal(CaptureWriter.MostOfPacket, BinaryPrimitives.ReadInt32LittleEndian(content.AsSpan(12)));
        Assert.True(BinaryPrimitives.ReadInt32LittleEndian(content.AsSpan(16)) > CaptureWriter.MostOfPacket);
    }

    [Fact]
    public void More_DTUs_than_a_section_holds_begin_another()
    {
        for (var i = 0; i <= CaptureWriter.MostInterfaces; i++)
        {
            _writer.Introduce(DtuId.Parse($"dtu-{i}"), null);
        }

        Assert.False(_writer.Knows(DtuId.Parse("dtu-0")));
        Assert.True(_writer.Knows(DtuId.Parse($"dtu-{CaptureWriter.MostInterfaces}")));
        Assert.Equal(2, Blocks().Count(block => block.Type == 0x0A0D0D0A));
    }

    [Fact]
    public void A_long_text_is_cut_between_characters()
    {
        _writer.Introduce(Pump, "x" + new string('泵', 10_000));
        var text = Options(Blocks()[1].Content, 8)[3].Single();
        Assert.InRange(text.Length, 16_000, 16_384);
        Assert.DoesNotContain('\ufffd', Encoding.UTF8.GetString(text));
    }

    [Fact]
    public void Whole_blocks_are_taken_off_a_stream_however_it_is_cut()
    {
        Write("01", FrameDirection.Up);
        Write("02", FrameDirection.Up);
        var whole = _output.WrittenSpan.ToArray();
        for (var cut = 0; cut <= whole.Length; cut++)
        {
            var bytes = new ReadOnlySequence<byte>(whole, 0, cut);
            var packets = 0;
            while (CaptureBlock.TryTake(ref bytes, out var block))
            {
                packets += block.IsPacket ? 1 : 0;
            }

            Assert.Equal(cut == whole.Length ? 2 : cut >= whole.Length - (int)Blocks()[3].Content.Length - 12 ? 1 : 0, packets);
        }

        var foreign = new ReadOnlySequence<byte>("HTTP/1.1 200 OK"u8.ToArray());
        Assert.Throws<FormatException>(() => CaptureBlock.TryTake(ref foreign, out _));
    }

    private void Write(string hex, FrameDirection direction, string codec = "raw", string source = "dtu", string? verdict = null, DtuId? dtu = null) =>
        _writer.Write(new CapturedFrame(dtu ?? Pump, At, direction, Convert.FromHexString(hex), codec, source, verdict));

    private List<(uint Type, byte[] Content)> Blocks()
    {
        var blocks = new List<(uint, byte[])>();
        for (var rest = _output.WrittenSpan; !rest.IsEmpty;)
        {
            var length = BinaryPrimitives.ReadInt32LittleEndian(rest[4..]);
            Assert.Equal(length, BinaryPrimitives.ReadInt32LittleEndian(rest[(length - 4)..]));
            Assert.Equal(0, length % 4);
            blocks.Add((BinaryPrimitives.ReadUInt32LittleEndian(rest), rest[8..(length - 4)].ToArray()));
            rest = rest[length..];
        }

        return blocks;
    }

    private static ILookup<int, byte[]> Options(byte[] content, int from)
    {
        var options = new List<(int Code, byte[] Value)>();
        for (var at = from; at < content.Length;)
        {
            var code = BinaryPrimitives.ReadUInt16LittleEndian(content.AsSpan(at));
            var length = BinaryPrimitives.ReadUInt16LittleEndian(content.AsSpan(at + 2));
            options.Add((code, content[(at + 4)..(at + 4 + length)]));
            at += 4 + ((length + 3) & ~3);
        }

        return options.ToLookup(option => option.Code, option => option.Value);
    }

    private (Dictionary<int, byte[]> Tags, byte[] Payload, ILookup<int, byte[]> Options) Packet(int index)
    {
        var content = Blocks().Where(block => block.Type == 6).ElementAt(index).Content;
        var length = BinaryPrimitives.ReadInt32LittleEndian(content.AsSpan(12));
        var packet = content[20..(20 + length)];
        var tags = new Dictionary<int, byte[]>();
        var at = 0;
        for (int tag; (tag = BinaryPrimitives.ReadUInt16BigEndian(packet.AsSpan(at))) != 0;)
        {
            var size = BinaryPrimitives.ReadUInt16BigEndian(packet.AsSpan(at + 2));
            tags.Add(tag, packet[(at + 4)..(at + 4 + size)]);
            at += 4 + size;
        }

        return (tags, packet[(at + 4)..], Options(content, 20 + ((length + 3) & ~3)));
    }

    private (string Bytes, int From, int To) Modbus(int index)
    {
        var packet = Packet(index);
        Assert.Equal("tcp.port", Encoding.ASCII.GetString(packet.Tags[14]).TrimEnd('\0'));
        Assert.Equal(502u, BinaryPrimitives.ReadUInt32BigEndian(packet.Tags[32]));
        return (Convert.ToHexString(packet.Payload), BinaryPrimitives.ReadInt32BigEndian(packet.Tags[25]), BinaryPrimitives.ReadInt32BigEndian(packet.Tags[26]));
    }

    private string[] Comments(int index) => [.. Packet(index).Options[1].Select(Encoding.UTF8.GetString)];
}
