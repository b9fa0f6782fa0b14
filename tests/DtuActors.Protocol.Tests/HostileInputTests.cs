using DtuActors.Protocol.Framing;

namespace DtuActors.Protocol.Tests;

/// <summary>
/// Bytes that a sender chose to make work. Nothing here asserts a time. In seconds for each MB, whole and byte by byte, before the work for a head was bounded
/// and after: SL 651's heads that end together 13.8 and 16.2, then 0.11 and 0.16; its marks behind a head byte by byte 19.2, then 0.05; HJ 212's heads before
/// many line ends 5.7 and 5.7, then 0.11 and 0.35.
/// </summary>
public sealed class HostileInputTests
{
    private const int Length = 256 * 1024;

    public static TheoryData<string> Names => [.. HostileStreams.All().Select(row => row.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Hostile_bytes_are_decided_whole_byte_by_byte_and_in_bursts_and_none_is_lost(string name)
    {
        var (_, options, unit) = HostileStreams.All().Single(row => row.Name == name);
        byte[] stream = [.. Enumerable.Repeat(unit, (Length / unit.Length) + 1).SelectMany(bytes => bytes)];
        var whole = Feed(options, stream, stream.Length, silences: false);
        var single = Feed(options, stream, 1, silences: false);
        Assert.Equal(whole.Frames, single.Frames);
        Assert.Equal(whole.FrameBytes, single.FrameBytes);
        Assert.Equal(whole.DroppedBytes, single.DroppedBytes);
        _ = Feed(options, stream, unit.Length, silences: true);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_codec_is_asked_about_hostile_bytes_twice_as_often_where_there_are_twice_as_many(string name)
    {
        var (_, options, unit) = HostileStreams.All().Single(row => row.Name == name);
        var once = Calls(options, unit, 4);
        var twice = Calls(options, unit, 8);
        Assert.True(twice <= (3 * once) + 64, $"{once} calls for 4 units, {twice} for 8");
    }

    private static Tally Feed(FramingOptions options, byte[] stream, int piece, bool silences)
    {
        var codec = Codecs.Create(options);
        var framer = new Framer(codec, options.MaxFrame);
        var tally = new Tally();
        for (var at = 0; at < stream.Length; at += piece)
        {
            framer.Feed(stream.AsSpan(at, Math.Min(piece, stream.Length - at)), ref tally);
            if (silences && framer.SilenceDue is not null)
            {
                framer.Silence(ref tally);
                Assert.Equal(0, framer.Pending);
            }
        }

        framer.Silence(ref tally);
        Assert.Equal(0, framer.Pending);
        return tally;
    }

    private static int Calls(FramingOptions options, byte[] unit, int times)
    {
        var codec = new Counting(Codecs.Create(options));
        var framer = new Framer(codec, options.MaxFrame);
        var tally = new Tally();
        for (var i = 0; i < times; i++)
        {
            framer.Feed(unit, ref tally);
        }

        framer.Silence(ref tally);
        return codec.Calls;
    }

    private struct Tally : IFrameSink
    {
        public int Frames { get; private set; }

        public int FrameBytes { get; private set; }

        public int DroppedBytes { get; private set; }

        public void OnFrame(ReadOnlySpan<byte> frame)
        {
            Frames++;
            FrameBytes += frame.Length;
        }

        public readonly void OnHeartbeat(ReadOnlySpan<byte> heartbeat)
        {
        }

        public void OnDropped(ReadOnlySpan<byte> bytes, string reason) => DroppedBytes += bytes.Length;
    }

    private sealed class Counting(Codec codec) : Codec
    {
        public int Calls { get; private set; }

        public override string Name => codec.Name;

        public override bool IsProtocol => codec.IsProtocol;

        public override TimeSpan? Gap => codec.Gap;

        public override TimeSpan? BurstGap => codec.BurstGap;

        public override bool BurstEndsAtSilence => codec.BurstEndsAtSilence;

        public override Cut Next(ReadOnlySpan<byte> pending, int examined, bool silent)
        {
            Calls++;
            return codec.Next(pending, examined, silent);
        }

        public override long Overrun(ReadOnlySpan<byte> pending, out bool more)
        {
            Calls++;
            return codec.Overrun(pending, out more);
        }
    }
}
