using System.Globalization;
using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;

namespace DtuActors.Benchmarks;

/// <summary>The columns that these benchmarks print: bytes and frames in place of operations.</summary>
internal sealed class Columns : IColumnProvider
{
    private const double Mega = 1e6;
    private const double Nano = 1e9;

    public IEnumerable<IColumn> GetColumns(Summary summary)
    {
        if (summary.BenchmarksCases.Length == 0)
        {
            yield break;
        }

        yield return new ParamColumn(summary.BenchmarksCases[0].Parameters.Items[0].Name);
        if (summary.BenchmarksCases[0].Descriptor.Type == typeof(FramerBenchmarks))
        {
            yield return new Column("MB/s", "Median throughput, 10^6 bytes a second", (_, row) => Text(Speed(row), "0"));
            yield return new Column("ns/frame", "Median time for a frame", (_, row) => Text(Median(row) / Sample(row).Frames, "0.0"));
            yield return new Column("B/frame", "Bytes of a frame, on average", (_, row) => Text(Sample(row).Bytes.Length / (double)Sample(row).Frames, "0"));
            yield return new Column(
                "allocated/frame",
                "Bytes that the framer allocates for a frame",
                (_, row) => Text(FramerBenchmarks.AllocatedPerFrame(Sample(row)), "0.###"));
        }
        else
        {
            yield return new Column("way", "The built one, or its definition", (_, row) => row.BenchmarkCase.Descriptor.WorkloadMethodDisplayInfo.Trim('\''));
            yield return new Column("MB/s", "Median throughput, 10^6 bytes a second", (_, row) => Text(Speed(row), "0"));
            yield return new Column("ratio", "Throughput against bit by bit", (all, row) => Text(Speed(row) / Speed(Baseline(all, row)), "0.0"));
            yield return new Column(
                "allocated",
                "Bytes allocated for one checksum",
                (_, row) => Text(row.GcStats.GetBytesAllocatedPerOperation(row.BenchmarkCase) ?? double.NaN, "0"));
        }
    }

    private static double Median(BenchmarkReport? report) => report?.ResultStatistics?.Median ?? double.NaN;

    private static double Speed(BenchmarkReport? report)
    {
        var bytes = report?.BenchmarkCase.Descriptor.Type == typeof(FramerBenchmarks) ? Sample(report).Bytes.Length : ChecksumBenchmarks.Length;
        return bytes / Median(report) * Nano / Mega;
    }

    private static Tests.Shared.SampleStream Sample(BenchmarkReport report) =>
        FramerBenchmarks.Find((string)report.BenchmarkCase.Parameters[nameof(FramerBenchmarks.Stream)]);

    private static BenchmarkReport? Baseline(Summary summary, BenchmarkReport row) => summary.Reports.FirstOrDefault(
        other => other.BenchmarkCase.Descriptor.Baseline && other.BenchmarkCase.Parameters.PrintInfo == row.BenchmarkCase.Parameters.PrintInfo);

    private static string Text(double value, string format) => double.IsNaN(value) ? "?" : value.ToString(format, CultureInfo.InvariantCulture);

    private sealed class Column(string name, string legend, Func<Summary, BenchmarkReport, string> value) : IColumn
    {
        public string Id => name;

        public string ColumnName => name;

        public bool AlwaysShow => true;

        public ColumnCategory Category => ColumnCategory.Custom;

        public int PriorityInCategory => 0;

        public bool IsNumeric => true;

        public UnitType UnitType => UnitType.Dimensionless;

        public string Legend => legend;

        public string GetValue(Summary summary, BenchmarkCase benchmarkCase) => summary[benchmarkCase] is { } report ? value(summary, report) : "?";

        public string GetValue(Summary summary, BenchmarkCase benchmarkCase, SummaryStyle style) => GetValue(summary, benchmarkCase);

        public bool IsAvailable(Summary summary) => true;

        public bool IsDefault(Summary summary, BenchmarkCase benchmarkCase) => false;
    }
}
