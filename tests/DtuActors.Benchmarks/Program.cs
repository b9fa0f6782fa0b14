using System.Globalization;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Exporters;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using DtuActors.Benchmarks;
using DtuActors.Benchmarks.Systems;
using Perfolizer.Horology;

const int Failed = 1;
const int UsageError = 2;

var known = new Dictionary<string, Type[]>
{
    ["framers"] = [typeof(FramerBenchmarks)],
    ["checksums"] = [typeof(ChecksumBenchmarks)],
    ["all"] = [typeof(FramerBenchmarks), typeof(ChecksumBenchmarks)],
};

// Parts of a benchmark of the whole, in processes of their own.
if (args is [var part, var number] && Parts.Known.TryGetValue(part, out var run))
{
    var running = run(int.Parse(number, CultureInfo.InvariantCulture));
    await running;
    return running is Task<bool> verdict && !await verdict ? Failed : 0;
}

var effort = args is [_, "--short"] ? Effort.Short : Effort.Full;
if (args is [var system, .. [] or ["--short"]] && SystemBenchmarks.Named(system.TrimStart('-'), effort) is { Count: > 0 } systems)
{
    var good = true;
    foreach (var measure in systems)
    {
        good &= await measure(effort);
    }

    return good ? 0 : Failed;
}

if (args is not [var word] || !known.TryGetValue(word.TrimStart('-'), out var benchmarks))
{
    Console.Error.WriteLine($"usage: DtuActors.Benchmarks framers | checksums | all | {SystemBenchmarks.Names} | system [--short] | soak MINUTES");
    return UsageError;
}

IEnumerable<string> lacking = [];
if (benchmarks.Contains(typeof(FramerBenchmarks)))
{
    lacking = lacking.Concat(FramerBenchmarks.Lacking());
}

if (benchmarks.Contains(typeof(ChecksumBenchmarks)))
{
    lacking = lacking.Concat(ChecksumBenchmarks.Lacking());
}

var failed = false;
foreach (var line in lacking)
{
    failed = true;
    Console.Error.WriteLine(line);
}

foreach (var benchmark in benchmarks)
{
    Console.WriteLine($"measuring {benchmark.Name}, a second or two for each line ...");
    var summary = BenchmarkRunner.Run(benchmark, Config());
    failed |= summary.HasCriticalValidationErrors || summary.Reports.Any(report => !report.Success);
    Print(summary);
}

return failed ? Failed : 0;

// Medians of a few short iterations in this process: enough for two digits, and all of it takes a minute. The runtime compiles what is hot anew some hundred
// milliseconds after it began: the warm-up is longer than that.
static IConfig Config() => ManualConfig.CreateEmpty()
    .AddJob(Job.Default
        .WithToolchain(InProcessEmitToolchain.Instance)
        .WithWarmupCount(10)
        .WithIterationCount(7)
        .WithIterationTime(TimeInterval.FromMilliseconds(60)))
    .AddDiagnoser(MemoryDiagnoser.Default)
    .AddColumnProvider(new Columns())
    .AddLogger(NullLogger.Instance)
    .WithOptions(ConfigOptions.DisableLogFile)
    .WithArtifactsPath(Path.Combine(Path.GetTempPath(), "dtu-benchmarks"))
    .WithSummaryStyle(SummaryStyle.Default.WithMaxParameterColumnWidth(40));

static void Print(Summary summary)
{
    MarkdownExporter.Console.ExportToLog(summary, ConsoleLogger.Default);
    foreach (var error in summary.ValidationErrors.Where(error => error.IsCritical))
    {
        Console.Error.WriteLine(error.Message);
    }
}
