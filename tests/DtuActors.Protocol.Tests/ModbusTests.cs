using DtuActors.Protocol.Decoding;
using DtuActors.Protocol.Modbus;
using DtuActors.Protocol.Pairing;

namespace DtuActors.Protocol.Tests;

public sealed class ModbusTests
{
    private static byte[] Rtu(string hex) => ModbusRtu.Build(Convert.FromHexString(hex[..2])[0], Convert.FromHexString(hex[2..]));

    [Fact]
    public void A_frame_is_built_with_its_CRC_and_valid()
    {
        Assert.Equal("01040000000131CA", Convert.ToHexString(Rtu("010400000001")));
        Assert.True(ModbusRtu.IsValid(Rtu("010400000001")));
        Assert.False(ModbusRtu.IsValid(Recording.Hex("01040000000131CB")));
        Assert.False(ModbusRtu.IsValid([]));
        Assert.False(ModbusRtu.IsValid([0xFF, 0xFF]));
        Assert.Equal(256, ModbusRtu.Build(1, new byte[253]).Length);
        Assert.Throws<ArgumentException>(() => ModbusRtu.Build(1, []));
        Assert.Throws<ArgumentException>(() => ModbusRtu.Build(1, new byte[254]));
    }

    [Theory]
    [MemberData(nameof(ModbusRtuFramingTests.Rows), MemberType = typeof(ModbusRtuFramingTests))]
    public void A_response_answers_its_request_and_no_other_unit_s(string request, string response)
    {
        Assert.True(Pairings.ModbusRtu.Answers(Rtu("11" + request), Rtu("11" + response)));
        Assert.False(Pairings.ModbusRtu.Answers(Rtu("11" + request), Rtu("12" + response)));
    }

    [Theory]
    [InlineData("010300000002", "010302008D")]
    [InlineData("010300000002", "0104040001008D")]
    [InlineData("010100000009", "01010100")]
    [InlineData("010600010001", "010600010002")]
    [InlineData("01100001000204000A0102", "011000010003")]
    [InlineData("010800001234", "010800001235")]
    [InlineData("010300000002", "01840200")]
    [InlineData("010300000002", "018402")]
    public void A_late_or_foreign_frame_is_no_answer(string request, string response) => Assert.False(Pairings.ModbusRtu.Answers(Rtu(request), Rtu(response)));

    [Fact]
    public void Requests_of_one_unit_and_function_are_confusable_and_others_not()
    {
        var request = Rtu("010300000002");
        Assert.True(Pairings.ModbusRtu.Confusable(request, request));
        Assert.True(Pairings.ModbusRtu.Confusable(request, Rtu("010300100005")));
        Assert.False(Pairings.ModbusRtu.Confusable(request, Rtu("020300000002")));
        Assert.False(Pairings.ModbusRtu.Confusable(request, Rtu("010400000002")));
        Assert.True(Pairings.ModbusRtu.Confusable(request, "text"u8));
    }

    [Fact]
    public void A_Modbus_TCP_frame_tells_its_length_as_soon_as_it_can()
    {
        var frame = Recording.Hex("0C05000000071103" + "04008D008E");
        Assert.All(Enumerable.Range(0, 6), length => Assert.Equal(0, Mbap.FrameLength(frame.AsSpan(0, length))));
        Assert.Equal(13, Mbap.FrameLength(frame));
        Assert.Equal(13, Mbap.FrameLength(frame.AsSpan(0, 6)));
        Assert.Equal(frame, Mbap.Build(0x0C05, 0x11, [3, 4, 0, 0x8D, 0, 0x8E]));
        Assert.Equal(260, Mbap.FrameLength(Mbap.Build(1, 1, new byte[253])));
    }

    [Theory]
    [InlineData("000001")]
    [InlineData("00000001")]
    [InlineData("0000000001")]
    [InlineData("000000000001")]
    [InlineData("0000000000FF")]
    public void What_cannot_be_Modbus_TCP_is_told_at_once(string hex) => Assert.Equal(-1, Mbap.FrameLength(Recording.Hex(hex)));

    [Theory]
    [InlineData(FrameDirection.Up, "010304008D008E", "Modbus read holding registers, unit 1, 2 registers: 141 142")]
    [InlineData(FrameDirection.Down, "0103007C0002", "Modbus read holding registers request, unit 1, 2 registers from 124")]
    [InlineData(FrameDirection.Up, "118302", "Modbus read holding registers, unit 17, exception 02 (illegal data address)")]
    [InlineData(FrameDirection.Up, "018304", "Modbus read holding registers, unit 1, exception 04 (server device failure)")]
    [InlineData(FrameDirection.Up, "01010205FF", "Modbus read coils, unit 1, 16 bits: 10100000 11111111")]
    [InlineData(FrameDirection.Down, "010500ACFF00", "Modbus write single coil request, unit 1, 172 = on")]
    [InlineData(FrameDirection.Up, "010600010003", "Modbus write single register, unit 1, 1 = 3")]
    [InlineData(FrameDirection.Down, "01100001000204000A0102", "Modbus write multiple registers request, unit 1, 2 registers from 1: 10 258")]
    [InlineData(FrameDirection.Up, "011000010002", "Modbus write multiple registers, unit 1, 2 registers from 1")]
    [InlineData(FrameDirection.Up, "012B0E010100000100024142", "Modbus read device identification, unit 1: 0 = AB")]
    [InlineData(FrameDirection.Up, "0144010203", "Modbus function 68, unit 1, 3 bytes of data")]
    public void A_frame_is_described_in_one_line(FrameDirection direction, string hex, string line) =>
        Assert.Equal(line, Decoders.Describe("modbus-rtu", direction, Rtu(hex)));

