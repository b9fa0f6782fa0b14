using DtuActors.Protocol.Framing;

namespace DtuActors.Protocol.Transports;

/// <summary>
/// The DTU's side of <see cref="FourFaithProt"/>: its login where it said one, then escaped data. The centre has no login and answers nothing; an FE alone, which some
/// send back, is the answer to a heartbeat. A login that the DTU repeats goes up as a heartbeat: glued behind data nothing would tell it from data.
/// </summary>
internal sealed class FourFaithProtTerminal : Terminal
{
    private static readonly byte[] Heartbeat = [FourFaithProt.Heartbeat];

    // What the centre sends is what a DTU sends behind its login.
    private readonly FourFaithProtEnvelope _centre = new();

    /// <param name="unit">The DTU's first unit.</param>
    public FourFaithProtTerminal(ReadOnlyMemory<byte> unit)
    {
        _centre.SkipLogin();
        Registration = FourFaithProt.IsLogin(unit.Span) ? unit : default;
    }

    public override Codec Codec => _centre.Codec;

    public override ReadOnlyMemory<byte> Registration { get; }

    public override ReadOnlyMemory<byte> Repeat(ReadOnlyMemory<byte> unit) => FourFaithProt.IsLogin(unit.Span) ? Heartbeat : unit;

    public override byte[] Wrap(ReadOnlySpan<byte> payload) => FourFaithProt.Escape(payload);

    public override TerminalUnit Open(ReadOnlySpan<byte> unit)
    {
        var opened = _centre.Open(unit);
        return opened.Kind == EnvelopeKind.Data
            ? new TerminalUnit(TerminalKind.Data, opened.PayloadOffset, opened.PayloadLength) { Unescaped = opened.Unescaped }
            : new TerminalUnit(TerminalKind.Reply);
    }
}
