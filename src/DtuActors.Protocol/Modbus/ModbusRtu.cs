using DtuActors.Protocol.Checksums;

namespace DtuActors.Protocol.Modbus;

/// <summary>Modbus over serial line, RTU: <c>unit | function | data | CRC-16 low, high</c> (MODBUS over Serial Line V1.02, 2.5.1). At most 256 bytes.</summary>
public static class ModbusRtu
{
    /// <summary>The longest frame in bytes, CRC included.</summary>
    public const int MaxFrame = 256;

    private const int ShortestFrame = 4;
    private const int ExceptionFrame = 5;
    private const byte ExceptionBit = 0x80;

    /// <summary>Whether the frame has 4 to <see cref="MaxFrame"/> bytes and its CRC is right.</summary>
    public static bool IsValid(ReadOnlySpan<byte> frame) => frame.Length is >= ShortestFrame and <= MaxFrame && Crc16Modbus.Compute(frame) == 0;

    /// <summary>Unit and PDU with the CRC appended.</summary>
    /// <exception cref="ArgumentException">The PDU is empty or longer than 253 bytes.</exception>
    public static byte[] Build(byte unit, ReadOnlySpan<byte> pdu)
    {
        if (pdu.Length is 0 or > MaxFrame - 3)
        {
            throw new ArgumentException($"a PDU has 1 to {MaxFrame - 3} bytes, not {pdu.Length}", nameof(pdu));
        }

        var frame = new byte[pdu.Length + 3];
        frame[0] = unit;
        pdu.CopyTo(frame.AsSpan(1));
        var crc = Crc16Modbus.Compute(frame.AsSpan(0, pdu.Length + 1));
        frame[^2] = (byte)crc;
        frame[^1] = (byte)(crc >> 8);
        return frame;
    }

    /// <summary>
    /// Whether a valid frame answers a valid request: same unit, same function or its exception, and where the request fixes it the same byte count
    /// or echo. Of a function without a row in the standard, unit and function decide.
    /// </summary>
    public static bool Answers(ReadOnlySpan<byte> request, ReadOnlySpan<byte> response)
    {
        if (request.Length < ShortestFrame || response.Length < ShortestFrame || request[0] != response[0])
        {
            return false;
        }

        var function = request[1];
        if (response[1] == (function | ExceptionBit) && function < ExceptionBit)
        {
            return response.Length == ExceptionFrame;
        }

        if (response[1] != function)
        {
            return false;
        }

        var asked = ModbusRtuLength.OfRequest(request);
        var answered = ModbusRtuLength.OfResponse(response);
        if ((asked > 0 && asked != request.Length) || (answered > 0 && answered != response.Length) || answered is ModbusRtuLength.More or ModbusRtuLength.Never)
        {
            return false;
        }

        return function switch
        {
            1 or 2 => asked > 0 && response[2] == (Word(request, 4) + 7) / 8,
            3 or 4 => asked > 0 && response[2] == 2 * Word(request, 4),
            5 or 6 or 21 or 22 => response.SequenceEqual(request),
            // Subfunction 0 returns what was sent; the others return the subfunction and a value.
            8 => Echoes(request, response, Word(request, 2) == 0 ? 6 : 4),
            15 or 16 => Echoes(request, response, 6),
            23 => asked > 0 && response[2] == 2 * Word(request, 4),
            0x2B => Echoes(request, response, response.Length > 5 && request[2] == 0x0E ? 4 : 3),
            _ => true,
        };
    }

    /// <summary>
    /// Whether an answer to <paramref name="request"/> could be taken for one to <paramref name="other"/>: same unit and same function, since an
    /// exception tells no more of its request than these. What is no valid frame could be anything.
    /// </summary>
    public static bool Confusable(ReadOnlySpan<byte> request, ReadOnlySpan<byte> other)
    {
        if (!IsValid(request) || !IsValid(other))
        {
            return true;
        }

        return request[0] == other[0] && request[1] == other[1];
    }

    private static int Word(ReadOnlySpan<byte> frame, int at) => (frame[at] << 8) | frame[at + 1];

    private static bool Echoes(ReadOnlySpan<byte> request, ReadOnlySpan<byte> response, int length) =>
        request.Length >= length && response.Length >= length && response[..length].SequenceEqual(request[..length]);
}
