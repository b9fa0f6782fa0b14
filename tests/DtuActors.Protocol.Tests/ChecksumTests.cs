using System.Text;
using DtuActors.Protocol.Checksums;

namespace DtuActors.Protocol.Tests;

public sealed class ChecksumTests
{
    private static readonly byte[] Check = "123456789"u8.ToArray();

    [Fact]
    public void CRC_16_MODBUS_gives_the_published_check_value() => Assert.Equal(0x4B37, Crc16Modbus.Compute(Check));

    [Fact]
    public void CRC_16_MODBUS_is_the_bitwise_definition_at_every_length()
    {
        var bytes = Enumerable.Range(0, 300).Select(i => (byte)((i * 167) + 13)).ToArray();
        for (var length = 0; length <= bytes.Length; length++)
        {
            var crc = 0xFFFF;
            foreach (var b in bytes[..length])
            {
                crc ^= b;
                for (var bit = 0; bit < 8; bit++)
                {
                    crc = (crc & 1) != 0 ? (crc >> 1) ^ 0xA001 : crc >> 1;
                }
            }

            Assert.Equal(crc, Crc16Modbus.Compute(bytes.AsSpan(0, length)));
        }
    }

    [Fact]
    public void HJ_212_s_own_CRC_gives_the_value_of_the_standard_s_example() =>
        Assert.Equal(0x1C80, Hj212Crc.Compute(
            "QN=20160801085857223;ST=32;CN=1062;PW=100000;MN=010000A8900016F000169DC0;Flag=5;CP=&&RtdInterval=30&&"u8));

    [Fact]
    public void Sums_give_their_check_values()
    {
        Assert.Equal(0xDD, Sums.Sum8(Check));
        Assert.Equal(0x31, Sums.Xor(Check));
        // MODBUS ASCII :0003007C00027F, from pymodbus's tests.
        Assert.Equal(0x7F, Sums.Lrc([0x00, 0x03, 0x00, 0x7C, 0x00, 0x02]));
        // DL/T 645 read address: FE FE FE FE 68 AA.. 68 13 00 DF 16.
        Assert.Equal(0xDF, Sums.Sum8([0x68, 0xAA, 0xAA, 0xAA, 0xAA, 0xAA, 0xAA, 0x68, 0x13, 0x00]));
    }

    [Fact]
    public void A_Modbus_check_is_appended_low_byte_first() =>
        AssertAppended("modbus", Recording.Hex("010300000002"), Recording.Hex("010300000002C40B"));

    [Fact]
    public void A_sum_is_appended_as_one_byte() => AssertAppended("sum8", [0xFF, 0x02], [0xFF, 0x02, 0x01]);

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
        Assert.Equal(["modbus", "sum8", "hj212"], ChecksumAppend.Names);
    }

    private static void AssertAppended(string name, byte[] data, byte[] expected)
    {
        Assert.True(ChecksumAppend.TryAppend(name, data, out var appended));
        Assert.Equal(expected, appended);
    }
}
