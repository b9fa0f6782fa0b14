using DtuActors.Protocol.Framing;
using DtuActors.Protocol.Modbus;
using DtuActors.Protocol.Pairing;

namespace DtuActors.Protocol.Tests;

public sealed class ModbusDialectTests
{
    private static readonly byte[] Pdu = [0x03, 0x00, 0x10, 0x00, 0x02];
    private static readonly byte[] Values = [0x03, 0x04, 0x00, 0x2A, 0x01, 0x00];

    /// <summary>Functions of every kind, user-defined ones among them; the last as long as a PDU may be.</summary>
    public static TheoryData<byte[]> Pdus() => new()
    {
        Values,
        new byte[] { 0x83, 0x02 },
        new byte[] { 0x41 },
        new byte[] { 0x64, 0xFF, 0x00 },
        new byte[] { 0x2B, 0x0D, 0x01, 0x02 },
        Enumerable.Range(0, 253).Select(i => (byte)(i == 0 ? 0x42 : i)).ToArray(),
    };

    [Theory]
    [MemberData(nameof(Pdus))]
    public void Each_form_carries_any_PDU_there_and_back(byte[] pdu)
    {
        var rtu = ModbusRtu.Build(17, pdu);
        foreach (var codec in new[] { "modbus-rtu", "modbus-ascii", "modbus-tcp", "raw" })
        {
            var dialect = ModbusDialect.Of(codec);
            Assert.Equal(rtu, dialect.Answer(dialect.Request(rtu)).ToArray());
        }
    }

    [Fact]
    public void Each_form_is_the_standards()
    {
        var rtu = ModbusRtu.Build(17, Pdu);
        Assert.Equal(rtu, ModbusDialect.Of("raw").Request(rtu).ToArray());
        Assert.Equal(":110300100002DA\r\n"u8.ToArray(), ModbusDialect.Of("modbus-ascii").Request(rtu).ToArray());
        Assert.Equal(Mbap.Build(1, 17, Pdu), ModbusDialect.Of("modbus-tcp").Request(rtu).ToArray());
    }

    [Fact]
    public void Transactions_count_on_and_begin_anew_behind_the_last()
    {
        var dialect = ModbusDialect.Of("modbus-tcp");
        var rtu = ModbusRtu.Build(1, Pdu);
        var seen = Enumerable.Range(0, 65_537).Select(_ => dialect.Request(rtu).Span[..2].ToArray()).Select(bytes => (bytes[0] << 8) | bytes[1]).ToArray();
        Assert.Equal(65_536, seen.Distinct().Count());
        Assert.Equal((1, 65_535, 0, 1), (seen[0], seen[65_534], seen[65_535], seen[65_536]));
    }

    [Theory]
    [InlineData("modbus-rtu")]
    [InlineData("modbus-ascii")]
    public void An_address_is_read_and_replaced_and_the_check_made_anew(string codec)
    {
        byte[] Frame(byte unit) => codec == "modbus-rtu" ? ModbusRtu.Build(unit, Pdu) : ModbusAscii.Build(unit, Pdu);
        Assert.True(ModbusUnit.IsIn(codec));
        Assert.Equal((byte)5, ModbusUnit.Of(codec, Frame(5)));
        Assert.Equal(Frame(200), ModbusUnit.Replace(codec, Frame(5), 200));
        var broken = Frame(5);
        broken[3] ^= 1;
        Assert.Null(ModbusUnit.Of(codec, broken));
        Assert.Null(ModbusUnit.Of(codec, []));
        Assert.Throws<ArgumentException>(() => ModbusUnit.Replace(codec, broken, 1));
    }

