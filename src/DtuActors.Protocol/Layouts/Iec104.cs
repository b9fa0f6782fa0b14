using System.Buffers.Binary;

namespace DtuActors.Protocol.Layouts;

/// <summary>What an APDU of IEC 60870-5-104 is, by its control field.</summary>
public enum Iec104Format
{
    /// <summary>Numbered information: an ASDU.</summary>
    Information,

    /// <summary>Numbered supervision: only an acknowledgement.</summary>
    Supervisory,

    /// <summary>Unnumbered control: STARTDT, STOPDT, TESTFR.</summary>
    Unnumbered,
}

/// <summary>
/// Telecontrol over TCP, IEC 60870-5-104: <c>68 L control (4) ASDU</c>, L from the control field to the end (IEC 60870-5-104, 5). There is no checksum:
/// what the control field and the ASDU can say is all that tells a frame from other bytes.
/// </summary>
public static class Iec104
{
    /// <summary>The first byte.</summary>
    public const byte Start = 0x68;

    /// <summary>Bytes before what L counts.</summary>
    public const int Overhead = 2;

    /// <summary>The longest APDU: L is at most 253.</summary>
    public const int MaxFrame = 255;

    /// <summary>Where the ASDU begins.</summary>
    public const int AsduOffset = 6;

    /// <summary>STARTDT act; con is <see cref="StartConfirmed"/>.</summary>
    public const byte StartActivate = 0x07;

    /// <summary>STARTDT con.</summary>
    public const byte StartConfirmed = 0x0B;

    /// <summary>STOPDT act.</summary>
    public const byte StopActivate = 0x13;

    /// <summary>STOPDT con.</summary>
    public const byte StopConfirmed = 0x23;

    /// <summary>TESTFR act.</summary>
    public const byte TestActivate = 0x43;

    /// <summary>TESTFR con.</summary>
    public const byte TestConfirmed = 0x83;

    /// <summary>More bytes are needed to tell how long the frame is.</summary>
    internal const int More = 0;

    /// <summary>No frame begins so.</summary>
    internal const int Never = -1;

    private const int ControlLength = 4;

    // Type, qualifier, cause (1 or 2), common address (1 or 2): nothing shorter is an ASDU, whatever the widths; the standard's are 2 and 2.
    private const int LeastAsdu = 6;
    private const int MostSequence = 0x7FFF;

    /// <summary>An unnumbered control function.</summary>
    /// <exception cref="ArgumentException">It is none of the six.</exception>
    public static byte[] BuildU(byte function) =>
        IsUnnumbered(function)
            ? [Start, ControlLength, function, 0, 0, 0]
            : throw new ArgumentException($"{function:X2} is no control function", nameof(function));

    /// <summary>An acknowledgement of everything before <paramref name="received"/> (N(R)).</summary>
    /// <exception cref="ArgumentException">The number has more than 15 bits.</exception>
    public static byte[] BuildS(int received)
    {
        byte[] frame = [Start, ControlLength, 1, 0, 0, 0];
        BinaryPrimitives.WriteUInt16LittleEndian(frame.AsSpan(4), Numbered(received));
        return frame;
    }

