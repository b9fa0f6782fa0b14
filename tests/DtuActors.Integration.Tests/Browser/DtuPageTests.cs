using System.Diagnostics;
using System.Text;
using DtuActors.Integration.Tests.Harness;
using DtuActors.Protocol.Checksums;
using Microsoft.Playwright;
using Xunit.Abstractions;
using static Microsoft.Playwright.Assertions;

namespace DtuActors.Integration.Tests.Browser;

/// <summary>One DTU's page: what passes is seen, what is sent arrives, and why a DTU is dead is told.</summary>
[Collection(BrowserTests.Name)]
public sealed class DtuPageTests(Chromium chromium, ITestOutputHelper output)
{
    private const string Id = "pump-7";
    private const string Page = "/dtu?id=pump-7";

    private const string Configuration = """
        dtu {
          listeners { main { port = 0 } }
          profiles { default { framing { codec = modbus-rtu }, heartbeat { match = ["ping"] } } }
          http { port = 0 }
          storage { provider = none }
        }
        """;

    [SkippableFact]
    public async Task A_frame_shows_in_the_monitor_decoded()
    {
        await using var host = await HostProcess.RunAsync(Configuration);
        await using var dtu = await DtuClient.RegisterAsync(host.EndPointOf("main"), Id);
        await using var tab = await chromium.OpenAsync(host.Url);
        await OpenAsync(tab);
        await tab.Page.EvaluateAsync("""
            () => {
              window.seenAt = {};
              new MutationObserver(() => {
                for (const cell of document.querySelectorAll('.monitor td.bytes')) window.seenAt[cell.innerText.slice(0, 14)] ??= Date.now();
              }).observe(document.querySelector('.monitor'), { childList: true, subtree: true, characterData: true });
            }
            """);
        var took = new List<long>();
        for (var value = 42; value < 72; value++)
        {
            var sentAt = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
            await dtu.SendAsync(Checked($"01 03 02 00 {value:X2}"));
            await tab.Page.WaitForFunctionAsync($"() => window.seenAt['01 03 02 00 {value:X2}']");
            took.Add(await tab.Page.EvaluateAsync<long>($"window.seenAt['01 03 02 00 {value:X2}']") - sentAt);
        }

        // The first one finds a gateway that has compiled nothing of the page yet.
        output.WriteLine($"from the DTU's write to the line in the browser, in ms: {string.Join(' ', took)}; median {took.Order().ElementAt(took.Count / 2)}");

        var row = Rows(tab).Filter(new LocatorFilterOptions { HasText = "01 03 02 00 47" });
        await Expect(row).ToContainTextAsync("uplink");
        await Expect(row).ToContainTextAsync("read holding registers");
        await Expect(tab.Page.Locator("#lead")).ToContainTextAsync("online");
        await row.Locator("button").ClickAsync();
        await Expect(tab.Page.Locator(".detail pre")).ToContainTextAsync("0000  01 03 02 00 47");
        await tab.ScreenshotAsync("dtu-monitor");
        Assert.Empty(tab.Errors);
    }

    [SkippableFact]
    public async Task What_is_sent_from_the_form_reaches_the_DTU_byte_by_byte_with_its_checksum()
    {
        await using var host = await HostProcess.RunAsync(Configuration);
        await using var dtu = await DtuClient.RegisterAsync(host.EndPointOf("main"), Id);
        await using var tab = await chromium.OpenAsync(host.Url);
        await OpenAsync(tab);
        var expected = Checked("01 06 00 01 00 03");
        await tab.Page.FillAsync("#downlink-bytes", "01 06 00 01 00 03");
        await tab.Page.SelectOptionAsync("#downlink-check", "modbus");
        await Expect(tab.Page.Locator("#downlink-preview mark")).ToHaveTextAsync($"{expected[^2]:X2} {expected[^1]:X2}");
        await tab.Page.ClickAsync("#send");
        Assert.Equal(expected, await dtu.ReadAsync(expected.Length));
        await Expect(tab.Page.Locator("#downlink-outcome")).ToContainTextAsync("Delivered");
        await Expect(Rows(tab).First).ToContainTextAsync("downlink");

        // Text in another encoding, and then the first once more by a click.
        await tab.Page.SelectOptionAsync("#downlink-kind", "text");
        await tab.Page.SelectOptionAsync("#downlink-encoding", "gb18030");
        await tab.Page.SelectOptionAsync("#downlink-check", "sum8");
        await tab.Page.FillAsync("#downlink-bytes", "泵");
        await Expect(tab.Page.Locator("#downlink-preview")).ToContainTextAsync("B1 C3");
        await tab.Page.ClickAsync("#send");
        Assert.Equal([0xB1, 0xC3, 0x74], await dtu.ReadAsync(3));
        await Expect(tab.Page.Locator(".sent button")).ToHaveCountAsync(2);
        await Expect(tab.Page.Locator("#send")).ToBeEnabledAsync();
        await tab.Page.Locator(".sent button").Last.ClickAsync();
        await Expect(tab.Page.Locator("#downlink-preview mark")).ToHaveTextAsync($"{expected[^2]:X2} {expected[^1]:X2}");

        // What is no hex is told, and can't be sent.
        await tab.Page.FillAsync("#downlink-bytes", "01 0");
        await Expect(tab.Page.Locator("#downlink-preview")).ToContainTextAsync("half a byte too many");
        await Expect(tab.Page.Locator("#send")).ToBeDisabledAsync();
        Assert.Empty(tab.Errors);
    }

