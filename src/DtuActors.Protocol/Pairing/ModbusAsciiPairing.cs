using DtuActors.Protocol.Modbus;

namespace DtuActors.Protocol.Pairing;

/// <summary><c>modbus-ascii</c>: what Modbus RTU says, in hex digits.</summary>
internal sealed class ModbusAsciiPairing : RequestPairing
{
    public override string Codec => "modbus-ascii";

    public override Question? Read(ReadOnlySpan<byte> request) => ModbusPairing.Read(Core(request, stackalloc byte[ModbusAscii.MaxUnitAndPdu]), hasBroadcast: true);

    public override bool Answers(ReadOnlySpan<byte> request, ReadOnlySpan<byte> frame) => ModbusPairing.Answers(
        Core(request, stackalloc byte[ModbusAscii.MaxUnitAndPdu]), Core(frame, stackalloc byte[ModbusAscii.MaxUnitAndPdu]));

    public override bool Confusable(ReadOnlySpan<byte> request, ReadOnlySpan<byte> other) => ModbusPairing.Confusable(
        Core(request, stackalloc byte[ModbusAscii.MaxUnitAndPdu]), Core(other, stackalloc byte[ModbusAscii.MaxUnitAndPdu]));

    private static ReadOnlySpan<byte> Core(ReadOnlySpan<byte> frame, Span<byte> place) => place[..ModbusAscii.Read(frame, place)];
}
