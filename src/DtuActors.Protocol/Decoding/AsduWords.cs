using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using DtuActors.Protocol.Layouts;

namespace DtuActors.Protocol.Decoding;

/// <summary>
/// The application data of IEC 60870-5-101 and -104 in words (IEC 60870-5-101, 7.2 and 7.3): type, cause, common address and the first objects with their
/// values.
/// </summary>
internal static class AsduWords
{
    // A line for a person: more objects than these are counted, not listed.
    private const int MostObjects = 4;

    /// <summary>An ASDU whose widths are known and that is long enough for its header.</summary>
    public static string Describe(ReadOnlySpan<byte> asdu, AsduWidths widths)
    {
        var text = new StringBuilder(Type(asdu[0])).Append(", ").Append(Cause(asdu[2]));
        if (widths.Cause == 2 && asdu[3] != 0)
        {
            text.Append(" of originator ").Append(asdu[3]);
        }

        text.Append(", common address ").Append(LowFirst(asdu.Slice(2 + widths.Cause, widths.Common)));
        var count = asdu[1] & Asdu.CountMask;
        if (!Asdu.Fits(asdu, widths))
        {
            return text.Append(", ").Append(Words.Plural(count, "object")).Append(", ")
                .Append(Words.Plural(asdu.Length - widths.Header, "byte")).Append(" of no known layout").ToString();
        }

        return text.Append(", ").Append(Words.Plural(count, "object")).Append(':').Append(Objects(asdu, widths, count)).ToString();
    }

    /// <summary>The type by its number, with its name in the standard.</summary>
    public static string Type(byte type) => Name(type) is { } name ? $"{name} ({type})" : $"type {type}";

    /// <summary>Whether the standard has a name for the type.</summary>
    public static bool IsNamed(byte type) => Name(type) is not null;

    /// <summary>The cause, and whether it is negative or a test.</summary>
    public static string Cause(byte cause)
    {
        var said = (cause & Asdu.CauseMask) switch
        {
            1 => "periodic",
            2 => "background scan",
            3 => "spontaneous",
            4 => "initialized",
            5 => "requested",
            6 => "activation",
            7 => "activation confirmation",
            8 => "deactivation",
            9 => "deactivation confirmation",
            10 => "activation termination",
            11 => "return by a remote command",
            12 => "return by a local command",
            13 => "file transfer",
            14 => "authentication",
            15 => "session key maintenance",
            16 => "user role and key maintenance",
            20 => "interrogated by station",
            >= 21 and <= 36 and var group => $"interrogated by group {group - 20}",
            37 => "counters requested",
            >= 38 and <= 41 and var group => $"counters of group {group - 37} requested",
            44 => "unknown type",
            45 => "unknown cause",
            46 => "unknown common address",
            47 => "unknown object address",
            var other => $"cause {other}",
        };
        return said + ((cause & Asdu.NegativeBit) != 0 ? ", negative" : "") + ((cause & Asdu.TestBit) != 0 ? ", test" : "");
    }

    public static int LowFirst(ReadOnlySpan<byte> field)
    {
        var value = 0;
        for (var i = field.Length - 1; i >= 0; i--)
        {
            value = (value << 8) | field[i];
        }

        return value;
    }

