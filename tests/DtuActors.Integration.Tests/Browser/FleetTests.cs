using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;
using DtuActors.Integration.Tests.Harness;
using Microsoft.Playwright;
using Xunit.Abstractions;
using static Microsoft.Playwright.Assertions;

namespace DtuActors.Integration.Tests.Browser;

/// <summary>The overview, the list of DTUs and the unknown devices, as a browser shows them.</summary>
[Collection(BrowserTests.Name)]
public sealed class FleetTests(Chromium chromium, ITestOutputHelper output)
{
    private const string Open = """
        dtu {
          listeners { main { port = 0 } }
          http { port = 0 }
          storage { provider = none }
        }
        """;

    private const string Stored = """
        dtu {
          listeners { main { port = 0 } }
          http { port = 0 }
          storage { path = "dtu.db" }
        }
        """;

    // Odd, and 64 bytes: a tag, both quotes, an entity, Chinese, a mark that turns the direction of writing.
    private const string Hostile = "<script>alert(1)</script>\"'&lt;泵站\u202e七号<img src=x>#%&?/+|";

    private const string AnyId = """
        dtu {
          listeners { main { port = 0 } }
          profiles { default { registration { pattern = "(?<id>.+)" } } }
          http { port = 0 }
          storage { provider = none }
        }
        """;

