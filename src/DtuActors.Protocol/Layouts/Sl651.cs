using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using DtuActors.Protocol.Checksums;

namespace DtuActors.Protocol.Layouts;

/// <summary>Who speaks to whom about what in a frame of SL 651.</summary>
/// <param name="Centre">The centre's address, 1 to 255.</param>
/// <param name="Station">The station's address: ten hex digits, which are decimal in hydrology (SL 651-2014, 6.2.3.2), leading zeros kept.</param>
/// <param name="Password">Never shown.</param>
/// <param name="Function">The function (appendix B).</param>
public readonly record struct Sl651Address(byte Centre, string Station, ushort Password, byte Function)
{
    public override string ToString() => $"centre {Centre}, station {Station}, function {Function:X2}";
}

/// <summary>
/// SL 651-2014, 6.4 and 6.5. HEX/BCD: <c>7E 7E | centre (1) | station (5 BCD) | password (2) | function (1) | direction and length (2) | STX or SYN | body |
/// end | CRC (2)</c>; downwards station and centre change places. The upper four bits of the length are 0 upwards and 8 downwards, the lower twelve count
/// what stands between STX or SYN and the end. With SYN the body begins with total and number of the packets, twelve bits each. The CRC is Modbus's with its
/// high byte first. ASCII: SOH, then the same fields, packet numbers and CRC as upper-case hex digits. Big-endian.
/// </summary>
public static class Sl651
{
    /// <summary>ETX, an end upwards (table 10, as the ends that follow): nothing more comes.</summary>
    public const byte EndOfText = 0x03;

    /// <summary>ETB, an end upwards: more frames follow.</summary>
    public const byte EndOfBlock = 0x17;

    /// <summary>ENQ, an end downwards: a query or a command.</summary>
    public const byte Enquiry = 0x05;

    /// <summary>EOT, an end downwards: all is confirmed, the station may leave.</summary>
    public const byte EndOfTransmission = 0x04;

    /// <summary>ACK, an end downwards: confirmed, go on with what follows.</summary>
    public const byte Acknowledge = 0x06;

    /// <summary>NAK, an end downwards: the packet that is named is to be sent again.</summary>
    public const byte NotAcknowledge = 0x15;

    /// <summary>ESC, an end downwards: all is confirmed, the station stays online.</summary>
    public const byte StayOnline = 0x1B;

    /// <summary>The most bytes between STX or SYN and the end.</summary>
    public const int MaxLength = 0xFFF;

    /// <summary>The longest frame in bytes: in ASCII; in HEX/BCD it is twelve bytes shorter.</summary>
    public const int MaxFrame = AsciiOverhead + MaxLength;

    internal const byte HexMark = 0x7E;
    internal const byte AsciiMark = 0x01;

    private const byte SingleStart = 0x02;
    private const byte PacketStart = 0x16;

    // Up to and with STX or SYN.
    private const int HexHead = 14;
    private const int AsciiHead = 24;
    private const int HexOverhead = HexHead + 3;
    private const int AsciiOverhead = AsciiHead + 5;
    private const int HexPacketPart = 3;

    private const int DownBit = 0x8000;

    /// <summary>Whether the bytes are exactly one frame.</summary>
    public static bool IsValid(ReadOnlySpan<byte> frame) => Shape(frame) == frame.Length && frame.Length > 0 && Proves(frame);

    /// <summary>Builds a frame. <paramref name="packet"/> makes it one of several (SYN): total and number, both from 1 to 4095.</summary>
    /// <exception cref="ArgumentException">The station is not ten hex digits, or the body is longer than <see cref="MaxLength"/>.</exception>
    public static byte[] Build(
        FrameDirection direction, Sl651Address address, ReadOnlySpan<byte> body, byte end, (int Total, int Number)? packet = null, bool ascii = false)
    {
        if (address.Station is not { Length: 10 } station || !station.All(char.IsAsciiHexDigit))
        {
            throw new ArgumentException("an SL 651 station is ten hex digits", nameof(address));
        }

        byte[] part = [];
        if (packet is var (total, number))
        {
            var both = ((total & 0xFFF) << 12) | (number & 0xFFF);
            part = [(byte)(both >> 16), (byte)(both >> 8), (byte)both];
        }

        part = ascii ? AsHex(part) : part;
        var length = part.Length + body.Length;
        if (length > MaxLength)
        {
            throw new ArgumentException($"an SL 651 body has at most {MaxLength} bytes, not {length}", nameof(body));
        }

        var who = Convert.FromHexString(station);
        length |= direction == FrameDirection.Down ? DownBit : 0;
        byte[] head =
        [
            .. direction == FrameDirection.Down ? (byte[])[.. who, address.Centre] : [address.Centre, .. who],
            (byte)(address.Password >> 8), (byte)address.Password, address.Function, (byte)(length >> 8), (byte)length,
        ];
        var start = packet is null ? SingleStart : PacketStart;
        byte[] frame = ascii ? [AsciiMark, .. AsHex(head), start, .. part, .. body, end] : [HexMark, HexMark, .. head, start, .. part, .. body, end];
        var crc = Crc16Modbus.Compute(frame);
        byte[] check = [(byte)(crc >> 8), (byte)crc];
        return [.. frame, .. ascii ? AsHex(check) : check];
    }

    /// <summary>The station of a valid frame: ten digits, leading zeros kept (hex digits where the station's address is not hydrology's), or null.</summary>
    public static string? ReadStation(ReadOnlySpan<byte> frame) => TryRead(frame, out var message) ? message.Address.Station : null;

    /// <summary>The centre's address in a valid frame, in decimal, or null.</summary>
    public static string? ReadCentre(ReadOnlySpan<byte> frame) =>
        TryRead(frame, out var message) ? message.Address.Centre.ToString(CultureInfo.InvariantCulture) : null;

