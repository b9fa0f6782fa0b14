using System.Collections.Immutable;
using DtuActors.Protocol;
using DtuActors.Recording;

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
        Assert.Equal((FrameMemory.MostBytes / payload.Length) - 1, All(memory, "pump-2").Length);
    }

    private static FramePassed Frame(string dtu, byte[] payload) => new(At, Id(dtu), FrameDirection.Up, payload, "raw", "dtu");

    private static ImmutableArray<RecordedFrame> All(FrameMemory memory, string dtu) => memory.Page(new Records.GetFrames(Id(dtu), null, null, int.MaxValue - 1, null)).Items;

    private static DtuId Id(string text) => DtuId.TryParse(text, out var id) ? id : throw new ArgumentException(text, nameof(text));
}
