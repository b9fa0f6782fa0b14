using System.Globalization;
using System.Text;
using DtuActors.Protocol.Layouts;

namespace DtuActors.Protocol.Decoding;

/// <summary>
/// HJ 212 in words (HJ 212-2017, 6.6 and appendix C; commands of HJ/T 212-2005 that it dropped): <c>HJ 212 realtime data (2011), MN 88888880000001,
/// 2016-08-01 08:57:57, a21005 = 0.00 N</c>. Of a factor with one value only that value is named. Passwords are never shown.
/// </summary>
internal static class Hj212Decoder
{
    private static readonly Dictionary<int, string> Commands = new()
    {
        [1000] = "time-out and retries",
        [1011] = "station time",
        [1012] = "set station time",
        [1013] = "request for time calibration",
        [1021] = "alarm limits",
        [1022] = "set alarm limits",
        [1031] = "alarm target",
        [1032] = "set alarm target",
        [1041] = "daily report time",
        [1042] = "set daily report time",
        [1061] = "realtime interval",
        [1062] = "set realtime interval",
        [1063] = "minute interval",
        [1064] = "set minute interval",
        [1072] = "set password",
        [2011] = "realtime data",
        [2012] = "stop realtime data",
        [2021] = "equipment status",
        [2022] = "stop equipment status",
        [2031] = "day data",
        [2041] = "equipment running time of a day",
        [2051] = "minute data",
        [2061] = "hour data",
        [2071] = "alarm record",
        [2072] = "alarm event",
        [2081] = "logger start time",
        [3011] = "calibration",
        [3012] = "immediate sampling",
        [3013] = "start cleaning",
        [3014] = "comparison sampling",
        [3015] = "sample kept over the limit",
        [3016] = "set sampling period",
        [3017] = "sampling period",
        [3018] = "sampling time",
        [3019] = "instrument serial number",
        [3020] = "station information",
        [3021] = "set station parameters",
        [9011] = "request answer",
        [9012] = "execution result",
        [9013] = "notification answer",
        [9014] = "data answer",
        [9015] = "heartbeat",
    };

    public static string? Describe(FrameDirection direction, ReadOnlySpan<byte> frame)
    {
        if (!Hj212.IsValid(frame))
        {
            return null;
        }

        var segment = Hj212.Segment(frame);
        var line = new StringBuilder("HJ 212");
        var command = Hj212.Number(segment, "CN"u8);
        if (command < 0)
        {
            line.Append(" without a command");
        }
        else
        {
            line.Append(Commands.TryGetValue(command, out var name) ? $" {name} ({command:D4})" : $" command {command:D4}");
        }

        if (Hj212.TryField(segment, "MN"u8, out var mn) && !mn.IsEmpty)
        {
            line.Append(", MN ").Append(StationWords.Text(mn));
        }

        if (Hj212.Number(segment, "PNO"u8) is > 0 and var number && Hj212.Number(segment, "PNUM"u8) is > 0 and var total)
        {
            line.Append(CultureInfo.InvariantCulture, $", packet {number} of {total}");
        }

        var parameters = Hj212.Parameters(segment);
        if ((Hj212.TryParameter(parameters, "DataTime"u8, out var time) && !time.IsEmpty) || (Hj212.TryField(segment, "QN"u8, out time) && !time.IsEmpty))
        {
            line.Append(", ").Append(Time(time));
        }

        line.Append(StationWords.Listed(Values(parameters)));
        if (Hj212.DeclaredLength(frame) != frame.Length)
        {
            line.Append(CultureInfo.InvariantCulture, $" (says {Hj212.DeclaredLength(frame) - Hj212.Overhead} bytes, has {segment.Length})");
        }

        return line.ToString();
    }

    /// <summary>yyyyMMddHHmmss, with or without milliseconds.</summary>
    private static string Time(ReadOnlySpan<byte> digits)
    {
        var d = StationWords.Text(digits);
        return d.Length is 14 or 17 && d.All(char.IsAsciiDigit) ? $"{d[..4]}-{d[4..6]}-{d[6..8]} {d[8..10]}:{d[10..12]}:{d[12..14]}" : $"(no time: {d})";
    }

    /// <summary>The groups between semicolons, as <c>a21005 = 0.00 N</c> or <c>a01006 Avg = 101.85 Max = 101.87</c>.</summary>
    private static List<string> Values(ReadOnlySpan<byte> parameters)
    {
        var values = new List<string>();
        while (!parameters.IsEmpty)
        {
            var end = parameters.IndexOf((byte)';');
            var group = end < 0 ? parameters : parameters[..end];
            parameters = end < 0 ? [] : parameters[(end + 1)..];
            if (!group.IsEmpty && !group.StartsWith("DataTime="u8))
            {
                // What is not listed is only counted.
                values.Add(values.Count < StationWords.MostValues ? Group(group) : "");
            }
        }

        return values;
    }

    private static string Group(ReadOnlySpan<byte> group)
    {
        var factor = "";
        var mark = "";
        var shown = new List<(string Name, string Value)>();
        var count = 0;
        while (!group.IsEmpty)
        {
            var end = group.IndexOf((byte)',');
            var item = group[..(end < 0 ? group.Length : end)];
            group = end < 0 ? [] : group[(end + 1)..];
            var equal = item.IndexOf((byte)'=');
            var name = StationWords.Text(equal < 0 ? item : item[..equal]);
            var value = equal < 0 ? "" : StationWords.Text(item[(equal + 1)..]);
            var dash = name.LastIndexOf('-');
            if (dash > 0 && (factor.Length == 0 || name[..dash] == factor))
            {
                factor = name[..dash];
                name = name[(dash + 1)..];
            }

            if (name.EndsWith("PW", StringComparison.OrdinalIgnoreCase) || name.EndsWith("SK", StringComparison.OrdinalIgnoreCase))
            {
                value = "***";
            }

            if (name.Equals("Flag", StringComparison.OrdinalIgnoreCase))
            {
                mark = value;
            }
            else if (++count <= StationWords.MostValues)
            {
                shown.Add((name, value));
            }
        }

        var text = new StringBuilder(factor);
        if (shown is [("Rtd", var only)] && factor.Length > 0)
        {
            text.Append(" = ").Append(only);
        }
        else
        {
            foreach (var (name, value) in shown)
            {
                text.Append(text.Length > 0 ? " " : "").Append(name).Append(" = ").Append(value);
            }
        }

        return text.Append(count > StationWords.MostValues ? " ..." : "").Append(mark.Length > 0 ? $" {mark}" : "").ToString();
    }
}
