using DtuActors.Protocol.Framing;
using DtuActors.Protocol.Layouts;
using DtuActors.Protocol.Modbus;
using DtuActors.Protocol.Pairing;

namespace DtuActors.Protocol.Tests;

public sealed class PairingTests
{
    private const string Meter = "000000123456";
    private const string Other = "000000123457";
    private const string AnyMeter = "AAAAAAAAAAAA";
    private const string AllMeters = "999999999999";

    private static readonly RequestPairing Ascii = Pairings.Find("modbus-ascii")!;
    private static readonly RequestPairing Tcp = Pairings.Find("modbus-tcp")!;
    private static readonly RequestPairing Electricity = Pairings.Find("dlt645")!;
    private static readonly RequestPairing Water = Pairings.Find("cjt188")!;

    private static byte[] Bytes(string hex) => Convert.FromHexString(hex);

    private static byte[] Rtu(string hex) => ModbusRtu.Build(Bytes(hex)[0], Bytes(hex).AsSpan(1));

    private static byte[] Dlt(string meter, byte control, string data, int preambles = 0) => Dlt645.Build(meter, control, Bytes(data), preambles);

    private static byte[] Cjt(string meter, byte control, string data, byte type = 0x10, int preambles = 0) => Cjt188.Build(type, meter, control, Bytes(data), preambles);

    [Fact]
    public void Every_pairing_is_of_a_codec()
    {
        Assert.Equal(
            ["modbus-rtu", "modbus-ascii", "modbus-tcp", "dlt645", "cjt188"],
            Codecs.Names.Where(codec => Pairings.Find(codec)?.Codec == codec));
    }

    [Theory]
    [InlineData("010300000002", "1", true, true)]
    [InlineData("F70400000002", "247", true, true)]
    [InlineData("010600000002", "1", false, true)]
    [InlineData("01080000A537", "1", false, true)]
    [InlineData("000600000002", null, false, false)]
    public void A_modbus_request_says_whom_it_asks_and_whether_it_changes_anything(string request, string? slave, bool isRead, bool expectsAnswer)
    {
        var question = new Question(slave, isRead, expectsAnswer);
        Assert.Equal(question, Pairings.ModbusRtu.Read(Rtu(request)));
        Assert.Equal(question, Ascii.Read(ModbusAscii.Build(Bytes(request)[0], Bytes(request).AsSpan(1))));
        Assert.Null(Pairings.ModbusRtu.Read(Bytes(request)));
        Assert.Null(Ascii.Read(Bytes(request)));
    }

    [Fact]
    public void Unit_0_of_modbus_tcp_is_a_device_that_answers() =>
        Assert.Equal(new Question("0", true, true), Tcp.Read(Mbap.Build(7, 0, Bytes("0300000001"))));

    [Fact]
    public void Modbus_ascii_is_paired_by_unit_function_and_byte_count()
    {
        var request = ModbusAscii.Build(1, Bytes("0300000002"));
        Assert.True(Ascii.Answers(request, ModbusAscii.Build(1, Bytes("030400010002"))));
        Assert.True(Ascii.Answers(request, ModbusAscii.Build(1, Bytes("8302"))));
        Assert.False(Ascii.Answers(request, ModbusAscii.Build(2, Bytes("030400010002"))));
        Assert.False(Ascii.Answers(request, ModbusAscii.Build(1, Bytes("03020001"))));
        Assert.True(Ascii.Confusable(request, ModbusAscii.Build(1, Bytes("0300100001"))));
        Assert.False(Ascii.Confusable(request, ModbusAscii.Build(1, Bytes("0400000002"))));
    }

    [Fact]
    public void Modbus_tcp_is_paired_by_its_transaction_too()
    {
        var request = Mbap.Build(7, 1, Bytes("0300000002"));
        Assert.True(Tcp.Answers(request, Mbap.Build(7, 1, Bytes("030400010002"))));
        Assert.True(Tcp.Answers(request, Mbap.Build(7, 1, Bytes("8302"))));
        Assert.False(Tcp.Answers(request, Mbap.Build(8, 1, Bytes("030400010002"))));
        Assert.False(Tcp.Answers(request, Mbap.Build(7, 2, Bytes("030400010002"))));
        Assert.True(Tcp.Confusable(request, request));
        Assert.False(Tcp.Confusable(request, Mbap.Build(8, 1, Bytes("0300000002"))));
    }

    [Theory]
    [InlineData("010300000001", "AABB01030200112233", 2, 7)]
    [InlineData("010300000001", "FEFE", 0, 0)]
    public void An_answer_is_found_between_other_bytes(string request, string around, int at, int length)
    {
        // The sum is put in, so that the row shows where the frame stands.
        var bytes = Bytes(around);
        if (length > 0)
        {
            ModbusRtu.Build(bytes[at], bytes.AsSpan(at + 1, length - 3)).CopyTo(bytes, at);
        }

        Assert.Equal((at, length), ModbusRtuPairing.Find(Rtu(request), bytes, 0).GetOffsetAndLength(bytes.Length));
        Assert.Equal(default, ModbusRtuPairing.Find(Rtu(request), bytes, at + length));
    }

