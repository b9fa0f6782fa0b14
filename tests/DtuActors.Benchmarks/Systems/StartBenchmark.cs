using System.Diagnostics;

namespace DtuActors.Benchmarks.Systems;

/// <summary>
/// How long <c>dtu run</c> takes until it says <c>ready</c>, with a small configuration of the usual kind: nothing stored, and SQLite, whose file is new. Beside what was built here,
/// what is handed out, compiled ahead of time, where <see cref="Executable"/> says where that is.
/// </summary>
internal static class StartBenchmark
{
    /// <summary>The environment's variable: the path of a <c>dtu</c> that <c>packaging/publish.sh</c> made.</summary>
    private const string Executable = "DTU_EXECUTABLE";

    public static async Task<bool> RunAsync(Effort effort)
    {
        Console.WriteLine($"start: dtu run until it is ready, {effort.Rounds} times each ...");
        var table = new Table("program", "storage", "s until ready", "least", "most", "s of processor", "working set MB");
        await MeasureAsync(table, "built", null, effort);
        if (Environment.GetEnvironmentVariable(Executable) is { Length: > 0 } executable)
        {
            await MeasureAsync(table, "published", Path.GetFullPath(executable), effort);
        }

        table.Print("start");
        return true;
    }

    private static async Task MeasureAsync(Table table, string program, string? executable, Effort effort)
    {
        foreach (var provider in (string[])["none", "sqlite"])
        {
            var (took, processor, memory) = (new List<double>(), new List<double>(), new List<double>());
            for (var round = 0; round < effort.Rounds; round++)
            {
                var began = Stopwatch.GetTimestamp();
                await using var gateway = await ChildProcess.GatewayAsync($$"""
                    dtu {
                      listeners { main { transport = tcp, address = "127.0.0.1", port = 0 } }
                      endpoints { line { kind = tcp, address = "127.0.0.1", port = 0 } }
                      routes = [ { dtu = "13800138000", to = line } ]
                      http { port = 0 }
                      storage { provider = {{provider}}, path = "dtu.db" }
                    }
                    """, executable: executable);
                took.Add(Stopwatch.GetElapsedTime(began).TotalSeconds);
                processor.Add(gateway.ProcessorTime.TotalSeconds);
                memory.Add(gateway.WorkingSet / 1e6);
            }

            table.Add(program, provider, took.Median(), took.Min(), took.Max(), processor.Median(), memory.Median());
        }
    }
}
