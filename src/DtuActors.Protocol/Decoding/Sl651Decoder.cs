using System.Globalization;
using System.Text;
using DtuActors.Protocol.Layouts;

namespace DtuActors.Protocol.Decoding;

/// <summary>
/// SL 651-2014 in words (6.6.4 and appendix B): <c>SL 651 hourly report, station 0011223344, 2017-07-18 11:00:14, serial 51, river station, at 2017-07-18
/// 10:05, ...</c>. Passwords and configurations, which hold one, are never shown.
/// </summary>
internal static class Sl651Decoder
{
    private static readonly Dictionary<byte, string> Functions = new()
    {
        [0x2F] = "link maintenance",
        [0x30] = "test report",
        [0x31] = "uniform period report",
        [0x32] = "timed report",
        [0x33] = "extra report",
        [0x34] = "hourly report",
        [0x35] = "manual report",
        [0x36] = "picture report",
        [0x37] = "realtime data",
        [0x38] = "period data",
        [0x39] = "manual data",
        [0x3A] = "realtime data of elements",
        [0x40] = "change of basic configuration",
        [0x41] = "basic configuration",
        [0x42] = "change of running parameters",
        [0x43] = "running parameters",
        [0x44] = "pump motor data",
        [0x45] = "software version",
        [0x46] = "state and alarms",
        [0x47] = "clearing of storage",
        [0x48] = "factory settings",
        [0x49] = "change of password",
        [0x4A] = "setting of clock",
        [0x4B] = "IC card state",
        [0x4C] = "pump control",
        [0x4D] = "valve control",
        [0x4E] = "gate control",
        [0x4F] = "fixed quantity control",
        [0x50] = "event record",
        [0x51] = "clock",
    };

    public static string? Describe(FrameDirection direction, ReadOnlySpan<byte> frame)
    {
        if (!Sl651.TryRead(frame, out var message))
        {
            return null;
        }

        var function = message.Address.Function;
        var line = new StringBuilder("SL 651 ").Append(Functions.TryGetValue(function, out var name) ? name : $"function {function:X2}");
        if (!message.IsUp)
        {
            line.Append(message.End switch
            {
                Sl651.Enquiry => " asked for",
                Sl651.EndOfTransmission => " confirmed",
                Sl651.StayOnline => " confirmed, stay online",
                Sl651.Acknowledge => " confirmed, go on",
                Sl651.NotAcknowledge => " incomplete, send again",
                _ => " downwards",
            });
        }

        line.Append(", station ").Append(message.Address.Station);
        if (message.IsPacket)
        {
            line.Append(CultureInfo.InvariantCulture, $", packet {message.Number} of {message.Total}");
            if (message.IsUp && message.Number != 1)
            {
                return line.Append(", ").Append(Words.Plural(message.Body.Length, "byte")).ToString();
            }
        }

        return message.IsAscii ? Text(line, message) : Binary(line, message);
    }

    private static string Binary(StringBuilder line, Sl651Message message)
    {
        var body = message.Body;
        if (body.Length < 8)
        {
            return line.Append(body.IsEmpty ? "" : $", {Words.Plural(body.Length, "byte")}").ToString();
        }

        line.Append(CultureInfo.InvariantCulture, $", {Bcd.Time(body.Slice(2, 6))}, serial {(body[0] << 8) | body[1]}");
        body = body[8..];
        if (!message.IsUp)
        {
            return line.ToString();
        }

        switch (message.Address.Function)
        {
            case 0x30 or 0x31 or 0x32 or 0x33 or 0x34 or 0x36 or 0x37 or 0x38 or 0x3A or 0x44:
                line.Append(StationWords.Listed(Sl651Elements.Describe(body, message.Address.Station, withClass: true)));
                break;
            case 0x35 or 0x39 or 0x46 or 0x4B:
                line.Append(StationWords.Listed(Sl651Elements.Describe(body, message.Address.Station, withClass: false)));
                break;
            case 0x45 when body.Length > 8 && body.Length >= 8 + body[7]:
                line.Append(", ").Append(StationWords.Text(body.Slice(8, body[7])));
                break;
            case > 0x51:
                line.Append(body.IsEmpty ? "" : $", {Words.Plural(body.Length, "byte")}");
                break;
        }

        return line.ToString();
    }

    /// <summary>Serial number in four hex digits, time of sending in twelve digits, then identifiers and values between spaces (6.6.2).</summary>
    private static string Text(StringBuilder line, Sl651Message message)
    {
        var text = Encoding.Latin1.GetString(message.Body);
        if (text.Length < 16 || !text[..16].All(char.IsAsciiHexDigit))
        {
            return line.Append(CultureInfo.InvariantCulture, $", {Words.Plural(text.Length, "byte")}").ToString();
        }

        line.Append(", ").Append(Time(text[4..16])).Append(CultureInfo.InvariantCulture, $", serial {Convert.ToInt32(text[..4], 16)}");
        if (!message.IsUp || message.Address.Function is > 0x3A and not 0x44)
        {
            return line.ToString();
        }

        var words = new List<string>();
        var tokens = text[16..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        for (var i = 0; i < tokens.Length; i++)
        {
            var value = i + 1 < tokens.Length ? tokens[i + 1] : "";
            switch (tokens[i])
            {
                case "ST":
                    // The station again, and its class.
                    i += 2;
                    break;
                case "TT":
                    words.Add("at " + Time(value));
                    i++;
                    break;
                case var step when step.StartsWith("DR", StringComparison.Ordinal) && step.Length == 5:
                    words.Add(step);
                    break;
                default:
                    words.Add($"{Shown(tokens[i])} = {Shown(value)}");
                    i++;
                    break;
            }
        }

        return line.Append(StationWords.Listed(words)).ToString();
    }

    private static string Shown(string token) => StationWords.Text(Encoding.Latin1.GetBytes(token));

    private static string Time(string digits) =>
        digits.Length is 10 or 12 && digits.All(char.IsAsciiDigit) ? Bcd.Time(Convert.FromHexString(digits)) : $"(no time: {Shown(digits)})";
}
