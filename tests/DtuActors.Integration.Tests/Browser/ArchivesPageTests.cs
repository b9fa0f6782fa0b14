using DtuActors.Integration.Tests.Harness;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace DtuActors.Integration.Tests.Browser;

/// <summary>Archives as the console shows them.</summary>
[Collection(BrowserTests.Name)]
public sealed class ArchivesPageTests(Chromium chromium)
{
    private const string Text = """
        dtu {
          listeners { main { port = 0 } }
          http { port = 0 }
          archives { office { kind = folder, folder = "there" } }
        }
        """;

    [SkippableFact]
    public async Task An_archive_is_shown_at_every_width_and_can_be_run()
    {
        await using var host = await HostProcess.RunAsync(Text);
        foreach (var (width, colours) in ((int, ColorScheme)[])[(1280, ColorScheme.Light), (360, ColorScheme.Dark)])
        {
            await using var tab = await chromium.OpenAsync(host.Url, width: width, colours: colours);
            await tab.GoAsync("/archives");
            await Expect(tab.Page.Locator("#archives tbody")).ToContainTextAsync("office");
            Assert.Equal(width, await tab.Page.EvaluateAsync<int>("document.scrollingElement.scrollWidth"));
            await tab.Page.Locator("#archives tbody button").ClickAsync();
            await Expect(tab.Page.GetByText("office is carried now")).ToBeVisibleAsync();
            await Expect(tab.Page.Locator("#archives tbody button")).ToBeEnabledAsync();
            await tab.ScreenshotAsync($"archives-{width}");
            Assert.Empty(tab.Errors);
        }
    }
}
