using System.Globalization;
using System.Text;
using DtuActors.Protocol.Modbus;

namespace DtuActors.Protocol.Decoding;

/// <summary>
/// Modbus RTU in words (MODBUS Application Protocol V1.1b3, 6 and 7): <c>Modbus read holding registers, unit 1, 2 registers: 141 142</c>. Addresses are as on the wire,
/// from 0. Where a frame can be a request and a response, upwards is a response.
/// </summary>
internal static class ModbusRtuDecoder
{
    // A line for a person: more values than these are counted, not listed.
    private const int MostValues = 32;

    public static string? Describe(FrameDirection direction, ReadOnlySpan<byte> frame)
    {
        if (!ModbusRtu.IsValid(frame))
        {
            return null;
        }

        var unit = frame[0];
        if (frame[1] > 0x80)
        {
            return frame.Length == 5 ? $"Modbus {Function((byte)(frame[1] & 0x7F))}, unit {unit}, exception {frame[2]:X2}{Exception(frame[2])}" : null;
        }

        var asRequest = ModbusRtuLength.OfRequest(frame) == frame.Length;
        var asResponse = ModbusRtuLength.OfResponse(frame) == frame.Length;
        var request = asRequest && (!asResponse || direction == FrameDirection.Down);
        var head = $"Modbus {Function(frame[1])}{(request ? " request" : "")}, unit {unit}";
        if (!asRequest && !asResponse)
        {
            return $"{head}, {Plural(frame.Length - 4, "byte")} of data";
        }

        return head + (request ? Request(frame) : Response(frame));
    }

    private static string Request(ReadOnlySpan<byte> frame) => frame[1] switch
    {
        1 or 2 => $", {Plural(Word(frame, 4), "bit")} from {Word(frame, 2)}",
        3 or 4 => $", {Plural(Word(frame, 4), "register")} from {Word(frame, 2)}",
        5 => $", {Word(frame, 2)} = {OnOff(frame)}",
        6 => $", {Word(frame, 2)} = {Word(frame, 4)}",
        8 => $", subfunction {Word(frame, 2)}",
        15 => $", {Plural(Word(frame, 4), "bit")} from {Word(frame, 2)}: {Bits(frame[7..^2], Word(frame, 4))}",
        16 => $", {Plural(Word(frame, 4), "register")} from {Word(frame, 2)}: {Registers(frame[7..^2])}",
        22 => Mask(frame),
        23 => $", {Plural(Word(frame, 4), "register")} from {Word(frame, 2)}, {Word(frame, 6)} = {Registers(frame[11..^2])}",
        24 => $", from {Word(frame, 2)}",
        0x2B => $", code {frame[3]}, from object {frame[4]}",
        _ => "",
    };

    private static string Response(ReadOnlySpan<byte> frame) => frame[1] switch
    {
        1 or 2 => $", {Plural(frame[2] * 8, "bit")}: {Bits(frame[3..^2], frame[2] * 8)}",
        3 or 4 or 23 => $", {Plural(frame[2] / 2, "register")}: {Registers(frame[3..^2])}",
        5 => $", {Word(frame, 2)} = {OnOff(frame)}",
        6 => $", {Word(frame, 2)} = {Word(frame, 4)}",
        7 => $", status {frame[2]:X2}",
        8 => $", subfunction {Word(frame, 2)}: {Word(frame, 4)}",
        11 => $", status {Word(frame, 2):X4}, {Plural(Word(frame, 4), "event")}",
        15 => $", {Plural(Word(frame, 4), "bit")} from {Word(frame, 2)}",
        16 => $", {Plural(Word(frame, 4), "register")} from {Word(frame, 2)}",
        22 => Mask(frame),
        24 when frame.Length >= 8 => $", {Plural(Word(frame, 4), "register")}: {Registers(frame[6..^2])}",
        0x2B => Objects(frame),
        _ => $", {Plural(frame[2], "byte")}",
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
        for (var left = frame[7]; left > 0 && at + 2 <= frame.Length - 2; left--)
        {
            var value = frame.Slice(at + 2, Math.Min(frame[at + 1], frame.Length - 2 - at - 2));
            text.Append(text.Length > 0 ? ", " : ": ").Append(frame[at]).Append(" = ");
            foreach (var b in value)
            {
                text.Append(b is >= 0x20 and < 0x7F ? (char)b : '.');
            }

            at += 2 + value.Length;
        }

        return text.ToString();
    }

    private static string Plural(int count, string word) => count == 1 ? $"1 {word}" : $"{count.ToString(CultureInfo.InvariantCulture)} {word}s";

    private static int Word(ReadOnlySpan<byte> bytes, int at) => (bytes[at] << 8) | bytes[at + 1];
}
