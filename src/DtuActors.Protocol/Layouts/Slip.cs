namespace DtuActors.Protocol.Layouts;

/// <summary>
/// SLIP (RFC 1055): a packet ends with C0; in it C0 is written DB DC and DB is written DB DD. A sender may put C0 in front, too, to end what noise began.
/// </summary>
public static class Slip
{
    /// <summary>Ends a packet.</summary>
    public const byte End = 0xC0;

    /// <summary>The first of two bytes that stand for one.</summary>
    public const byte Escape = 0xDB;

    /// <summary>Behind <see cref="Escape"/>: stands for <see cref="End"/>.</summary>
    public const byte EscapedEnd = 0xDC;

    /// <summary>Behind <see cref="Escape"/>: stands for <see cref="Escape"/>.</summary>
    public const byte EscapedEscape = 0xDD;

    /// <summary>
    /// How many bytes the packet between the ends of <paramref name="frame"/> has; -1 where it has none, no end, or an escape that stands for nothing.
    /// </summary>
    public static int DecodedLength(ReadOnlySpan<byte> frame)
    {
        var start = frame.IndexOfAnyExcept(End);
        return start >= 0 && frame[^1] == End ? PacketLength(frame[start..^1]) : -1;
    }

    /// <summary>The packet as it goes over the wire, with an end in front where <paramref name="leadingEnd"/> asks for it.</summary>
    public static byte[] Build(ReadOnlySpan<byte> packet, bool leadingEnd = false)
    {
        var wire = new List<byte>(packet.Length + 2);
        if (leadingEnd)
        {
            wire.Add(End);
        }

        foreach (var b in packet)
        {
            switch (b)
            {
                case End:
                    wire.AddRange([Escape, EscapedEnd]);
                    break;
                case Escape:
                    wire.AddRange([Escape, EscapedEscape]);
                    break;
                default:
                    wire.Add(b);
                    break;
            }
        }

        wire.Add(End);
        return [.. wire];
    }

    /// <summary>How many bytes these, without ends, stand for; -1 where an escape stands for nothing or an end is among them.</summary>
    internal static int PacketLength(ReadOnlySpan<byte> escaped)
    {
        var length = escaped.Length;
        while (escaped.IndexOfAny(Escape, End) is >= 0 and var at)
        {
            if (escaped[at] == End || at + 1 == escaped.Length || escaped[at + 1] is not (EscapedEnd or EscapedEscape))
            {
                return -1;
            }

            length--;
            escaped = escaped[(at + 2)..];
        }

        return length;
    }
}
