using DtuActors.Protocol.Framing;

namespace DtuActors.Protocol.Tests;

/// <summary>What the tests of one codec share: a framer of it, and streams at every cut.</summary>
public abstract class CodecSpec(string codec)
{
    private protected static string F(byte[] frame) => "f " + Convert.ToHexString(frame);

    private protected static string Hex(byte[] bytes) => Convert.ToHexString(bytes);

    private protected static byte[] Fill(int count, byte value) => [.. Enumerable.Repeat(value, count)];

    private protected Framer Make(params byte[][] heartbeats) => new(Codecs.Create(new FramingOptions { Codec = codec }), 4096, heartbeats);

    private protected void AssertLog(byte[] stream, string[] expected, params byte[][] heartbeats) =>
        Assert.All(Recording.Cuts(stream), pieces => Assert.Equal(expected, Recording.Of(Make(heartbeats), pieces).Log));

    private protected void AssertFrames(byte[] stream, params byte[][] frames) => Assert.All(Recording.Cuts(stream), pieces =>
    {
        var sink = Recording.Of(Make(), pieces);
        Assert.Equal(frames.Select(Convert.ToHexString), sink.Frames);
        Assert.Equal(stream.Length, sink.FrameBytes + sink.DroppedBytes);
    });

    /// <summary>Without silence: nothing here waits for it.</summary>
    private protected Recording Run(byte[][] pieces)
    {
        var sink = new Recording();
        var framer = Make();
        Array.ForEach(pieces, piece => framer.Feed(piece, ref sink));
        Assert.Equal(0, framer.Pending);
        return sink;
    }

    /// <summary>These frames and nothing else, without silence.</summary>
    private protected void AssertOut(byte[][] pieces, params byte[][] frames)
    {
        var sink = Run(pieces);
        Assert.Equal(frames.Select(Hex), sink.Frames);
        Assert.Empty(sink.Drops);
    }
}
