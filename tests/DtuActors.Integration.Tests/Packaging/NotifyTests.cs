using System.Globalization;
using System.Net.Sockets;
using System.Text;
using DtuActors.Integration.Tests.Harness;

namespace DtuActors.Integration.Tests.Packaging;

/// <summary>What systemd hears of a run, at a real NOTIFY_SOCKET.</summary>
public sealed class NotifyTests : IDisposable
{
    private const string Configuration = """
        dtu {
          listeners { main { transport = tcp, address = "127.0.0.1", port = 0 } }
          http { address = "127.0.0.1", port = 0 }
        }
        """;

    private readonly string _folder = System.IO.Directory.CreateTempSubdirectory("dtu-notify-").FullName;

    public void Dispose() => System.IO.Directory.Delete(_folder, recursive: true);

    [SkippableFact]
    public async Task Systemd_hears_ready_when_it_is_printed_a_reload_and_the_stop()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "systemd needs Linux");
        using var manager = Listen();
        await using var host = await StartAsync();
        Assert.Equal("READY=1", await NextAsync(manager));

        // Bound and printed before it was told.
        await host.ReadyAsync();
        Assert.Equal("STATUS=0 DTUs online", await NextAsync(manager));
        host.HangUp();
        var reloading = (await NextAsync(manager)).Split('\n');
        Assert.Equal("RELOADING=1", reloading[0]);
        Assert.True(long.Parse(reloading[1]["MONOTONIC_USEC=".Length..], CultureInfo.InvariantCulture) > 0);
        Assert.Equal("READY=1", await NextAsync(manager));
        Assert.Equal(0, await host.StopAsync());
        Assert.Equal("STOPPING=1", await NextAsync(manager));
    }

    [SkippableFact]
    public async Task A_reload_that_is_refused_ends_as_well()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "systemd needs Linux");
        using var manager = Listen();
        await using var host = await StartAsync();
        Assert.Equal("READY=1", await NextAsync(manager));
        await File.WriteAllTextAsync(Path.Combine(_folder, "dtu.conf"), "dtu {");
        host.HangUp();
        string word;
        do
        {
            word = await NextAsync(manager);
        }
        while (!word.StartsWith("RELOADING=1", StringComparison.Ordinal));
        Assert.Equal("READY=1", await NextAsync(manager));
        Assert.Equal(0, await host.StopAsync());
    }

    [SkippableFact]
    public async Task The_watchdog_is_told_where_the_unit_asks_for_it_and_the_status_counts_DTUs()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "systemd needs Linux");
        using var manager = Listen();
        await using var host = await StartAsync(("WATCHDOG_USEC", "600000"));
        await host.ReadyAsync();
        await using var dtu = await DtuClient.RegisterAsync(host.EndPointOf("main"), "13800138000");
        var seen = new HashSet<string>();
        while (!seen.IsSupersetOf(["READY=1", "WATCHDOG=1", "STATUS=1 DTU online"]))
        {
            seen.Add(await NextAsync(manager));
        }

        Assert.Equal(0, await host.StopAsync());
    }

    [SkippableFact]
    public async Task A_run_without_anybody_at_the_socket_goes_on()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "systemd needs Linux");
        await using var host = await StartAsync();
        await host.ReadyAsync();
        Assert.Equal(0, await host.StopAsync());
        Assert.Contains("NOTIFY_SOCKET takes nothing", host.Errors, StringComparison.Ordinal);
    }

    private string SocketPath => Path.Combine(_folder, "notify");

    private Socket Listen()
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(SocketPath));
        return socket;
    }

    private async Task<HostProcess> StartAsync(params (string Name, string Value)[] more)
    {
        await File.WriteAllTextAsync(Path.Combine(_folder, "dtu.conf"), Configuration);
        var environment = new Dictionary<string, string> { ["NOTIFY_SOCKET"] = SocketPath };
        foreach (var (name, value) in more)
        {
            environment[name] = value;
        }

        return HostProcess.Start(["run", "-c", "dtu.conf"], _folder, environment);
    }

    private static async Task<string> NextAsync(Socket manager)
    {
        using var patience = new CancellationTokenSource(HostProcess.Patience);
        var buffer = new byte[4096];
        return Encoding.UTF8.GetString(buffer, 0, await manager.ReceiveAsync(buffer, patience.Token));
    }
}
