using DtuActors.Protocol.Framing;

namespace DtuActors.Protocol.Transports;

/// <summary>
/// <c>jbt</c>: see <see cref="Jbt"/>. A head says whose the bytes behind it are, until the next one: the first port's are data, the second port's (11) notices,
/// which never mix with the first port's; behind a registration nothing is expected. A registration (02) is answered with 03. What goes down goes to the first
/// port, as it is.
/// </summary>
internal sealed class JbtEnvelope : Envelope
{
    private JbtFunction _running;
    private byte[]? _phoneField;
    private string? _phone;

    public JbtEnvelope() => Codec = new JbtCodec(() => ExpectsData);

    public override string Name => "jbt";

    public override Codec Codec { get; }

    public override bool NamesDtuInEveryUnit => true;

    // Whether the last head announced bytes of a port.
    private bool ExpectsData => _running is JbtFunction.Data or JbtFunction.SecondPortData;

    public override EnvelopeUnit Open(ReadOnlySpan<byte> unit)
    {
        if (!Jbt.IsHead(unit))
        {
            return new EnvelopeUnit(_running == JbtFunction.Data ? EnvelopeKind.Data : EnvelopeKind.Notice, null, 0, unit.Length, default);
        }

        _running = (JbtFunction)unit[Jbt.FunctionOffset];
        var field = unit.Slice(Jbt.PhoneOffset, Jbt.PhoneLength);
        if (!field.SequenceEqual(_phoneField))
        {
            _phoneField = field.ToArray();
            _phone = IdField.Read(field);
        }

        return _running switch
        {
            JbtFunction.Register => new EnvelopeUnit(EnvelopeKind.Registration, _phone, Jbt.HeadLength, 0, Jbt.WithFunction(unit, JbtFunction.Registered)),
            JbtFunction.Data => new EnvelopeUnit(EnvelopeKind.Data, _phone, Jbt.HeadLength, 0, default),
            _ => new EnvelopeUnit(EnvelopeKind.Notice, _phone, Jbt.HeadLength, 0, default),
        };
    }

    public override byte[] Wrap(string id, ReadOnlySpan<byte> payload) => payload.ToArray();
}