    /// <summary>Reads a valid frame.</summary>
    internal static bool TryRead(ReadOnlySpan<byte> frame, out Sl651Message message)
    {
        message = default;
        if (!IsValid(frame))
        {
            return false;
        }

        var ascii = frame[0] == AsciiMark;
        Span<byte> head = stackalloc byte[HexHead - 3];
        if (ascii)
        {
            FromHex(frame[1..(AsciiHead - 1)], head);
        }
        else
        {
            frame[2..(HexHead - 1)].CopyTo(head);
        }

        var down = (head[9] & 0x80) != 0;
        var text = frame[(ascii ? AsciiHead : HexHead)..^(ascii ? 5 : 3)];
        Span<byte> packet = stackalloc byte[HexPacketPart];
        packet.Clear();
        var several = frame[(ascii ? AsciiHead : HexHead) - 1] == PacketStart;
        if (several)
        {
            if (ascii)
            {
                FromHex(text[..(2 * HexPacketPart)], packet);
            }
            else
            {
                text[..HexPacketPart].CopyTo(packet);
            }

            text = text[(ascii ? 2 * HexPacketPart : HexPacketPart)..];
        }

        var centre = down ? head[5] : head[0];
        var station = Bcd.Digits(down ? head[..5] : head.Slice(1, 5));
        message = new Sl651Message
        {
            IsAscii = ascii,
            IsUp = !down,
            Address = new Sl651Address(centre, station, BinaryPrimitives.ReadUInt16BigEndian(head[6..]), head[8]),
            IsPacket = several,
            Total = (packet[0] << 4) | (packet[1] >> 4),
            Number = ((packet[1] & 0x0F) << 8) | packet[2],
            Body = text,
            End = frame[^(ascii ? 5 : 3)],
        };
        return true;
    }

    /// <summary>How long the frame is that these bytes begin; 0 where more must come to tell, -1 where none begins so.</summary>
    internal static int Shape(ReadOnlySpan<byte> bytes) => bytes.IsEmpty ? 0
        : bytes[0] == HexMark ? HexShape(bytes)
        : bytes[0] == AsciiMark ? AsciiShape(bytes)
        : -1;

    /// <summary>Whether bytes of the right <see cref="Shape"/> end as a frame does and have the right CRC.</summary>
    internal static bool Proves(ReadOnlySpan<byte> frame)
    {
        var check = frame[0] == AsciiMark ? 4 : 2;
        if (frame[^(check + 1)] is not (EndOfText or EndOfBlock or Enquiry or EndOfTransmission or Acknowledge or NotAcknowledge or StayOnline))
        {
            return false;
        }

        Span<byte> written = stackalloc byte[2];
        if (check == 2)
        {
            frame[^2..].CopyTo(written);
        }
        else if (!FromHex(frame[^4..], written))
        {
            return false;
        }

        return Crc16Modbus.Compute(frame[..^check]) == BinaryPrimitives.ReadUInt16BigEndian(written);
    }

    private static int HexShape(ReadOnlySpan<byte> bytes)
    {
        if ((bytes.Length > 1 && bytes[1] != HexMark) || (bytes.Length > 11 && (bytes[11] & 0x70) != 0))
        {
            return -1;
        }

        if (bytes.Length < HexHead)
        {
            return 0;
        }

        var length = ((bytes[11] & 0x0F) << 8) | bytes[12];
        return bytes[HexHead - 1] switch
        {
            SingleStart => HexOverhead + length,
            PacketStart when length >= HexPacketPart => HexOverhead + length,
            _ => -1,
        };
    }

    private static int AsciiShape(ReadOnlySpan<byte> bytes)
    {
        for (var i = 1; i < Math.Min(bytes.Length, AsciiHead - 1); i++)
        {
            if (!char.IsAsciiHexDigit((char)bytes[i]) || (i == 19 && bytes[i] is not ((byte)'0' or (byte)'8')))
            {
                return -1;
            }
        }

        if (bytes.Length < AsciiHead)
        {
            return 0;
        }

        Span<byte> field = stackalloc byte[2];
        FromHex(bytes.Slice(19, 4), field);
        var length = ((field[0] & 0x0F) << 8) | field[1];
        switch (bytes[AsciiHead - 1])
        {
            case SingleStart:
                return AsciiOverhead + length;
            case PacketStart when length >= 2 * HexPacketPart:
                for (var i = AsciiHead; i < Math.Min(bytes.Length, AsciiHead + (2 * HexPacketPart)); i++)
                {
                    if (!char.IsAsciiHexDigit((char)bytes[i]))
                    {
                        return -1;
                    }
                }

                return AsciiOverhead + length;
            default:
                return -1;
        }
    }

    private static byte[] AsHex(ReadOnlySpan<byte> bytes) => Encoding.ASCII.GetBytes(Convert.ToHexString(bytes));

    private static bool FromHex(ReadOnlySpan<byte> digits, Span<byte> bytes) =>
        Convert.FromHexString(digits, bytes, out _, out _) == System.Buffers.OperationStatus.Done;
}

/// <summary>One frame of SL 651.</summary>
internal readonly ref struct Sl651Message
{
    public bool IsAscii { get; init; }

    public bool IsUp { get; init; }

    public Sl651Address Address { get; init; }

    /// <summary>One of several packets (SYN).</summary>
    public bool IsPacket { get; init; }

    public int Total { get; init; }

    /// <summary>From 1.</summary>
    public int Number { get; init; }

    /// <summary>Without total and number of the packets; in ASCII as on the wire.</summary>
    public ReadOnlySpan<byte> Body { get; init; }

    public byte End { get; init; }
}
