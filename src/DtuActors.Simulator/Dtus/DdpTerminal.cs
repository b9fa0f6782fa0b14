using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using DtuActors.Protocol.Framing;
using DtuActors.Protocol.Transports;

namespace DtuActors.Simulator;

/// <summary>One unit of DDP that came from the centre.</summary>
internal readonly record struct DdpUnit(DdpType Type, byte[] Data);

/// <summary>
/// The DTU's side of Hongdian's DDP over TCP, in the layout of <see cref="Ddp"/>: builds what goes up, cuts what comes down. Holds at most one unit.
/// </summary>
internal sealed class DdpTerminal(string id)
{
    private static readonly Codec Codec = Envelopes.Find("ddp")?.Invoke().Codec ?? throw new InvalidOperationException("no envelope ddp");

    private byte[]? _pending;
    private int _length;
    private int _discarded;

    /// <summary>A unit without data.</summary>
    public byte[] Build(DdpType type) => Ddp.Build(type, id, []);

    /// <summary>The registration, which is the heartbeat too: with the DTU's own IPv4 address (0.0.0.0 where it has none) and port.</summary>
    public byte[] BuildRegistration(EndPoint? local)
    {
        Span<byte> data = stackalloc byte[6];
        if (local is IPEndPoint { Address: var address, Port: var port })
        {
            if (address.AddressFamily == AddressFamily.InterNetwork || address.IsIPv4MappedToIPv6)
            {
                address.MapToIPv4().TryWriteBytes(data, out _);
            }

            BinaryPrimitives.WriteUInt16BigEndian(data[4..], (ushort)port);
        }

        return Ddp.Build(DdpType.Register, id, data);
    }

    /// <summary>The instrument's bytes in as many units as they need, one behind the other.</summary>
    public byte[] Wrap(ReadOnlySpan<byte> payload)
    {
        if (payload.Length <= Ddp.MaxData)
        {
            return payload.IsEmpty ? [] : Ddp.Build(DdpType.Data, id, payload);
        }

        return [.. Ddp.Build(DdpType.Data, id, payload[..Ddp.MaxData]), .. Wrap(payload[Ddp.MaxData..])];
    }

    /// <summary>Takes bytes until the buffer is full, and says how many it took. <see cref="Next"/> then makes room for the rest.</summary>
    public int Append(ReadOnlySpan<byte> bytes)
    {
        _pending ??= new byte[Ddp.MaxUnit];
        var taken = Math.Min(bytes.Length, _pending.Length - _length);
        bytes[..taken].CopyTo(_pending.AsSpan(_length));
        _length += taken;
        return taken;
    }

    /// <summary>The next whole unit, or null where more bytes are needed.</summary>
    public DdpUnit? Next()
    {
        while (_length > 0)
        {
            var head = _pending.AsSpan(0, _length);
            var cut = Codec.Next(head, 0, silent: false);
            switch (cut.Kind)
            {
                case CutKind.Wait:
                    return null;
                case CutKind.Frame:
                    var unit = new DdpUnit((DdpType)head[1], head[Ddp.DataOffset..(cut.Length - 1)].ToArray());
                    Shift(cut.Length);
                    return unit;
                default:
                    _discarded += cut.Length;
                    Shift(cut.Length);
                    break;
            }
        }

        return null;
    }

    /// <summary>Bytes that belonged to no unit since the last call.</summary>
    public int TakeDiscarded()
    {
        var discarded = _discarded;
        _discarded = 0;
        return discarded;
    }

    private void Shift(int count)
    {
        _pending.AsSpan(count, _length - count).CopyTo(_pending);
        _length -= count;
    }
}
