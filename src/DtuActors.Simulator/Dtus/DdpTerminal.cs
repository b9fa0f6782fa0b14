using System.Buffers.Binary;
using System.Net;
using System.Text;

namespace DtuActors.Simulator;

/// <summary>One unit of DDP that came from the centre.</summary>
internal readonly record struct DdpUnit(byte Type, byte[] Payload);

/// <summary>
/// The DTU's side of Hongdian's DDP over TCP (H7710s-DDP V3.0): <c>7B | type | length of the whole (2, big-endian) | id (11, NUL-padded) | data | 7B</c>.
/// Builds what goes up, cuts what comes down. Holds at most one unit; what belongs to none is given up byte by byte.
/// </summary>
internal sealed class DdpTerminal
{
    public const int IdLength = 11;

    /// <summary>The most data bytes of one unit.</summary>
    public const int MaxPayload = 1024;

    public const byte Register = 0x01;
    public const byte InvalidCommand = 0x04;
    public const byte DownlinkAcknowledged = 0x05;
    public const byte Uplink = 0x09;
    public const byte Registered = 0x81;
    public const byte Restart = 0x82;
    public const byte RegisterAgain = 0x83;
    public const byte Downlink = 0x89;
    public const byte Query = 0x8B;
    public const byte Set = 0x8D;
    public const byte Log = 0x8E;
    public const byte Upgrade = 0x8F;

    private const byte Flag = 0x7B;
    private const int HeaderLength = 4 + IdLength;
    private const int Overhead = HeaderLength + 1;

    private readonly byte[] _id;
    private byte[]? _pending;
    private int _length;

    public DdpTerminal(string id)
    {
        _id = new byte[IdLength];
        Encoding.ASCII.GetBytes(id, _id);
    }

    /// <summary>Bytes that belonged to no unit since the last call.</summary>
    public int TakeDiscarded()
    {
        var discarded = _discarded;
        _discarded = 0;
        return discarded;
    }

    private int _discarded;

    /// <summary>A unit without data, or with up to <see cref="MaxPayload"/> bytes of it.</summary>
    public byte[] Build(byte type, ReadOnlySpan<byte> payload = default)
    {
        var unit = new byte[Overhead + payload.Length];
        Write(unit, type, payload);
        return unit;
    }

    /// <summary>The registration, which is the heartbeat too: with the DTU's own address and port.</summary>
    public byte[] BuildRegistration(EndPoint? local)
    {
        Span<byte> data = stackalloc byte[6];
        if (local is IPEndPoint { Address: var address, Port: var port })
        {
            // An IPv6 address has no room in the layout: it stays 0.0.0.0.
            if (address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork || address.IsIPv4MappedToIPv6)
            {
                address.MapToIPv4().TryWriteBytes(data, out _);
            }

            BinaryPrimitives.WriteUInt16BigEndian(data[4..], (ushort)port);
        }

        return Build(Register, data);
    }

    /// <summary>The instrument's bytes in as many 0x09 units as they need, one behind the other.</summary>
    public byte[] Wrap(ReadOnlySpan<byte> payload)
    {
        var count = (payload.Length + MaxPayload - 1) / MaxPayload;
        var units = new byte[payload.Length + (count * Overhead)];
        var rest = units.AsSpan();
        while (!payload.IsEmpty)
        {
            var part = payload[..Math.Min(MaxPayload, payload.Length)];
            Write(rest[..(Overhead + part.Length)], Uplink, part);
            payload = payload[part.Length..];
            rest = rest[(Overhead + part.Length)..];
        }

        return units;
    }

    /// <summary>Takes bytes until the buffer is full, and says how many it took.</summary>
    public int Append(ReadOnlySpan<byte> bytes)
    {
        _pending ??= new byte[MaxPayload + Overhead];
        var taken = Math.Min(bytes.Length, _pending.Length - _length);
        bytes[..taken].CopyTo(_pending.AsSpan(_length));
        _length += taken;
        return taken;
    }

    /// <summary>The next whole unit, or null where more bytes are needed.</summary>
    public DdpUnit? Next()
    {
        var start = 0;
        DdpUnit? unit = null;
        while (unit is null && start < _length)
        {
            var head = _pending.AsSpan(start, _length - start);
            if (!MayBegin(head))
            {
                start++;
                _discarded++;
                continue;
            }

            if (head.Length < HeaderLength || head.Length < Total(head))
            {
                break;
            }

            var total = Total(head);
            if (head[total - 1] != Flag)
            {
                start++;
                _discarded++;
                continue;
            }

            unit = new DdpUnit(head[1], head[HeaderLength..(total - 1)].ToArray());
            start += total;
        }

        _pending.AsSpan(start, _length - start).CopyTo(_pending);
        _length -= start;
        return unit;
    }

    // Data may hold 7B as well: a head is one only with a type of the centre's and a length that can be.
    private static bool MayBegin(ReadOnlySpan<byte> head) =>
        head[0] == Flag
        && (head.Length < 2 || head[1] is >= Registered and <= 0x85 or Downlink or Query or Set or Log or Upgrade)
        && (head.Length < 4 || Total(head) is >= Overhead and <= MaxPayload + Overhead);

    private static int Total(ReadOnlySpan<byte> head) => BinaryPrimitives.ReadUInt16BigEndian(head[2..]);

    private void Write(Span<byte> unit, byte type, ReadOnlySpan<byte> payload)
    {
        unit[0] = Flag;
        unit[1] = type;
        BinaryPrimitives.WriteUInt16BigEndian(unit[2..], (ushort)unit.Length);
        _id.CopyTo(unit[4..]);
        payload.CopyTo(unit[HeaderLength..]);
        unit[^1] = Flag;
    }
}
