using DtuActors.Host.WebConsole;
using DtuActors.Host.WebConsole.Pages.OneDtu;
using DtuActors.Protocol;
using DtuActors.Recording;

namespace DtuActors.Integration.Tests.Browser;

/// <summary>What the page of one DTU is made of, without a browser.</summary>
public sealed class DtuPagePartsTests
{
    private static readonly DateTimeOffset At = new(2026, 5, 4, 10, 0, 0, TimeSpan.Zero);

    [Fact]
    public void A_log_keeps_its_last_lines_within_lines_and_bytes_and_counts_the_others()
    {
        var log = new MonitorLog(mostLines: 3, mostBytes: 10);
        foreach (var size in new[] { 1, 2, 3, 4 })
        {
            log.Add(Frame(new byte[size]));
        }

        Assert.Equal([2, 3, 4], log.Lines.Select(line => line.Bytes));
        log.Add(Frame(new byte[5]));
        Assert.Equal([4, 5], log.Lines.Select(line => line.Bytes));
        log.Add(Frame(new byte[500]));
        Assert.Equal([500], log.Lines.Select(line => line.Bytes));
        Assert.Equal((5, log.Lines.Single().Number), (log.Forgotten, log.First));
    }

    [Theory]
    [InlineData("02 03", true)]
    [InlineData("0203", true)]
    [InlineData("3020", false)]
    [InlineData("pump", true)]
    [InlineData("GARBAGE", true)]
    [InlineData("nothing", false)]
    public void A_filter_finds_bytes_text_and_verdict(string text, bool found) =>
        Assert.Equal(found, new MonitorFilter(null, false, true, text).Fits(Frame([2, 3, 2, .. "pump"u8], "garbage")));

    [Fact]
    public void A_filter_never_hides_that_lines_are_missing()
    {
        var filter = new MonitorFilter(FrameDirection.Down, true, false, "x");
        Assert.True(filter.Fits(new MarkLine(At, isGap: true, "lost")));
        Assert.False(filter.Fits(new MarkLine(At, isGap: false, "online")));
    }

    [Theory]
    [InlineData("", "1", 3, "0", "2", "010300000002", "modbus")]
    [InlineData("", "0x11", 5, "0x00AC", "1", "110500ACFF00", "modbus")]
    [InlineData("", "1", 6, "1", "-1", "01060001FFFF", "modbus")]
    [InlineData("", "17", 15, "19", "1 0 1 1 0 0 1 1, 1 0", "110F0013000A02CD01", "modbus")]
    [InlineData("", "17", 16, "1", "10 258", "11100001000204000A0102", "modbus")]
    [InlineData("modbus-tcp", "1", 4, "8", "1", "000100000006010400080001", "")]
    [InlineData("modbus-ascii", "1", 3, "0", "2", "3A3031303330303030303030324641" + "0D0A", "")]
    public void The_helper_builds_the_standard_s_requests(string codec, string slave, int function, string address, string what, string hex, string check)
    {
        var (request, fault) = ModbusRequest.Build(codec, slave, function, address, what, new Words());
        Assert.Null(fault);
        Assert.Equal((hex, check), (Convert.ToHexString(request!.Bytes.Span), request.Check));
    }

    [Theory]
    [InlineData("256", 3, "0", "1")]
    [InlineData("1", 3, "0", "126")]
    [InlineData("1", 1, "65535", "2")]
    [InlineData("1", 5, "0", "2")]
    [InlineData("1", 6, "0", "1 2")]
    [InlineData("1", 16, "0", "65536")]
    [InlineData("1", 3, "x", "1")]
    public void The_helper_tells_what_no_request_is(string slave, int function, string address, string what)
    {
        var (request, fault) = ModbusRequest.Build("", slave, function, address, what, new Words());
        Assert.Null(request);
        Assert.NotNull(fault);
    }

    [Fact]
    public void A_spreadsheet_takes_nothing_of_a_device_for_a_formula()
    {
        var csv = FrameExport.Csv([new RecordedFrame(1, At, FrameDirection.Up, new byte[] { 1 }, "raw", "=cmd", null)]);
        Assert.Equal("at,direction,hex,codec,decoded,source,verdict\r\n2026-05-04T10:00:00.000Z,up,01,raw,,'=cmd,\r\n", csv.ReplaceLineEndings("\r\n"));
    }

    private static FrameLine Frame(byte[] bytes, string? verdict = null) =>
        new(new FramePassed(At, DtuId.Parse("a"), FrameDirection.Up, bytes, "raw", "dtu", verdict));
}
