using DtuActors.Protocol.Framing;
using DtuActors.Tests.Shared;
using FsCheck.Xunit;

namespace DtuActors.Protocol.Tests;

/// <summary>Garbage between frames costs the garbage and no frame, for every codec whose frames a checksum proves.</summary>
public sealed class GarbageProperties
{
    private static readonly (Codec Codec, byte[][] Frames)[] Proven =
    [
        .. Codecs.Names
            .SelectMany(SampleFrames.Settings)
            .Select(options => (Codec: Codecs.Create(options), Frames: SampleFrames.Of(options)))
            .Where(row => row.Codec.Proof == Proof.Checksum),
    ];

    [Property(MaxTest = 2000)]
    public void Exactly_the_frames_come_out_between_any_garbage_that_holds_none_at_any_chunking((byte Frame, byte[] Garbage)[] parts, byte[] behind, int[] cuts, bool likely)
    {
        foreach (var (codec, frames) in Proven)
        {
            var stream = new List<byte>();
            var starts = new HashSet<int>();
            var expected = new List<string>();
            foreach (var (number, garbage) in parts)
            {
                var frame = frames[number % frames.Length];
                stream.AddRange(Garbage(garbage, frame, likely));
                starts.Add(stream.Count);
                stream.AddRange(frame);
                expected.Add(Convert.ToHexString(frame));
            }

            stream.AddRange(Garbage(behind, frames[0], likely));
            byte[] bytes = [.. stream];
            if (HoldsAnother(codec, bytes, starts, expected))
            {
                continue;
            }

            var sink = Recording.Of(new Framer(codec, 4096), Recording.Cut(bytes, cuts));
            Assert.Equal((codec.Name, string.Join(' ', expected.Select(Core))), (codec.Name, string.Join(' ', sink.Frames.Select(Core))));
            Assert.Equal((codec.Name, bytes.Length), (codec.Name, sink.FrameBytes + sink.DroppedBytes));
        }
    }

    // A false start's last byte may be a preamble of the frame behind it: whose it is cannot be told, and the frame is the same without.
    private static string Core(string frame) => frame.StartsWith("FE", StringComparison.Ordinal) || frame.StartsWith("FF", StringComparison.Ordinal) ? frame.TrimStart('F', 'E') : frame;

    // Bytes of the protocol's own are the garbage that looks most like a frame.
    private static IEnumerable<byte> Garbage(byte[] random, byte[] frame, bool likely) => likely ? random.Select(b => frame[b % Math.Min(frame.Length, 16)]) : random;

    /// <summary>Whether a frame that nobody put there begins outside the frames that were, or with the last one's mark: then it is no garbage.</summary>
    private static bool HoldsAnother(Codec codec, byte[] bytes, HashSet<int> starts, List<string> frames)
    {
        var (next, inside) = (0, 0);
        for (var at = 0; at < bytes.Length; at++)
        {
            if (starts.Contains(at))
            {
                inside = at + (frames[next++].Length / 2);
            }
            else if (at >= inside - 1 && codec.Next(bytes.AsSpan(at, Math.Min(bytes.Length - at, 4096)), 0, silent: true).Kind == CutKind.Frame)
            {
                return true;
            }
        }

        return false;
    }
}
