namespace DtuActors.Protocol.Modbus;

/// <summary>
/// How Modbus requests are spoken to one DTU: the three forms carry the same unit and PDU (MODBUS Application Protocol V1.1b3, 4.1), so that whoever asks in RTU
/// is answered in RTU, whatever the DTU delivers. One for each session: Modbus TCP's has a count of its own.
/// </summary>
public abstract class ModbusDialect
{
    /// <summary>The request as it goes to the DTU. Takes a valid RTU frame.</summary>
    public abstract ReadOnlyMemory<byte> Request(ReadOnlyMemory<byte> rtu);

    /// <summary>The DTU's answer as an RTU frame. Takes a frame that answers a request of this dialect.</summary>
    public abstract ReadOnlyMemory<byte> Answer(ReadOnlyMemory<byte> frame);

    /// <summary>The dialect of a DTU whose frames <paramref name="codec"/> cuts: RTU, unless it is <c>modbus-ascii</c> or <c>modbus-tcp</c>.</summary>
    public static ModbusDialect Of(string codec) => codec switch
    {
        "modbus-ascii" => new Ascii(),
        "modbus-tcp" => new Tcp(),
        _ => new Rtu(),
    };

    private sealed class Rtu : ModbusDialect
    {
        public override ReadOnlyMemory<byte> Request(ReadOnlyMemory<byte> rtu) => rtu;

        public override ReadOnlyMemory<byte> Answer(ReadOnlyMemory<byte> frame) => frame;
    }

    private sealed class Ascii : ModbusDialect
    {
        public override ReadOnlyMemory<byte> Request(ReadOnlyMemory<byte> rtu) => ModbusAscii.Build(rtu.Span[0], rtu.Span[1..^ModbusRtu.CrcLength]);

        public override ReadOnlyMemory<byte> Answer(ReadOnlyMemory<byte> frame)
        {
            Span<byte> place = stackalloc byte[ModbusAscii.MaxUnitAndPdu];
            var unitAndPdu = place[..ModbusAscii.Read(frame.Span, place)];
            return ModbusRtu.Build(unitAndPdu[0], unitAndPdu[1..]);
        }
    }

    /// <summary>Each request has a transaction of its own, whoever asked, so that no answer is taken for another's.</summary>
    private sealed class Tcp : ModbusDialect
    {
        private ushort _transaction;

        public override ReadOnlyMemory<byte> Request(ReadOnlyMemory<byte> rtu) => Mbap.Build(++_transaction, rtu.Span[0], rtu.Span[1..^ModbusRtu.CrcLength]);

        public override ReadOnlyMemory<byte> Answer(ReadOnlyMemory<byte> frame) => ModbusRtu.Build(frame.Span[Mbap.HeaderLength - 1], frame.Span[Mbap.HeaderLength..]);
    }
}
