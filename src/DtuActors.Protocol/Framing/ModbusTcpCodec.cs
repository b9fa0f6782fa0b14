using DtuActors.Protocol.Modbus;

namespace DtuActors.Protocol.Framing;

/// <summary>
/// <c>modbus-tcp</c>: frames by the length in their header (MODBUS Messaging on TCP/IP V1.0b, 3.1.3), for DTUs that convert from RTU themselves. There is no
/// checksum, so a head is believed as far as it fits: protocol 0, a length of 2 to 254, and a PDU of the length that its function has as the role allows.
/// A PDU of another length (a device of its own mind) is a frame as well, unless a head that fits begins inside it: then it was a false start.
/// </summary>
internal sealed class ModbusTcpCodec(ModbusRole role, TimeSpan gap) : Codec
{
    // How far behind a doubtful frame a head that begins in its last bytes is looked at: header, function and every count of it.
    private const int Beyond = 16;

    // A head of one or two bytes could be anything.
    private const int LeastHead = 3;

    private enum Fit
    {
        No,
        Open,
        Yes,
    }

    public override string Name => "modbus-tcp";

    public override TimeSpan? Gap { get; } = LongGap(gap);

    public override Cut Next(ReadOnlySpan<byte> pending, int examined, bool silent)
    {
        var length = Mbap.FrameLength(pending);
        switch (Fits(pending))
        {
            case Fit.Open:
                return silent ? Cut.Drop(1, DropReasons.Truncated) : Cut.Wait();
            case Fit.No when length <= 0 || (pending.Length > Mbap.HeaderLength && IsNever(pending[Mbap.HeaderLength])):
                return Cut.Drop(UpToPossibleStart(pending), DropReasons.Garbage);
            case Fit.No:
                var window = pending[..Math.Min(pending.Length, length + Beyond)];
                var inside = Inside(window, length, ref examined);
                if (inside == Fit.Yes)
                {
                    return Cut.Drop(1, DropReasons.Garbage);
                }

                if (inside == Fit.Open && !silent && pending.Length < length + Beyond)
                {
                    return Cut.Wait(examined);
                }

                if (!silent && pending.Length < length)
                {
                    return Cut.Wait(examined);
                }

                break;
        }

        if (pending.Length >= length)
        {
            return Cut.Frame(length);
        }

        return silent ? Cut.Drop(1, DropReasons.Truncated) : Cut.Wait();
    }

    /// <summary>Function 0, and an exception to it, are nobody's (MODBUS Application Protocol V1.1b3, 4.1).</summary>
    private static bool IsNever(byte function) => (function & 0x7F) == 0;

    private static int UpToPossibleStart(ReadOnlySpan<byte> pending)
    {
        // The protocol's first 00 is a head's third byte.
        const int protocol = 2;
        if (pending.Length <= protocol + 1)
        {
            return 1;
        }

        var at = pending[(protocol + 1)..].IndexOf((byte)0);
        return at < 0 ? pending.Length - protocol : at + 1;
    }

    /// <summary>
    /// Whether a head that fits begins inside the first <paramref name="length"/> bytes. None does before <paramref name="examined"/>, now and when more come.
    /// </summary>
    private Fit Inside(ReadOnlySpan<byte> window, int length, ref int examined)
    {
        var at = Math.Max(1, examined);
        var open = 0;
        for (; at <= Math.Min(length, window.Length) - LeastHead; at++)
        {
            switch (Fits(window[at..]))
            {
                case Fit.Yes:
                    return Fit.Yes;
                case Fit.Open:
                    open = open == 0 ? at : open;
                    break;
            }
        }

        examined = open == 0 ? at : open;
        return open == 0 ? Fit.No : Fit.Open;
    }

    private Fit Fits(ReadOnlySpan<byte> head)
    {
        const int beforeUnit = Mbap.HeaderLength - 1;
        const int crc = 2;
        var length = Mbap.FrameLength(head);
        if (length < 0)
        {
            return Fit.No;
        }

        if (length == 0 || head.Length <= Mbap.HeaderLength)
        {
            return Fit.Open;
        }

        var unitAndPdu = head[beforeUnit..Math.Min(head.Length, length)];
        var request = role == ModbusRole.Responses ? ModbusRtuLength.Never : ModbusRtuLength.OfRequest(unitAndPdu);
        var response = role == ModbusRole.Requests ? ModbusRtuLength.Never : ModbusRtuLength.OfResponse(unitAndPdu);
        var said = length - beforeUnit + crc;
        if (request == said || response == said || request == ModbusRtuLength.Unknown || response == ModbusRtuLength.Unknown)
        {
            return Fit.Yes;
        }

        return (request == ModbusRtuLength.More || response == ModbusRtuLength.More) && head.Length < length ? Fit.Open : Fit.No;
    }
}
