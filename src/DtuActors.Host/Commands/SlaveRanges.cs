using System.Globalization;

namespace DtuActors.Host.Commands;

/// <summary>Slaves as a person lists them: <c>1-10,20</c>.</summary>
internal static class SlaveRanges
{
    /// <summary>Reads ranges, each slave once, in order; false with the problem in words.</summary>
    public static bool TryParse(string text, out IReadOnlyList<byte> slaves, out string problem)
    {
        var all = new SortedSet<byte>();
        slaves = [];
        problem = "";
        foreach (var part in text.Split(',', StringSplitOptions.TrimEntries))
        {
            var ends = part.Split('-', StringSplitOptions.TrimEntries);
            if (ends.Length > 2 || !IsSlave(ends[0], out var first) || !IsSlave(ends[^1], out var last) || first > last)
            {
                problem = $"'{text}': '{part}' is no range of slaves; right would be 1-247 or 1-10,20, each from 1 to {byte.MaxValue}";
                return false;
            }

            for (int slave = first; slave <= last; slave++)
            {
                all.Add((byte)slave);
            }
        }

        slaves = [.. all];
        return true;
    }

    private static bool IsSlave(string text, out byte slave) => byte.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out slave) && slave > 0;
}
