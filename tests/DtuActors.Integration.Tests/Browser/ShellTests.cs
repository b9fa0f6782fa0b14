using DtuActors.Integration.Tests.Harness;
using static Microsoft.Playwright.Assertions;

namespace DtuActors.Integration.Tests.Browser;

/// <summary>The console's frame: who gets in, in which language and colours, on a screen of which width.</summary>
[Collection(BrowserTests.Name)]
public sealed class ShellTests(Chromium chromium)
{
    private const string Locked = """
        dtu {
          listeners { main { port = 0 } }
          http { port = 0, api-keys = [{ name = "boss", key = "key-of-boss", role = admin }, { name = "guest", key = "key-of-guest", role = read }] }
          storage { provider = none }
        }
        """;

    private const string Open = """
        dtu {
          listeners { main { port = 0 } }
          http { port = 0 }
          storage { provider = none }
        }
        """;

    [SkippableFact]
    public async Task A_key_lets_in_and_logging_out_locks_again()
    {
        await using var host = await HostProcess.RunAsync(Locked);
        await using var tab = await chromium.OpenAsync(host.Url);
        await tab.Page.GotoAsync("/");
        await tab.LogInAsync("a wrong key");
        await Expect(tab.Page.Locator("#login-refused")).ToBeVisibleAsync();
        await tab.LogInAsync("key-of-boss");
        await Expect(tab.Page.Locator("h1")).ToHaveTextAsync("Overview");
        await tab.Page.ClickAsync("#logout");
        await Expect(tab.Page.Locator("#key")).ToBeVisibleAsync();
    }

    [SkippableFact]
    public async Task What_only_an_admin_may_see_is_in_no_guest_s_menu()
    {
        await using var host = await HostProcess.RunAsync(Locked);
        await using var tab = await chromium.OpenAsync(host.Url);
        await tab.Page.GotoAsync("/");
        await tab.LogInAsync("key-of-guest");
        await Expect(tab.Page.Locator("nav a[href=dtus]")).ToBeVisibleAsync();
        await Expect(tab.Page.Locator("nav a[href=audit]")).ToHaveCountAsync(0);
    }

    [SkippableFact]
    public async Task The_language_is_the_browser_s_until_it_is_switched_and_stays_switched()
    {
        await using var host = await HostProcess.RunAsync(Open);
        await using var tab = await chromium.OpenAsync(host.Url, language: "zh-CN");
        await tab.GoAsync("/");
        await Expect(tab.Page.Locator("h1")).ToHaveTextAsync("概览");
        await tab.ScreenshotAsync("overview-zh");
        await tab.Page.ClickAsync("#language");
        await Expect(tab.Page.Locator("h1")).ToHaveTextAsync("Overview");
        await tab.GoAsync("/");
        await Expect(tab.Page.Locator("h1")).ToHaveTextAsync("Overview");
        Assert.Equal("en", await tab.Page.GetAttributeAsync("html", "lang"));
        Assert.Empty(tab.Errors);
    }

    [SkippableFact]
    public async Task A_phone_s_screen_scrolls_no_page_sideways_and_reaches_every_page_by_its_menu()
    {
        await using var host = await HostProcess.RunAsync(Open);
        await using var tab = await chromium.OpenAsync(host.Url, width: 360);
        await tab.GoAsync("/");
        Assert.Equal(360, await tab.Page.EvaluateAsync<int>("document.scrollingElement.scrollWidth"));
        await tab.ScreenshotAsync("overview-phone");
    }
}
