using System.Globalization;
using System.Text;
using DtuActors.Protocol.Modbus;

namespace DtuActors.Protocol.Decoding;

/// <summary>
/// Modbus in words, whatever carries it (MODBUS Application Protocol V1.1b3, 6 and 7): <c>Modbus read holding registers, unit 1, 2 registers: 141
/// 142</c>. Addresses are as on the wire, from 0. Where a frame can be a request and a response, upwards is a response.
/// </summary>
internal static class ModbusDecoder
{
    // A line for a person: more values than these are counted, not listed.
    private const int MostValues = 32;

    // ModbusRtuLength counts the CRC of RTU, which unit and PDU do not have here.
    private const int Crc = 2;

    public static string? DescribeRtu(FrameDirection direction, ReadOnlySpan<byte> frame) =>
        ModbusRtu.IsValid(frame) ? Describe(direction, frame[..^Crc], null) : null;

    public static string? DescribeAscii(FrameDirection direction, ReadOnlySpan<byte> frame)
    {
        Span<byte> unitAndPdu = stackalloc byte[ModbusAscii.MaxUnitAndPdu];
        var length = ModbusAscii.Read(frame, unitAndPdu);
        return length > 0 ? Describe(direction, unitAndPdu[..length], null) : null;
    }

    public static string? DescribeTcp(FrameDirection direction, ReadOnlySpan<byte> frame) =>
        frame.Length > 0 && Mbap.FrameLength(frame) == frame.Length ? Describe(direction, frame[(Mbap.HeaderLength - 1)..], Word(frame, 0)) : null;

    private static string Describe(FrameDirection direction, ReadOnlySpan<byte> frame, int? transaction)
    {
        var tail = $", unit {frame[0]}{(transaction is { } number ? $", transaction {number.ToString(CultureInfo.InvariantCulture)}" : "")}";
        if (frame[1] > 0x80)
        {
            var refused = $"Modbus {Function((byte)(frame[1] & 0x7F))}{tail}, exception";
            return frame.Length == 3 ? $"{refused} {frame[2]:X2}{Exception(frame[2])}" : $"{refused} of {Words.Plural(frame.Length - 2, "byte")}";
        }

        var asRequest = ModbusRtuLength.OfRequest(frame) == frame.Length + Crc;
        var asResponse = ModbusRtuLength.OfResponse(frame) == frame.Length + Crc;
        var request = asRequest && (!asResponse || direction == FrameDirection.Down);
        var isOther = frame[1] == 0x2B && !asRequest && !asResponse;
        var head = $"Modbus {(isOther ? "encapsulated interface" : Function(frame[1]))}{(request ? " request" : "")}{tail}";
        if (!asRequest && !asResponse)
        {
            return $"{head}, {Words.Plural(frame.Length - 2, "byte")} of data";
        }

        return head + (request ? Request(frame) : Response(frame));
    }

    private static string Request(ReadOnlySpan<byte> frame) => frame[1] switch
    {
        1 or 2 => $", {Words.Plural(Word(frame, 4), "bit")} from {Word(frame, 2)}",
        3 or 4 => $", {Words.Plural(Word(frame, 4), "register")} from {Word(frame, 2)}",
        5 => $", {Word(frame, 2)} = {OnOff(frame)}",
        6 => $", {Word(frame, 2)} = {Word(frame, 4)}",
        8 => $", subfunction {Word(frame, 2)}",
        15 => $", {Words.Plural(Word(frame, 4), "bit")} from {Word(frame, 2)}: {Bits(frame[7..], Word(frame, 4))}",
        16 => $", {Words.Plural(Word(frame, 4), "register")} from {Word(frame, 2)}: {Registers(frame[7..])}",
        22 => Mask(frame),
        23 => $", {Words.Plural(Word(frame, 4), "register")} from {Word(frame, 2)}, {Word(frame, 6)} = {Registers(frame[11..])}",
        24 => $", from {Word(frame, 2)}",
        0x2B => $", code {frame[3]}, from object {frame[4]}",
        _ => "",
    };

