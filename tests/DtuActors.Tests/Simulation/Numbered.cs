using System.Buffers.Binary;
using DtuActors.Protocol.Modbus;

namespace DtuActors.Tests.Simulation;

/// <summary>What a frame of the simulation is.</summary>
internal enum Kind : byte
{
    /// <summary>The instrument says it by itself.</summary>
    Up = 1,

    /// <summary>The endpoint says it to the instrument.</summary>
    Down = 2,

    /// <summary>A request, and the instrument's answer to it.</summary>
    Ask = 3,
}

/// <summary>
/// A frame that says which it is: eight bytes, Modbus RTU's write of one register, which its answer repeats (Modbus Application Protocol 1.1b3, 6.6). The register is its number, the
/// value its kind and its DTU.
/// </summary>
internal readonly record struct Numbered(Kind Kind, int Dtu, int Number)
{
    public const int Length = 8;

    public byte[] ToBytes()
    {
        Span<byte> pdu = [6, 0, 0, (byte)Kind, (byte)Dtu];
        BinaryPrimitives.WriteUInt16BigEndian(pdu[1..], (ushort)Number);
        return ModbusRtu.Build((byte)Kind, pdu);
    }

    /// <summary>Null where it is none.</summary>
    public static Numbered? Of(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != Length)
        {
            return null;
        }

        var read = new Numbered((Kind)bytes[4], bytes[5], BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]));
        return bytes.SequenceEqual(read.ToBytes()) ? read : null;
    }
}

/// <summary>Puts frames together from a stream that holds nothing else.</summary>
internal sealed class NumberedStream
{
    private readonly List<byte> _pending = [];

    public IEnumerable<Numbered?> Feed(ReadOnlySpan<byte> bytes)
    {
        _pending.AddRange(bytes);
        var found = new List<Numbered?>();
        while (_pending.Count >= Numbered.Length)
        {
            found.Add(Numbered.Of(_pending.GetRange(0, Numbered.Length).ToArray()));
            _pending.RemoveRange(0, Numbered.Length);
        }

        return found;
    }
}
