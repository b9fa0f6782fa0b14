using System.Globalization;
using DtuActors.Integration.Tests.Harness;
using DtuActors.Integration.Tests.MainJob;

namespace DtuActors.Integration.Tests.Faults;

/// <summary>A network namespace with one line to it, which loses packets and becomes thin as a run wants it (netem is not everywhere, so that nothing here delays).</summary>
internal sealed class FarNetwork : IAsyncDisposable
{
    private readonly string _name;
    private readonly string _near;
    private readonly string _far;

    private FarNetwork(int number)
    {
        _name = string.Create(CultureInfo.InvariantCulture, $"dtu-{Environment.ProcessId}-{number}");
        _near = string.Create(CultureInfo.InvariantCulture, $"dn{Environment.ProcessId % 100000}x{number % 10000}");
        _far = _near.Replace("dn", "df", StringComparison.Ordinal);
        Address = string.Create(CultureInfo.InvariantCulture, $"10.213.{number % 256}.2");
    }

    /// <summary>Whoever is inside listens there.</summary>
    public string Address { get; }

    /// <summary>Whoever is outside has this one.</summary>
    public string Outside => Address[..^1] + "1";

    public string[] Inside => ["ip", "netns", "exec", _name];

    public static async Task<FarNetwork> MakeAsync(int number)
    {
        SystemTool.NeedRoot("ip", "nft", "tc");
        var network = new FarNetwork(number);
        await SystemTool.RunAsync("ip", "netns", "add", network._name);
        await SystemTool.RunAsync("ip", "link", "add", network._near, "type", "veth", "peer", "name", network._far, "netns", network._name);
        await SystemTool.RunAsync("ip", "addr", "add", network.Outside + "/24", "dev", network._near);
        await SystemTool.RunAsync("ip", "link", "set", network._near, "up");
        await network.InsideAsync("ip", "addr", "add", network.Address + "/24", "dev", network._far);
        await network.InsideAsync("ip", "link", "set", network._far, "up");
        await network.InsideAsync("ip", "link", "set", "lo", "up");
        await network.InsideAsync("nft", "add", "table", "inet", "field");
        return network;
    }

    /// <summary>From now on this part of the packets is lost, each way.</summary>
    public async Task LoseAsync(int percent)
    {
        foreach (var hook in (string[])["input", "output"])
        {
            await InsideAsync("nft", $"add chain inet field {hook} {{ type filter hook {hook} priority 0 ; }}");
            await InsideAsync("nft", string.Create(CultureInfo.InvariantCulture, $"add rule inet field {hook} numgen random mod 100 < {percent} drop"));
        }
    }

    public Task LoseNothingAsync() => InsideAsync("nft", "flush", "table", "inet", "field");

    /// <summary>256 kbit/s, as a cellular link has them.</summary>
    public Task ThinAsync() => InsideAsync("tc", "qdisc", "replace", "dev", _far, "root", "tbf", "rate", "256kbit", "burst", "4kb", "latency", "400ms");

    public Task WideAsync() => InsideAsync("tc", "qdisc", "del", "dev", _far, "root");

    public async ValueTask DisposeAsync()
    {
        // The line goes with it.
        await SystemTool.RunAsync("ip", "netns", "del", _name);
    }

    private Task InsideAsync(params string[] command) => SystemTool.RunAsync(Inside[0], [.. Inside[1..], .. command]);
}

/// <summary>The wall clock that one process sees (libfaketime); what it measures times by goes on as it is.</summary>
internal sealed class MovedClock
{
    private static readonly string[] Places = ["/usr/lib/x86_64-linux-gnu/faketime", "/usr/lib/aarch64-linux-gnu/faketime", "/usr/lib/faketime"];

    private readonly string _file;
    private readonly string _library;

    private MovedClock(string file, string library)
    {
        (_file, _library) = (file, library);
        Move(TimeSpan.Zero);
    }

    public Dictionary<string, string> Environment => new()
    {
        ["LD_PRELOAD"] = _library,
        ["FAKETIME_TIMESTAMP_FILE"] = _file,
        ["FAKETIME_NO_CACHE"] = "1",
        ["FAKETIME_DONT_FAKE_MONOTONIC"] = "1",
    };

    public static MovedClock In(string folder)
    {
        Tools.Need();
        var library = Places.Select(place => Path.Combine(place, "libfaketimeMT.so.1")).FirstOrDefault(File.Exists);
        Skip.If(library is null, "faketime is not installed");
        return new MovedClock(Path.Combine(folder, "clock"), library);
    }

    /// <summary>So far from the true time.</summary>
    public void Move(TimeSpan by)
    {
        // Replaced as a whole: it is read at every look at the clock.
        File.WriteAllText(_file + ".new", string.Create(CultureInfo.InvariantCulture, $"{by.TotalSeconds:+0;-0;+0}\n"));
        File.Move(_file + ".new", _file, overwrite: true);
    }
}

/// <summary>Puts errors and delays into the system calls of a process that runs (strace).</summary>
internal static class SystemCalls
{
    public static async Task SpoilAsync(int process, TimeSpan time, params string[] inject)
    {
        Tools.Need("strace");
        using var strace = Tools.Start("strace", ["-f", "-q", "-o", "/dev/null", "-p", process.ToString(CultureInfo.InvariantCulture), .. inject.SelectMany(what => (string[])["-e", "inject=" + what])]);
        await Task.Delay(time);
        if (!strace.HasExited)
        {
            Tools.InterruptProcess(strace);
        }

        await strace.WaitForExitAsync();
    }
}
