using System.Buffers.Binary;
using DtuActors.Protocol.Checksums;

namespace DtuActors.Benchmarks.Systems;

/// <summary>What a client sends, with its number in it, and what has to come back for it.</summary>
/// <param name="RequestBytes">Of each.</param>
/// <param name="AnswerBytes">Of each.</param>
/// <param name="Make">Puts one with that number into the room for it.</param>
/// <param name="Answers">Whether it answers the one of that number.</param>
internal sealed record FrameKind(int RequestBytes, int AnswerBytes, FrameKind.Maker Make, FrameKind.Check Answers)
{
    public delegate void Maker(long number, Span<byte> room);

    public delegate bool Check(long number, ReadOnlySpan<byte> answer);

    /// <summary>By its name on a load's line: a number of bytes, <c>modbus</c> (a register is written, which its slave echoes), <c>mbap</c> (one is read, over Modbus TCP).</summary>
    public static FrameKind Named(string name) => name switch
    {
        "modbus" => new FrameKind(8, 8, MakeModbus, static (number, answer) => BinaryPrimitives.ReadUInt32BigEndian(answer[2..]) == (uint)number),
        "mbap" => new FrameKind(12, 11, MakeMbap, static (number, answer) => BinaryPrimitives.ReadUInt16BigEndian(answer) == (ushort)number && answer[7] == 3),
        _ => Numbered(int.Parse(name, System.Globalization.CultureInfo.InvariantCulture)),
    };

    private static FrameKind Numbered(int bytes) => new(
        bytes,
        bytes,
        static (number, room) => BinaryPrimitives.WriteInt64BigEndian(room, number),
        static (number, answer) => BinaryPrimitives.ReadInt64BigEndian(answer) == number);

    private static void MakeModbus(long number, Span<byte> room)
    {
        (room[0], room[1]) = (1, 6);
        BinaryPrimitives.WriteUInt32BigEndian(room[2..], (uint)number);
        BinaryPrimitives.WriteUInt16LittleEndian(room[6..], Crc16Modbus.Compute(room[..6]));
    }

    private static void MakeMbap(long number, Span<byte> room)
    {
        ReadOnlySpan<byte> read = [0, 0, 0, 0, 0, 6, 1, 3, 0, 0, 0, 1];
        read.CopyTo(room);
        BinaryPrimitives.WriteUInt16BigEndian(room, (ushort)number);
    }
}
