using System.Net.Http.Json;
using DtuActors.Integration.Tests.Harness;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace DtuActors.Integration.Tests.Browser;

/// <summary>What went wrong and who did what, as the console tells it.</summary>
[Collection(BrowserTests.Name)]
public sealed class WatchTests(Chromium chromium)
{
    private const string Text = """
        dtu {
          listeners { main { port = 0 } }
          http { port = 0 }
          alarms { every = 1s, clear-after = 1s, dtu-offline { after = 1s, for = all } }
        }
        """;

    [SkippableFact]
    public async Task An_alarm_is_counted_in_the_menu_leads_to_its_DTU_and_clears_by_itself()
    {
        await using var host = await HostProcess.RunAsync(Text);
        await using var tab = await chromium.OpenAsync(host.Url);
        await tab.GoAsync("/alarms");
        await Expect(tab.Page.Locator("#content")).ToContainTextAsync("Nothing is wrong");
        await using (await DtuClient.RegisterAsync(host.EndPointOf("main"), "pump-9"))
        {
            // One that is gone before it was online leaves no trace.
            await host.ErrorAsync("DTU pump-9 online");
        }

        var row = tab.Page.Locator("#open-alarms tbody tr");
        await Expect(row).ToContainTextAsync("DTU offline");
        await Expect(row.Locator("td").Nth(2)).ToHaveTextAsync("pump-9");
        await Expect(tab.Page.Locator("#open-alarm-count")).ToContainTextAsync("1");
        await tab.ScreenshotAsync("alarms");
        await row.Locator("a").ClickAsync();
        await Expect(tab.Page.Locator("h1")).ToContainTextAsync("pump-9");
        await using var back = await DtuClient.RegisterAsync(host.EndPointOf("main"), "pump-9");
        await Expect(tab.Page.Locator("#open-alarm-count")).ToHaveCountAsync(0);
        await tab.GoAsync("/alarms");
        await Expect(tab.Page.Locator("#cleared-alarms tbody tr")).ToHaveCountAsync(1);
        Assert.Empty(tab.Errors);
    }

    [SkippableFact]
    public async Task The_audit_trail_shows_who_did_what_and_finds_it()
    {
        await using var host = await HostProcess.RunAsync(Text);
        using var http = new HttpClient { BaseAddress = new Uri(host.Url), Timeout = HostProcess.Patience };
        foreach (var id in (string[])["pump-1", "valve-2"])
        {
            using var put = await http.PutAsJsonAsync(new Uri($"/api/v1/dtus/{id}", UriKind.Relative), new { name = "Site" });
            put.EnsureSuccessStatusCode();
        }

        foreach (var (width, colours) in ((int, ColorScheme)[])[(1280, ColorScheme.Light), (360, ColorScheme.Dark)])
        {
            await using var tab = await chromium.OpenAsync(host.Url, width: width, colours: colours);
            await tab.GoAsync("/audit");
            var rows = tab.Page.Locator("#audit tbody tr");
            await Expect(rows).ToHaveCountAsync(2);
            await Expect(rows.First).ToContainTextAsync("valve-2");
            await tab.Page.GetByLabel("Action or subject").FillAsync("pump");
            await Expect(rows).ToHaveCountAsync(1);
            await Expect(rows).ToContainTextAsync("put-dtu");
            Assert.Equal(width, await tab.Page.EvaluateAsync<int>("document.scrollingElement.scrollWidth"));
            await tab.ScreenshotAsync($"audit-{width}");
            Assert.Empty(tab.Errors);
        }
    }
}