    [Theory]
    [InlineData(FrameDirection.Up, 5, "010304008D008E", "Modbus read holding registers, unit 1, transaction 5, 2 registers: 141 142")]
    [InlineData(FrameDirection.Down, 65535, "0103007C0002", "Modbus read holding registers request, unit 1, transaction 65535, 2 registers from 124")]
    [InlineData(FrameDirection.Up, 0, "118302", "Modbus read holding registers, unit 17, transaction 0, exception 02 (illegal data address)")]
    [InlineData(FrameDirection.Up, 0, "11830201", "Modbus read holding registers, unit 17, transaction 0, exception of 2 bytes")]
    [InlineData(FrameDirection.Up, 1, "0103040001", "Modbus read holding registers, unit 1, transaction 1, 3 bytes of data")]
    [InlineData(FrameDirection.Up, 1, "012B0D01", "Modbus encapsulated interface, unit 1, transaction 1, 2 bytes of data")]
    [InlineData(FrameDirection.Up, 1, "0103", "Modbus read holding registers, unit 1, transaction 1, 0 bytes of data")]
    [InlineData(FrameDirection.Up, 1, "0118", "Modbus read FIFO queue, unit 1, transaction 1, 0 bytes of data")]
    public void A_Modbus_TCP_frame_is_described_with_its_transaction(FrameDirection direction, int transaction, string hex, string line)
    {
        var bytes = Recording.Hex(hex);
        Assert.Equal(line, Decoders.Describe("modbus-tcp", direction, Mbap.Build((ushort)transaction, bytes[0], bytes.AsSpan(1))));
    }

    [Theory]
    [MemberData(nameof(ModbusRtuFramingTests.Rows), MemberType = typeof(ModbusRtuFramingTests))]
    public void A_frame_says_the_same_whatever_carries_it(string request, string response)
    {
        foreach (var (direction, hex) in new[] { (FrameDirection.Down, request), (FrameDirection.Up, response) })
        {
            var pdu = Recording.Hex(hex);
            var line = Decoders.Describe("modbus-rtu", direction, ModbusRtu.Build(17, pdu));
            Assert.StartsWith("Modbus ", line, StringComparison.Ordinal);
            Assert.Equal(line, Decoders.Describe("modbus-ascii", direction, ModbusAscii.Build(17, pdu)));
            Assert.Equal(line, Decoders.Describe("modbus-tcp", direction, Mbap.Build(5, 17, pdu))?.Replace(", transaction 5", "", StringComparison.Ordinal));
        }
    }

    [Fact]
    public void Any_PDU_at_all_is_described_without_a_fault()
    {
        foreach (var function in Enumerable.Range(0, 256))
        {
            foreach (var length in new[] { 0, 1, 2, 3, 4, 5, 8, 13, 100, 252 })
            {
                foreach (var fill in new byte[] { 0x00, 0x01, 0x04, 0x0E, 0xFF })
                {
                    byte[] pdu = [(byte)function, .. Enumerable.Repeat(fill, length)];
                    Assert.NotNull(Decoders.Describe("modbus-tcp", FrameDirection.Up, Mbap.Build(1, 1, pdu)));
                    Assert.NotNull(Decoders.Describe("modbus-ascii", FrameDirection.Down, ModbusAscii.Build(1, pdu)));
                    Assert.True(length == 0 && function == 0 || Decoders.Describe("modbus-rtu", FrameDirection.Up, ModbusRtu.Build(1, pdu)) is not null);
                }
            }
        }
    }

    [Fact]
    public void What_is_no_Modbus_frame_is_described_as_nothing()
    {
        Assert.Null(Decoders.Describe("modbus-rtu", FrameDirection.Up, "text"u8));
        Assert.Null(Decoders.Describe("modbus-ascii", FrameDirection.Up, ":0003007C00017F\r\n"u8));
        Assert.Null(Decoders.Describe("modbus-ascii", FrameDirection.Up, Rtu("010300000002")));
        Assert.Null(Decoders.Describe("modbus-tcp", FrameDirection.Up, Rtu("0103007C0002")));
        Assert.Null(Decoders.Describe("modbus-tcp", FrameDirection.Up, []));
        Assert.Null(Decoders.Describe("raw", FrameDirection.Up, Rtu("010300000002")));
        Assert.Null(Decoders.Describe("nothing", FrameDirection.Up, []));
    }
}
