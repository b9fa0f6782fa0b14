using System.Buffers.Binary;
using DtuActors.Protocol.Checksums;

namespace DtuActors.Protocol.Transports;

/// <summary>One parameter of an <see cref="IhdmpFrame"/>.</summary>
/// <param name="Tag">What it is.</param>
/// <param name="Value">Its value.</param>
public readonly record struct IhdmpParameter(ushort Tag, ReadOnlyMemory<byte> Value);

/// <summary>A frame of <see cref="Ihdmp"/>.</summary>
/// <param name="FromDtu">Whether the DTU sent it.</param>
/// <param name="Command">The command word, 03 detects the DTU and 13 sends a short message.</param>
/// <param name="Parameters">Its parameters in order.</param>
public sealed record IhdmpFrame(bool FromDtu, byte Command, IReadOnlyList<IhdmpParameter> Parameters);

/// <summary>
/// InHand's DTU management protocol (IHDMP V3.0, 2019): <c>55 AA 55 AA</c> to the DTU or <c>AA 55 AA 55</c> from it, <c>command (1) | length (2) | parameters |
/// CRC (2)</c>, big-endian; a parameter is <c>tag (2) | length (2) | value</c>. The CRC is CRC-16/X-25 over everything before it, low byte first: found by
/// calculation from the document's two frames to the DTU. The DTU does not answer a frame that is wrong.
/// </summary>
public static class Ihdmp
{
    /// <summary>A frame's bytes besides its parameters.</summary>
    public const int Overhead = HeaderLength + CrcLength;

    private const int MarkLength = 4;
    private const int HeaderLength = MarkLength + 3;
    private const int CrcLength = 2;
    private const int ParameterHeader = 4;

    private static ReadOnlySpan<byte> ToDtuMark => [0x55, 0xAA, 0x55, 0xAA];

    private static ReadOnlySpan<byte> FromDtuMark => [0xAA, 0x55, 0xAA, 0x55];

    /// <summary>Builds a frame.</summary>
    /// <exception cref="ArgumentException">The parameters are longer than a frame's or a parameter's length can tell, 65535 bytes.</exception>
    public static byte[] Build(IhdmpFrame frame)
    {
        ArgumentNullException.ThrowIfNull(frame);
        var length = frame.Parameters.Sum(parameter => ParameterHeader + (long)parameter.Value.Length);
        if (length > ushort.MaxValue)
        {
            throw new ArgumentException($"an IHDMP frame carries at most {ushort.MaxValue} bytes of parameters, not {length}", nameof(frame));
        }

        var bytes = new byte[Overhead + (int)length];
        (frame.FromDtu ? FromDtuMark : ToDtuMark).CopyTo(bytes);
        bytes[MarkLength] = frame.Command;
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(MarkLength + 1), (ushort)length);
        var rest = bytes.AsSpan(HeaderLength);
        foreach (var (tag, value) in frame.Parameters)
        {
            BinaryPrimitives.WriteUInt16BigEndian(rest, tag);
            BinaryPrimitives.WriteUInt16BigEndian(rest[2..], (ushort)value.Length);
            value.Span.CopyTo(rest[ParameterHeader..]);
            rest = rest[(ParameterHeader + value.Length)..];
        }

        BinaryPrimitives.WriteUInt16LittleEndian(rest, Crc16X25.Compute(bytes.AsSpan(0, bytes.Length - CrcLength)));
        return bytes;
    }

    /// <summary>Reads one whole frame; null where mark, length, parameters or CRC are not a frame's. Never throws.</summary>
    public static IhdmpFrame? Read(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < Overhead || !(bytes.StartsWith(ToDtuMark) || bytes.StartsWith(FromDtuMark))
            || BinaryPrimitives.ReadUInt16BigEndian(bytes[(MarkLength + 1)..]) != bytes.Length - Overhead
            || BinaryPrimitives.ReadUInt16LittleEndian(bytes[^CrcLength..]) != Crc16X25.Compute(bytes[..^CrcLength]))
        {
            return null;
        }

        var parameters = new List<IhdmpParameter>();
        var rest = bytes[HeaderLength..^CrcLength];
        while (!rest.IsEmpty)
        {
            if (rest.Length < ParameterHeader || BinaryPrimitives.ReadUInt16BigEndian(rest[2..]) is var length && length > rest.Length - ParameterHeader)
            {
                return null;
            }

            parameters.Add(new IhdmpParameter(BinaryPrimitives.ReadUInt16BigEndian(rest), rest.Slice(ParameterHeader, length).ToArray()));
            rest = rest[(ParameterHeader + length)..];
        }

        return new IhdmpFrame(bytes.StartsWith(FromDtuMark), bytes[MarkLength], parameters);
    }
}