    [SkippableFact]
    public async Task A_request_made_by_the_Modbus_helper_shows_its_answer_decoded()
    {
        await using var host = await HostProcess.RunAsync(Configuration);
        await using var dtu = await DtuClient.RegisterAsync(host.EndPointOf("main"), Id);
        await using var tab = await chromium.OpenAsync(host.Url);
        await OpenAsync(tab);
        await tab.Page.Locator(".helper summary").ClickAsync();
        await tab.Page.FillAsync("#modbus-address", "0x10");

        // By the keyboard: what stands above it grows and shrinks with what comes, and a click lands where it was.
        await tab.Page.PressAsync("#modbus-fill", "Enter");
        await Expect(tab.Page.Locator("#downlink-preview")).ToContainTextAsync("01 03 00 10 00 02");
        await tab.Page.ClickAsync("#request");
        Assert.Equal(Checked("01 03 00 10 00 02"), await dtu.ReadAsync(8));
        await dtu.SendAsync(Checked("01 03 04 00 8D 00 07"));
        var outcome = tab.Page.Locator("#downlink-outcome");
        await Expect(outcome).ToContainTextAsync("Answered after");
        await Expect(outcome).ToContainTextAsync("01 03 04 00 8D 00 07");
        await Expect(outcome).ToContainTextAsync("141");
        await tab.ScreenshotAsync("dtu-request");

        // Nobody answers: told in words.
        await tab.Page.FillAsync("#downlink-timeout", "200ms");
        await tab.Page.ClickAsync("#request");
        await Expect(outcome).ToContainTextAsync("No answer in time");
        Assert.Empty(tab.Errors);
    }

    [SkippableFact]
    public async Task The_monitor_pauses_and_filters()
    {
        await using var host = await HostProcess.RunAsync(Configuration);
        await using var dtu = await DtuClient.RegisterAsync(host.EndPointOf("main"), Id);
        await using var tab = await chromium.OpenAsync(host.Url);
        await OpenAsync(tab);
        await dtu.SendAsync(Checked("01 03 02 00 01"));
        await Expect(Rows(tab)).ToHaveCountAsync(1);
        await tab.Page.ClickAsync("#pause");
        await Expect(tab.Page.Locator("#pause")).ToContainTextAsync("0 waiting");
        await dtu.SendAsync(Checked("02 03 02 00 02"));
        await Expect(tab.Page.Locator("#pause")).ToContainTextAsync("1 waiting");
        await Expect(Rows(tab)).ToHaveCountAsync(1);
        await tab.Page.ClickAsync("#pause");
        await Expect(Rows(tab)).ToHaveCountAsync(2);

        await dtu.SendAsync(Encoding.ASCII.GetBytes("no frame at all"));
        await Expect(tab.Page.Locator(".monitor tr.fault").First).ToBeVisibleAsync();
        await tab.Page.CheckAsync("#monitor-faults");
        await Expect(tab.Page.Locator(".monitor tr:not(.fault) td.bytes")).ToHaveCountAsync(0);
        await Expect(tab.Page.Locator(".monitor tr.fault").First).ToContainTextAsync("garbage");
        await tab.Page.UncheckAsync("#monitor-faults");
        await tab.Page.FillAsync("#monitor-text", "02 03 02");
        await Expect(Rows(tab)).ToHaveCountAsync(1);
        await tab.Page.FillAsync("#monitor-text", "");
        await tab.Page.SelectOptionAsync("#monitor-direction", "down");
        await Expect(Rows(tab)).ToHaveCountAsync(0);
        await tab.Page.SelectOptionAsync("#monitor-direction", "");
        await dtu.SendAsync("ping"u8.ToArray());
        await Expect(tab.Page.Locator(".monitor tr.mark").Last).ToContainTextAsync("heartbeat");
        Assert.Empty(tab.Errors);
    }

