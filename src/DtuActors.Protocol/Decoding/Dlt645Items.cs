using System.Text;

namespace DtuActors.Protocol.Decoding;

/// <summary>How the value of one data identifier of DL/T 645 is read.</summary>
internal enum Dlt645Kind
{
    /// <summary>A decimal number.</summary>
    Number,

    /// <summary>A demand of three bytes and when it occurred: mm hh DD MM YY.</summary>
    Demand,

    /// <summary>WW DD MM YY.</summary>
    Date,

    /// <summary>ss mm hh.</summary>
    Time,

    /// <summary>ss mm hh WW DD MM YY.</summary>
    DateTime,

    /// <summary>mm hh DD MM.</summary>
    Moment,

    /// <summary>Digits that are no number: an address.</summary>
    Digits,

    /// <summary>ASCII, the last character first.</summary>
    Ascii,

    /// <summary>Bits.</summary>
    Word,

    /// <summary>A password: never shown.</summary>
    Secret,
}

/// <summary>How the value of one data identifier is read.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Size">Its size in bytes; of a block, one value's.</param>
/// <param name="Decimals">Digits behind the point.</param>
/// <param name="Unit">Its unit.</param>
/// <param name="Signed">Whether its top bit is a sign.</param>
internal readonly record struct Dlt645Item(Dlt645Kind Kind, int Size, int Decimals = 0, string Unit = "", bool Signed = false)
{
    /// <summary>One value in words; the field has this item's size.</summary>
    public string Say(ReadOnlySpan<byte> field) => Kind switch
    {
        Dlt645Kind.Number => MeterWords.Number(field, Decimals, Unit, Signed),
        Dlt645Kind.Demand => MeterWords.Number(field[..3], Decimals, Unit, Signed) + Occurred(field[3..]),
        Dlt645Kind.Date => MeterWords.Pattern(field, "20D-C-B, weekday A"),
        Dlt645Kind.Time => MeterWords.Pattern(field, "C:B:A"),
        Dlt645Kind.DateTime => MeterWords.Pattern(field, "20G-F-E C:B:A, weekday D"),
        Dlt645Kind.Moment => MeterWords.Pattern(field, "D-C B:A"),
        Dlt645Kind.Digits => MeterWords.Digits(field),
        Dlt645Kind.Ascii => Ascii(field),
        Dlt645Kind.Word => (field[0] | (field.Length > 1 ? field[1] << 8 : 0)).ToString(field.Length > 1 ? "X4" : "X2", null),
        _ => "not shown",
    };

    private static string Occurred(ReadOnlySpan<byte> time) =>
        time.ContainsAnyExcept((byte)0) ? " at " + MeterWords.Pattern(time, "20E-D-C B:A") : "";

    private static string Ascii(ReadOnlySpan<byte> field)
    {
        if (MeterWords.IsFilled(field))
        {
            return "no value";
        }

        var text = new StringBuilder(field.Length);
        for (var i = field.Length - 1; i >= 0; i--)
        {
            if (field[i] != 0)
            {
                text.Append(field[i] is >= 0x20 and < 0x7F ? (char)field[i] : '.');
            }
        }

        return $"'{text.ToString().Trim()}'";
    }
}

/// <summary>The data identifiers whose values are said: annex A of DL/T 645-2007 and of DL/T 645-1997.</summary>
internal static class Dlt645Items
{
    private const byte Block = 0xFF;

    /// <summary>The item of a four-byte identifier, or null where it is not known.</summary>
    public static Dlt645Item? Of2007(uint identifier)
    {
        var (high, second, third, low) = ((byte)(identifier >> 24), (byte)(identifier >> 16), (byte)(identifier >> 8), (byte)identifier);
        return high switch
        {
            0x00 => Energy(second, third),
            0x01 => Demand(second),
            0x02 when second == 0x80 && third == 0 => Other(low),
            0x02 => Variable(second, third, low),
            0x04 when second == 0 => Parameter(third, low),
            _ => null,
        };
    }

