using DtuActors.Protocol.Modbus;
using DtuActors.Protocol.Pairing;

namespace DtuActors.Protocol.Capture;

/// <summary>
/// Who asks and who answers on one DTU's line, and which answer belongs to which request: Wireshark tells them apart by port and transaction, which a serial line does not have.
/// The last request of either direction is remembered, no more: a bus carries one at a time.
/// </summary>
internal sealed class ModbusDialogue
{
    // ModbusRtuLength counts the CRC of RTU, which unit and PDU do not have here.
    private const int Crc = 2;

    private readonly (byte[] Request, ushort Transaction)?[] _open = new (byte[], ushort)?[2];

    // The master is on the gateway's side until a frame from the DTU can be nothing but a request.
    private FrameDirection _asker = FrameDirection.Down;
    private ushort _last;

    /// <summary>Takes the next frame's unit and PDU; tells its transaction, and whether it is an answer.</summary>
    public (ushort Transaction, bool IsAnswer) Take(FrameDirection direction, ReadOnlySpan<byte> unitAndPdu)
    {
        ref var asked = ref _open[(int)Other(direction)];
        if (asked is { } open && ModbusPairing.Answers(open.Request, unitAndPdu))
        {
            asked = null;
            return (open.Transaction, true);
        }

        var canAsk = Fits(ModbusRtuLength.OfRequest(unitAndPdu), unitAndPdu);
        var canAnswer = Fits(ModbusRtuLength.OfResponse(unitAndPdu), unitAndPdu);
        var transaction = ++_last;
        if (canAsk == canAnswer ? direction != _asker : canAnswer)
        {
            return (transaction, true);
        }

        if (canAsk && !canAnswer)
        {
            _asker = direction;
        }

        _open[(int)direction] = (unitAndPdu.ToArray(), transaction);
        return (transaction, false);
    }

    private static FrameDirection Other(FrameDirection direction) => direction is FrameDirection.Up ? FrameDirection.Down : FrameDirection.Up;

    private static bool Fits(int length, ReadOnlySpan<byte> unitAndPdu) => length == unitAndPdu.Length + Crc || length == ModbusRtuLength.Unknown;
}
