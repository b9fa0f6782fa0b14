using DtuActors.Protocol.Modbus;

namespace DtuActors.Protocol.Pairing;

/// <summary><c>modbus-rtu</c>: unit, function, and what the request fixes of its answer.</summary>
public sealed class ModbusRtuPairing : RequestPairing
{
    private const int Shortest = 4;

    public override string Codec => "modbus-rtu";

    public override Question? Read(ReadOnlySpan<byte> request) => ModbusPairing.Read(Core(request), hasBroadcast: true);

    public override bool Answers(ReadOnlySpan<byte> request, ReadOnlySpan<byte> frame) =>
        ModbusPairing.Answers(Core(request), Core(frame));

    public override bool Confusable(ReadOnlySpan<byte> request, ReadOnlySpan<byte> other) =>
        ModbusPairing.Confusable(Core(request), Core(other));

    /// <summary>
    /// Where the answer to a request stands in bytes that no codec has cut: the first that is whole, has a right CRC and ends behind <paramref name="from"/>;
    /// an empty range where there is none. Of a function without a known length the last byte is the answer's last.
    /// </summary>
    public static Range Find(ReadOnlySpan<byte> request, ReadOnlySpan<byte> bytes, int from)
    {
        for (var at = 0; at + Shortest <= bytes.Length; at++)
        {
            var rest = bytes[at..];
            var known = ModbusRtuLength.OfResponse(rest);
            var length = known == ModbusRtuLength.Unknown ? rest.Length : known;
            if (rest[0] == request[0] && length >= Shortest && length <= rest.Length && at + length > from
                && ModbusPairing.Answers(Core(request), Core(rest[..length])))
            {
                return at..(at + length);
            }
        }

        return default;
    }

    /// <summary>
    /// Whether bytes that a codec holds back until the line is silent end with the answer to a request: one of a function without a known length, or one behind
    /// bytes that are no answer and could be the beginning of a longer frame. Unit, function and CRC prove it, so that no silence need be waited for. What begins as
    /// the answer itself would, and has not come to its end, goes on: its data may look like a frame. A damaged answer, an echo of the request, or a head that
    /// announces more than was asked for, keeps nobody waiting.
    /// </summary>
    public static bool EndsWithAnswer(ReadOnlySpan<byte> request, ReadOnlySpan<byte> bytes)
    {
        if (request.Length < Shortest)
        {
            return false;
        }

        for (var at = 0; at + Shortest <= bytes.Length; at++)
        {
            var rest = bytes[at..];
            if (rest[0] != request[0] || (rest[1] & 0x7F) != request[1])
            {
                continue;
            }

            var known = ModbusRtuLength.OfResponse(rest);
            if (at == 0 && known > rest.Length && ModbusPairing.MayBecomeAnswer(request[..^ModbusRtu.CrcLength], rest))
            {
                return false;
            }

            if ((known == ModbusRtuLength.Unknown || known == rest.Length) && ModbusPairing.Answers(Core(request), Core(rest)))
            {
                return true;
            }
        }

        return false;
    }

    // Unit and PDU of a valid frame.
    private static ReadOnlySpan<byte> Core(ReadOnlySpan<byte> frame) => ModbusRtu.IsValid(frame) ? frame[..^ModbusRtu.CrcLength] : [];
}
