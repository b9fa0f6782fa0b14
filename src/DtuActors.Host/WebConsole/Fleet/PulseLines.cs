using System.Collections.Immutable;
using System.Globalization;

namespace DtuActors.Host.WebConsole.Fleet;

/// <summary>Lines of one chart.</summary>
/// <param name="Labels">One a bucket, oldest first; most are empty.</param>
/// <param name="Rows">One or two lines.</param>
/// <param name="Step">Between two marks of the vertical axis.</param>
/// <param name="Told">The same in words.</param>
public sealed record PulseLines(ImmutableArray<string> Labels, ImmutableArray<(string Name, double[] Values)> Rows, int Step, string Told)
{
    /// <summary>How much time one point stands for, in seconds.</summary>
    public const int Bucket = 10;

    private const int Points = 60;
    private const int LabelEvery = 12;
    private const int MostSteps = 4;

    /// <summary>The number of the last whole bucket: what it is made of changes no more.</summary>
    public static long Last(DateTimeOffset now) => (now.ToUnixTimeSeconds() / Bucket) - 1;

    /// <summary>The ten minutes that end with bucket <paramref name="last"/>; where there was no gateway yet, nothing passed.</summary>
    internal static PulseLines Of(ImmutableArray<Beat> beats, long last, Words t, params ReadOnlySpan<(string Name, Func<IReadOnlyList<Beat>, double> Value)> lines)
    {
        var byBucket = beats.GroupBy(beat => beat.At.ToUnixTimeSeconds() / Bucket).ToDictionary(bucket => bucket.Key, bucket => bucket.ToArray());
        var first = last - Points + 1;
        var rows = ImmutableArray.CreateBuilder<(string, double[])>();
        var most = 0.0;
        var told = "";
        foreach (var (name, value) in lines)
        {
            var values = new double[Points];
            for (var i = 0; i < Points; i++)
            {
                values[i] = byBucket.TryGetValue(first + i, out var bucket) ? Math.Round(value(bucket), 1) : 0;
            }

            var (least, top) = (values.Min(), values.Max());
            most = Math.Max(most, top);
            told += t[$"{name}, last ten minutes: lowest {Number(least)}, highest {Number(top)}. ", $"{name}，最近十分钟：最低 {Number(least)}，最高 {Number(top)}。"];
            rows.Add((name, values));
        }

        var labels = new string[Points];
        for (var i = 0; i < Points; i++)
        {
            // The first and the last would be cut off at the edge.
            var isMarked = (first + i) % LabelEvery == 0 && i is > 1 and < Points - 2;
            labels[i] = isMarked ? DateTimeOffset.FromUnixTimeSeconds((first + i) * Bucket).ToOffset(t.Offset).ToString("HH:mm", CultureInfo.InvariantCulture) : "";
        }

        return new PulseLines([.. labels], rows.ToImmutable(), StepFor(most), told.Trim());
    }

    // 1, 2 or 5 of a power of ten: whole numbers that are read at a glance.
    private static int StepFor(double most)
    {
        var step = 1;
        for (var i = 0; most / step > MostSteps; i++)
        {
            step = i % 3 == 1 ? step / 2 * 5 : step * 2;
        }

        return step;
    }

    private static string Number(double value) => value.ToString("0.#", CultureInfo.InvariantCulture);
}
