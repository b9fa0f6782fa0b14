using System.Buffers.Binary;
using System.Text;

namespace DtuActors.Simulator;

/// <summary>What a slave answers to a request's PDU (MODBUS Application Protocol V1.1b3, 6). Pure but for the registers it writes.</summary>
internal static class ModbusSlave
{
    private const byte IllegalFunction = 1;
    private const byte IllegalAddress = 2;
    private const byte IllegalValue = 3;

    private const byte DeviceIdentification = 0x0E;

    // Basic (0 to 2) and regular (3 to 5) objects: vendor, product code, revision, URL, product, model.
    private static readonly byte[][] Objects =
    [
        "DtuActors"u8.ToArray(),
        "SIM-1"u8.ToArray(),
        Encoding.ASCII.GetBytes(typeof(ModbusSlave).Assembly.GetName().Version?.ToString(3) ?? "0.0.0"),
        ""u8.ToArray(),
        "simulated instrument"u8.ToArray(),
        "Modbus RTU slave"u8.ToArray(),
    ];

    /// <summary>The answer's PDU, an exception where the request can't be carried out. <paramref name="pdu"/> is at least 1 byte.</summary>
    public static byte[] Answer(ReadOnlySpan<byte> pdu, ModbusRegisters registers) => pdu[0] switch
    {
        1 => ReadBits(pdu, registers, registers.Coil),
        2 => ReadBits(pdu, registers, registers.Discrete),
        3 => ReadWords(pdu, registers, registers.Holding),
        4 => ReadWords(pdu, registers, registers.Input),
        5 => WriteCoil(pdu, registers),
        6 => WriteHolding(pdu, registers),
        15 => WriteCoils(pdu, registers),
        16 => WriteHoldings(pdu, registers),
        22 => MaskWrite(pdu, registers),
        23 => ReadWrite(pdu, registers),
        0x2B => Identify(pdu),
        _ => Exception(pdu[0], IllegalFunction),
    };

    private static byte[] ReadBits(ReadOnlySpan<byte> pdu, ModbusRegisters registers, Func<int, bool> read)
    {
        int first = Word(pdu, 1), count = Word(pdu, 3);
        if (Refusal(first, count, 2000, registers) is var refusal and > 0)
        {
            return Exception(pdu[0], refusal);
        }

        var answer = new byte[2 + ((count + 7) / 8)];
        answer[0] = pdu[0];
        answer[1] = (byte)(answer.Length - 2);
        for (var i = 0; i < count; i++)
        {
            if (read(first + i))
            {
                answer[2 + (i / 8)] |= (byte)(1 << (i % 8));
            }
        }

        return answer;
    }

    private static byte[] ReadWords(ReadOnlySpan<byte> pdu, ModbusRegisters registers, Func<int, TimeSpan, ushort> read)
    {
        int first = Word(pdu, 1), count = Word(pdu, 3);
        return Refusal(first, count, 125, registers) is var refusal and > 0 ? Exception(pdu[0], refusal) : Words(pdu[0], first, count, registers.Elapsed, read);
    }

    private static byte[] WriteCoil(ReadOnlySpan<byte> pdu, ModbusRegisters registers)
    {
        int address = Word(pdu, 1), value = Word(pdu, 3);
        if (value is not (0 or 0xFF00))
        {
            return Exception(pdu[0], IllegalValue);
        }

        if (address >= registers.Count)
        {
            return Exception(pdu[0], IllegalAddress);
        }

        registers.WriteCoil(address, value != 0);
        return pdu.ToArray();
    }

    private static byte[] WriteHolding(ReadOnlySpan<byte> pdu, ModbusRegisters registers)
    {
        var address = Word(pdu, 1);
        if (address >= registers.Count)
        {
            return Exception(pdu[0], IllegalAddress);
        }

        registers.WriteHolding(address, Word(pdu, 3));
        return pdu.ToArray();
    }

    private static byte[] WriteCoils(ReadOnlySpan<byte> pdu, ModbusRegisters registers)
    {
        int first = Word(pdu, 1), count = Word(pdu, 3);
        if (pdu[5] != (count + 7) / 8)
        {
            return Exception(pdu[0], IllegalValue);
        }

        if (Refusal(first, count, 1968, registers) is var refusal and > 0)
        {
            return Exception(pdu[0], refusal);
        }

        for (var i = 0; i < count; i++)
        {
            registers.WriteCoil(first + i, (pdu[6 + (i / 8)] & (1 << (i % 8))) != 0);
        }

        return pdu[..5].ToArray();
    }

