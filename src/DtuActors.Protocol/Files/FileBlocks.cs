using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using DtuActors.Protocol.Checksums;

namespace DtuActors.Protocol.Files;

/// <summary>
/// The bytes of XMODEM and YMODEM (Forsberg, XMODEM/YMODEM Protocol Reference, chapters 4 to 8). A block: SOH (128 bytes) or STX (1,024), its number, the number's
/// complement, the data, and a sum of the data (one byte) or their CRC (two, high byte first).
/// </summary>
internal static class FileBlocks
{
    public const byte Soh = 0x01;
    public const byte Stx = 0x02;
    public const byte Eot = 0x04;
    public const byte Ack = 0x06;
    public const byte Nak = 0x15;
    public const byte Can = 0x18;

    /// <summary>The receiver asks for blocks with a CRC.</summary>
    public const byte AsksCrc = (byte)'C';

    public const int Small = 128;
    public const int Large = 1024;

    /// <summary>Before the data.</summary>
    public const int HeadLength = 3;

    // CP/M's end of a text.
    private const byte Padding = 0x1A;

    // As much of it as a large block has room for besides its numbers.
    private const int LongestName = 900;

    // As lrzsz does it: enough of them that one that is lost does not matter, and as many backspaces, for a device that has left already and reads them as a line.
    private static readonly byte[] CancelBytes = [.. Enumerable.Repeat(Can, 10), .. Enumerable.Repeat((byte)0x08, 10)];

    /// <summary>What ends the other side too.</summary>
    public static ReadOnlyMemory<byte> Cancel => CancelBytes;

    /// <summary>A whole block.</summary>
    /// <param name="number">Its number, modulo 256.</param>
    /// <param name="data">At most 1,024 bytes.</param>
    /// <param name="length">128 or 1,024: what is missing is padded.</param>
    /// <param name="isCrc">Whether it ends with a CRC.</param>
    /// <param name="padding">By what.</param>
    public static byte[] Block(byte number, ReadOnlySpan<byte> data, int length, bool isCrc, byte padding = Padding)
    {
        var block = new byte[HeadLength + length + CheckLength(isCrc)];
        block[0] = length == Small ? Soh : Stx;
        block[1] = number;
        block[2] = (byte)~number;
        var body = block.AsSpan(HeadLength, length);
        body.Fill(padding);
        data.CopyTo(body);
        if (isCrc)
        {
            BinaryPrimitives.WriteUInt16BigEndian(block.AsSpan(^2), Crc16Xmodem.Compute(body));
        }
        else
        {
            block[^1] = Sum(body);
        }

        return block;
    }

    /// <summary>How long a block is that begins so.</summary>
    public static int Length(byte first, bool isCrc) => HeadLength + (first == Soh ? Small : Large) + CheckLength(isCrc);

    /// <summary>Whether a whole block is as it was sent; its data.</summary>
    public static bool TryRead(ReadOnlySpan<byte> block, bool isCrc, out ReadOnlySpan<byte> data)
    {
        data = block[HeadLength..^CheckLength(isCrc)];
        return (byte)~block[1] == block[2] && (isCrc ? Crc16Xmodem.Compute(block[HeadLength..]) == 0 : block[^1] == Sum(data));
    }

    /// <summary>YMODEM's block 0: the name, a NUL, the length in decimal, the time of its last change in octal seconds since 1970 (0: unknown). A null file: no more follow.</summary>
    public static byte[] Header(OutgoingFile? file, bool isCrc)
    {
        var text = file is null
            ? []
            : Encoding.UTF8.GetBytes(string.Create(
                CultureInfo.InvariantCulture,
                $"{Cut(file.Name)}\0{file.Content.Length} {Convert.ToString(file.ChangedAt?.ToUnixTimeSeconds() ?? 0, 8)} 100644"));
        return Block(0, text, text.Length < Small ? Small : Large, isCrc, padding: 0);
    }

    /// <summary>What a block 0 says; false: no more files follow.</summary>
    public static bool TryReadHeader(ReadOnlySpan<byte> data, out string name, out long? size)
    {
        var end = data.IndexOf((byte)0);
        name = Encoding.UTF8.GetString(end < 0 ? data : data[..end]);
        size = null;
        if (end >= 0)
        {
            var rest = data[(end + 1)..];
            var length = rest.IndexOfAnyExceptInRange((byte)'0', (byte)'9');
            if (long.TryParse(length < 0 ? rest : rest[..length], NumberStyles.None, CultureInfo.InvariantCulture, out var told))
            {
                size = told;
            }
        }

        return name.Length > 0;
    }

    private static int CheckLength(bool isCrc) => isCrc ? 2 : 1;

    private static byte Sum(ReadOnlySpan<byte> data)
    {
        byte sum = 0;
        foreach (var octet in data)
        {
            sum += octet;
        }

        return sum;
    }

    private static string Cut(string name)
    {
        while (Encoding.UTF8.GetByteCount(name) > LongestName)
        {
            name = name[..^(char.IsSurrogate(name[^1]) ? 2 : 1)];
        }

        return name;
    }
}