    private static string Response(ReadOnlySpan<byte> frame) => frame[1] switch
    {
        1 or 2 => $", {Words.Plural(frame[2] * 8, "bit")}: {Bits(frame[3..], frame[2] * 8)}",
        3 or 4 or 23 => $", {Words.Plural(frame[2] / 2, "register")}: {Registers(frame[3..])}",
        5 => $", {Word(frame, 2)} = {OnOff(frame)}",
        6 => $", {Word(frame, 2)} = {Word(frame, 4)}",
        7 => $", status {frame[2]:X2}",
        8 => $", subfunction {Word(frame, 2)}: {Word(frame, 4)}",
        11 => $", status {Word(frame, 2):X4}, {Words.Plural(Word(frame, 4), "event")}",
        15 => $", {Words.Plural(Word(frame, 4), "bit")} from {Word(frame, 2)}",
        16 => $", {Words.Plural(Word(frame, 4), "register")} from {Word(frame, 2)}",
        22 => Mask(frame),
        24 when frame.Length >= 6 => $", {Words.Plural(Word(frame, 4), "register")}: {Registers(frame[6..])}",
        0x2B => Objects(frame),
        _ => $", {Words.Plural(frame[2], "byte")}",
    };

    private static string Function(byte function) => function switch
    {
        1 => "read coils",
        2 => "read discrete inputs",
        3 => "read holding registers",
        4 => "read input registers",
        5 => "write single coil",
        6 => "write single register",
        7 => "read exception status",
        8 => "diagnostics",
        11 => "get comm event counter",
        12 => "get comm event log",
        15 => "write multiple coils",
        16 => "write multiple registers",
        17 => "report server id",
        20 => "read file record",
        21 => "write file record",
        22 => "mask write register",
        23 => "read/write multiple registers",
        24 => "read FIFO queue",
        0x2B => "read device identification",
        _ => $"function {function}",
    };

    private static string Exception(byte code) => code switch
    {
        1 => " (illegal function)",
        2 => " (illegal data address)",
        3 => " (illegal data value)",
        4 => " (server device failure)",
        5 => " (acknowledge)",
        6 => " (server device busy)",
        8 => " (memory parity error)",
        0x0A => " (gateway path unavailable)",
        0x0B => " (gateway target device failed to respond)",
        _ => "",
    };

    private static string OnOff(ReadOnlySpan<byte> frame) => Word(frame, 4) switch
    {
        0xFF00 => "on",
        0 => "off",
        var other => other.ToString("X4", CultureInfo.InvariantCulture),
    };

    private static string Mask(ReadOnlySpan<byte> frame) => $", {Word(frame, 2)} and {Word(frame, 4):X4} or {Word(frame, 6):X4}";

    private static string Registers(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder();
        var count = bytes.Length / 2;
        for (var i = 0; i < Math.Min(count, MostValues); i++)
        {
            text.Append(i > 0 ? " " : "").Append(Word(bytes, 2 * i));
        }

        return count > MostValues ? text.Append(" ...").ToString() : text.ToString();
    }

    /// <summary>One digit a bit, the lowest address first, in groups of eight.</summary>
    private static string Bits(ReadOnlySpan<byte> bytes, int count)
    {
        var text = new StringBuilder();
        count = Math.Min(count, bytes.Length * 8);
        for (var i = 0; i < Math.Min(count, 8 * MostValues); i++)
        {
            text.Append(i > 0 && i % 8 == 0 ? " " : "").Append((bytes[i / 8] >> (i % 8)) & 1);
        }

        return count > 8 * MostValues ? text.Append(" ...").ToString() : text.ToString();
    }

    private static string Objects(ReadOnlySpan<byte> frame)
    {
        var text = new StringBuilder();
        var at = 8;
        for (var left = frame[7]; left > 0 && at + 2 <= frame.Length; left--)
        {
            var value = frame.Slice(at + 2, Math.Min(frame[at + 1], frame.Length - at - 2));
            text.Append(text.Length > 0 ? ", " : ": ").Append(frame[at]).Append(" = ");
            foreach (var b in value)
            {
                text.Append(b is >= 0x20 and < 0x7F ? (char)b : '.');
            }

            at += 2 + value.Length;
        }

        return text.ToString();
    }

    private static int Word(ReadOnlySpan<byte> bytes, int at) => (bytes[at] << 8) | bytes[at + 1];
}
