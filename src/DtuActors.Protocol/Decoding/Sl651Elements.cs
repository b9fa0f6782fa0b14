using System.Globalization;
using System.Text;
using DtuActors.Protocol.Layouts;

namespace DtuActors.Protocol.Decoding;

/// <summary>
/// The elements of a report's body in words (SL 651-2014, appendix C): an identifier (1), a byte with length and decimals, then the value, mostly BCD.
/// </summary>
internal static class Sl651Elements
{
    private const byte ObservationTime = 0xF0;
    private const byte Station = 0xF1;
    private const byte Manual = 0xF2;
    private const byte Picture = 0xF3;
    private const byte Rainfall = 0xF4;
    private const byte FirstLevel = 0xF5;
    private const byte LastLevel = 0xFC;
    private const byte TimeStep = 0x04;
    private const byte State = 0x45;
    private const byte Extended = 0xFF;

    private static readonly Dictionary<byte, (string Name, string Unit)> Table = MakeTable();

    private static readonly Dictionary<byte, string> Classes = new()
    {
        [0x50] = "rain station",
        [0x48] = "river station",
        [0x4B] = "reservoir station",
        [0x5A] = "sluice station",
        [0x44] = "pumping station",
        [0x54] = "tide station",
        [0x4D] = "soil moisture station",
        [0x47] = "groundwater station",
        [0x51] = "water quality station",
        [0x49] = "water intake",
        [0x4F] = "water outlet",
    };

    // Table 58; the others tell states that are no alarms.
    private static readonly (int Bit, string Word)[] Alarms =
    [
        (0, "mains lost"), (1, "battery low"), (2, "level alarm"), (3, "flow alarm"), (4, "water quality alarm"), (5, "flow meter faulty"),
        (6, "level gauge faulty"), (8, "memory faulty"), (11, "remaining water alarm"),
    ];

    /// <summary>
    /// What stands behind serial number and time of sending, one word or value each. <paramref name="withClass"/>: the station's class follows its address.
    /// A value that is not as its identifier says is told as such; what is cut off ends the list.
    /// </summary>
    public static List<string> Describe(ReadOnlySpan<byte> body, string station, bool withClass)
    {
        var words = new List<string>();
        var series = false;
        while (body.Length >= 2)
        {
            var id = body[0];
            var definition = body[1];
            var length = id switch
            {
                ObservationTime or Station => 5,
                Manual or Picture => body.Length - 2,
                _ => definition >> 3,
            };
            if (id == Extended)
            {
                // One byte more says which; the definition follows it.
                if (body.Length < 3)
                {
                    break;
                }

                length = body[2] >> 3;
                body = body[1..];
                definition = body[1];
            }

            if (body.Length < 2 + length)
            {
                break;
            }

            var value = body[2..(2 + length)];
            body = body[(2 + length)..];
            if (series)
            {
                words.Add(Series(id, definition, length, [.. value, .. body]));
                return words;
            }

            switch (id)
            {
                case ObservationTime:
                    words.Add("at " + Bcd.Time(value));
                    break;
                case Station:
                    if (Bcd.Digits(value) != station)
                    {
                        words.Add("station " + Bcd.Digits(value));
                    }

                    if (withClass && !body.IsEmpty)
                    {
                        words.Add(Classes.TryGetValue(body[0], out var name) ? name : $"class {body[0]:X2}");
                        body = body[1..];
                    }

                    break;
                case Manual:
                    words.Add("manual data " + StationWords.Text(value));
                    break;
                case Picture:
                    words.Add($"picture, {Words.Plural(value.Length, "byte")}");
                    break;
                case TimeStep:
                    words.Add("every " + Step(value));
                    series = true;
                    break;
                case State when length == 4:
                    words.Add(StateWords(value));
                    break;
                default:
                    words.Add(Series(id, definition, length, value));
                    break;
            }
        }

        if (!body.IsEmpty)
        {
            words.Add($"{Words.Plural(body.Length, "byte")} that are no element");
        }

        return words;
    }

    /// <summary>The station's state and alarms: four bytes, the last holds the lowest bits.</summary>
    public static string StateWords(ReadOnlySpan<byte> state)
    {
        var bits = (state[0] << 24) | (state[1] << 16) | (state[2] << 8) | state[3];
        var raised = Alarms.Where(alarm => (bits & (1 << alarm.Bit)) != 0).Select(alarm => alarm.Word).ToArray();
        return $"state {bits:X8}{(raised.Length > 0 ? " " + string.Join(" ", raised.Select(word => $"({word})")) : "")}";
    }

    /// <summary>One value or several of the same kind.</summary>
    private static string Series(byte id, byte definition, int length, ReadOnlySpan<byte> values)
    {
        var (name, unit) = Table.TryGetValue(id, out var known) ? known : ($"element {id:X2}", "");
        var width = id == Rainfall ? 1 : id is >= FirstLevel and <= LastLevel ? 2 : length;
        if (width == 0)
        {
            return name;
        }

        var text = new StringBuilder(name).Append(" =");
        var count = 0;
        for (; values.Length >= width && count < 12 * StationWords.MostValues; count++)
        {
            if (count < StationWords.MostValues)
            {
                text.Append(' ').Append(id is >= Rainfall and <= LastLevel ? Binary(values[..width]) : Decimal(values[..width], definition & 7));
            }

            values = values[width..];
        }

        return text.Append(count > StationWords.MostValues ? " ..." : "").Append(unit.Length > 0 ? " " + unit : "").ToString();
    }

