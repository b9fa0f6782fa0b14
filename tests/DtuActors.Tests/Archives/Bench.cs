using DtuActors.Archives;
using DtuActors.Configuration;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace DtuActors.Tests.Archives;

/// <summary>One archive's loop on a folder of its own, with a history, a server and time that are the test's.</summary>
internal sealed class Bench : IAsyncDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly bool _ownsFolder;
    private Task _running = Task.CompletedTask;

    public Bench(string now, Func<ArchiveOptions, ArchiveOptions>? with = null, string? folder = null, FakeServer? server = null, FakeSource? source = null, ILogger? log = null)
    {
        Time = new SteppedTime(DateTimeOffset.Parse(now, System.Globalization.CultureInfo.InvariantCulture));
        Folder = folder ?? System.IO.Directory.CreateTempSubdirectory("dtu-archive-").FullName;
        _ownsFolder = folder is null;
        Server = server ?? new FakeServer();
        Source = source ?? new FakeSource();
        var options = new ArchiveOptions { Name = "a", KeyPath = "dtu.archives.a", Target = new FolderTargetOptions { Folder = "there" } };
        Runner = new ArchiveRunner(with?.Invoke(options) ?? options, Folder, Source, _ => Server.Connect(), Time, log ?? NullLogger.Instance);
    }

    public SteppedTime Time { get; }

    public string Folder { get; }

    public FakeServer Server { get; }

    public FakeSource Source { get; }

    public ArchiveRunner Runner { get; }

    public ArchiveStatus Status => Runner.Status;

    public string StateFile => Path.Combine(Folder, "state.json");

    /// <summary>Starts it, and lets the time pass that it settles in; it has done then what was due, or waits.</summary>
    public async Task StartAsync()
    {
        _running = Task.Run(() => Runner.RunAsync(_stopping.Token));
        await Time.PassAsync(TimeSpan.FromSeconds(10));
        await Time.WaitedForAsync();
    }

    public async Task PassAsync(TimeSpan time)
    {
        await Time.PassAsync(time);
        await Time.WaitedForAsync();
    }

    /// <summary>Lets it try again what failed.</summary>
    public async Task RetryAsync() => await PassAsync(await Time.WaitedForAsync());

    /// <summary>Asks for a day, and waits until the loop has done what that means.</summary>
    public async Task<ArchiveAnswer> AskAsync(DateOnly? day)
    {
        var before = Time.Registrations;
        var answer = Runner.Ask(day);
        await Time.WaitedForAsync(before);
        return answer;
    }

    /// <summary>As a kill does: nothing more is written. The folder stays for the next one.</summary>
    public async Task StopAsync()
    {
        await _stopping.CancelAsync();
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>A frame of 2026-05-04 for each DTU, and for the first of them one of the day behind it.</summary>
    public static void Fill(FakeSource source, params string[] dtus)
    {
        foreach (var dtu in dtus)
        {
            source.Add(dtu, "2026-05-04T12:00:00Z", "010300000001840A", "modbus-rtu");
        }

        source.Add(dtus[0], "2026-05-05T12:00:00Z", "00");
    }

    /// <summary>It has carried all up to that day.</summary>
    public Task KeepAsync(string finished) => File.WriteAllTextAsync(StateFile, $$"""{ "version": 1, "finished": "{{finished}}" }""");

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _stopping.Dispose();
        if (_ownsFolder)
        {
            System.IO.Directory.Delete(Folder, recursive: true);
        }
    }
}