    /// <summary>An ASDU with its numbers N(S) and N(R).</summary>
    /// <exception cref="ArgumentException">A number has more than 15 bits, or the ASDU is shorter than 6 bytes or longer than 249.</exception>
    public static byte[] BuildI(int sent, int received, ReadOnlySpan<byte> asdu)
    {
        if (asdu.Length is < LeastAsdu or > MaxFrame - AsduOffset)
        {
            throw new ArgumentException($"an ASDU has {LeastAsdu} to {MaxFrame - AsduOffset} bytes, not {asdu.Length}", nameof(asdu));
        }

        var frame = new byte[AsduOffset + asdu.Length];
        frame[0] = Start;
        frame[1] = (byte)(ControlLength + asdu.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(frame.AsSpan(2), Numbered(sent));
        BinaryPrimitives.WriteUInt16LittleEndian(frame.AsSpan(4), Numbered(received));
        asdu.CopyTo(frame.AsSpan(AsduOffset));
        return frame;
    }

    /// <summary>What the control field says, or null where the bytes are no whole frame.</summary>
    public static Iec104Format? FormatOf(ReadOnlySpan<byte> frame)
    {
        if (frame.IsEmpty || Length(frame) != frame.Length)
        {
            return null;
        }

        return (frame[2] & 1) == 0 ? Iec104Format.Information : (frame[2] & 2) == 0 ? Iec104Format.Supervisory : Iec104Format.Unnumbered;
    }

    /// <summary>N(S), of a frame of <see cref="Iec104Format.Information"/>.</summary>
    public static int Sent(ReadOnlySpan<byte> frame) => BinaryPrimitives.ReadUInt16LittleEndian(frame[2..]) >> 1;

    /// <summary>N(R), of a frame of <see cref="Iec104Format.Information"/> or <see cref="Iec104Format.Supervisory"/>.</summary>
    public static int Received(ReadOnlySpan<byte> frame) => BinaryPrimitives.ReadUInt16LittleEndian(frame[4..]) >> 1;

    /// <summary>
    /// The length of the frame that begins with <paramref name="head"/>, <see cref="More"/> or <see cref="Never"/>. Only what can't be rules a head out.
    /// </summary>
    internal static int Length(ReadOnlySpan<byte> head)
    {
        if (head[0] != Start || (head.Length > 1 && head[1] is < ControlLength or > MaxFrame - Overhead))
        {
            return Never;
        }

        if (head.Length < 3)
        {
            return More;
        }

        var length = head[1];
        var possible = (head[2] & 3) switch
        {
            3 => length == ControlLength && IsUnnumbered(head[2]) && IsZero(head, 3) && IsZero(head, 4) && IsZero(head, 5),
            1 => length == ControlLength && head[2] == 1 && IsZero(head, 3) && IsEven(head, 4),
            _ => length >= ControlLength + LeastAsdu && IsEven(head, 4) && (head.Length <= AsduOffset || head[AsduOffset] != 0) && HasCause(head),
        };
        return !possible ? Never : head.Length < AsduOffset ? More : Overhead + length;
    }

    /// <summary>
    /// Whether a whole frame is beyond doubt: a control function, an acknowledgement, or an ASDU of a known type and a cause that it can have, which its
    /// objects fill to the last byte. An ASDU of a type that is the vendor's (there are many in China), or of other field widths, is not.
    /// </summary>
    internal static bool IsProven(ReadOnlySpan<byte> frame) =>
        (frame[2] & 1) != 0 || (Asdu.Fits(frame[AsduOffset..], AsduWidths.Tcp) && Asdu.IsUsual(frame[AsduOffset], frame[AsduOffset + 2]));

    /// <summary>The length of the frame beyond doubt that these bytes begin with, or 0 where they begin with none.</summary>
    internal static int ProvenLength(ReadOnlySpan<byte> bytes)
    {
        var length = Length(bytes);
        return length > 0 && length <= bytes.Length && IsProven(bytes[..length]) ? length : 0;
    }

    /// <summary>
    /// Whether a frame seems to begin inside this one and to run on behind its end: then this one may have broken off, and the next one's first bytes fill it
    /// by chance.
    /// </summary>
    internal static bool HidesBeginning(ReadOnlySpan<byte> frame)
    {
        for (var at = AsduOffset; at < frame.Length; at++)
        {
            if (frame[at] == Start && RunsOn(frame[at..]))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether what begins here is, behind any number of whole frames, the beginning of one that is longer than what there is.</summary>
    private static bool RunsOn(ReadOnlySpan<byte> inner)
    {
        const int leastSign = 3;
        var behindFrames = false;
        while (!inner.IsEmpty && ProvenLength(inner) is > 0 and var length)
        {
            inner = inner[length..];
            behindFrames = true;
        }

        if (inner.IsEmpty || Length(inner) == Never || (inner.Length > 1 && Overhead + inner[1] <= inner.Length))
        {
            return false;
        }

        return behindFrames || (inner.Length >= leastSign && ((inner[2] & 1) != 0 || CanBeInformation(inner)));
    }

    /// <summary>Whether a beginning, with type and qualifier at least, has the length that these two ask for, and a cause that the type can have.</summary>
    private static bool CanBeInformation(ReadOnlySpan<byte> head) =>
        head.Length >= AsduOffset + 2
        && Asdu.Length(head[AsduOffset], head[AsduOffset + 1], AsduWidths.Tcp) == head[1] - ControlLength
        && (head.Length == AsduOffset + 2 || Asdu.IsUsual(head[AsduOffset], head[AsduOffset + 2]));

    private static bool IsUnnumbered(byte function) =>
        function is StartActivate or StartConfirmed or StopActivate or StopConfirmed or TestActivate or TestConfirmed;

    private static bool IsZero(ReadOnlySpan<byte> head, int at) => head.Length <= at || head[at] == 0;

    private static bool IsEven(ReadOnlySpan<byte> head, int at) => head.Length <= at || (head[at] & 1) == 0;

    /// <summary>A cause of 0 is not used (IEC 60870-5-101, 7.2.3).</summary>
    private static bool HasCause(ReadOnlySpan<byte> head) => head.Length <= AsduOffset + 2 || (head[AsduOffset + 2] & Asdu.CauseMask) != 0;

    private static ushort Numbered(int number) =>
        number is >= 0 and <= MostSequence ? (ushort)(number << 1) : throw new ArgumentException($"a number has 15 bits, {number} has more", nameof(number));
}
