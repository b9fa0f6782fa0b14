using System.Buffers;
using System.Buffers.Binary;

namespace DtuActors.Protocol.Transports;

/// <summary>The types of ZG's units.</summary>
public enum ZgType : byte
{
    /// <summary>Heartbeat; the centre answers it.</summary>
    Heartbeat = 0x30,

    /// <summary>Registration: the DTU's id, and in some models its own address as text.</summary>
    Register = 0x31,

    /// <summary>The instrument's bytes, in both directions.</summary>
    Data = 0x32,

    /// <summary>A configuration command or its reply.</summary>
    Configuration = 0x33,

    /// <summary>Reserved.</summary>
    Reserved34 = 0x34,

    /// <summary>Reserved.</summary>
    Reserved35 = 0x35,
}

/// <summary>How a DTU writes ZG's units.</summary>
public enum ZgDialect
{
    /// <summary>The length is the content's; only the registration carries the id.</summary>
    Plain,

    /// <summary>Every unit carries the id, and the length counts from it to the mark at the end, both included.</summary>
    Numbered,
}

/// <summary>
/// The frame of ZG's and kindred DTUs over TCP: <c>7B | type | length (2, low byte first) | content | 7D</c>. Two dialects, see <see cref="ZgDialect"/>: the
/// first from a public centre program for ZG DTUs, the second from alotcer's "DTU通信协议的标准化设计" (its example: id 11, data 50 and the end mark make 62). The
/// content may hold 7B and 7D.
/// </summary>
public static class Zg
{
    /// <summary>The byte a unit begins with.</summary>
    public const byte Head = 0x7B;

    /// <summary>The byte a unit ends with.</summary>
    public const byte End = 0x7D;

    /// <summary>The id's width in bytes.</summary>
    public const int IdLength = 11;

    /// <summary>The most data bytes of a unit, the id not counted.</summary>
    public const int MaxData = 1024;

    /// <summary>Where the content begins, in bytes from the unit's first.</summary>
    public const int ContentOffset = 4;

    /// <summary>The longest unit in bytes.</summary>
    public const int MaxUnit = ContentOffset + IdLength + MaxData + 1;

    // The least that the length of a numbered unit counts: the id and the end mark.
    private const int LeastNumbered = IdLength + 1;

    private static readonly SearchValues<byte> LettersAndDigits = SearchValues.Create("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"u8);

    /// <summary>Builds a unit of <see cref="ZgDialect.Plain"/>. A registration's content begins with the id.</summary>
    /// <exception cref="ArgumentException">The content is longer than id and <see cref="MaxData"/>.</exception>
    public static byte[] Build(ZgType type, ReadOnlySpan<byte> content)
    {
        var unit = new byte[ContentOffset + content.Length + 1];
        Write(unit, type, ZgDialect.Plain, [], content);
        return unit;
    }

    /// <summary>Builds a unit of <see cref="ZgDialect.Numbered"/>.</summary>
    /// <exception cref="ArgumentException">The id is not 1 to 11 printable ASCII characters, or the data are longer than <see cref="MaxData"/>.</exception>
    public static byte[] BuildNumbered(ZgType type, string id, ReadOnlySpan<byte> data)
    {
        Span<byte> field = stackalloc byte[IdLength];
        IdField.Write(field, id, "a ZG id");
        var unit = new byte[ContentOffset + IdLength + data.Length + 1];
        Write(unit, type, ZgDialect.Numbered, field, data);
        return unit;
    }

    internal static bool IsType(byte type) => type is >= (byte)ZgType.Heartbeat and <= (byte)ZgType.Reserved35;

    internal static int ReadLength(ReadOnlySpan<byte> unit) => BinaryPrimitives.ReadUInt16LittleEndian(unit[2..]);

    /// <summary>Whether a unit of that type can carry that length in that dialect.</summary>
    internal static bool IsLength(ZgDialect dialect, byte type, int length) => dialect == ZgDialect.Numbered
        ? length is >= LeastNumbered and <= LeastNumbered + MaxData
        : length <= IdLength + MaxData && ((ZgType)type != ZgType.Register || length >= IdLength);

    /// <summary>
    /// Whether a numbered unit's id can begin with these bytes: letters and digits, then padding. Anything printable would let text in a plain unit that ends
    /// with a brace pass for a numbered one.
    /// </summary>
    internal static bool CanBeginNumber(ReadOnlySpan<byte> bytes)
    {
        var field = bytes.Length > IdLength ? bytes[..IdLength] : bytes;
        var end = field.IndexOfAnyExcept(LettersAndDigits);
        return end != 0 && IdField.CanBegin(field, IdLength) && (end < 0 || !field[end..].ContainsAnyExcept((byte)0, (byte)' '));
    }

    /// <summary>The whole unit's bytes for a length field's value.</summary>
    internal static int UnitLength(ZgDialect dialect, int length) => ContentOffset + length + (dialect == ZgDialect.Plain ? 1 : 0);

    internal static void Write(Span<byte> unit, ZgType type, ZgDialect dialect, ReadOnlySpan<byte> id, ReadOnlySpan<byte> data)
    {
        if (id.Length + data.Length > IdLength + MaxData)
        {
            throw new ArgumentException($"a ZG unit carries at most {MaxData} bytes, not {data.Length}", nameof(data));
        }

        unit[0] = Head;
        unit[1] = (byte)type;
        BinaryPrimitives.WriteUInt16LittleEndian(unit[2..], (ushort)(id.Length + data.Length + (dialect == ZgDialect.Numbered ? 1 : 0)));
        id.CopyTo(unit[ContentOffset..]);
        data.CopyTo(unit[(ContentOffset + id.Length)..]);
        unit[ContentOffset + id.Length + data.Length] = End;
    }
}