    private static byte[] WriteHoldings(ReadOnlySpan<byte> pdu, ModbusRegisters registers)
    {
        int first = Word(pdu, 1), count = Word(pdu, 3);
        if (pdu[5] != count * 2)
        {
            return Exception(pdu[0], IllegalValue);
        }

        if (Refusal(first, count, 123, registers) is var refusal and > 0)
        {
            return Exception(pdu[0], refusal);
        }

        WriteWords(pdu[6..], first, count, registers);
        return pdu[..5].ToArray();
    }

    private static byte[] MaskWrite(ReadOnlySpan<byte> pdu, ModbusRegisters registers)
    {
        int address = Word(pdu, 1), and = Word(pdu, 3), or = Word(pdu, 5);
        if (address >= registers.Count)
        {
            return Exception(pdu[0], IllegalAddress);
        }

        registers.WriteHolding(address, (ushort)((registers.Holding(address) & and) | (or & ~and)));
        return pdu.ToArray();
    }

    private static byte[] ReadWrite(ReadOnlySpan<byte> pdu, ModbusRegisters registers)
    {
        int readFirst = Word(pdu, 1), readCount = Word(pdu, 3), writeFirst = Word(pdu, 5), writeCount = Word(pdu, 7);
        if (pdu[9] != writeCount * 2)
        {
            return Exception(pdu[0], IllegalValue);
        }

        var refusal = Math.Max(Refusal(readFirst, readCount, 125, registers), Refusal(writeFirst, writeCount, 121, registers));
        if (refusal > 0)
        {
            return Exception(pdu[0], refusal);
        }

        // The write comes first (6.17): a read of the same registers sees it.
        WriteWords(pdu[10..], writeFirst, writeCount, registers);
        return Words(pdu[0], readFirst, readCount, registers.Elapsed, registers.Holding);
    }

    private static byte[] Identify(ReadOnlySpan<byte> pdu)
    {
        if (pdu.Length < 4 || pdu[1] != DeviceIdentification)
        {
            return Exception(pdu[0], IllegalFunction);
        }

        int access = pdu[2], id = pdu[3];
        if (access is < 1 or > 4)
        {
            return Exception(pdu[0], IllegalValue);
        }

        const int individual = 4;
        if (access == individual && id >= Objects.Length)
        {
            return Exception(pdu[0], IllegalAddress);
        }

        var end = access == individual ? id + 1 : access == 1 ? 3 : Objects.Length;
        var first = id < end ? id : 0;

        // Conformity 0x82: basic and regular objects, by stream and one by one. No more follows, next object 0.
        var answer = new List<byte> { pdu[0], DeviceIdentification, (byte)access, 0x82, 0, 0, (byte)(end - first) };
        for (var i = first; i < end; i++)
        {
            answer.Add((byte)i);
            answer.Add((byte)Objects[i].Length);
            answer.AddRange(Objects[i]);
        }

        return [.. answer];
    }

    private static byte[] Words(byte function, int first, int count, TimeSpan at, Func<int, TimeSpan, ushort> read)
    {
        var answer = new byte[2 + (count * 2)];
        answer[0] = function;
        answer[1] = (byte)(count * 2);
        for (var i = 0; i < count; i++)
        {
            BinaryPrimitives.WriteUInt16BigEndian(answer.AsSpan(2 + (i * 2)), read(first + i, at));
        }

        return answer;
    }

    private static void WriteWords(ReadOnlySpan<byte> values, int first, int count, ModbusRegisters registers)
    {
        for (var i = 0; i < count; i++)
        {
            registers.WriteHolding(first + i, Word(values, i * 2));
        }
    }

    // 6.1 and its sisters: the count is judged before the address.
    private static byte Refusal(int first, int count, int most, ModbusRegisters registers) =>
        count < 1 || count > most ? IllegalValue : first + count > registers.Count ? IllegalAddress : (byte)0;

    private static ushort Word(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt16BigEndian(bytes[at..]);

    private static byte[] Exception(byte function, byte code) => [(byte)(function | 0x80), code];
}
