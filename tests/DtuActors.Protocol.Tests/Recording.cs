using DtuActors.Protocol.Framing;

namespace DtuActors.Protocol.Tests;

/// <summary>A sink that remembers, and the ways of feeding a framer that the tests share.</summary>
internal sealed class Recording : IFrameSink
{
    public List<string> Frames { get; } = [];

    public List<string> Heartbeats { get; } = [];

    public List<(string Hex, string Reason)> Drops { get; } = [];

    /// <summary>Everything in order: f, h or d and the bytes.</summary>
    public List<string> Log { get; } = [];

    public int FrameBytes => Frames.Sum(hex => hex.Length / 2);

    public int HeartbeatBytes => Heartbeats.Sum(hex => hex.Length / 2);

    public int DroppedBytes => Drops.Sum(drop => drop.Hex.Length / 2);

    public void OnFrame(ReadOnlySpan<byte> frame)
    {
        Frames.Add(Convert.ToHexString(frame));
        Log.Add("f " + Frames[^1]);
    }

    public void OnHeartbeat(ReadOnlySpan<byte> heartbeat)
    {
        Heartbeats.Add(Convert.ToHexString(heartbeat));
        Log.Add("h " + Heartbeats[^1]);
    }

    public void OnDropped(ReadOnlySpan<byte> bytes, string reason)
    {
        Drops.Add((Convert.ToHexString(bytes), reason));
        Log.Add($"d {Drops[^1].Hex} {reason}");
    }

    /// <summary>Feeds the pieces, then silence where the codec asks for it.</summary>
    public static Recording Of(Framer framer, params byte[][] pieces)
    {
        var sink = new Recording();
        foreach (var piece in pieces)
        {
            framer.Feed(piece, ref sink);
        }

        if (framer.SilenceDue is not null)
        {
            framer.Silence(ref sink);
        }

        return sink;
    }

    /// <summary>The stream whole, byte by byte, and cut in two at every point.</summary>
    public static IEnumerable<byte[][]> Cuts(byte[] stream)
    {
        yield return [stream];
        yield return [.. stream.Select(b => new[] { b })];
        for (var at = 1; at < stream.Length; at++)
        {
            yield return [stream[..at], stream[at..]];
        }
    }

    /// <summary>The stream cut into pieces whose lengths the numbers tell, over and over.</summary>
    public static byte[][] Cut(byte[] stream, IReadOnlyList<int> lengths)
    {
        var pieces = new List<byte[]>();
        for (var (at, i) = (0, 0); at < stream.Length; i++)
        {
            var length = lengths.Count == 0 ? stream.Length : 1 + (Math.Abs(lengths[i % lengths.Count] % 1500));
            length = Math.Min(length, stream.Length - at);
            pieces.Add(stream[at..(at + length)]);
            at += length;
        }

        return [.. pieces];
    }

    public static byte[] Hex(string hex) => Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal));
}