    /// <summary>The item of a two-byte identifier of 1997, or null where it is not known.</summary>
    public static Dlt645Item? Of1997(int identifier)
    {
        var (high, low) = ((byte)(identifier >> 8), (byte)identifier);
        return high switch
        {
            0x90 or 0x94 or 0x98 when low >> 4 is 1 or 2 => new(Dlt645Kind.Number, 4, 2, "kWh"),
            0x91 or 0x95 or 0x99 when low >> 4 is >= 1 and <= 6 => new(Dlt645Kind.Number, 4, 2, "kvarh"),
            0xA0 or 0xA4 or 0xA8 when low >> 4 is 1 or 2 => new(Dlt645Kind.Number, 3, 4, "kW"),
            0xA1 or 0xA5 or 0xA9 when low >> 4 is >= 1 and <= 6 => new(Dlt645Kind.Number, 3, 4, "kvar"),
            0xB0 or 0xB1 or 0xB4 or 0xB5 or 0xB8 or 0xB9 => new(Dlt645Kind.Moment, 4),
            0xB6 => low switch
            {
                0x11 or 0x12 or 0x13 or 0x1F => new(Dlt645Kind.Number, 2, 0, "V"),
                0x21 or 0x22 or 0x23 or 0x2F => new(Dlt645Kind.Number, 2, 2, "A"),
                0x30 or 0x31 or 0x32 or 0x33 or 0x3F => new(Dlt645Kind.Number, 3, 4, "kW"),
                0x40 or 0x41 or 0x42 or 0x43 or 0x4F => new(Dlt645Kind.Number, 2, 2, "kvar"),
                0x50 or 0x51 or 0x52 or 0x53 or 0x5F => new(Dlt645Kind.Number, 2, 3),
                _ => null,
            },
            0xC0 => low switch
            {
                0x10 => new(Dlt645Kind.Date, 4),
                0x11 => new(Dlt645Kind.Time, 3),
                0x20 or 0x21 => new(Dlt645Kind.Word, 1),
                0x30 => new(Dlt645Kind.Number, 3, 0, "imp/kWh"),
                0x31 => new(Dlt645Kind.Number, 3, 0, "imp/kvarh"),
                0x32 or 0x33 or 0x34 => new(Dlt645Kind.Digits, 6),
                _ => null,
            },
            _ => null,
        };
    }

    /// <summary>Table A.1: 00 kind, rate, settlement. The rates' block and the settlements' are values one behind another.</summary>
    private static Dlt645Item? Energy(byte kind, byte rate) => kind switch
    {
        0x90 when rate is 1 => new(Dlt645Kind.Number, 4, 2, "kWh"),
        0x90 when rate is 2 => new(Dlt645Kind.Number, 4, 2, "yuan"),
        _ => EnergyUnit(kind) is { } unit ? new(Dlt645Kind.Number, 4, 2, unit, IsCombined(kind)) : null,
    };

    // Of all phases from 00, of phase A from 15, of B from 29, of C from 3D; basic wave, harmonics and losses from 80, 94, A8, BC.
    private static string? EnergyUnit(byte kind) => kind switch
    {
        <= 0x02 or 0x15 or 0x16 or 0x29 or 0x2A or 0x3D or 0x3E => "kWh",
        <= 0x08 or (>= 0x17 and <= 0x1C) or (>= 0x2B and <= 0x30) or (>= 0x3F and <= 0x44) => "kvarh",
        0x09 or 0x0A or 0x1D or 0x1E or 0x31 or 0x32 or 0x45 or 0x46 => "kVAh",
        (>= 0x80 and <= 0x86) or (>= 0x94 and <= 0x9A) or (>= 0xA8 and <= 0xAE) or (>= 0xBC and <= 0xC2) => "kWh",
        _ => null,
    };

    // What combines directions can be negative: the note below table A.1.
    private static bool IsCombined(byte kind) => kind is 0x00 or 0x03 or 0x04 or 0x17 or 0x18 or 0x2B or 0x2C or 0x3F or 0x40;