    [SkippableFact]
    public async Task An_offline_DTU_s_page_begins_with_why_and_shows_the_chain_of_evidence()
    {
        await using var host = await HostProcess.RunAsync(Configuration);
        await using var tab = await chromium.OpenAsync(host.Url);
        await using (var dtu = await DtuClient.RegisterAsync(host.EndPointOf("main"), Id))
        {
            await OpenAsync(tab);
            await dtu.SendAsync(Checked("01 03 02 00 01"));
            await Expect(Rows(tab)).ToHaveCountAsync(1);
        }

        await Expect(tab.Page.Locator("#lead")).ToContainTextAsync("Offline since");
        await Expect(tab.Page.Locator("#lead")).ToContainTextAsync("the device closed the connection");
        await tab.Page.GetByRole(AriaRole.Tab, new PageGetByRoleOptions { Name = "Sessions" }).ClickAsync();
        var evidence = tab.Page.Locator("#evidence li");
        await Expect(evidence.First).ToContainTextAsync("It connected.");
        await Expect(evidence.First).ToContainTextAsync("127.0.0.1");
        await Expect(evidence.Last).ToContainTextAsync("closed the connection in good order");
        await tab.ScreenshotAsync("dtu-offline");

        await tab.Page.GetByRole(AriaRole.Tab, new PageGetByRoleOptions { Name = "History" }).ClickAsync();
        await tab.Page.ClickAsync("#history-show");
        await Expect(tab.Page.Locator("[aria-label=History] td.bytes").First).ToContainTextAsync("01 03 02 00 01");
        var saved = await tab.Page.RunAndWaitForDownloadAsync(() => tab.Page.ClickAsync("#export-csv"));
        var csv = await File.ReadAllTextAsync((await saved.PathAsync())!);
        Assert.StartsWith("at,direction,hex,codec,decoded,source,verdict", csv, StringComparison.Ordinal);
        Assert.Contains($",up,{Convert.ToHexString(Checked("01 03 02 00 01"))},modbus-rtu,", csv, StringComparison.Ordinal);

        await using var chinese = await chromium.OpenAsync(host.Url, language: "zh-CN", width: 360, colours: ColorScheme.Dark);
        await OpenAsync(chinese);
        await Expect(chinese.Page.Locator("#lead")).ToContainTextAsync("设备关闭了连接");
        Assert.Equal(360, await chinese.Page.EvaluateAsync<int>("document.scrollingElement.scrollWidth"));
        await chinese.ScreenshotAsync("dtu-offline-phone-zh-dark");
        await chinese.Page.Locator("#downlink-bytes").ScrollIntoViewIfNeededAsync();
        await chinese.ScreenshotAsync("dtu-form-phone-zh-dark");
        Assert.Empty(tab.Errors);
        Assert.Empty(chinese.Errors);
    }

    [SkippableFact]
    public async Task Hostile_ids_and_bytes_are_text()
    {
        await using var host = await HostProcess.RunAsync(Configuration);
        await using var dtu = await DtuClient.RegisterAsync(host.EndPointOf("main"), Id);
        await using var tab = await chromium.OpenAsync(host.Url);
        await OpenAsync(tab);
        await dtu.SendAsync([.. "<script>hacked=1</script>"u8, 0, 0x1B, (byte)'[', 0x07, 0xFF]);
        await Expect(tab.Page.Locator(".monitor td.ascii", new PageLocatorOptions { HasText = "<script>hacked=1</script>" })).ToHaveCountAsync(1);
        await tab.Page.FillAsync("#monitor-text", "<script>");
        await Expect(Rows(tab)).Not.ToHaveCountAsync(0);
        await tab.GoAsync("/dtu?id=" + Uri.EscapeDataString("<script>hacked=1</script>&\"' ·泵"));
        await Expect(tab.Page.Locator("h1")).ToHaveTextAsync("<script>hacked=1</script>&\"' ·泵");
        await Expect(tab.Page.Locator("#unknown-dtu")).ToBeVisibleAsync();
        Assert.True(await tab.Page.EvaluateAsync<bool>("() => typeof hacked === 'undefined'"));
        Assert.Empty(tab.Errors);
    }