    [Fact]
    public void Bytes_end_with_the_answer_of_a_function_without_a_length_as_soon_as_its_CRC_says_so()
    {
        var request = ModbusRtu.Build(9, [0x44, 1]);
        var answer = ModbusRtu.Build(9, [0x44, 1, 2, 3, 4, 5]);
        byte[] came = [0xFE, 9, .. answer];
        for (var length = 0; length < came.Length; length++)
        {
            Assert.False(ModbusRtuPairing.EndsWithAnswer(request, came.AsSpan(0, length)));
        }

        Assert.True(ModbusRtuPairing.EndsWithAnswer(request, came));
        Assert.False(ModbusRtuPairing.EndsWithAnswer(ModbusRtu.Build(8, [0x44, 1]), came));
        Assert.False(ModbusRtuPairing.EndsWithAnswer(ModbusRtu.Build(9, [0x45, 1]), came));

        // Where the function says the length, it may be the answer to another request; not what stands at its end.
        var read = ModbusRtu.Build(9, Pdu);
        Assert.True(ModbusRtuPairing.EndsWithAnswer(read, [9, 3, 0x20, .. ModbusRtu.Build(9, Values)]));
        Assert.True(ModbusRtuPairing.EndsWithAnswer(read, [.. "ping"u8, .. ModbusRtu.Build(9, Values)]));
        Assert.False(ModbusRtuPairing.EndsWithAnswer(read, [.. "ping"u8, .. ModbusRtu.Build(9, Values), 0]));
    }

    [Theory]
    [InlineData("0103F0")] // a head that announces more than was asked for
    [InlineData("01030200057800")] // a damaged answer
    [InlineData("010300010001D5CA")] // the line's echo of the request
    [InlineData("0105FF")]
    public void An_answer_behind_what_can_not_become_one_is_seen_at_once(string before)
    {
        var request = ModbusRtu.Build(1, [3, 0, 1, 0, 1]);
        var answer = ModbusRtu.Build(1, [3, 2, 0, 7]);
        byte[] came = [.. Convert.FromHexString(before), .. answer];
        for (var length = 0; length < came.Length; length++)
        {
            Assert.False(ModbusRtuPairing.EndsWithAnswer(request, came.AsSpan(0, length)));
        }

        Assert.True(ModbusRtuPairing.EndsWithAnswer(request, came));
    }

    [Fact]
    public void An_answer_on_its_way_is_waited_for_whatever_its_data_look_like()
    {
        var request = ModbusRtu.Build(1, [3, 0, 1, 0, 8]);
        var inside = ModbusRtu.Build(1, [0x83, 2]);
        var answer = ModbusRtu.Build(1, [3, 16, .. inside, .. inside, 0, 1, 2, 3, 4, 5]);
        for (var length = 0; length < answer.Length; length++)
        {
            Assert.False(ModbusRtuPairing.EndsWithAnswer(request, answer.AsSpan(0, length)));
        }
    }

    [Theory]
    [InlineData(ModbusRole.Auto)]
    [InlineData(ModbusRole.Responses)]
    public void The_longest_frame_of_a_function_without_a_length_is_one_before_silence(ModbusRole role)
    {
        var pdu = new byte[253];
        pdu[0] = 0x41;
        var frame = ModbusRtu.Build(1, pdu);
        var framer = new Framer(Codecs.Create(new FramingOptions { Codec = "modbus-rtu", Role = role }), 4096);
        var sink = new Recording();
        framer.Feed(frame, ref sink);
        Assert.Equal([Convert.ToHexString(frame)], sink.Frames);
    }

    [Fact]
    public void A_request_of_another_length_than_its_function_says_fixes_nothing_of_its_answer()
    {
        // A diagnostic loop of three words.
        var request = ModbusAscii.Build(1, [0x08, 0, 0, 1, 2, 3, 4, 5, 6]);
        var pairing = Pairings.Find("modbus-tcp")!;
        Assert.True(pairing.Answers(Mbap.Build(1, 1, [0x03, 0, 0, 0, 1, 9]), Mbap.Build(1, 1, [0x03, 4, 0, 1, 0, 2])));
        Assert.False(pairing.Answers(Mbap.Build(1, 1, [0x03, 0, 0, 0, 1, 9]), Mbap.Build(1, 2, [0x03, 4, 0, 1, 0, 2])));
        Assert.True(Pairings.Find("modbus-ascii")!.Answers(request, ModbusAscii.Build(1, [0x88, 1])));
    }
}
