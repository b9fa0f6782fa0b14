using DtuActors.Protocol.Framing;

namespace DtuActors.Protocol.Transports;

/// <summary>
/// <c>zg</c>: see <see cref="Zg"/>. A heartbeat is answered in the DTU's dialect: with an empty one, or, numbered, with itself. Downlinks go in the dialect
/// that the DTU spoke last, plain before it spoke, and numbered ones carry the id as the DTU writes it.
/// </summary>
internal sealed class ZgEnvelope : Envelope
{
    private static readonly byte[] PlainHeartbeat = Zg.Build(ZgType.Heartbeat, []);

    private byte[]? _idField;
    private string? _id;

    public ZgEnvelope() => Codec = new ZgCodec(this);

    public override string Name => "zg";

    public override Codec Codec { get; }

    /// <summary>The dialect of the last unit, null before the first.</summary>
    internal ZgDialect? Dialect { get; private set; }

    public override EnvelopeUnit Open(ReadOnlySpan<byte> unit)
    {
        if (unit.Length <= Zg.ContentOffset)
        {
            return new EnvelopeUnit(EnvelopeKind.Notice, null, 0, 0, default);
        }

        var numbered = unit.Length == Zg.UnitLength(ZgDialect.Numbered, Zg.ReadLength(unit)) && unit.Length > Zg.ContentOffset + Zg.IdLength;
        Dialect = numbered ? ZgDialect.Numbered : ZgDialect.Plain;
        var type = (ZgType)unit[1];
        string? id = null;
        var offset = Zg.ContentOffset;
        if (numbered || (type == ZgType.Register && unit.Length > Zg.ContentOffset + Zg.IdLength))
        {
            var field = unit.Slice(Zg.ContentOffset, Zg.IdLength);
            if (!field.SequenceEqual(_idField))
            {
                _idField = field.ToArray();
                _id = IdField.Read(field);
            }

            id = _id;
            offset += Zg.IdLength;
        }

        var length = unit.Length - 1 - offset;
        return type switch
        {
            ZgType.Register => new EnvelopeUnit(EnvelopeKind.Registration, id, offset, 0, default),
            ZgType.Heartbeat => new EnvelopeUnit(EnvelopeKind.Heartbeat, id, offset, 0, numbered ? unit.ToArray() : PlainHeartbeat),
            ZgType.Data => new EnvelopeUnit(EnvelopeKind.Data, id, offset, length, default),
            _ => new EnvelopeUnit(EnvelopeKind.Notice, id, offset, length, default),
        };
    }

    /// <inheritdoc/>
    /// <remarks>Nothing for an empty payload.</remarks>
    public override byte[] Wrap(string id, ReadOnlySpan<byte> payload)
    {
        var dialect = Dialect ?? ZgDialect.Plain;
        ReadOnlySpan<byte> field = dialect == ZgDialect.Numbered ? _idField : [];
        var overhead = Zg.ContentOffset + field.Length + 1;
        var units = (payload.Length + Zg.MaxData - 1) / Zg.MaxData;
        var wrapped = new byte[payload.Length + (units * overhead)];
        var rest = wrapped.AsSpan();
        while (payload.Length > 0)
        {
            var data = payload[..Math.Min(payload.Length, Zg.MaxData)];
            Zg.Write(rest, ZgType.Data, dialect, field, data);
            payload = payload[data.Length..];
            rest = rest[(overhead + data.Length)..];
        }

        return wrapped;
    }
}
