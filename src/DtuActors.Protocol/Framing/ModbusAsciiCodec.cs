using DtuActors.Protocol.Modbus;

namespace DtuActors.Protocol.Framing;

/// <summary>
/// <c>modbus-ascii</c>: <c>:</c>, hex digits in either case, LRC, CR LF (MODBUS over Serial Line V1.02, 2.5.2). A <c>:</c> begins a frame anew wherever
/// it stands. What is neither digit nor end where one must be ends the attempt at once, so that silence decides nothing but an end that never comes.
/// </summary>
internal sealed class ModbusAsciiCodec(TimeSpan gap) : Codec
{
    public override string Name => "modbus-ascii";

    public override Proof Proof => Proof.Checksum;

    public override TimeSpan? Gap { get; } = LongGap(gap);

    public override Cut Next(ReadOnlySpan<byte> pending, int examined, bool silent)
    {
        if (pending[0] != ModbusAscii.Start)
        {
            var start = pending.IndexOf(ModbusAscii.Start);
            return Cut.Drop(start < 0 ? pending.Length : start, DropReasons.Garbage);
        }

        var at = Math.Max(1, examined);
        at += ModbusAscii.CountDigits(pending[at..Math.Max(at, Math.Min(pending.Length, ModbusAscii.MostDigits + 1))]);
        if (at == pending.Length || (at == pending.Length - 1 && pending[at] == '\r'))
        {
            return silent ? Cut.Drop(pending.Length, DropReasons.Truncated) : Cut.Wait(at);
        }

        var digits = at - 1;
        if (pending[at] != '\r' || pending[at + 1] != '\n')
        {
            return Cut.Drop(at, DropReasons.Garbage);
        }

        var shape = at + 2;
        if (digits < ModbusAscii.LeastDigits || digits % 2 != 0)
        {
            return Cut.Drop(shape, DropReasons.Garbage);
        }

        return ModbusAscii.IsRight(pending[1..at]) ? Cut.Frame(shape) : Cut.Damaged(shape);
    }
}
