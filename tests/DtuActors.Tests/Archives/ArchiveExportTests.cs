using DtuActors.Archives;
using DtuActors.Configuration;

namespace DtuActors.Tests.Archives;

public sealed class ArchiveExportTests
{
    private static readonly DateTimeOffset From = DateTimeOffset.Parse("2026-05-04T00:00:00Z", System.Globalization.CultureInfo.InvariantCulture);

    [Fact]
    public async Task A_row_is_a_frame_of_that_day_and_no_cell_is_a_formula()
    {
        var source = new FakeSource();
        source.Add("p", "2026-05-03T23:59:59.999Z", "00");
        source.Add("p", "2026-05-04T00:00:00Z", "010300000001840A", "modbus-rtu");
        source.Add("p", "2026-05-04T12:00:00.1234Z", "FF", source: "=cmd|'/c calc'!A1");
        source.Add("p", "2026-05-05T00:00:00Z", "00");
        var text = System.Text.Encoding.UTF8.GetString(await WriteAsync(source, ArchiveFormat.Csv));
        var lines = text.Split("\r\n");
        Assert.Equal("at,direction,hex,codec,decoded,source,verdict", lines[0]);
        Assert.StartsWith("2026-05-04T00:00:00.000Z,up,010300000001840A,modbus-rtu,", lines[1], StringComparison.Ordinal);
        Assert.Contains("holding", lines[1], StringComparison.Ordinal);
        Assert.Equal("2026-05-04T12:00:00.123Z,up,FF,raw,,'=cmd|'/c calc'!A1,", lines[2]);
        Assert.Equal((4, ""), (lines.Length, lines[3]));
    }

    [Theory]
    [InlineData(ArchiveFormat.Csv)]
    [InlineData(ArchiveFormat.Pcapng)]
    public async Task The_same_frames_are_the_same_bytes_however_pages_are_cut(ArchiveFormat format)
    {
        var source = new FakeSource();
        for (var i = 0; i < 2500; i++)
        {
            source.Add("p", "2026-05-04T01:00:00Z", $"{i % 256:X2}{new string('A', 200)}");
        }

        var whole = await WriteAsync(source, format);
        source.PageSize = 7;
        Assert.Equal(whole, await WriteAsync(source, format));
        Assert.InRange(whole.Length, 2500 * 100, int.MaxValue);
    }

    [Fact]
    public async Task A_capture_is_pcapng_with_an_interface_of_the_id()
    {
        var source = new FakeSource();
        source.Add("pump-7", "2026-05-04T01:00:00Z", "0102");
        var bytes = await WriteAsync(source, ArchiveFormat.Pcapng);
        Assert.Equal([0x0A, 0x0D, 0x0D, 0x0A], bytes[..4]);
        Assert.Contains("pump-7", System.Text.Encoding.UTF8.GetString(bytes), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_day_without_a_frame_is_no_file()
    {
        var source = new FakeSource();
        source.Know("p");
        Assert.Empty(await WriteAsync(source, ArchiveFormat.Csv));
    }

    private static async Task<byte[]> WriteAsync(FakeSource source, ArchiveFormat format)
    {
        using var bytes = new MemoryStream();
        var (ids, _) = await source.DtusAsync(null, CancellationToken.None);
        var isWritten = await ArchiveExport.WriteAsync(source, ids.Single(), From, From.AddDays(1), format, () => bytes, CancellationToken.None);
        Assert.Equal(isWritten, bytes.ToArray().Length > 0);
        return bytes.ToArray();
    }
}
