namespace DtuActors.Protocol.Modbus;

/// <summary>
/// How long a Modbus RTU frame is, by its function (MODBUS Application Protocol V1.1b3, 6). Answers are the whole frame's length in bytes, CRC included, or one of the
/// three words below.
/// </summary>
internal static class ModbusRtuLength
{
    /// <summary>More bytes are needed to tell; the frame is longer than what there is.</summary>
    public const int More = 0;

    /// <summary>No frame begins so.</summary>
    public const int Never = -1;

    /// <summary>A function without a row here: only the end of the burst tells.</summary>
    public const int Unknown = -2;

    private const byte ExceptionBit = 0x80;
    private const byte EncapsulatedInterface = 0x2B;
    private const byte ReadDeviceIdentification = 0x0E;

    /// <summary>The length of a request that begins with <paramref name="head"/>.</summary>
    public static int OfRequest(ReadOnlySpan<byte> head)
    {
        if (head.Length < 2)
        {
            return More;
        }

        switch (head[1])
        {
            case 0 or >= ExceptionBit:
                return Never;
            case 1 or 2 or 3 or 4 or 5 or 6 or 8:
                return 8;
            case 7 or 11 or 12 or 17:
                return 4;
            case 15 or 16:
                return Counted(head, 6, 9);
            case 20 or 21:
                return Counted(head, 2, 5);
            case 22:
                return 10;
            case 23:
                return Counted(head, 10, 13);
            case 24:
                return 6;
            case EncapsulatedInterface:
                return head.Length < 3 ? More : head[2] == ReadDeviceIdentification ? 7 : Unknown;
            default:
                return Unknown;
        }
    }

    /// <summary>The length of a response, or an exception, that begins with <paramref name="head"/>.</summary>
    public static int OfResponse(ReadOnlySpan<byte> head)
    {
        if (head.Length < 2)
        {
            return More;
        }

        switch (head[1])
        {
            case 0 or ExceptionBit:
                return Never;
            case > ExceptionBit:
                return 5;
            case 1 or 2 or 3 or 4 or 12 or 17 or 20 or 21 or 23:
                return Counted(head, 2, 5);
            case 5 or 6 or 8 or 11 or 15 or 16:
                return 8;
            case 7:
                return 5;
            case 22:
                return 10;
            case 24:
                return head.Length < 4 ? More : Bounded(6 + (head[2] << 8) + head[3]);
            case EncapsulatedInterface:
                return head.Length < 3 ? More : head[2] == ReadDeviceIdentification ? OfIdentification(head) : Unknown;
            default:
                return Unknown;
        }
    }

    /// <summary>
    /// Whether <paramref name="request"/>, a whole one, asks for as many values as the standard allows (1 to 2000 bits in 6.1 and 6.2, 1 to 125 registers
    /// in 6.3 and 6.4). True of any other function.
    /// </summary>
    public static bool IsAllowedRead(ReadOnlySpan<byte> request) => request[1] switch
    {
        1 or 2 => Count(request) is >= 1 and <= 2000,
        3 or 4 => Count(request) is >= 1 and <= 125,
        _ => true,
    };

    private static int Count(ReadOnlySpan<byte> request) => (request[4] << 8) | request[5];

    private static int Counted(ReadOnlySpan<byte> head, int at, int fixedPart) => head.Length <= at ? More : Bounded(fixedPart + head[at]);

    /// <summary>unit, 2B, 0E, code, conformity, more follows, next id, number of objects, then id, length and value of each, CRC (6.21).</summary>
    private static int OfIdentification(ReadOnlySpan<byte> head)
    {
        const int objects = 8;
        if (head.Length < objects)
        {
            return More;
        }

        var at = objects;
        for (var left = head[7]; left > 0; left--)
        {
            if (at + 4 > ModbusRtu.MaxFrame)
            {
                return Never;
            }

            if (head.Length < at + 2)
            {
                return More;
            }

            at += 2 + head[at + 1];
        }

        return Bounded(at + 2);
    }

    private static int Bounded(int length) => length <= ModbusRtu.MaxFrame ? length : Never;
}