    private static string? Name(byte type) => type switch
    {
        1 => "single point M_SP_NA_1",
        2 => "single point with time M_SP_TA_1",
        3 => "double point M_DP_NA_1",
        4 => "double point with time M_DP_TA_1",
        5 => "step position M_ST_NA_1",
        6 => "step position with time M_ST_TA_1",
        7 => "bitstring M_BO_NA_1",
        8 => "bitstring with time M_BO_TA_1",
        9 => "normalized measured value M_ME_NA_1",
        10 => "normalized measured value with time M_ME_TA_1",
        11 => "scaled measured value M_ME_NB_1",
        12 => "scaled measured value with time M_ME_TB_1",
        13 => "floating point measured value M_ME_NC_1",
        14 => "floating point measured value with time M_ME_TC_1",
        15 => "integrated totals M_IT_NA_1",
        16 => "integrated totals with time M_IT_TA_1",
        17 => "protection event M_EP_TA_1",
        18 => "protection start events M_EP_TB_1",
        19 => "protection output circuits M_EP_TC_1",
        20 => "packed single points M_PS_NA_1",
        21 => "normalized measured value without quality M_ME_ND_1",
        30 => "single point with time M_SP_TB_1",
        31 => "double point with time M_DP_TB_1",
        32 => "step position with time M_ST_TB_1",
        33 => "bitstring with time M_BO_TB_1",
        34 => "normalized measured value with time M_ME_TD_1",
        35 => "scaled measured value with time M_ME_TE_1",
        36 => "floating point measured value with time M_ME_TF_1",
        37 => "integrated totals with time M_IT_TB_1",
        38 => "protection event M_EP_TD_1",
        39 => "protection start events M_EP_TE_1",
        40 => "protection output circuits M_EP_TF_1",
        45 => "single command C_SC_NA_1",
        46 => "double command C_DC_NA_1",
        47 => "regulating step command C_RC_NA_1",
        48 => "normalized set point C_SE_NA_1",
        49 => "scaled set point C_SE_NB_1",
        50 => "floating point set point C_SE_NC_1",
        51 => "bitstring command C_BO_NA_1",
        58 => "single command with time C_SC_TA_1",
        59 => "double command with time C_DC_TA_1",
        60 => "regulating step command with time C_RC_TA_1",
        61 => "normalized set point with time C_SE_TA_1",
        62 => "scaled set point with time C_SE_TB_1",
        63 => "floating point set point with time C_SE_TC_1",
        64 => "bitstring command with time C_BO_TA_1",
        70 => "end of initialization M_EI_NA_1",
        100 => "interrogation C_IC_NA_1",
        101 => "counter interrogation C_CI_NA_1",
        102 => "read C_RD_NA_1",
        103 => "clock synchronization C_CS_NA_1",
        104 => "test C_TS_NA_1",
        105 => "reset process C_RP_NA_1",
        106 => "delay acquisition C_CD_NA_1",
        107 => "test with time C_TS_TA_1",
        110 => "normalized parameter P_ME_NA_1",
        111 => "scaled parameter P_ME_NB_1",
        112 => "floating point parameter P_ME_NC_1",
        113 => "parameter activation P_AC_NA_1",
        120 => "file ready F_FR_NA_1",
        121 => "section ready F_SR_NA_1",
        122 => "call file F_SC_NA_1",
        123 => "last section F_LS_NA_1",
        124 => "acknowledge file F_AF_NA_1",
        125 => "file segment F_SG_NA_1",
        126 => "directory F_DR_TA_1",
        127 => "query log F_SC_NB_1",
        _ => null,
    };

    private static string Objects(ReadOnlySpan<byte> asdu, AsduWidths widths, int count)
    {
        var text = new StringBuilder();
        var sequence = (asdu[1] & Asdu.SequenceBit) != 0;
        var size = Asdu.ElementSize(asdu[0]);
        var at = widths.Header;
        var address = 0;
        for (var i = 0; i < count; i++)
        {
            if (i == MostObjects)
            {
                text.Append(", ...");
                break;
            }

            if (i == 0 || !sequence)
            {
                address = LowFirst(asdu.Slice(at, widths.Address));
                at += widths.Address;
            }
            else
            {
                address++;
            }

            text.Append(i > 0 ? ", " : " ").Append(address);
            if (Value(asdu[0], asdu.Slice(at, size)) is { } value)
            {
                text.Append(" = ").Append(value);
            }

            at += size;
        }

        return text.ToString();
    }

