using DtuActors.Protocol.Framing;

namespace DtuActors.Protocol.Transports;

/// <summary>
/// <c>ddp</c>: Hongdian's DDP over TCP, see <see cref="Ddp"/>. Every registration is answered with 81, since the DTU repeats it as its heartbeat and counts the
/// answers. A leave (02) is not answered: 82 makes the DTU restart. Data are not acknowledged with 85, which DTUs do not wait for unless told to.
/// </summary>
internal sealed class DdpEnvelope : Envelope
{
    private static readonly DdpCodec Units = new();

    private byte[]? _idField;
    private string? _id;

    public override string Name => "ddp";

    public override Codec Codec => Units;

    public override bool NamesDtuInEveryUnit => true;

    public override EnvelopeUnit Open(ReadOnlySpan<byte> unit)
    {
        if (unit.Length < Ddp.Overhead)
        {
            return new EnvelopeUnit(EnvelopeKind.Notice, null, 0, 0, default);
        }

        var field = unit.Slice(Ddp.IdOffset, Ddp.IdLength);
        if (!field.SequenceEqual(_idField))
        {
            _idField = field.ToArray();
            _id = Ddp.ReadId(unit);
        }

        var id = _id;
        var length = unit.Length - Ddp.Overhead;
        return (DdpType)unit[1] switch
        {
            DdpType.Register => new EnvelopeUnit(EnvelopeKind.Registration, id, Ddp.DataOffset, 0, Ddp.Registered(unit)),
            DdpType.Data => new EnvelopeUnit(EnvelopeKind.Data, id, Ddp.DataOffset, length, default),
            DdpType.Unregister => new EnvelopeUnit(EnvelopeKind.Leave, id, Ddp.DataOffset, 0, default),
            _ => new EnvelopeUnit(EnvelopeKind.Notice, id, Ddp.DataOffset, length, default),
        };
    }

    /// <inheritdoc/>
    /// <remarks>
    /// Nothing for an empty payload. The units carry the id field of the DTU's last unit, padded as it pads; only before its first one <paramref name="id"/>.
    /// Throws <see cref="ArgumentException"/> there for an id that no DDP unit can carry (longer than 11 characters).
    /// </remarks>
    public override byte[] Wrap(string id, ReadOnlySpan<byte> payload)
    {
        if (_id is not null)
        {
            return Ddp.Wrap(DdpType.CentreData, _idField, payload);
        }

        Span<byte> field = stackalloc byte[Ddp.IdLength];
        IdField.Write(field, id, "a DDP id");
        return Ddp.Wrap(DdpType.CentreData, field, payload);
    }
}
