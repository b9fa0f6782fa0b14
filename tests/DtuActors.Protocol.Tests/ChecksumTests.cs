using System.Text;
using DtuActors.Protocol.Checksums;

namespace DtuActors.Protocol.Tests;

public sealed class ChecksumTests
{
    private static readonly byte[] Check = "123456789"u8.ToArray();

    [Fact]
    public void Every_check_gives_its_published_value_over_123456789()
    {
        Assert.Equal(0x4B37, Crc16Modbus.Compute(Check));
        Assert.Equal(0x906E, Crc16X25.Compute(Check));
        Assert.Equal(0xEA82, Crc16Dnp.Compute(Check));
        // Nobody publishes it: worked out by the standard's definition.
        Assert.Equal(0x2F80, Hj212Crc.Compute(Check));
        // 31 + 32 + .. + 39 = 1DD.
        Assert.Equal(0xDD, Sums.Sum8(Check));
        Assert.Equal(0x23, Sums.Lrc(Check));
        Assert.Equal(0x31, Sums.Xor(Check));
    }

    [Fact]
    public void The_sliced_CRCs_are_their_bitwise_definitions_at_every_length_and_from_every_point()
    {
        var bytes = Enumerable.Range(0, 300).Select(i => (byte)((i * 167) + 13)).ToArray();
        for (var length = 0; length <= bytes.Length; length++)
        {
            var head = bytes.AsSpan(0, length);
            Assert.Equal(Bitwise(head, 0xA001, 0xFFFF, 0), Crc16Modbus.Compute(head));
            Assert.Equal(Bitwise(head, 0x8408, 0xFFFF, 0xFFFF), Crc16X25.Compute(head));
            Assert.Equal(Bitwise(head, 0xA6BC, 0, 0xFFFF), Crc16Dnp.Compute(head));
            Assert.Equal(Crc16Modbus.Compute(bytes), Crc16Modbus.Continue(Crc16Modbus.Compute(head), bytes.AsSpan(length)));
        }

        static ushort Bitwise(ReadOnlySpan<byte> bytes, int polynomial, int start, int end)
        {
            var crc = start;
            foreach (var b in bytes)
            {
                crc ^= b;
                for (var bit = 0; bit < 8; bit++)
                {
                    crc = (crc & 1) != 0 ? (crc >> 1) ^ polynomial : crc >> 1;
                }
            }

            return (ushort)(crc ^ end);
        }
    }

    [Fact]
    public void CRC_16_X_25_is_that_of_InHand_s_frames_and_CRC_16_DNP_that_of_DNP3_headers()
    {
        Assert.Equal(0x6511, Crc16X25.Compute(Recording.Hex("55AA55AA030000")));
        Assert.Equal(0x21E9, Crc16Dnp.Compute(Recording.Hex("056405C001000004")));
    }

    [Fact]
    public void A_CRC_written_high_byte_first_is_found_right_and_any_other_wrong()
    {
        // SL 651, keep-alive.
        var frame = Recording.Hex("7E7E00987654321012342F0008027E0822101110074703C3AE");
        Assert.True(Crc16Modbus.EndsHighFirst(frame));
        byte[] written = [.. frame[..^2], 0, 0];
        Crc16Modbus.WriteHighFirst(written);
        Assert.Equal(frame, written);
        written[^1] ^= 1;
        Assert.False(Crc16Modbus.EndsHighFirst(written));
        Assert.False(Crc16Modbus.EndsHighFirst(Recording.Hex("01040000000131CA")));
        Assert.False(Crc16Modbus.EndsHighFirst([0xFF]));
        Assert.True(Crc16Modbus.EndsHighFirst([0xFF, 0xFF]));
        Assert.Throws<ArgumentOutOfRangeException>(() => Crc16Modbus.WriteHighFirst([1]));
    }

    [Fact]
    public void HJ_212_s_own_CRC_gives_the_value_of_the_standard_s_example() =>
        Assert.Equal(0x1C80, Hj212Crc.Compute(
            "QN=20160801085857223;ST=32;CN=1062;PW=100000;MN=010000A8900016F000169DC0;Flag=5;CP=&&RtdInterval=30&&"u8));

    [Fact]
    public void Sums_give_the_checks_of_known_frames()
    {
        // MODBUS ASCII :0003007C00027F, from pymodbus's tests.
        Assert.Equal(0x7F, Sums.Lrc([0x00, 0x03, 0x00, 0x7C, 0x00, 0x02]));
        // DL/T 645 read address: FE FE FE FE 68 AA.. 68 13 00 DF 16.
        Assert.Equal(0xDF, Sums.Sum8([0x68, 0xAA, 0xAA, 0xAA, 0xAA, 0xAA, 0xAA, 0x68, 0x13, 0x00]));
    }

    [Fact]
    public void A_Modbus_check_is_appended_low_byte_first() =>
        AssertAppended("modbus", Recording.Hex("010300000002"), Recording.Hex("010300000002C40B"));

    [Theory]
    [InlineData("modbus", "37 4B")]
    [InlineData("modbus-be", "4B 37")]
    [InlineData("x25", "6E 90")]
    [InlineData("dnp", "82 EA")]
    [InlineData("sum8", "DD")]
    [InlineData("lrc", "23")]
    [InlineData("xor", "31")]
    public void Every_check_is_appended_in_its_byte_order(string name, string check) => AssertAppended(name, Check, [.. Check, .. Recording.Hex(check)]);

    [Theory]
    [InlineData("##0101QN=20160801085857223;ST=32;CN=1062;PW=100000;MN=010000A8900016F000169DC0;Flag=5;CP=&&RtdInterval=30&&")]
    [InlineData("QN=20160801085857223;ST=32;CN=1062;PW=100000;MN=010000A8900016F000169DC0;Flag=5;CP=&&RtdInterval=30&&")]
    public void An_HJ_212_check_covers_the_data_segment_and_ends_the_frame(string frame) =>
        AssertAppended("hj212", Encoding.ASCII.GetBytes(frame), Encoding.ASCII.GetBytes(frame + "1C80\r\n"));

    [Fact]
    public void An_unknown_check_is_refused()
    {
        Assert.False(ChecksumAppend.TryAppend("crc", Check, out var none));
        Assert.Null(none);
        Assert.Equal(["modbus", "modbus-be", "x25", "dnp", "sum8", "lrc", "xor", "hj212"], ChecksumAppend.Names);
    }

    private static void AssertAppended(string name, byte[] data, byte[] expected)
    {
        Assert.True(ChecksumAppend.TryAppend(name, data, out var appended));
        Assert.Equal(expected, appended);
    }
}
