using System.Collections.Immutable;
using DtuActors.Protocol;
using DtuActors.Recording;
using FsCheck;
using FsCheck.Xunit;

namespace DtuActors.Tests.Recording;

public sealed class FrameMemoryTests
{
    private static readonly DateTimeOffset At = new(2024, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void A_DTU_keeps_its_last_frames_and_no_more()
    {
        var memory = new FrameMemory();
        for (var i = 0; i < FrameMemory.MostPerDtu + 5; i++)
        {
            memory.Add(Frame("pump-1", [(byte)i]));
        }

        var kept = All(memory, "pump-1");

        Assert.Equal(FrameMemory.MostPerDtu, kept.Length);
        Assert.Equal(5, kept[0].Payload.Span[0]);
    }

    [Fact]
    public void The_oldest_frames_of_all_leave_first_once_all_together_are_too_many()
    {
        var memory = new FrameMemory();
        var payload = new byte[1024 * 1024];
        memory.Add(Frame("pump-1", payload));
        for (var i = 0; i < FrameMemory.MostBytes / payload.Length; i++)
        {
            memory.Add(Frame("pump-2", payload));
        }

        Assert.Empty(All(memory, "pump-1"));
        var kept = All(memory, "pump-2");
        Assert.InRange(kept.Length, FrameMemory.MostBytes / payload.Length / 4, (FrameMemory.MostBytes / payload.Length) - 1);
        Assert.Equal((FrameMemory.MostBytes / payload.Length) + 1, kept[^1].Sequence);
    }

    [Fact]
    public void What_many_DTUs_said_once_leaves_before_what_one_says_now()
    {
        var memory = new FrameMemory();
        const int Dtus = 160_000;
        for (var i = 0; i < 2 * Dtus; i++)
        {
            memory.Add(Frame($"pump-{i % Dtus}", [(byte)i, (byte)(i >> 8)]));
            memory.Add(Frame("talks", [(byte)i]));
        }

        Assert.Equal(FrameMemory.MostPerDtu, All(memory, "talks").Length);
        Assert.Empty(All(memory, "pump-0").Where(frame => frame.Sequence < Dtus));
        Assert.NotEmpty(All(memory, $"pump-{Dtus - 1}"));
    }

    [Property]
    public void The_frames_of_a_DTU_come_out_as_they_went_in_wherever_the_rings_end(PositiveInt seed)
    {
        var random = new Random(seed.Get);
        var memory = new FrameMemory();
        var expected = new List<FramePassed>();
        var steps = random.Next(1, 1500);
        var most = random.Next(1, 700);
        for (var i = 0; i < steps; i++)
        {
            var payload = new byte[random.Next(most)];
            random.NextBytes(payload);
            var frame = Frame("pump-1", payload) with { At = At.AddSeconds(i), Direction = (FrameDirection)random.Next(2), Verdict = i % 3 == 0 ? "reply" : null };
            memory.Add(frame);
            expected.Add(frame);
        }

        var kept = All(memory, "pump-1");
        Equal(expected.TakeLast(FrameMemory.MostPerDtu), kept);
        Equal(expected.TakeLast(7), memory.Page(new Records.GetFrames(Id("pump-1"), null, null, 7, null) { Newest = true }).Items);
        var (from, until) = (At.AddSeconds(steps / 3), At.AddSeconds(steps * 2 / 3));
        Equal(
            expected.TakeLast(FrameMemory.MostPerDtu).Where(frame => frame.At >= from && frame.At < until),
            memory.Page(new Records.GetFrames(Id("pump-1"), from, until, 2000, null)).Items);
        var pages = new List<RecordedFrame>();
        string? after = null;
        do
        {
            var page = memory.Page(new Records.GetFrames(Id("pump-1"), null, null, 100, after));
            pages.AddRange(page.Items);
            after = page.Next;
        }
        while (after is not null);
        Assert.Equal(kept.Select(frame => frame.Sequence), pages.Select(frame => frame.Sequence));
    }

    private static void Equal(IEnumerable<FramePassed> expected, IEnumerable<RecordedFrame> kept) => Assert.Equal(
        expected.Select(frame => (frame.At, frame.Direction, Convert.ToHexString(frame.Payload.Span), frame.Codec, frame.Source, frame.Verdict)),
        kept.Select(frame => (frame.At, frame.Direction, Convert.ToHexString(frame.Payload.Span), frame.Codec, frame.Source, frame.Verdict)));

    private static FramePassed Frame(string dtu, byte[] payload) => new(At, Id(dtu), FrameDirection.Up, payload, "raw", "dtu");

    private static ImmutableArray<RecordedFrame> All(FrameMemory memory, string dtu) => memory.Page(new Records.GetFrames(Id(dtu), null, null, int.MaxValue - 1, null)).Items;

    private static DtuId Id(string text) => DtuId.TryParse(text, out var id) ? id : throw new ArgumentException(text, nameof(text));
}
