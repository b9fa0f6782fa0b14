using BenchmarkDotNet.Attributes;
using DtuActors.Protocol.Framing;
using DtuActors.Tests.Shared;

namespace DtuActors.Benchmarks;

/// <summary>One pass of a stream of good frames, 64 kB in pieces of 1000 bytes, through the framer of its codec.</summary>
public class FramerBenchmarks
{
    private static readonly IReadOnlyList<SampleStream> Samples = SampleStream.All(out Missing);

    private static readonly IReadOnlyList<string> Missing;

    private SampleStream _sample = null!;
    private Framer _framer = null!;

    [ParamsSource(nameof(Streams))]
    public string Stream { get; set; } = "";

    public static IEnumerable<string> Streams => Samples.Select(sample => sample.Name);

    /// <summary>What is in the tables of codecs and envelopes and is not measured, or not on good frames, in words.</summary>
    public static IEnumerable<string> Lacking() =>
        Missing.Concat(Samples
            .Where(sample => sample.OtherBytes > 0)
            .Select(sample => $"{sample.Name}: {sample.OtherBytes} bytes of its sample come out as no frame"));

    [GlobalSetup]
    public void Setup()
    {
        _sample = Find(Stream);
        _framer = _sample.MakeFramer();
    }

    [Benchmark]
    public int Cut() => Pass(_sample, _framer);

    internal static SampleStream Find(string stream) => Samples.First(sample => sample.Name == stream);

    /// <summary>What the framer itself allocates for a frame, in bytes: nothing else runs on this thread meanwhile.</summary>
    internal static double AllocatedPerFrame(SampleStream sample)
    {
        const int Passes = 100;
        var framer = sample.MakeFramer();
        Pass(sample, framer);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < Passes; i++)
        {
            Pass(sample, framer);
        }

        return (GC.GetAllocatedBytesForCurrentThread() - before) / (double)Passes / sample.Frames;
    }

    private static int Pass(SampleStream sample, Framer framer)
    {
        var sink = default(CountingSink);
        sample.Pass(framer, ref sink);
        return sink.Frames;
    }
}