    [Theory]
    [InlineData(Meter, 0x11, "00000100", "123456", true, true)]
    [InlineData(Meter, 0x14, "00000100", "123456", false, true)]
    [InlineData(Meter, 0x01, "1090", "123456", true, true)]
    [InlineData(AnyMeter, 0x13, "", null, true, true)]
    [InlineData(AllMeters, 0x01, "1090", null, true, true)]
    [InlineData(AllMeters, 0x08, "000000010120", null, false, false)]
    [InlineData(AllMeters, 0x16, "99999999", null, false, false)]
    public void An_electricity_meters_request_says_whom_it_asks(string meter, byte control, string data, string? slave, bool isRead, bool expectsAnswer) =>
        Assert.Equal(new Question(slave?.PadLeft(12, '0'), isRead, expectsAnswer), Electricity.Read(Dlt(meter, control, data, preambles: 4)));

    [Theory]
    [InlineData(Meter, 0x11, "00000100", Meter, 0x91, "0000010078563412", true)]
    [InlineData(Meter, 0x11, "00000100", Meter, 0xB1, "0000010078563412", true)]
    [InlineData(Meter, 0x11, "00000100", Meter, 0xD1, "02", true)]
    [InlineData(AnyMeter, 0x11, "00000100", Meter, 0x91, "0000010078563412", true)]
    [InlineData(AnyMeter, 0x13, "", Meter, 0x93, "563412000000", true)]
    [InlineData(AllMeters, 0x01, "1090", Meter, 0x81, "109078563412", true)]
    [InlineData(Meter, 0x01, "1090", Meter, 0xC1, "02", true)]
    [InlineData(Meter, 0x14, "0301000478", Meter, 0x94, "", true)]
    [InlineData(Meter, 0x11, "00000100", Other, 0x91, "0000010078563412", false)]
    [InlineData(Meter, 0x11, "00000100", Meter, 0x91, "0000020078563412", false)]
    [InlineData(Meter, 0x11, "00000100", Meter, 0x11, "00000100", false)]
    [InlineData(Meter, 0x11, "00000100", Meter, 0x92, "00000100", false)]
    [InlineData(Meter, 0x01, "1090", Meter, 0x81, "119078563412", false)]
    public void An_electricity_meters_answer_has_its_address_control_code_and_identifier(
        string asked, byte control, string data, string meter, byte answer, string answered, bool fits) =>
        Assert.Equal(fits, Electricity.Answers(Dlt(asked, control, data, preambles: 4), Dlt(meter, answer, answered, preambles: 2)));

    [Fact]
    public void Requests_to_electricity_meters_are_confusable_where_function_and_addresses_meet()
    {
        var request = Dlt(Meter, 0x11, "00000100");
        Assert.True(Electricity.Confusable(request, Dlt(Meter, 0x11, "00000200")));
        Assert.True(Electricity.Confusable(request, Dlt(AnyMeter, 0x11, "00000200")));
        Assert.True(Electricity.Confusable(request, Dlt(AllMeters, 0x11, "00000200")));
        Assert.True(Electricity.Confusable(request, "text"u8));
        Assert.False(Electricity.Confusable(request, Dlt(Other, 0x11, "00000100")));
        Assert.False(Electricity.Confusable(request, Dlt(Meter, 0x14, "00000100")));
    }

    [Theory]
    [InlineData(0x81, "1F90050000000000", true)]
    [InlineData(0x81, "901F050000000000", true)]
    [InlineData(0xC1, "050200", true)]
    [InlineData(0xC1, "", true)]
    [InlineData(0x81, "1F90060000000000", false)]
    [InlineData(0x81, "2090050000000000", false)]
    [InlineData(0xC1, "060200", false)]
    [InlineData(0x84, "1F9005", false)]
    [InlineData(0x01, "1F9005", false)]
    public void A_water_meters_answer_has_its_address_control_code_identifier_and_serial_number(byte control, string data, bool fits)
    {
        const string meter = "00000010000192";
        var request = Cjt(meter, 0x01, "1F9005", preambles: 2);
        Assert.Equal(new Question(meter, true, true), Water.Read(request));
        Assert.Equal(fits, Water.Answers(request, Cjt(meter, control, data)));
        Assert.Equal(fits, Water.Answers(Cjt("AAAAAAAAAAAAAA", 0x01, "1F9005", type: 0xAA), Cjt(meter, control, data)));
        Assert.False(Water.Answers(request, Cjt("00000010000193", control, data)));
        Assert.False(Water.Answers(request, Cjt(meter, control, data, type: 0x20)));
        Assert.False(Water.Confusable(request, Cjt("00000010000193", 0x01, "1F9005")));
        Assert.True(Water.Confusable(request, Cjt("AAAAAAAAAAAAAA", 0x01, "1F9005", type: 0xAA)));
    }

    [Fact]
    public void Hostile_bytes_break_no_pairing()
    {
        var random = new Random(1);
        foreach (var codec in Codecs.Names)
        {
            if (Pairings.Find(codec) is not { } pairing)
            {
                continue;
            }

            for (var i = 0; i < 2000; i++)
            {
                var (one, two) = (new byte[random.Next(40)], new byte[random.Next(40)]);
                random.NextBytes(one);
                random.NextBytes(two);
                pairing.Read(one);
                Assert.True(pairing.Read(one) is not null || !pairing.Answers(one, two));
                Assert.True(pairing.Read(one) is not null || pairing.Confusable(one, two));
            }
        }

        for (var i = 0; i < 20_000; i++)
        {
            var (request, answer) = (new byte[random.Next(1, 14)], new byte[random.Next(1, 14)]);
            random.NextBytes(request);
            random.NextBytes(answer);
            (request[0], answer[0]) = ((byte)random.Next(50), (byte)random.Next(50));
            Pairings.ModbusRtu.Answers(ModbusRtu.Build(1, request), ModbusRtu.Build(1, answer));
        }
    }
}
