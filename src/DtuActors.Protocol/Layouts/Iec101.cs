using DtuActors.Protocol.Checksums;

namespace DtuActors.Protocol.Layouts;

/// <summary>
/// Telecontrol over a serial line, IEC 60870-5-101: frames of the class FT1.2 (IEC 60870-5-1, 6.2.4.2). <c>10 C A CS 16</c>, <c>68 L L 68 C A ASDU CS 16</c>
/// (L from C to the end of the ASDU) or the single character E5. The link address A has one or two bytes, low byte first; CS is the sum from C on.
/// </summary>
public static class Iec101
{
    /// <summary>The single character: acknowledged, or nothing to tell.</summary>
    public const byte SingleCharacter = 0xE5;

    /// <summary>The first byte of a frame of fixed length.</summary>
    public const byte StartFixed = 0x10;

    /// <summary>The first and fourth byte of a frame of variable length.</summary>
    public const byte StartVariable = 0x68;

    /// <summary>The last byte of both.</summary>
    public const byte End = 0x16;

    /// <summary>A variable frame's bytes besides what its length counts.</summary>
    public const int Overhead = 6;

    /// <summary>Where the control byte of a variable frame stands.</summary>
    public const int HeaderLength = 4;

    /// <summary>The least that a variable frame's length counts: control and a link address of one byte.</summary>
    public const int LeastLength = 2;

    /// <summary>The length of a fixed frame with a link address of one byte; one of two bytes adds one.</summary>
    public const int ShortFixed = 5;

    /// <summary>The length of a fixed frame with a link address of two bytes.</summary>
    public const int LongFixed = 6;

    /// <summary>C, bit 6 (PRM): the message is the primary station's.</summary>
    public const byte PrimaryBit = 0x40;

    /// <summary>Builds a frame of fixed length.</summary>
    /// <param name="control">The control byte.</param>
    /// <param name="link">The link address.</param>
    /// <param name="linkLength">Its width, 1 or 2 bytes.</param>
    /// <exception cref="ArgumentException">The width is neither, or the address does not fit it.</exception>
    public static byte[] BuildFixed(byte control, int link, int linkLength = 1)
    {
        var frame = new byte[ShortFixed - 1 + CheckedLink(link, linkLength)];
        frame[0] = StartFixed;
        frame[1] = control;
        WriteLink(frame.AsSpan(2), link, linkLength);
        frame[^2] = Sums.Sum8(frame.AsSpan(1, 1 + linkLength));
        frame[^1] = End;
        return frame;
    }

    /// <summary>Builds a frame of variable length.</summary>
    /// <param name="control">The control byte.</param>
    /// <param name="link">The link address.</param>
    /// <param name="linkLength">Its width, 1 or 2 bytes.</param>
    /// <param name="asdu">What the link carries.</param>
    /// <exception cref="ArgumentException">The width is neither, the address does not fit it, or the ASDU is longer than a length of 255 allows.</exception>
    public static byte[] BuildVariable(byte control, int link, int linkLength, ReadOnlySpan<byte> asdu)
    {
        var length = 1 + CheckedLink(link, linkLength) + asdu.Length;
        if (length > byte.MaxValue)
        {
            throw new ArgumentException($"an ASDU has at most {byte.MaxValue - 1 - linkLength} bytes, not {asdu.Length}", nameof(asdu));
        }

        var frame = new byte[Overhead + length];
        frame[0] = StartVariable;
        frame[1] = (byte)length;
        frame[2] = (byte)length;
        frame[3] = StartVariable;
        frame[HeaderLength] = control;
        WriteLink(frame.AsSpan(HeaderLength + 1), link, linkLength);
        asdu.CopyTo(frame.AsSpan(HeaderLength + 1 + linkLength));
        frame[^2] = Sums.Sum8(frame.AsSpan(HeaderLength, length));
        frame[^1] = End;
        return frame;
    }

    /// <summary>Whether the bytes are one whole frame.</summary>
    public static bool IsValid(ReadOnlySpan<byte> frame)
    {
        if (frame.Length < ShortFixed)
        {
            return frame.Length == 1 && frame[0] == SingleCharacter;
        }

        var control = frame[0] switch
        {
            StartFixed when frame.Length is ShortFixed or LongFixed => 1,
            StartVariable when VariableLength(frame) == frame.Length => HeaderLength,
            _ => 0,
        };
        return control > 0 && IsSummed(frame, control);
    }

    /// <summary>Whether a shape ends as a frame whose control byte stands at <paramref name="control"/>.</summary>
    internal static bool IsSummed(ReadOnlySpan<byte> shape, int control) => shape[^1] == End && shape[^2] == Sums.Sum8(shape[control..^2]);

    /// <summary>The whole length of the variable frame that begins so, 0 where more bytes are needed to tell, -1 where none does.</summary>
    internal static int VariableLength(ReadOnlySpan<byte> head)
    {
        if ((head.Length > 1 && head[1] < LeastLength) || (head.Length > 2 && head[2] != head[1]) || (head.Length > 3 && head[3] != StartVariable))
        {
            return -1;
        }

        return head.Length < HeaderLength ? 0 : Overhead + head[1];
    }

    private static int CheckedLink(int link, int linkLength) =>
        linkLength is 1 or 2 && link >= 0 && link >> (8 * linkLength) == 0
            ? linkLength
            : throw new ArgumentException($"a link address has 1 or 2 bytes; {link} is none of {linkLength}", nameof(link));

    private static void WriteLink(Span<byte> field, int link, int linkLength)
    {
        for (var i = 0; i < linkLength; i++)
        {
            field[i] = (byte)(link >> (8 * i));
        }
    }
}