    /// <summary>One element in words, or null where only its address is said.</summary>
    private static string? Value(byte type, ReadOnlySpan<byte> element)
    {
        var value = type switch
        {
            1 or 2 or 30 => OnOff(element[0] & 1) + Quality(element[0], false),
            3 or 4 or 31 => DoublePoint(element[0] & 3) + Quality(element[0], false),
            5 or 6 or 32 => Step(element[0]) + Quality(element[1], true),
            7 or 8 or 33 => Bits(element) + Quality(element[4], true),
            9 or 10 or 34 => Normalized(element) + Quality(element[2], true),
            11 or 12 or 35 => Scaled(element) + Quality(element[2], true),
            13 or 14 or 36 => Float(element) + Quality(element[4], true),
            15 or 16 or 37 => Counter(element),
            21 or 110 => Normalized(element),
            111 => Scaled(element),
            112 => Float(element),
            45 or 58 => OnOff(element[0] & 1) + Select(element[0]),
            46 or 59 => DoublePoint(element[0] & 3) + Select(element[0]),
            47 or 60 => ((element[0] & 3) switch { 1 => "lower", 2 => "higher", _ => "not permitted" }) + Select(element[0]),
            48 or 61 => Normalized(element) + Select(element[2]),
            49 or 62 => Scaled(element) + Select(element[2]),
            50 or 63 => Float(element) + Select(element[4]),
            51 or 64 => Bits(element),
            70 => "cause " + element[0],
            100 => element[0] == 20 ? "station" : element[0] is >= 21 and <= 36 ? $"group {element[0] - 20}" : $"qualifier {element[0]}",
            101 => "qualifier " + element[0],
            103 => Time(element),
            105 => "qualifier " + element[0],
            _ => null,
        };
        var stamp = type switch
        {
            (>= 30 and <= 37) or (>= 58 and <= 64) => Time(element[^7..]),
            2 or 4 or 6 or 8 or 10 or 12 or 14 or 16 => Minutes(element[^3..]),
            _ => null,
        };
        return value is not null && stamp is not null ? $"{value} at {stamp}" : value;
    }

    private static string OnOff(int bit) => bit == 0 ? "off" : "on";

    private static string DoublePoint(int bits) => bits switch
    {
        1 => "off",
        2 => "on",
        0 => "intermediate",
        _ => "indeterminate",
    };

    /// <summary>VTI: seven bits with a sign, and one for a change under way (7.2.6.5).</summary>
    private static string Step(byte vti) => ((sbyte)(vti << 1) >> 1).ToString(CultureInfo.InvariantCulture) + ((vti & 0x80) != 0 ? " in transit" : "");

    private static string Bits(ReadOnlySpan<byte> element) => BinaryPrimitives.ReadUInt32LittleEndian(element).ToString("X8", CultureInfo.InvariantCulture);

    private static string Counter(ReadOnlySpan<byte> element) =>
        BinaryPrimitives.ReadInt32LittleEndian(element).ToString(CultureInfo.InvariantCulture) + Invalid(element[4]);

    private static string Normalized(ReadOnlySpan<byte> element) =>
        (BinaryPrimitives.ReadInt16LittleEndian(element) / 32768.0).ToString("0.#####", CultureInfo.InvariantCulture);

    private static string Scaled(ReadOnlySpan<byte> element) => BinaryPrimitives.ReadInt16LittleEndian(element).ToString(CultureInfo.InvariantCulture);

    private static string Float(ReadOnlySpan<byte> element) => BinaryPrimitives.ReadSingleLittleEndian(element).ToString(CultureInfo.InvariantCulture);

    /// <summary>QDS (7.2.6.3); OV is where a measured value has it only.</summary>
    private static string Quality(byte quality, bool measured) =>
        (measured && (quality & 0x01) != 0 ? " overflow" : "")
        + ((quality & 0x10) != 0 ? " blocked" : "")
        + ((quality & 0x20) != 0 ? " substituted" : "")
        + ((quality & 0x40) != 0 ? " not topical" : "")
        + ((quality & 0x80) != 0 ? " invalid" : "");

    private static string Select(byte qualifier) => (qualifier & 0x80) != 0 ? " select" : " execute";

    /// <summary>CP56Time2a (7.2.6.18): milliseconds (2), minute, hour, day, month, year.</summary>
    private static string Time(ReadOnlySpan<byte> time) => string.Create(
        CultureInfo.InvariantCulture,
        $"20{time[6] & 0x7F:00}-{time[5] & 0x0F:00}-{time[4] & 0x1F:00} {time[3] & 0x1F:00}:{time[2] & 0x3F:00}:{Seconds(time):00.000}{Invalid(time[2])}");

    /// <summary>CP24Time2a (7.2.6.19): milliseconds (2), minute.</summary>
    private static string Minutes(ReadOnlySpan<byte> time) => string.Create(
        CultureInfo.InvariantCulture,
        $"{time[2] & 0x3F:00}:{Seconds(time):00.000}{Invalid(time[2])}");

    private static string Invalid(byte flags) => (flags & 0x80) != 0 ? " invalid" : "";

    private static decimal Seconds(ReadOnlySpan<byte> time) => BinaryPrimitives.ReadUInt16LittleEndian(time) / 1000m;
}
