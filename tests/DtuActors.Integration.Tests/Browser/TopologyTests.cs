using System.Text.RegularExpressions;
using DtuActors.Integration.Tests.Harness;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace DtuActors.Integration.Tests.Browser;

/// <summary>What is configured, as the console shows it; and its routes, as the console edits them.</summary>
[Collection(BrowserTests.Name)]
public sealed partial class TopologyTests(Chromium chromium)
{
    private const string Text = """
        # the site's file
        dtu {
          listeners { main { port = 0 } }
          http { port = 0 }
          storage { provider = none }   # nothing to keep
          endpoints {
            scada { kind = tcp, address = "127.0.0.1", port = 0 }
            archive { kind = tcp, address = "127.0.0.1", port = 0, select = broadcast }
          }
          routes = [
            { dtu = "pump-1", to = scada }
          ]
          # the end
        }
        """;

    [SkippableTheory]
    [InlineData("listeners", "#listeners tbody", "main")]
    [InlineData("endpoints", "#endpoints tbody", "scada")]
    [InlineData("endpoint?name=scada", "#routes tbody", "pump-1")]
    [InlineData("routes", "#routes tbody", "pump-1")]
    [InlineData("nodes", "#health tbody", "storage")]
    public async Task Each_page_shows_its_rows_at_every_width_and_in_both_colours(string path, string rows, string text)
    {
        await using var host = await HostProcess.RunAsync(Text);
        foreach (var (width, colours) in ((int, ColorScheme)[])[(1280, ColorScheme.Light), (360, ColorScheme.Dark)])
        {
            await using var tab = await chromium.OpenAsync(host.Url, width: width, colours: colours);
            await tab.GoAsync($"/{path}");
            await Expect(tab.Page.Locator(rows)).ToContainTextAsync(text);
            Assert.Equal(width, await tab.Page.EvaluateAsync<int>("document.scrollingElement.scrollWidth"));
            await tab.ScreenshotAsync($"{path.Split('?')[0]}-{width}");
            Assert.Empty(tab.Errors);
        }
    }

    [SkippableFact]
    public async Task A_wrong_route_is_told_at_its_row_and_changes_nothing()
    {
        await using var host = await HostProcess.RunAsync(Text);
        await using var tab = await chromium.OpenAsync(host.Url);
        await EditAsync(tab);
        await tab.Page.ClickAsync("#add");
        await FillAsync(tab, 1, "pump-2", "nowhere");
        await tab.Page.ClickAsync("#check");
        await Expect(Row(tab, 1).Locator(".fault")).ToContainTextAsync("there is no endpoint 'nowhere'");
        await Expect(Row(tab, 0).Locator(".fault")).ToHaveCountAsync(0);
        await Expect(tab.Page.Locator("#apply")).ToBeDisabledAsync();
        await tab.ScreenshotAsync("route-editor-fault");
        Assert.Equal(Text, await ReadAsync(host));
        Assert.False(File.Exists(Path.Combine(host.Folder, "dtu.conf.bak")));
        Assert.Empty(tab.Errors);
    }

    [SkippableFact]
    public async Task A_right_route_is_in_force_and_in_the_file_and_everything_else_in_it_stays()
    {
        var folder = System.IO.Directory.CreateTempSubdirectory("dtu-routes-").FullName;
        try
        {
            await using (var host = await HostProcess.RunAsync(Text, folder))
            {
                await using var dtu = await DtuClient.RegisterAsync(host.EndPointOf("main"), "pump-7");
                await using var tab = await chromium.OpenAsync(host.Url);
                await EditAsync(tab);
                await tab.Page.ClickAsync("#add");
                await FillAsync(tab, 1, "pump-*", "archive");
                await tab.Page.ClickAsync("#check");
                await Expect(Row(tab, 1)).ToContainTextAsync("1 online: pump-7");
                await tab.ScreenshotAsync("route-editor-checked");
                await tab.Page.ClickAsync("#apply");
                await Expect(tab.Page.Locator("#routes tbody")).ToContainTextAsync("archive");
                Assert.Empty(tab.Errors);
                Assert.Equal(Text, await File.ReadAllTextAsync(Path.Combine(folder, "dtu.conf.bak")));
                var expected = RouteLine().Replace(Text, "    { dtu = \"pump-1\", to = \"scada\" }\n    { dtu = \"pump-*\", to = \"archive\" }\n");
                Assert.Equal(expected, await ReadAsync(host));
                await host.StopAsync();
            }

            await using var again = HostProcess.Start(["run", "-c", "dtu.conf"], folder);
            await again.ReadyAsync();
            await using var later = await chromium.OpenAsync(again.Url);
            await later.GoAsync("/routes");
            await Expect(later.Page.Locator("#routes tbody")).ToContainTextAsync("pump-*");
        }
        finally
        {
            System.IO.Directory.Delete(folder, recursive: true);
        }
    }

    [SkippableFact]
    public async Task A_file_that_somebody_else_changed_is_not_overwritten()
    {
        await using var host = await HostProcess.RunAsync(Text);
        await using var tab = await chromium.OpenAsync(host.Url);
        await EditAsync(tab);
        await File.AppendAllTextAsync(Path.Combine(host.Folder, "dtu.conf"), "# by hand\n");
        await tab.Page.ClickAsync("#check");
        await Expect(tab.Page.Locator("#outcome")).ToContainTextAsync("changed by someone else");
        Assert.Equal(Text + "# by hand\n", await ReadAsync(host));
        await tab.Page.ClickAsync("#reread");
        await tab.Page.ClickAsync("#check");
        await Expect(tab.Page.Locator("#outcome")).ToContainTextAsync("No faults");
    }

    private static async Task EditAsync(Tab tab)
    {
        await tab.GoAsync("/routes");
        await tab.Page.ClickAsync("#edit");
        await Expect(Row(tab, 0).Locator("input").First).ToHaveValueAsync("pump-1");
    }

    // Rows of the list's own; those that only keep its height have no input.
    private static ILocator Row(Tab tab, int index) => tab.Page.Locator("#route-rows tbody tr:has(input)").Nth(index);

    private static async Task FillAsync(Tab tab, int row, string dtu, string to)
    {
        await Row(tab, row).Locator("input").Nth(0).FillAsync(dtu);
        await Row(tab, row).Locator("input").Nth(1).FillAsync(to);
        await Row(tab, row).Locator("input").Nth(1).BlurAsync();
    }

    private static Task<string> ReadAsync(HostProcess host) => File.ReadAllTextAsync(Path.Combine(host.Folder, "dtu.conf"));

    [GeneratedRegex(@" +\{ dtu = ""pump-1"", to = scada \}\n")]
    private static partial Regex RouteLine();
}
