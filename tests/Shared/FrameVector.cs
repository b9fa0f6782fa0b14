using System.Text;

namespace DtuActors.Tests.Shared;

/// <summary>One line of vectors/frames.tsv: a frame, and whether a framer lets it through (good), drops it (bad) or finds frames in it (stream).</summary>
internal sealed record FrameVector(string Protocol, string Name, string Expect, byte[] Bytes)
{
    /// <summary>All of them, in the order of the file.</summary>
    public static IReadOnlyList<FrameVector> All { get; } = [.. Read()];

    private static IEnumerable<FrameVector> Read()
    {
        foreach (var line in File.ReadLines(Path.Combine(AppContext.BaseDirectory, "vectors", "frames.tsv")).Skip(1))
        {
            var columns = line.Split('\t');
            var bytes = columns[3] == "hex"
                ? Convert.FromHexString(columns[4].Replace(" ", "", StringComparison.Ordinal))
                : Encoding.ASCII.GetBytes(columns[4].Replace("\\r", "\r", StringComparison.Ordinal).Replace("\\n", "\n", StringComparison.Ordinal));
            yield return new FrameVector(columns[0], columns[1], columns[2], bytes);
        }
    }
}