    [SkippableFact]
    public async Task Observers_that_read_no_more_cost_the_relay_nothing()
    {
        const int frames = 20_000;
        await using var host = await HostProcess.RunAsync("""
            dtu {
              listeners { main { port = 0 } }
              profiles { default { framing { codec = delimiter, delimiter = "\n", include = on } } }
              endpoints { scada { kind = tcp, port = 0 } }
              routes = [{ dtu = "*", to = scada, direction = up }]
              http { port = 0 }
              storage { provider = none }
            }
            """);
        await using var dtu = await DtuClient.RegisterAsync(host.EndPointOf("main"), Id);
        await using var scada = await DtuClient.ConnectAsync(host.EndPointOf("scada"));
        await using var tab = await chromium.OpenAsync(host.Url);
        await OpenAsync(tab);
        var line = Encoding.ASCII.GetBytes(new string('x', 4095) + "\n");
        await dtu.SendAsync(line);
        Assert.Equal(line, await scada.ReadAsync(line.Length));
        await Expect(Rows(tab)).ToHaveCountAsync(1);

        // One stream that nobody reads, and a page whose scripts stand still.
        using var http = new HttpClient { BaseAddress = new Uri(host.Url) };
        using var stream = await http.GetAsync(new Uri("/api/v1/events", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead);
        var devtools = await tab.Page.Context.NewCDPSessionAsync(tab.Page);
        var stands = new TaskCompletionSource();
        devtools.Event("Debugger.paused").OnEvent += (_, _) => stands.TrySetResult();
        await tab.Page.EvaluateAsync("() => { setInterval(() => document.title, 20); }");
        await devtools.SendAsync("Debugger.enable");
        await devtools.SendAsync("Debugger.pause");
        await stands.Task.WaitAsync(HostProcess.Patience);

        var before = WorkingSet(host);
        var writing = Task.Run(async () =>
        {
            for (var i = 0; i < frames; i++)
            {
                await dtu.SendAsync(line);
            }
        });
        var (most, watch) = (before, Stopwatch.StartNew());
        for (var i = 0; i < frames; i++)
        {
            await scada.ReadAsync(line.Length);
            most = i % 500 == 0 ? Math.Max(most, WorkingSet(host)) : most;
        }

        await writing;
        output.WriteLine($"{frames} frames of {line.Length} bytes relayed past a frozen page and a stream nobody reads in {watch.Elapsed.TotalSeconds:0.0} s; the working set grew by {(most - before) / 1e6:0} MB");

        // Kept for one observer, everything would be twice its bytes as the text of a page.
        Assert.True(most - before < 2L * frames * line.Length, $"the working set grew by {(most - before) / 1e6:0} MB");

        // It goes on, and shows what is new.
        await devtools.SendAsync("Debugger.resume");
        await devtools.SendAsync("Debugger.disable");
        await dtu.SendAsync(Encoding.ASCII.GetBytes("awake again\n"));
        await Expect(Rows(tab).Last).ToContainTextAsync("awake again");
        Assert.Empty(tab.Errors);
    }

    private static ILocator Rows(Tab tab) => tab.Page.Locator(".monitor tbody tr:has(td.bytes)");

    private static async Task OpenAsync(Tab tab)
    {
        await tab.GoAsync(Page);

        // Its role is read: the page is alive.
        await tab.Page.Locator("#kick").WaitForAsync();
    }

    private static byte[] Checked(string hex)
    {
        Assert.True(ChecksumAppend.TryAppend("modbus", Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal)), out var whole));
        return whole;
    }

    private static long WorkingSet(HostProcess host)
    {
        using var process = Process.GetProcessById(host.Id);
        return process.WorkingSet64;
    }
}
