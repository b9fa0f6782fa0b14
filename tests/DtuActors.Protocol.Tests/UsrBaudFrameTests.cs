using DtuActors.Protocol.Transports;

namespace DtuActors.Protocol.Tests;

public sealed class UsrBaudFrameTests
{
    [Theory]
    [InlineData("55 AA 55 01 C2 00 03 C6", 115200)]
    [InlineData("55 AA 55 00 25 80 03 A8", 9600)]
    public void The_manual_s_examples_are_built_and_read(string hex, int baud)
    {
        Assert.Equal(Recording.Hex(hex), UsrBaudFrame.Build(baud, 8, LineParity.None, 1));
        Assert.True(UsrBaudFrame.TryRead(Recording.Hex(hex), out var settings));
        Assert.Equal(new UsrBaudFrame(baud, 8, LineParity.None, 1), settings);
    }

    [Fact]
    public void Bit_7_of_the_parameters_is_read_either_way_with_its_true_sum()
    {
        Assert.True(UsrBaudFrame.TryRead(Recording.Hex("55 AA 55 01 C2 00 83 46"), out var settings));
        Assert.Equal(new UsrBaudFrame(115200, 8, LineParity.None, 1), settings);
    }

    [Theory]
    [InlineData("55 AA 55 01 C2 00 03 46")]
    [InlineData("55 AA 55 00 25 80 03 28")]
    [InlineData("55 AA 55 01 C2 00 83 83")]
    [InlineData("55 AA 55 01 C2 00 43 06")]
    [InlineData("55 AA 55 00 02 57 03 5C")]
    [InlineData("55 AA 55 01 C2 00 03")]
    [InlineData("55 AA 55 01 C2 00 03 C6 00")]
    [InlineData("AA 55 AA 01 C2 00 03 C6")]
    [InlineData("")]
    public void A_wrong_sum_as_some_manuals_print_it_or_anything_else_is_no_frame(string hex) => Assert.False(UsrBaudFrame.TryRead(Recording.Hex(hex), out _));

    [Fact]
    public void Every_setting_comes_back()
    {
        foreach (var parity in Enum.GetValues<LineParity>())
        {
            foreach (var (baud, bits, stop) in new[] { (600, 5, 1), (1200, 6, 2), (19200, 7, 1), (0xFFFFFF, 8, 2) })
            {
                var frame = UsrBaudFrame.Build(baud, bits, parity, stop);
                Assert.Equal(0, frame[6] & 0xC0);
                Assert.True(UsrBaudFrame.TryRead(frame, out var settings));
                Assert.Equal(new UsrBaudFrame(baud, bits, parity, stop), settings);
            }
        }
    }

    [Theory]
    [InlineData(599, 8, LineParity.None, 1)]
    [InlineData(0x1000000, 8, LineParity.None, 1)]
    [InlineData(9600, 4, LineParity.None, 1)]
    [InlineData(9600, 9, LineParity.None, 1)]
    [InlineData(9600, 8, (LineParity)6, 1)]
    [InlineData(9600, 8, (LineParity)(-1), 1)]
    [InlineData(9600, 8, LineParity.None, 0)]
    [InlineData(9600, 8, LineParity.None, 3)]
    public void What_the_frame_cannot_carry_is_not_built(int baud, int bits, LineParity parity, int stop) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => UsrBaudFrame.Build(baud, bits, parity, stop));

    [Theory]
    [InlineData(19200, 7, LineParity.Even, LineStopBits.Two, "55AA55004B001E69")]
    [InlineData(599, 8, LineParity.None, LineStopBits.One, null)]
    [InlineData(9600, 8, LineParity.None, LineStopBits.OnePointFive, null)]
    public void A_line_s_settings_have_a_frame_where_it_can_carry_them(int baud, int bits, LineParity parity, LineStopBits stop, string? hex) =>
        Assert.Equal(hex, UsrBaudFrame.Find(new LineSettings(baud, bits, parity, stop)) is { } frame ? Convert.ToHexString(frame) : null);
}
