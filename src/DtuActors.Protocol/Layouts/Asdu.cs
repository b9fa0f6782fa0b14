namespace DtuActors.Protocol.Layouts;

/// <summary>How wide an ASDU's fields are, in bytes: fixed for IEC 60870-5-104, agreed between the stations for -101.</summary>
/// <param name="Cause">The cause of transmission, 1, or 2 with the originator.</param>
/// <param name="Common">The common address, 1 or 2.</param>
/// <param name="Address">An information object's address, 1, 2 or 3.</param>
internal readonly record struct AsduWidths(int Cause, int Common, int Address)
{
    /// <summary>The widths of IEC 60870-5-104 (7).</summary>
    public static AsduWidths Tcp { get; } = new(2, 2, 3);

    /// <summary>Bytes before the first object: type and qualifier of structure too.</summary>
    public int Header => 2 + Cause + Common;
}

/// <summary>
/// The application data of IEC 60870-5-101 and -104: <c>type | qualifier of structure | cause | common address | objects</c>, all low byte first (IEC
/// 60870-5-101, 7.1). The qualifier's low 7 bits count the objects; its high bit says that only the first has an address, the others follow it.
/// </summary>
internal static class Asdu
{
    /// <summary>Qualifier: one address, then elements one behind another.</summary>
    public const byte SequenceBit = 0x80;

    /// <summary>Qualifier: the number of objects or elements.</summary>
    public const byte CountMask = 0x7F;

    /// <summary>Cause: the cause itself; above it are the bits below.</summary>
    public const byte CauseMask = 0x3F;

    /// <summary>Cause, P/N: a negative confirmation.</summary>
    public const byte NegativeBit = 0x40;

    /// <summary>Cause, T: a test.</summary>
    public const byte TestBit = 0x80;

    /// <summary>The size of one element in bytes, time tag included, or -1 where the type is unknown or has no fixed size (IEC 60870-5-101, 7.3).</summary>
    public static int ElementSize(byte type) => type switch
    {
        1 or 3 => 1,
        5 or 21 => 2,
        2 or 4 => 4,
        9 or 11 => 3,
        6 or 7 or 13 or 15 or 20 => 5,
        10 or 12 or 17 => 6,
        18 or 19 => 7,
        8 or 14 or 16 or 30 or 31 => 8,
        32 => 9,
        34 or 35 or 38 => 10,
        39 or 40 => 11,
        33 or 36 or 37 => 12,
        45 or 46 or 47 => 1,
        48 or 49 => 3,
        51 => 4,
        50 => 5,
        58 or 59 or 60 => 8,
        61 or 62 => 10,
        64 => 11,
        63 => 12,
        102 => 0,
        70 or 100 or 101 or 105 or 113 => 1,
        104 or 106 => 2,
        110 or 111 => 3,
        112 => 5,
        103 => 7,
        107 => 9,
        122 or 124 => 4,
        123 => 5,
        120 => 6,
        121 => 7,
        126 => 13,
        127 => 16,
        _ => -1,
    };

    /// <summary>The length of an ASDU by its type and qualifier, or -1 where the type is unknown or has no fixed size, or there are no objects.</summary>
    public static int Length(byte type, byte qualifier, AsduWidths widths)
    {
        var size = ElementSize(type);
        var count = qualifier & CountMask;
        if (size < 0 || count == 0)
        {
            return -1;
        }

        return widths.Header + ((qualifier & SequenceBit) != 0 ? widths.Address + (count * size) : count * (widths.Address + size));
    }

    /// <summary>Whether the type is known and its objects fill the ASDU to the last byte.</summary>
    public static bool Fits(ReadOnlySpan<byte> asdu, AsduWidths widths) =>
        asdu.Length >= widths.Header && (asdu[2] & CauseMask) != 0 && Length(asdu[0], asdu[1], widths) == asdu.Length;

    /// <summary>Whether the standard has the cause for the type (IEC 60870-5-101, 7.2.3 and 7.4). Stations may use others.</summary>
    public static bool IsUsual(byte type, byte cause)
    {
        var reason = cause & CauseMask;
        return type switch
        {
            15 or 16 or 37 => reason is 1 or 2 or 3 or 5 or (>= 37 and <= 41),
            <= 40 => reason is 1 or 2 or 3 or 5 or 11 or 12 or (>= 20 and <= 36),
            <= 64 or 100 or 101 or 105 => reason is (>= 6 and <= 10) or (>= 44 and <= 47),
            70 => reason == 4,
            102 => reason is 5 or (>= 44 and <= 47),
            103 or 104 or 106 or 107 => reason is 3 or 6 or 7 or (>= 44 and <= 47),
            >= 110 and <= 113 => reason is (>= 6 and <= 9) or (>= 20 and <= 36) or (>= 44 and <= 47),
            >= 120 and <= 127 => reason is 5 or 13 or (>= 44 and <= 47),
            _ => false,
        };
    }
}
