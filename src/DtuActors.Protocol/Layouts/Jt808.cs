using System.Buffers.Binary;
using DtuActors.Protocol.Checksums;

namespace DtuActors.Protocol.Layouts;

/// <summary>
/// JT/T 808-2011, -2013 and -2019 (4.4): <c>7E | header | body | check | 7E</c>. The check is the exclusive or of header and body; then 7D is written 7D 01
/// and 7E is written 7D 02. The header: id (2), properties (2: body length in ten bits, encryption in three, sub-packet in bit 13, version 2019 in bit 14),
/// in 2019 a protocol version (1), the terminal's phone as BCD (6; 2019: 10), serial (2), and for a sub-packet total (2) and number (2). Big-endian.
/// </summary>
public static class Jt808
{
    /// <summary>The byte at both ends of a frame. Two frames may share one.</summary>
    public const byte Mark = 0x7E;

    /// <summary>The most body bytes of one frame: the length field has ten bits.</summary>
    public const int MaxBody = 0x3FF;

    /// <summary>The longest frame on the wire, in bytes: every byte between the marks escaped.</summary>
    public const int MaxFrame = 2 + (2 * MaxContent);

    internal const int MaxContent = Header2019 + PacketPart + MaxBody + 1;

    private const byte Escape = 0x7D;
    private const byte EscapedEscape = 0x01;
    private const byte EscapedMark = 0x02;
    private const int Header2013 = 12;
    private const int Header2019 = 17;
    private const int PacketPart = 4;
    private const int SubPacket = 1 << 13;
    private const int Version2019 = 1 << 14;

    /// <summary>What the bytes between two marks are.</summary>
    internal enum Content
    {
        /// <summary>A frame's: the length and the check are right.</summary>
        Right,

        /// <summary>A frame's by its length, with a wrong check.</summary>
        WrongCheck,

        /// <summary>Not a frame's.</summary>
        Other,
    }

    /// <summary>Whether the bytes are exactly one frame, marks included.</summary>
    public static bool IsValid(ReadOnlySpan<byte> frame) =>
        frame.Length > 2 && frame[0] == Mark && frame[^1] == Mark && Look(frame[1..^1]) == Content.Right;

    /// <summary>
    /// Builds one frame. A phone of 12 digits makes a header of 2013, one of 20 digits a header of 2019 with protocol version <paramref name="version"/>.
    /// </summary>
    /// <exception cref="ArgumentException">The phone has another length or is no digits, or the body is longer than <see cref="MaxBody"/>.</exception>
    public static byte[] Build(ushort id, string phone, ushort serial, ReadOnlySpan<byte> body, (ushort Total, ushort Number)? packet = null, byte version = 1)
    {
        ArgumentNullException.ThrowIfNull(phone);
        if (body.Length > MaxBody)
        {
            throw new ArgumentException($"a JT/T 808 frame carries at most {MaxBody} bytes, not {body.Length}", nameof(body));
        }

        var is2019 = phone.Length == 20;
        var content = new byte[(is2019 ? Header2019 : Header2013) + (packet is null ? 0 : PacketPart) + body.Length + 1];
        var properties = body.Length | (packet is null ? 0 : SubPacket) | (is2019 ? Version2019 : 0);
        BinaryPrimitives.WriteUInt16BigEndian(content, id);
        BinaryPrimitives.WriteUInt16BigEndian(content.AsSpan(2), (ushort)properties);
        var at = 4;
        if (is2019)
        {
            content[at++] = version;
        }

        var digits = content.AsSpan(at, is2019 ? 10 : 6);
        Bcd.Write(phone, digits, "a JT/T 808 phone (2019: 20 digits)");
        at += digits.Length;
        BinaryPrimitives.WriteUInt16BigEndian(content.AsSpan(at), serial);
        at += 2;
        if (packet is { } part)
        {
            BinaryPrimitives.WriteUInt16BigEndian(content.AsSpan(at), part.Total);
            BinaryPrimitives.WriteUInt16BigEndian(content.AsSpan(at + 2), part.Number);
            at += PacketPart;
        }

        body.CopyTo(content.AsSpan(at));
        content[^1] = Sums.Xor(content.AsSpan(0, content.Length - 1));
        return [Mark, .. content.SelectMany(Escaped), Mark];
    }

