using DtuActors.Integration.Tests.Harness;
using DtuActors.Protocol.Checksums;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace DtuActors.Integration.Tests.Browser;

/// <summary>The tab of files on a DTU's page: a file goes to the instrument and one comes from it; the test is the instrument, by XMODEM.</summary>
[Collection(BrowserTests.Name)]
public sealed class FilesTabTests(Chromium chromium)
{
    private const byte Soh = 0x01;
    private const byte Eot = 0x04;
    private const byte Ack = 0x06;
    private const byte Nak = 0x15;
    private const byte AsksCrc = (byte)'C';

    [SkippableFact]
    public async Task A_file_goes_to_the_instrument_and_one_comes_from_it()
    {
        await using var host = await HostProcess.RunAsync("""
            dtu {
              listeners { main { port = 0 } }
              http { port = 0 }
              storage { provider = none }
            }
            """);
        await using var dtu = await DtuClient.RegisterAsync(host.EndPointOf("main"), "pump-7");
        await using var tab = await chromium.OpenAsync(host.Url);
        await tab.GoAsync("/dtu?id=pump-7");
        await tab.Page.Locator("#kick").WaitForAsync();
        await tab.Page.GetByRole(AriaRole.Tab, new PageGetByRoleOptions { Name = "Files" }).ClickAsync();
        await Expect(tab.Page.Locator("#file-chosen")).ToBeEnabledAsync();
        await tab.Page.SelectOptionAsync("#file-protocol", "xmodem");
        await tab.Page.FillAsync("#file-say", @"rx\r");
        await tab.Page.SetInputFilesAsync("#file-chosen", new FilePayload { Name = "params.cfg", MimeType = "application/octet-stream", Buffer = "baud=9600"u8.ToArray() });
        await tab.Page.ClickAsync("#file-start");
        Assert.Equal("rx\r"u8.ToArray(), await dtu.ReadAsync(3));
        await dtu.SendAsync([AsksCrc]);
        Assert.Equal(Block("baud=9600"u8), await dtu.ReadAsync(133));
        await dtu.SendAsync([Ack]);
        Assert.Equal(new[] { Eot }, await dtu.ReadAsync(1));
        await dtu.SendAsync([Ack]);
        await Expect(Rows(tab).First).ToContainTextAsync("done");
        await Expect(Rows(tab).First).ToContainTextAsync("params.cfg");

        await tab.Page.SelectOptionAsync("#file-direction", "get");
        await tab.Page.FillAsync("#file-say", @"sx\r");
        await tab.Page.ClickAsync("#file-start");
        Assert.Equal("sx\r"u8.ToArray(), await dtu.ReadAsync(3));
        Assert.Equal(new[] { AsksCrc }, await dtu.ReadAsync(1));
        await dtu.SendAsync(Block("measured"u8));
        Assert.Equal(new[] { Ack }, await dtu.ReadAsync(1));

        // An end that may be noise is asked for again.
        await dtu.SendAsync([Eot]);
        Assert.Equal(new[] { Nak }, await dtu.ReadAsync(1));
        await dtu.SendAsync([Eot]);
        Assert.Equal(new[] { Ack }, await dtu.ReadAsync(1));
        await Expect(Rows(tab)).ToHaveCountAsync(2);
        var came = await tab.Page.RunAndWaitForDownloadAsync(() => Rows(tab).First.Locator("a[download]").ClickAsync());
        Assert.StartsWith("measured", await File.ReadAllTextAsync(await came.PathAsync()), StringComparison.Ordinal);
        await tab.ScreenshotAsync("dtu-files");

        // One that the instrument does not take up is cancelled.
        await tab.Page.ClickAsync("#file-start");
        await dtu.ReadAsync(3);
        await Rows(tab).First.Locator("button.link").ClickAsync();
        await Expect(Rows(tab).First).ToContainTextAsync("cancelled");
        Assert.Empty(tab.Errors);
    }

    private static ILocator Rows(Tab tab) => tab.Page.Locator("#transfers tbody tr");

    private static byte[] Block(ReadOnlySpan<byte> content)
    {
        var data = new byte[128];
        data.AsSpan().Fill(0x1A);
        content.CopyTo(data);
        var crc = Crc16Xmodem.Compute(data);
        return [Soh, 1, 0xFE, .. data, (byte)(crc >> 8), (byte)crc];
    }
}
