using DtuActors.Protocol.Checksums;
using DtuActors.Protocol.Modbus;

namespace DtuActors.Protocol.Framing;

/// <summary>
/// <c>modbus-rtu</c>: frames by the lengths of their function and their CRC, wherever the stream was cut (MODBUS over Serial Line V1.02, 2.5.1). Where a
/// function is a request's and a response's, the shortest that the CRC proves is the frame; but a request that the standard does not allow only where the
/// response is none. A function without a known length is one at the end of the burst, if the CRC over all of it is right.
/// </summary>
internal sealed class ModbusRtuCodec(ModbusRole role, TimeSpan gap) : Codec
{
    private const int Shortest = 4;

    public override string Name => "modbus-rtu";

    public override Proof Proof => Proof.Checksum;

    public override TimeSpan? Gap { get; } = HalvesGap(gap);

    public override Cut Next(ReadOnlySpan<byte> pending, int examined, bool silent)
    {
        var request = role == ModbusRole.Responses ? ModbusRtuLength.Never : ModbusRtuLength.OfRequest(pending);
        var response = role == ModbusRole.Requests ? ModbusRtuLength.Never : ModbusRtuLength.OfResponse(pending);
        if (request == ModbusRtuLength.Never && response == ModbusRtuLength.Never)
        {
            return Cut.Drop(1, DropReasons.Garbage);
        }

        if (request == ModbusRtuLength.Unknown || response == ModbusRtuLength.Unknown)
        {
            return OfUnknownFunction(pending, silent);
        }

        // A length that is not known yet is longer than what is pending, so the shortest proven one stays the shortest when more comes.
        var shorter = Math.Min(request, response);
        var longer = Math.Max(request, response);
        ushort crc = 0;
        var shorterIsProven = shorter >= Shortest && shorter <= pending.Length && (crc = Crc16Modbus.Compute(pending[..shorter])) == 0;

        // A response of four bytes of data whose CRC ends with 00 proves as a request of eight, too: one in 256 of them would lose its last byte. Of longer
        // ones it is one in 65536, and all of it would be lost.
        var isDoubtful = shorterIsProven && shorter == request && longer > shorter && !ModbusRtuLength.IsAllowedRead(pending);
        if (shorterIsProven && !isDoubtful)
        {
            return Cut.Frame(shorter);
        }

        if (longer != shorter && longer >= Shortest && longer <= pending.Length)
        {
            var isProven = shorter >= Shortest
                ? Crc16Modbus.Continue(crc, pending[shorter..longer]) == 0
                : Crc16Modbus.Compute(pending[..longer]) == 0;
            if (isProven)
            {
                return Cut.Frame(longer);
            }
        }

        // More is 0: a length below 1 that is not Never.
        var complete = longer > 0 && longer <= pending.Length && shorter != ModbusRtuLength.More;
        if (isDoubtful && (complete || silent))
        {
            return Cut.Frame(shorter);
        }

        if (complete)
        {
            return Cut.Damaged(longer);
        }

        return silent ? Cut.Drop(1, DropReasons.Truncated) : Cut.Wait();
    }

    private static Cut OfUnknownFunction(ReadOnlySpan<byte> pending, bool silent)
    {
        // None is longer: where so many have come, their end is as good as silence.
        if (pending.Length >= ModbusRtu.MaxFrame)
        {
            return ModbusRtu.IsValid(pending[..ModbusRtu.MaxFrame]) ? Cut.Frame(ModbusRtu.MaxFrame) : Cut.Drop(1, DropReasons.Garbage);
        }

        if (!silent)
        {
            return Cut.Wait();
        }

        return ModbusRtu.IsValid(pending) ? Cut.Frame(pending.Length) : Cut.Drop(1, DropReasons.Garbage);
    }
}
