using DtuActors.Protocol.Framing;
using DtuActors.Protocol.Transports;
using DtuActors.Tests.Shared;

namespace DtuActors.Protocol.Tests;

/// <summary>What a frame costs besides time, for every codec and envelope of the tables, on the streams that the benchmarks measure.</summary>
public sealed class AllocationTests
{
    private static readonly IReadOnlyList<SampleStream> Samples = SampleStream.All(out Missing);

    private static readonly IReadOnlyList<string> Missing;

    public static TheoryData<string> Streams => [.. Samples.Select(sample => sample.Name)];

    [Fact]
    public void Every_codec_and_every_envelope_has_sample_frames() => Assert.Empty(Missing);

    [Theory]
    [MemberData(nameof(Streams))]
    public void All_of_a_sample_stream_comes_out_as_frames(string name)
    {
        var sample = Samples.Single(sample => sample.Name == name);
        Assert.Equal(0, sample.OtherBytes);
        Assert.Equal(0, sample.Pending);
        Assert.True(!sample.HasOwnFrames || sample.Frames == sample.Built, $"{sample.Frames} frames come out of {sample.Built}");
    }

    [Theory]
    [MemberData(nameof(Streams))]
    public void Cutting_frames_allocates_nothing(string name)
    {
        const int Passes = 20;
        var sample = Samples.Single(sample => sample.Name == name);
        var framer = sample.MakeFramer();
        var least = long.MaxValue;

        // The first round compiles and fills the array pool, which a collection may empty once more at any time.
        for (var round = 0; round < 4; round++)
        {
            var sink = default(CountingSink);
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < Passes; i++)
            {
                sample.Pass(framer, ref sink);
            }

            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
            Assert.Equal(Passes * sample.Frames, sink.Frames);
        }

        Assert.Equal(0, least);
    }
}