    /// <summary>Unsigned: one byte in tenths, two in hundredths; all ones is no value.</summary>
    private static string Binary(ReadOnlySpan<byte> value)
    {
        if (!value.ContainsAnyExcept((byte)0xFF))
        {
            return "-";
        }

        return value.Length == 1
            ? (value[0] / 10m).ToString("F1", CultureInfo.InvariantCulture)
            : (((value[0] << 8) | value[1]) / 100m).ToString("F2", CultureInfo.InvariantCulture);
    }

    /// <summary>BCD without its point; a first byte FF is a minus, all FF is no value (6.6.3.3).</summary>
    private static string Decimal(ReadOnlySpan<byte> value, int decimals)
    {
        if (!value.ContainsAnyExcept((byte)0xFF))
        {
            return "-";
        }

        var negative = value[0] == 0xFF;
        var digits = negative ? value[1..] : value;
        if (!Bcd.IsBcd(digits))
        {
            return $"(no number: {Bcd.Digits(value)})";
        }

        var text = Bcd.Digits(digits).PadLeft(decimals + 1, '0');
        var whole = text[..^decimals].TrimStart('0');
        return (negative ? "-" : "") + (whole.Length == 0 ? "0" : whole) + (decimals > 0 ? "." + text[^decimals..] : "");
    }

    /// <summary>Days, hours, minutes, of which one is not 0; all 0 goes with the values of one hour in five minutes.</summary>
    private static string Step(ReadOnlySpan<byte> value) => value.Length != 3 || !Bcd.IsBcd(value) ? $"(no time step: {Bcd.Digits(value)})"
        : value is [0, 0, 0] ? "5 minutes"
        : value[0] != 0 ? $"{value[0]:X} days"
        : value[1] != 0 ? $"{value[1]:X} hours"
        : $"{value[2]:X} minutes";

    private static Dictionary<byte, (string Name, string Unit)> MakeTable()
    {
        var table = new Dictionary<byte, (string, string)>();
        Add(0x01, "m2", "cross-section");
        Add(0x02, "C", "air temperature", "water temperature");
        Add(0x05, "h", "duration");
        Add(0x06, "mm", "day evaporation", "evaporation");
        Add(0x08, "hPa", "air pressure");
        Add(0x09, "m", "gate opening");
        Add(0x0A, "", "gate number", "conduit kind", "gates open");
        Add(0x0D, "C", "ground temperature");
        Add(0x0E, "m", "groundwater depth", "wave height");
        Add(0x10, "%", "soil moisture 10 cm", "soil moisture 20 cm", "soil moisture 30 cm", "soil moisture 40 cm", "soil moisture 50 cm");
        Add(0x15, "%", "soil moisture 60 cm", "soil moisture 80 cm", "soil moisture 100 cm", "humidity");
        Add(0x19, "", "machines running");
        Add(0x1A, "mm", "rainfall 1 h", "rainfall 2 h", "rainfall 3 h", "rainfall 6 h", "rainfall 12 h", "day rainfall", "rainfall");
        Add(0x21, "mm", "rainfall 1 min", "rainfall 5 min", "rainfall 10 min", "rainfall 30 min", "storm rainfall", "total rainfall");
        Add(0x27, "m3/s", "flow", "flow 1", "flow 2", "flow 3", "flow 4", "flow 5", "flow 6", "flow 7", "flow 8", "total outflow", "conduit flow");
        Add(0x32, "10000 t", "sediment discharge");
        Add(0x33, "", "wind direction", "wind force");
        Add(0x35, "m/s", "wind speed", "mean velocity", "velocity");
        Add(0x38, "V", "supply voltage");
        Add(0x39, "m", "water level", "lower water level", "upper water level");
        Add(0x3C, "m", "level 1", "level 2", "level 3", "level 4", "level 5", "level 6", "level 7", "level 8");
        Add(0x44, "kg/m3", "sediment");
        Add(0x46, "", "pH");
        Add(0x47, "mg/l", "dissolved oxygen");
        Add(0x48, "uS/cm", "conductivity");
        Add(0x49, "NTU", "turbidity");
        Add(0x4A, "mg/l", "permanganate index");
        Add(0x4B, "mV", "redox potential");
        Add(0x4C, "mg/l", "ammonia nitrogen", "total phosphorus", "total nitrogen", "total organic carbon");
        Add(0x50, "mg/l", "copper", "zinc", "selenium", "arsenic", "mercury", "cadmium", "lead", "chlorophyll a");
        Add(0x58, "kPa", "pressure 1", "pressure 2", "pressure 3", "pressure 4", "pressure 5", "pressure 6", "pressure 7", "pressure 8");
        for (var meter = 0; meter < 8; meter++)
        {
            Add((byte)(0x60 + meter), "m3", $"meter {meter + 1} remaining");
            Add((byte)(0x68 + meter), "m3/h", $"meter {meter + 1}");
            Add((byte)(FirstLevel + meter), "m", $"5-minute level {meter + 1}");
        }

        Add(0x70, "V", "voltage A", "voltage B", "voltage C");
        Add(0x73, "A", "current A", "current B", "current C");
        Add(Rainfall, "mm", "5-minute rainfall");
        return table;

        void Add(byte first, string unit, params string[] names)
        {
            foreach (var name in names)
            {
                table[first++] = (name, unit);
            }
        }
    }
}
