using DtuActors.Protocol.Framing;

namespace DtuActors.Protocol.Transports;

/// <summary>
/// <c>four-faith-prot</c>: see <see cref="FourFaithProt"/>. The id is the phone number, the other id the device id as 8 hex digits. A login that is repeated on
/// a live link, byte for byte the same, is a registration again where it stands at the head of a burst (or behind a heartbeat or such a login); glued behind
/// data nothing tells it from data. Data come on without waiting for their frame's rest.
/// </summary>
internal sealed class FourFaithProtEnvelope : Envelope
{
    private byte[]? _login;
    private bool _hasData;

    public FourFaithProtEnvelope() => Codec = new FourFaithProtCodec(this);

    public override string Name => "four-faith-prot";

    public override Codec Codec { get; }

    /// <summary>The login that came, empty where none did.</summary>
    internal ReadOnlySpan<byte> Login => _login;

    /// <summary>Whether the stream's first bytes are still to come, heartbeats not counted.</summary>
    internal bool AwaitsLogin => _login is null && !_hasData;

    /// <summary>Whether the stream may begin with data: <see cref="AssumeLoggedIn"/>.</summary>
    internal bool LoginMayBeMissing { get; private set; }

    /// <inheritdoc/>
    /// <remarks>A login is understood nevertheless, but at the stream's beginning only. Bytes that may begin one wait for its rest for a second.</remarks>
    public override void AssumeLoggedIn() => LoginMayBeMissing = true;

    /// <summary>Says that no login comes at all: the stream is a centre's.</summary>
    internal void SkipLogin() => _hasData = true;

    public override EnvelopeUnit Open(ReadOnlySpan<byte> unit)
    {
        if (unit is [FourFaithProt.Heartbeat])
        {
            return new EnvelopeUnit(EnvelopeKind.Heartbeat, null, 0, 0, default);
        }

        if (AwaitsLogin ? FourFaithProt.IsLogin(unit) : !Login.IsEmpty && unit.SequenceEqual(Login))
        {
            _login ??= unit.ToArray();
            return new EnvelopeUnit(EnvelopeKind.Registration, FourFaithProt.ReadPhone(unit), 0, 0, default) { OtherId = FourFaithProt.ReadDeviceId(unit) };
        }

        _hasData = true;
        var data = new EnvelopeUnit(EnvelopeKind.Data, null, 0, unit.Length, default);
        return unit.Contains(FourFaithProt.EscapeMark) ? data with { Unescaped = FourFaithProt.Unescape(unit) } : data;
    }

    public override byte[] Wrap(string id, ReadOnlySpan<byte> payload) => FourFaithProt.Escape(payload);
}
