using System.Collections.Concurrent;
using DtuActors.Integration.Tests.MainJob;
using Microsoft.Playwright;

namespace DtuActors.Integration.Tests.Browser;

/// <summary>One real browser for all browser tests; each test opens a context of its own, so that cookies are its own.</summary>
public sealed class Chromium : IAsyncLifetime
{
    private const string Program = "chromium";

    private IPlaywright? _playwright;
    private IBrowser? _browser;

    /// <summary>Where screenshots go: CI keeps them; elsewhere they lie in the test's own output.</summary>
    private static readonly string Screenshots = Environment.GetEnvironmentVariable("DTU_SCREENSHOTS") ?? Path.Combine(AppContext.BaseDirectory, "screenshots");

    public async Task InitializeAsync()
    {
        if (Tools.Find(Program) is not { } path)
        {
            return;
        }

        // What is expected comes in the end, however much else the machine does; its own five seconds are too few for that.
        Assertions.SetDefaultExpectTimeout((float)Harness.HostProcess.Patience.TotalMilliseconds);
        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions { ExecutablePath = path, Args = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"] });
    }

    public async Task DisposeAsync()
    {
        if (_browser is not null)
        {
            await _browser.DisposeAsync();
        }

        _playwright?.Dispose();
    }

    /// <summary>A tab; skips the test where there is no browser.</summary>
    /// <param name="url">The gateway's HTTP address.</param>
    /// <param name="language">What the browser prefers.</param>
    /// <param name="width">Of the window, in CSS pixels.</param>
    internal async Task<Tab> OpenAsync(string url, string language = "en-GB", int width = 1280, ColorScheme colours = ColorScheme.Light)
    {
        Tools.Need(Program);
        var context = await _browser!.NewContextAsync(new BrowserNewContextOptions
        {
            BaseURL = url, Locale = language, ColorScheme = colours, TimezoneId = "Asia/Shanghai", ViewportSize = new ViewportSize { Width = width, Height = 800 },
        });
        context.SetDefaultTimeout((float)Harness.HostProcess.Patience.TotalMilliseconds);
        return new Tab(context, await context.NewPageAsync(), Screenshots);
    }
}

/// <summary>A tab of a browser that remembers what went wrong in it.</summary>
internal sealed class Tab : IAsyncDisposable
{
    private readonly IBrowserContext _context;
    private readonly string _screenshots;
    private readonly ConcurrentQueue<string> _errors = new();

    public Tab(IBrowserContext context, IPage page, string screenshots)
    {
        (_context, Page, _screenshots) = (context, page, screenshots);
        page.Console += (_, said) =>
        {
            if (said.Type == "error")
            {
                _errors.Enqueue($"{said.Text} ({said.Location})");
            }
        };
        page.PageError += (_, thrown) => _errors.Enqueue(thrown);
    }

    public IPage Page { get; }

    /// <summary>What the browser's console has of errors, so far.</summary>
    public IReadOnlyCollection<string> Errors => _errors;

    /// <summary>Goes to a page of the console, and waits until its heading stands.</summary>
    public async Task GoAsync(string path)
    {
        await Page.GotoAsync(path);
        await Page.Locator("h1").First.WaitForAsync();
    }

    public async Task LogInAsync(string key)
    {
        await Page.FillAsync("#key", key);
        await Page.ClickAsync("button[type=submit]");
    }

    public Task ScreenshotAsync(string name) => Page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(_screenshots, name + ".png"), FullPage = false });

    public async ValueTask DisposeAsync() => await _context.DisposeAsync();
}

/// <summary>Browser tests share the browser, and run one after the other.</summary>
[CollectionDefinition(Name)]
public sealed class BrowserTests : ICollectionFixture<Chromium>
{
    public const string Name = "browser";
}
