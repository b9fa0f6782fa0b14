using DtuActors.Protocol.Checksums;

namespace DtuActors.Protocol.Transports;

/// <summary>The functions of JBT's heads.</summary>
public enum JbtFunction : byte
{
    /// <summary>The first port's bytes follow, upwards.</summary>
    Data = 0x01,

    /// <summary>Registration, repeated as heartbeat.</summary>
    Register = 0x02,

    /// <summary>The centre's answer to <see cref="Register"/>.</summary>
    Registered = 0x03,

    /// <summary>The second port's bytes follow, upwards.</summary>
    SecondPortData = 0x11,

    /// <summary>The second port's bytes follow, downwards.</summary>
    SecondPortDown = 0x12,
}

/// <summary>
/// JBT's (金博通) head over TCP, 20 bytes: <c>A8 81 | phone number (11 ASCII) | area (4, "0000") | function | area enabled | sum of the 19 bytes before, modulo
/// 256</c>. Data follow their head without a length, up to the next head; what goes down to the first port has no head at all. Layout and functions from a
/// public centre program for JBT DTUs.
/// </summary>
public static class Jbt
{
    /// <summary>A head's length in bytes.</summary>
    public const int HeadLength = 20;

    /// <summary>The phone number's width in bytes.</summary>
    public const int PhoneLength = 11;

    internal const byte First = 0xA8;
    internal const int PhoneOffset = 2;
    internal const int FunctionOffset = PhoneOffset + PhoneLength + AreaLength;

    private const byte Second = 0x81;
    private const int AreaLength = 4;
    private const int SumOffset = HeadLength - 1;

    /// <summary>Builds a head with the area 0000, not enabled, and the data behind it.</summary>
    /// <exception cref="ArgumentException">The phone number is not 1 to 11 printable ASCII characters.</exception>
    public static byte[] Build(JbtFunction function, string phone, ReadOnlySpan<byte> data)
    {
        var bytes = new byte[HeadLength + data.Length];
        bytes[0] = First;
        bytes[1] = Second;
        IdField.Write(bytes.AsSpan(PhoneOffset, PhoneLength), phone, "a phone number");
        bytes.AsSpan(PhoneOffset + PhoneLength, AreaLength).Fill((byte)'0');
        bytes[FunctionOffset] = (byte)function;
        bytes[SumOffset] = Sums.Sum8(bytes.AsSpan(0, SumOffset));
        data.CopyTo(bytes.AsSpan(HeadLength));
        return bytes;
    }

    /// <summary>Whether <paramref name="bytes"/> are one whole head: marks, phone number, function and sum are right.</summary>
    public static bool IsHead(ReadOnlySpan<byte> bytes) => bytes.Length == HeadLength && CanBegin(bytes);

    /// <summary>The same head with another function.</summary>
    internal static byte[] WithFunction(ReadOnlySpan<byte> head, JbtFunction function)
    {
        var other = head.ToArray();
        other[FunctionOffset] = (byte)function;
        other[SumOffset] = Sums.Sum8(other.AsSpan(0, SumOffset));
        return other;
    }

    /// <summary>Whether a head can begin with these bytes, of which there are at most <see cref="HeadLength"/>.</summary>
    internal static bool CanBegin(ReadOnlySpan<byte> head) =>
        head[0] == First
        && (head.Length <= 1 || head[1] == Second)
        && (head.Length <= PhoneOffset || IdField.CanBegin(head[PhoneOffset..], PhoneLength))
        && (head.Length <= FunctionOffset || IsFunction(head[FunctionOffset]))
        && (head.Length <= SumOffset || head[SumOffset] == Sums.Sum8(head[..SumOffset]));

    private static bool IsFunction(byte function) => (JbtFunction)function is
        JbtFunction.Data or JbtFunction.Register or JbtFunction.Registered or JbtFunction.SecondPortData or JbtFunction.SecondPortDown;
}
