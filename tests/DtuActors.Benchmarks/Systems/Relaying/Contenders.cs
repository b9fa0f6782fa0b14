using System.Globalization;
using System.Text;

namespace DtuActors.Benchmarks.Systems;

/// <summary>Something that carries bytes between a client and the far end, started, with its clients' ports.</summary>
/// <param name="forks">Its children do its work: their processor time is its own.</param>
internal sealed class Relay(string name, ChildProcess process, IReadOnlyList<int> ports, bool forks = false) : IAsyncDisposable
{
    public string Name => name;

    /// <summary>One for each client.</summary>
    public IReadOnlyList<int> Ports => ports;

    public TimeSpan ProcessorTime => forks ? process.ProcessorTimeOfAll : process.ProcessorTime;

    public ValueTask DisposeAsync() => process.DisposeAsync();
}

/// <summary>All that relays: the gateway on either engine, and what it is measured beside. Each starts its own on a free port of the loopback.</summary>
internal static class Contenders
{
    private static readonly string[] Engines = ["sockets", "akka-io"];

    private static int _number;

    /// <summary>Those of the gateway; the short form has the first one only.</summary>
    public static string[] EnginesFor(Effort effort) => effort.IsShort ? Engines[..1] : Engines;

    /// <summary>Debian keeps it off the path of users.</summary>
    public static string? HaProxyProgram => Find("haproxy", "/usr/sbin/haproxy");

    public static string? SocatProgram => Find("socat", "/usr/bin/socat");

    /// <param name="farPort">The server that it dials for each client.</param>
    /// <param name="clients">How many there will be.</param>
    /// <param name="threads">Of HAProxy.</param>
    /// <param name="core">The one core; null: any.</param>
    public static async Task<Relay> HaProxyAsync(string program, int farPort, int clients, int threads, int? core)
    {
        var port = Host.Commands.FreePorts.Take(1)[0];
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, $"""
            global
              nbthread {threads}
              maxconn 4000
            defaults
              mode tcp
              timeout connect 10s
              timeout client 1h
              timeout server 1h
            frontend near
              bind 127.0.0.1:{port}
              default_backend far
            backend far
              server far 127.0.0.1:{farPort}

            """);
        var process = ChildProcess.Tool(core, program, "-db", "-f", file);
        await ListeningAsync(process, port);
        File.Delete(file);
        return new Relay("haproxy", process, [.. Enumerable.Repeat(port, clients)]);
    }

    public static async Task<Relay> SocatAsync(string program, int farPort, int clients, int? core)
    {
        var port = Host.Commands.FreePorts.Take(1)[0];
        var process = ChildProcess.Tool(core, program, $"TCP-LISTEN:{port},bind=127.0.0.1,fork,reuseaddr,nodelay,backlog=128", $"TCP:127.0.0.1:{farPort},nodelay");
        await ListeningAsync(process, port);
        return new Relay("socat", process, [.. Enumerable.Repeat(port, clients)], forks: true);
    }

    /// <param name="verb">Which one of this program.</param>
    public static async Task<Relay> BareAsync(string name, string verb, int farPort, int clients, int? core)
    {
        var process = await ChildProcess.PartAsync(verb, farPort, core);
        return new Relay(name, process, [.. Enumerable.Repeat(process.PortOf("main"), clients)]);
    }

    /// <summary>The gateway, with a TCP endpoint for each DTU; they are dialled and online.</summary>
    /// <param name="framing">Of the profile and of the endpoints.</param>
    public static async Task<Relay> GatewayAsync(string name, string engine, string framing, ChildProcess load, int clients, int? core)
    {
        var prefix = string.Create(CultureInfo.InvariantCulture, $"dtu{_number++}");
        var process = await ChildProcess.GatewayAsync(Configuration(engine, framing, prefix, clients), clients, core);
        await load.AskAsync(string.Create(CultureInfo.InvariantCulture, $"dtus {process.PortOf("main")} {prefix} {clients}"), "bench dialled");
        await process.HearAsync("bench online");
        return new Relay(name, process, [.. Enumerable.Range(0, clients).Select(i => process.PortOf($"e{i}"))]);
    }

    private static string Configuration(string engine, string framing, string prefix, int count)
    {
        var (endpoints, routes) = (new StringBuilder(), new StringBuilder());
        for (var i = 0; i < count; i++)
        {
            endpoints.Append(CultureInfo.InvariantCulture, $"    e{i} {{ kind = tcp, address = \"127.0.0.1\", port = 0, framing {{ {framing} }} }}\n");
            routes.Append(CultureInfo.InvariantCulture, $"    {{ dtu = {prefix}-{i}, to = e{i} }}\n");
        }

        return $$"""
            dtu {
              listeners { main { transport = tcp, address = "127.0.0.1", port = 0, profile = default, max-connections = 20000, engine = {{engine}} } }
              profiles { default { framing { {{framing}} } } }
              endpoints {
            {{endpoints}}  }
              routes = [
            {{routes}}  ]
              http { port = 0 }
              storage { provider = none }
            }
            """;
    }

    public static string? Find(params string[] places) =>
        places.SelectMany(place => place[0] == '/' ? [place] : (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Select(folder => Path.Combine(folder, place)))
            .FirstOrDefault(File.Exists);

    /// <summary>Returns when the program listens there; without a connection, for where it takes one only that would be it.</summary>
    /// <exception cref="InvalidOperationException">It does not.</exception>
    public static async Task ListeningAsync(ChildProcess process, int port)
    {
        var listening = $":{port:X4} 00000000:0000 0A";
        for (var patience = 100; !(await File.ReadAllTextAsync("/proc/net/tcp")).Contains(listening, StringComparison.Ordinal); patience--)
        {
            if (patience == 0 || process.HasEnded)
            {
                throw new InvalidOperationException($"nobody listens on port {port}");
            }

            await Task.Delay(100);
        }
    }
}
