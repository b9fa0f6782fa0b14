using DtuActors.Protocol.Framing;

namespace DtuActors.Protocol.Transports;

/// <summary>
/// <c>ddp</c> over UDP: see <see cref="DdpDatagram"/>. Answers as <see cref="DdpEnvelope"/> does. Downlinks leave with the length 16 and the data behind the second mark, one
/// unit a datagram, with the id field as the DTU writes it.
/// </summary>
internal sealed class DdpDatagramEnvelope : Envelope
{
    private static readonly DatagramCodec Units = new("ddp", static datagram => DdpDatagram.TryOpen(datagram, out _));

    private byte[]? _idField;

    public override string Name => "ddp";

    public override Codec Codec => Units;

    public override bool NamesDtuInEveryUnit => true;

    public override int MostPayload => Ddp.MaxData;

    public override EnvelopeUnit Open(ReadOnlySpan<byte> unit)
    {
        if (!DdpDatagram.TryOpen(unit, out var opened))
        {
            return new EnvelopeUnit(EnvelopeKind.Notice, null, 0, 0, default);
        }

        var field = unit.Slice(Ddp.IdOffset, Ddp.IdLength);
        if (opened.Id is not null && !field.SequenceEqual(_idField))
        {
            _idField = field.ToArray();
        }

        return opened;
    }

    /// <inheritdoc/>
    /// <remarks>Nothing for an empty payload. Throws <see cref="ArgumentException"/>, before the DTU's first unit, for an id that no DDP unit can carry.</remarks>
    public override byte[] Wrap(string id, ReadOnlySpan<byte> payload)
    {
        if (payload.IsEmpty)
        {
            return [];
        }

        var datagram = DdpDatagram.Build(DdpType.CentreData, _idField is null ? id : "-", payload);
        _idField?.CopyTo(datagram.AsSpan(Ddp.IdOffset));
        return datagram;
    }
}
