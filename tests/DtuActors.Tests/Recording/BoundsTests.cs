using System.Collections.Immutable;
using Akka.Actor;
using DtuActors.Protocol;
using DtuActors.Recording;

namespace DtuActors.Tests.Recording;

/// <summary>What waits for recorder and observers, and what is remembered, is bounded by bytes too.</summary>
public sealed class BoundsTests : ActorSpec
{
    private const int Megabyte = 1024 * 1024;
    private static readonly DtuId Dtu = DtuId.Parse("dtu-1");

    private static FramePassed Frame(int bytes, string dtu = "dtu-1") => new(
        DateTimeOffset.UnixEpoch, DtuId.Parse(dtu), FrameDirection.Up, new byte[bytes], "raw", "dtu");

    [Fact]
    public void Frames_beyond_the_inlets_bytes_are_counted_as_lost_until_some_were_read()
    {
        var recorder = CreateTestProbe();
        var inlet = new EventInlet();
        inlet.Attach(recorder);
        const int fit = (int)(EventInlet.MostWaitingBytes / Megabyte);
        for (var i = 0; i < fit + 3; i++)
        {
            inlet.Offer(Frame(Megabyte));
        }

        for (var i = 0; i < fit; i++)
        {
            recorder.ExpectMsg<FramePassed>();
        }

        recorder.ExpectNoMsg(TimeSpan.Zero);
        Assert.Equal(3, inlet.TakeLost());
        inlet.Offer(Frame(0));
        recorder.ExpectMsg<FramePassed>();

        inlet.Read(Frame(Megabyte));
        inlet.Offer(Frame(Megabyte));
        recorder.ExpectMsg<FramePassed>();
        Assert.Equal(0, inlet.TakeLost());
    }

    [Fact]
    public void What_is_offered_before_anybody_reads_is_lost_and_takes_no_place()
    {
        var inlet = new EventInlet();
        for (var i = 0; i < EventInlet.MostWaiting + 1; i++)
        {
            inlet.Offer(Frame(1));
        }

        Assert.Equal(EventInlet.MostWaiting + 1, inlet.TakeLost());
        var recorder = CreateTestProbe();
        inlet.Attach(recorder);
        inlet.Offer(Frame(1));
        recorder.ExpectMsg<FramePassed>();
    }

    [Fact]
    public void An_observer_that_does_not_read_holds_a_bounded_number_of_bytes_and_hears_how_many_it_missed()
    {
        var inlet = new EventInlet();
        var monitors = Sys.ActorOf(MonitorActor.Props(inlet));
        inlet.Attach(monitors);
        var channel = new EventChannel(1024);
        monitors.Tell(new Watching.Subscribe(ImmutableHashSet.Create(Dtu), channel.Writer));
        const int fit = (int)(EventChannel.MostBytes / Megabyte);
        for (var i = 0; i < fit + 5; i++)
        {
            monitors.Tell(Frame(Megabyte));
        }

        Settle(monitors);
        for (var i = 0; i < fit; i++)
        {
            Assert.True(channel.Reader.TryRead(out var happened) && happened is FramePassed);
        }

        Assert.False(channel.Reader.TryRead(out _));
        monitors.Tell(Frame(1));
        Settle(monitors);
        Assert.True(channel.Reader.TryRead(out var lost));
        Assert.Equal(5, Assert.IsType<EventsLost>(lost).Count);
        Assert.True(channel.Reader.TryRead(out _));
    }

    [Theory]
    [InlineData(Megabyte, 200, 3)]
    [InlineData(100, 5000, 2)]
    public void The_memory_of_frames_stays_within_its_bytes_and_its_number_per_dtu_and_keeps_the_newest(int bytes, int frames, int dtus)
    {
        var memory = new FrameMemory();
        for (var i = 0; i < frames; i++)
        {
            memory.Add(Frame(bytes, $"dtu-{i % dtus}"));
        }

        var kept = Enumerable.Range(0, dtus).Select(i => memory.Page(new Records.GetFrames(DtuId.Parse($"dtu-{i}"), null, null, int.MaxValue - 1, null)).Items).ToArray();
        Assert.All(kept, page => Assert.InRange(page.Length, 1, FrameMemory.MostPerDtu));
        Assert.InRange(kept.Sum(page => page.Sum(frame => (long)frame.Payload.Length)), 1, FrameMemory.MostBytes);
        Assert.Equal(frames, kept.Max(page => page[^1].Sequence));
        Assert.All(kept, page => Assert.Equal(page.Length - 1, (page[^1].Sequence - page[0].Sequence) / dtus));
    }
}
