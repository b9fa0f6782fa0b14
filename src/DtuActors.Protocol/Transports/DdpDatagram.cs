using System.Buffers.Binary;

namespace DtuActors.Protocol.Transports;

/// <summary>
/// Hongdian's DDP over UDP, which Four-Faith's UDP mode speaks as well: one unit a datagram, <c>7B | type | 0010 | id (11) | 7B | data</c>. The length stays
/// 16, and the data are what stands behind the second mark (Four-Faith, "UDP data format"); units without data are those of <see cref="Ddp"/>. In the field the
/// length also counts the data, which then stand in front of the last mark, as over TCP, or behind it: all three are read, and the first is written. A
/// datagram's end is a boundary: nothing is put together out of two.
/// </summary>
public static class DdpDatagram
{
    /// <summary>
    /// Opens a whole datagram: what it means, whose it is and what it carries, and the answer to a registration. False where it is no unit of DDP. Never
    /// throws. The type is the datagram's second byte, one of <see cref="DdpType"/>.
    /// </summary>
    public static bool TryOpen(ReadOnlySpan<byte> datagram, out EnvelopeUnit unit)
    {
        unit = default;
        if (datagram.Length < Ddp.Overhead || datagram[0] != Ddp.Mark || !Ddp.IsType(datagram[1]))
        {
            return false;
        }

        int length = BinaryPrimitives.ReadUInt16BigEndian(datagram[2..]);
        var inFront = length == datagram.Length && Ddp.IsLength(datagram[1], length) && datagram[^1] == Ddp.Mark;
        var behind = datagram[Ddp.DataOffset] == Ddp.Mark && (length == Ddp.Overhead || length == datagram.Length);
        if ((!inFront && !behind) || datagram.Length > Ddp.MaxUnit)
        {
            return false;
        }

        var offset = inFront ? Ddp.DataOffset : Ddp.Overhead;
        var id = Ddp.ReadId(datagram);
        var data = datagram.Length - Ddp.Overhead;
        unit = (DdpType)datagram[1] switch
        {
            DdpType.Register => new EnvelopeUnit(EnvelopeKind.Registration, id, offset, 0, Ddp.Registered(datagram)),
            DdpType.Data => new EnvelopeUnit(EnvelopeKind.Data, id, offset, data, default),
            DdpType.Unregister => new EnvelopeUnit(EnvelopeKind.Leave, id, offset, 0, default),
            _ => new EnvelopeUnit(EnvelopeKind.Notice, id, offset, data, default),
        };
        return true;
    }

    /// <summary>Builds a datagram whose length stays 16, with the data behind the second mark.</summary>
    /// <exception cref="ArgumentException">The id is not 1 to 11 printable ASCII characters, or the data are longer than <see cref="Ddp.MaxData"/>.</exception>
    public static byte[] Build(DdpType type, string id, ReadOnlySpan<byte> data)
    {
        if (data.Length > Ddp.MaxData)
        {
            throw new ArgumentException($"a DDP unit carries at most {Ddp.MaxData} bytes, not {data.Length}", nameof(data));
        }

        var datagram = new byte[Ddp.Overhead + data.Length];
        Ddp.Write(datagram.AsSpan(0, Ddp.Overhead), type, id, []);
        data.CopyTo(datagram.AsSpan(Ddp.Overhead));
        return datagram;
    }

    /// <summary>Builds the answer to a registration that <see cref="TryOpen"/> opened: 81 with its id field byte for byte.</summary>
    /// <exception cref="ArgumentException">The datagram is shorter than a unit.</exception>
    public static byte[] Acknowledge(ReadOnlySpan<byte> registration) => registration.Length >= Ddp.Overhead
        ? Ddp.Registered(registration)
        : throw new ArgumentException($"a DDP unit has at least {Ddp.Overhead} bytes, not {registration.Length}", nameof(registration));
}
