using DtuActors.Protocol.Framing;

namespace DtuActors.Protocol.Transports;

/// <summary>
/// <c>ddp</c>: Hongdian's DDP over TCP, see <see cref="Ddp"/>. Every registration is answered with 81, since the DTU repeats it as its heartbeat and counts the answers. A
/// leave (02) is not answered: 82 makes the DTU restart. Data are not acknowledged with 85, which DTUs do not wait for unless told to.
/// </summary>
internal sealed class DdpEnvelope : Envelope
{
    private static readonly DdpCodec Units = new();

    public override string Name => "ddp";

    public override Codec Codec => Units;

    public override EnvelopeUnit Open(ReadOnlySpan<byte> unit)
    {
        if (unit.Length < Ddp.Overhead)
        {
            return new EnvelopeUnit(EnvelopeKind.Notice, null, 0, 0, default);
        }

        var id = Ddp.ReadId(unit);
        var length = unit.Length - Ddp.Overhead;
        return (DdpType)unit[1] switch
        {
            DdpType.Register => new EnvelopeUnit(EnvelopeKind.Registration, id, Ddp.DataOffset, 0, Registered(unit)),
            DdpType.Data => new EnvelopeUnit(EnvelopeKind.Data, id, Ddp.DataOffset, length, default),
            DdpType.Unregister => new EnvelopeUnit(EnvelopeKind.Leave, id, Ddp.DataOffset, 0, default),
            _ => new EnvelopeUnit(EnvelopeKind.Notice, id, Ddp.DataOffset, length, default),
        };
    }

    /// <inheritdoc/>
    /// <remarks>Nothing for an empty payload. Throws <see cref="ArgumentException"/> for an id that no DDP unit can carry (longer than 11 characters).</remarks>
    public override byte[] Wrap(string id, ReadOnlySpan<byte> payload)
    {
        var units = (payload.Length + Ddp.MaxData - 1) / Ddp.MaxData;
        var wrapped = new byte[payload.Length + (units * Ddp.Overhead)];
        var rest = wrapped.AsSpan();
        while (payload.Length > 0)
        {
            var data = payload[..Math.Min(payload.Length, Ddp.MaxData)];
            Ddp.Write(rest[..(Ddp.Overhead + data.Length)], DdpType.CentreData, id, data);
            payload = payload[data.Length..];
            rest = rest[(Ddp.Overhead + data.Length)..];
        }

        return wrapped;
    }

    /// <summary>The answer carries the id field byte for byte, padding and all, so that the DTU knows itself.</summary>
    private static byte[] Registered(ReadOnlySpan<byte> unit)
    {
        var reply = new byte[Ddp.Overhead];
        unit[..Ddp.DataOffset].CopyTo(reply);
        reply[1] = (byte)DdpType.Registered;
        reply[2] = 0;
        reply[3] = Ddp.Overhead;
        reply[^1] = Ddp.Mark;
        return reply;
    }
}
