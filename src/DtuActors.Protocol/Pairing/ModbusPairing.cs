using System.Globalization;
using DtuActors.Protocol.Modbus;

namespace DtuActors.Protocol.Pairing;

/// <summary>What the three forms of Modbus share: unit and PDU, whatever stands around them (MODBUS Application Protocol V1.1b3, 6 and 7).</summary>
internal static class ModbusPairing
{
    private const int ExceptionLength = 3;
    private const int CheckLength = 2;

    // Unit, function, address, and a value or a quantity.
    private const int EchoLength = 6;
    private const byte ExceptionBit = 0x80;

    /// <param name="request">Unit and PDU.</param>
    /// <param name="hasBroadcast">Whether unit 0 is every slave, none of which answers (MODBUS over Serial Line V1.02, 2.1).</param>
    public static Question? Read(ReadOnlySpan<byte> request, bool hasBroadcast)
    {
        if (request.Length < 2 || request[1] is 0 or >= ExceptionBit)
        {
            return null;
        }

        var isBroadcast = hasBroadcast && request[0] == 0;
        return new Question(
            isBroadcast ? null : request[0].ToString(CultureInfo.InvariantCulture),
            !isBroadcast && request[1] is 1 or 2 or 3 or 4 or 7 or 11 or 12 or 17 or 20 or 0x2B,
            !isBroadcast);
    }

    /// <summary>
    /// Whether unit and PDU of a response answer those of a request: same unit, same function or its exception, and where the request fixes it the same byte
    /// count or echo. Of a function without a row in the standard, and of a request of another length than its row's, unit and function decide.
    /// </summary>
    public static bool Answers(ReadOnlySpan<byte> request, ReadOnlySpan<byte> response)
    {
        // What is no function is nobody's request: with the bit of an exception it would take one that answers another.
        if (request.Length < 2 || response.Length < 2 || request[0] != response[0] || request[1] is 0 or >= ExceptionBit)
        {
            return false;
        }

        var function = request[1];
        if (response[1] == (function | ExceptionBit))
        {
            return response.Length == ExceptionLength;
        }

        if (response[1] != function)
        {
            return false;
        }

        var asked = ModbusRtuLength.OfRequest(request);
        var answered = ModbusRtuLength.OfResponse(response);
        if ((answered > 0 && answered != response.Length + CheckLength) || answered is ModbusRtuLength.More or ModbusRtuLength.Never)
        {
            return false;
        }

        return asked != request.Length + CheckLength || function switch
        {
            1 or 2 or 3 or 4 or 23 => response[2] == DataLength(request),
            5 or 6 or 21 or 22 => response.SequenceEqual(request),
            // Subfunction 0 returns what was sent; the others return the subfunction and a value.
            8 => Echoes(request, response, Word(request, 2) == 0 ? 6 : 4),
            15 or 16 => Echoes(request, response, EchoLength),
            0x2B => Echoes(request, response, response.Length > ExceptionLength && request.Length > 2 && request[2] == 0x0E ? 4 : 3),
            _ => true,
        };
    }

    /// <summary>
    /// Whether bytes that have the unit and the function of a request's answer, or of its exception, may be the beginning of it: false where a byte count or an echo in them
    /// is not what the request asks for. At least three bytes.
    /// </summary>
    public static bool MayBecomeAnswer(ReadOnlySpan<byte> request, ReadOnlySpan<byte> beginning)
    {
        if (beginning[1] >= ExceptionBit || ModbusRtuLength.OfRequest(request) != request.Length + CheckLength)
        {
            return true;
        }

        return request[1] switch
        {
            1 or 2 or 3 or 4 or 23 => beginning[2] == DataLength(request),
            5 or 6 or 15 or 16 or 21 or 22 => request.StartsWith(beginning[..Math.Min(beginning.Length, EchoLength)]),
            _ => true,
        };
    }

    /// <summary>Same unit and same function: an exception tells no more of its request.</summary>
    public static bool Confusable(ReadOnlySpan<byte> request, ReadOnlySpan<byte> other) =>
        request.Length < 2 || other.Length < 2 || (request[0] == other[0] && request[1] == other[1]);

    /// <summary>Bytes of data in the answer to a read, by its quantity: of bits 1 and 2, of words the others.</summary>
    private static int DataLength(ReadOnlySpan<byte> request) => request[1] is 1 or 2 ? (Word(request, 4) + 7) / 8 : 2 * Word(request, 4);

    private static int Word(ReadOnlySpan<byte> frame, int at) => (frame[at] << 8) | frame[at + 1];

    private static bool Echoes(ReadOnlySpan<byte> request, ReadOnlySpan<byte> response, int length) =>
        request.Length >= length && response.Length >= length && response[..length].SequenceEqual(request[..length]);
}