    /// <summary>Table A.2: 01 kind, rate, settlement; the kinds are those of energy.</summary>
    private static Dlt645Item? Demand(byte kind) => kind >= 0x80 ? null : EnergyUnit(kind) switch
    {
        "kWh" => new(Dlt645Kind.Demand, 8, 4, "kW", IsCombined(kind)),
        "kvarh" => new(Dlt645Kind.Demand, 8, 4, "kvar", IsCombined(kind)),
        "kVAh" => new(Dlt645Kind.Demand, 8, 4, "kVA"),
        _ => null,
    };

    /// <summary>Table A.3: 02 kind, phase, and 00 except for harmonics. Currents, powers and factors carry a direction in their top bit.</summary>
    private static Dlt645Item? Variable(byte kind, byte phase, byte low)
    {
        if ((phase > 3 && phase != Block) || (low != 0 && kind < 0x0A))
        {
            return null;
        }

        return kind switch
        {
            0x01 => new(Dlt645Kind.Number, 2, 1, "V"),
            0x02 => new(Dlt645Kind.Number, 3, 3, "A", true),
            0x03 => new(Dlt645Kind.Number, 3, 4, "kW", true),
            0x04 => new(Dlt645Kind.Number, 3, 4, "kvar", true),
            0x05 => new(Dlt645Kind.Number, 3, 4, "kVA", true),
            0x06 => new(Dlt645Kind.Number, 2, 3, "", true),
            0x07 => new(Dlt645Kind.Number, 2, 1, "°"),
            0x08 or 0x09 or 0x0A or 0x0B => new(Dlt645Kind.Number, 2, 2, "%"),
            _ => null,
        };
    }

    /// <summary>Table A.3: 028000 and a number.</summary>
    private static Dlt645Item? Other(byte number) => number switch
    {
        0x01 => new(Dlt645Kind.Number, 3, 3, "A", true),
        0x02 => new(Dlt645Kind.Number, 2, 2, "Hz"),
        0x03 or 0x04 => new(Dlt645Kind.Number, 3, 4, "kW", true),
        0x05 => new(Dlt645Kind.Number, 3, 4, "kvar", true),
        0x06 => new(Dlt645Kind.Number, 3, 4, "kVA", true),
        0x07 => new(Dlt645Kind.Number, 2, 1, "°C", true),
        0x08 or 0x09 => new(Dlt645Kind.Number, 2, 2, "V"),
        0x0A => new(Dlt645Kind.Number, 4, 0, "min"),
        0x0B or 0x20 or 0x21 => new(Dlt645Kind.Number, 4, 4, "yuan/kWh"),
        _ => null,
    };

    /// <summary>Table A.4: 0400 group, number.</summary>
    private static Dlt645Item? Parameter(byte group, byte number) => (group, number) switch
    {
        (0x01, 0x01) => new(Dlt645Kind.Date, 4),
        (0x01, 0x02) => new(Dlt645Kind.Time, 3),
        (0x01, 0x03 or 0x04) => new(Dlt645Kind.Number, 1, 0, "min"),
        (0x01, 0x05) => new(Dlt645Kind.Number, 2, 0, "ms"),
        (0x01, 0x0C) => new(Dlt645Kind.DateTime, 7),
        (0x02, >= 0x01 and <= 0x04) => new(Dlt645Kind.Number, 1),
        (0x04, 0x01 or 0x02) => new(Dlt645Kind.Digits, 6),
        (0x04, 0x03) => new(Dlt645Kind.Ascii, 32),
        (0x04, 0x04 or 0x05 or 0x06) => new(Dlt645Kind.Ascii, 6),
        (0x04, 0x07 or 0x08) => new(Dlt645Kind.Ascii, 4),
        (0x04, 0x09) => new(Dlt645Kind.Number, 3, 0, "imp/kWh"),
        (0x04, 0x0A) => new(Dlt645Kind.Number, 3, 0, "imp/kvarh"),
        (0x04, 0x0B or 0x0C) => new(Dlt645Kind.Ascii, 10),
        (0x04, 0x0D) => new(Dlt645Kind.Ascii, 16),
        (0x05, (>= 0x01 and <= 0x07) or Block) => new(Dlt645Kind.Word, 2),
        (0x0C, _) => new(Dlt645Kind.Secret, 4),
        _ => null,
    };
}