    /// <summary>The phone in a valid frame, all its digits (12, or 20 in 2019), or null.</summary>
    public static string? ReadPhone(ReadOnlySpan<byte> frame)
    {
        Span<byte> buffer = stackalloc byte[MaxContent];
        return TryRead(frame, buffer, out var message) ? Bcd.Digits(message.Phone) : null;
    }

    /// <summary>Reads a valid frame into <paramref name="buffer"/> of at least <see cref="MaxContent"/> bytes, which the message's spans point into.</summary>
    internal static bool TryRead(ReadOnlySpan<byte> frame, Span<byte> buffer, out Jt808Message message)
    {
        message = default;
        if (!IsValid(frame))
        {
            return false;
        }

        var length = 0;
        for (var i = 1; i < frame.Length - 1; i++)
        {
            var b = frame[i];
            buffer[length++] = b != Escape ? b : frame[++i] == EscapedMark ? Mark : Escape;
        }

        var content = buffer[..length];
        var properties = BinaryPrimitives.ReadUInt16BigEndian(content[2..]);
        var is2019 = (properties & Version2019) != 0;
        var phone = is2019 ? content.Slice(5, 10) : content.Slice(4, 6);
        var behind = content[(is2019 ? 15 : 10)..^1];
        var packet = (properties & SubPacket) != 0;
        message = new Jt808Message
        {
            Id = BinaryPrimitives.ReadUInt16BigEndian(content),
            Is2019 = is2019,
            IsEncrypted = (properties & 0x1C00) != 0,
            Phone = phone,
            Serial = BinaryPrimitives.ReadUInt16BigEndian(behind),
            Total = packet ? BinaryPrimitives.ReadUInt16BigEndian(behind[2..]) : (ushort)0,
            Number = packet ? BinaryPrimitives.ReadUInt16BigEndian(behind[4..]) : (ushort)0,
            Body = behind[(packet ? 2 + PacketPart : 2)..],
        };
        return true;
    }

    /// <summary>What stands between two marks, which it holds none of.</summary>
    internal static Content Look(ReadOnlySpan<byte> between)
    {
        var count = 0;
        var properties = 0;
        byte xor = 0;
        for (var i = 0; i < between.Length; i++)
        {
            var b = between[i];
            if (b == Mark)
            {
                return Content.Other;
            }

            if (b == Escape)
            {
                if (++i == between.Length || between[i] is not (EscapedEscape or EscapedMark))
                {
                    return Content.Other;
                }

                b = between[i] == EscapedMark ? Mark : Escape;
            }

            properties = count is 2 or 3 ? (properties << 8) | b : properties;
            xor ^= b;
            count++;
        }

        var header = ((properties & Version2019) != 0 ? Header2019 : Header2013) + ((properties & SubPacket) != 0 ? PacketPart : 0);
        return count != header + (properties & MaxBody) + 1 ? Content.Other : xor == 0 ? Content.Right : Content.WrongCheck;
    }

    private static byte[] Escaped(byte b) => b switch
    {
        Mark => [Escape, EscapedMark],
        Escape => [Escape, EscapedEscape],
        _ => [b],
    };
}

/// <summary>One frame of JT/T 808, unescaped.</summary>
internal readonly ref struct Jt808Message
{
    public ushort Id { get; init; }

    public bool Is2019 { get; init; }

    public bool IsEncrypted { get; init; }

    /// <summary>BCD.</summary>
    public ReadOnlySpan<byte> Phone { get; init; }

    public ushort Serial { get; init; }

    /// <summary>How many sub-packets there are; 0 where the message is none.</summary>
    public ushort Total { get; init; }

    /// <summary>This sub-packet's number, from 1.</summary>
    public ushort Number { get; init; }

    public ReadOnlySpan<byte> Body { get; init; }
}