    [SkippableFact]
    public async Task A_DTU_appears_in_the_list_and_on_the_overview_when_it_registers()
    {
        await using var host = await HostProcess.RunAsync(Open);
        await using var tab = await chromium.OpenAsync(host.Url);
        await tab.GoAsync("/dtus");
        await Expect(tab.Page.Locator("#total")).ToHaveTextAsync("0");
        await using var first = await DtuClient.RegisterAsync(host.EndPointOf("main"), "pump-1");
        await Expect(tab.Page.Locator("#dtus a", new() { HasText = "pump-1" })).ToBeVisibleAsync();

        await using var second = await DtuClient.RegisterAsync(host.EndPointOf("main"), "pump-2");
        var since = Stopwatch.StartNew();
        await Expect(tab.Page.Locator("#dtus a", new() { HasText = "pump-2" })).ToBeVisibleAsync();
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"seen {since.ElapsedMilliseconds} ms after it registered"));
        await Expect(tab.Page.Locator("#dtus .state.good")).ToHaveCountAsync(2);
        await tab.ScreenshotAsync("dtus");

        await tab.GoAsync("/");
        await first.DisposeAsync();
        await Expect(tab.Page.Locator("#happened")).ToContainTextAsync("pump-1");
        await Expect(tab.Page.Locator(".pulse path.mud-chart-line")).ToHaveCountAsync(4);
        await tab.ScreenshotAsync("overview");
        Assert.Empty(tab.Errors);
    }

    [SkippableFact]
    public async Task A_list_of_20000_scrolls_to_its_end_and_is_filtered()
    {
        await using var host = await HostProcess.RunAsync(Stored);
        var csv = new StringBuilder("id,name,groups\n");
        for (var i = 0; i < 20_000; i++)
        {
            csv.Append(CultureInfo.InvariantCulture, $"site-{i:00000},Pump {i},{(i % 2 == 0 ? "even" : "odd")}\n");
        }

        using var http = new HttpClient { BaseAddress = new Uri(host.Url) };
        using var file = new StringContent(csv.ToString(), Encoding.UTF8, "text/csv");
        using var imported = await http.PostAsync(new Uri("/api/v1/dtus/import", UriKind.Relative), file);
        Assert.Equal(HttpStatusCode.OK, imported.StatusCode);

        await using var tab = await chromium.OpenAsync(host.Url);
        await tab.GoAsync("/dtus");
        await Expect(tab.Page.Locator("#total")).ToHaveTextAsync("20\u202f000");
        await Expect(tab.Page.Locator("#dtus a", new() { HasText = "site-00000" })).ToBeVisibleAsync();
        await tab.Page.EvaluateAsync("document.querySelector('.fleet').scrollTop = 1e9");
        await Expect(tab.Page.Locator("#dtus a", new() { HasText = "site-19999" })).ToBeInViewportAsync();
        Assert.InRange(await tab.Page.Locator("#dtus tbody tr").CountAsync(), 5, 200);
        await tab.ScreenshotAsync("dtus-end");

        await tab.Page.FillAsync("#filter-text", "site-1234");
        await Expect(tab.Page.Locator("#total")).ToHaveTextAsync("10");
        await Expect(tab.Page).ToHaveURLAsync(new System.Text.RegularExpressions.Regex("q=site-1234"));
        await tab.GoAsync("/dtus?q=site-1234&group=even&state=offline");
        await Expect(tab.Page.Locator("#total")).ToHaveTextAsync("5");
        await Expect(tab.Page.Locator("#filter-text")).ToHaveValueAsync("site-1234");

        await tab.Page.ClickAsync("#add");
        await tab.Page.FillAsync("#add-id", "new-1");
        await tab.Page.FillAsync("#add-port", "many");
        await tab.Page.ClickAsync("#add-save");
        await Expect(tab.Page.Locator(".mud-dialog")).ToContainTextAsync("65535");
        await tab.ScreenshotAsync("dtus-add");
        await tab.Page.FillAsync("#add-port", "");
        await tab.Page.ClickAsync("#add-save");
        await Expect(tab.Page.Locator(".mud-dialog")).ToHaveCountAsync(0);

        await tab.Page.ClickAsync("#import");
        await Expect(tab.Page.Locator("#import-file")).ToBeEnabledAsync();
        await tab.Page.SetInputFilesAsync("#import-file", new FilePayload { Name = "a.csv", MimeType = "text/csv", Buffer = "id,port\nx-1,70000\n"u8.ToArray() });
        await Expect(tab.Page.Locator("#import-problem")).ToBeVisibleAsync();
        await tab.Page.SetInputFilesAsync("#import-file", new FilePayload { Name = "b.csv", MimeType = "text/csv", Buffer = "id,name\nx-1,One\nsite-00000,Other\n"u8.ToArray() });
        await Expect(tab.Page.Locator("#import-answer")).ToContainTextAsync("1 new, 1 changed");
        await tab.Page.ClickAsync("#import-apply");
        await Expect(tab.Page.Locator("#import-answer")).ToContainTextAsync("Imported");
        await tab.ScreenshotAsync("dtus-import");
        Assert.Empty(tab.Errors);
    }

    [SkippableFact]
    public async Task A_hostile_id_is_shown_as_text()
    {
        Assert.Equal(64, Encoding.UTF8.GetByteCount(Hostile));
        await using var host = await HostProcess.RunAsync(AnyId);
        await using var tab = await chromium.OpenAsync(host.Url, width: 360, colours: ColorScheme.Dark);
        await tab.GoAsync("/");
        await using var dtu = await DtuClient.RegisterAsync(host.EndPointOf("main"), Hostile);
        await Expect(tab.Page.Locator("#happened a bdi")).ToHaveTextAsync(Hostile);
        await tab.ScreenshotAsync("overview-hostile-phone");
        Assert.Equal(360, await tab.Page.EvaluateAsync<int>("document.scrollingElement.scrollWidth"));
        await tab.GoAsync("/dtus");
        await Expect(tab.Page.Locator("#dtus a bdi")).ToHaveTextAsync(Hostile);
        Assert.Equal($"dtu?id={Uri.EscapeDataString(Hostile)}", await tab.Page.GetAttributeAsync("#dtus a", "href"));
        await tab.ScreenshotAsync("dtus-hostile-phone");
        Assert.Equal(360, await tab.Page.EvaluateAsync<int>("document.scrollingElement.scrollWidth"));
        Assert.Empty(tab.Errors);
    }

    [SkippableFact]
    public async Task A_refused_device_becomes_a_profile()
    {
        await using var host = await HostProcess.RunAsync(Open);
        await using var tab = await chromium.OpenAsync(host.Url, colours: ColorScheme.Dark);
        await tab.GoAsync("/unknown");
        await using var dtu = await DtuClient.ConnectAsync(host.EndPointOf("main"));
        await dtu.SendAsync([0x00, 0x0F, .. "356307042441013"u8]);
        await dtu.ClosedAsync();
        await Expect(tab.Page.Locator("#unknown")).ToContainTextAsync("teltonika");
        await tab.ScreenshotAsync("unknown");
        await tab.Page.ClickAsync("#unknown button");
        await Expect(tab.Page.Locator("#made")).ToContainTextAsync("kind = teltonika");
        await Expect(tab.Page.Locator("#trial")).ToContainTextAsync("356307042441013");
        await tab.ScreenshotAsync("unknown-profile");
        var saved = await tab.Page.RunAndWaitForDownloadAsync(() => tab.Page.ClickAsync("#profile-save"));
        Assert.Equal("teltonika.conf", saved.SuggestedFilename);
        var path = Path.Combine(host.Folder, "teltonika.conf");
        await saved.SaveAsAsync(path);
        var check = await HostProcess.CommandAsync(["check", "-c", "dtu.conf", "-c", "teltonika.conf"], host.Folder);
        Assert.Equal(0, check.ExitCode);

        await tab.GoAsync("/unknown");
        await tab.Page.FillAsync("#paste", "0x01, 0x03, 00 00 00 02 C4 0B");
        await tab.Page.ClickAsync("#guess");
        await Expect(tab.Page.Locator("#drafts")).ToContainTextAsync("modbus-rtu");
        await Expect(tab.Page.Locator("#made")).ToContainTextAsync("dtu = \"dtu-1\"");
        Assert.Empty(tab.Errors);
    }
}
