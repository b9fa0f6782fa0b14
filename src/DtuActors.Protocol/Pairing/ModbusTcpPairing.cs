using DtuActors.Protocol.Modbus;

namespace DtuActors.Protocol.Pairing;

/// <summary>
/// <c>modbus-tcp</c>: transaction, unit and function. Unit 0 is the device itself there, which answers (MODBUS Messaging on TCP/IP V1.0b, 4.4.2).
/// </summary>
internal sealed class ModbusTcpPairing : RequestPairing
{
    private const int BeforeUnit = Mbap.HeaderLength - 1;

    public override string Codec => "modbus-tcp";

    public override Question? Read(ReadOnlySpan<byte> request) => ModbusPairing.Read(Core(request), hasBroadcast: false);

    public override bool AsksTheSame(ReadOnlySpan<byte> request, ReadOnlySpan<byte> other) =>
        !Core(request).IsEmpty && Core(request).SequenceEqual(Core(other));

    public override bool Answers(ReadOnlySpan<byte> request, ReadOnlySpan<byte> frame) =>
        IsSameTransaction(request, frame) && ModbusPairing.Answers(Core(request), Core(frame));

    public override bool Confusable(ReadOnlySpan<byte> request, ReadOnlySpan<byte> other) =>
        Core(request).IsEmpty || Core(other).IsEmpty || (IsSameTransaction(request, other) && ModbusPairing.Confusable(Core(request), Core(other)));

    private static bool IsSameTransaction(ReadOnlySpan<byte> one, ReadOnlySpan<byte> other) =>
        one.Length >= 2 && other.Length >= 2 && one[..2].SequenceEqual(other[..2]);

    private static ReadOnlySpan<byte> Core(ReadOnlySpan<byte> frame) =>
        frame.Length > Mbap.HeaderLength && Mbap.FrameLength(frame) == frame.Length ? frame[BeforeUnit..] : [];
}
