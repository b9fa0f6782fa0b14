using DtuActors.Protocol.Framing;

namespace DtuActors.Protocol.Transports;

/// <summary>
/// The DTU's side of <see cref="Zg"/>, in the dialect of the DTU's own unit, whatever the centre's is; plain where it said none. Data have one layout in both
/// directions. A DTU that numbers its units and has not registered does so here.
/// </summary>
internal sealed class ZgTerminal : Terminal
{
    private readonly ZgEnvelope _own = new();
    private readonly ZgEnvelope _centre = new();
    private readonly string _id = "";

    /// <param name="unit">The DTU's first unit.</param>
    public ZgTerminal(ReadOnlyMemory<byte> unit)
    {
        if (unit.IsEmpty)
        {
            return;
        }

        var opened = _own.Open(unit.Span);
        _centre.Open(unit.Span);
        _id = opened.Id ?? "";
        Registration = opened.Kind == EnvelopeKind.Registration ? unit
            : _own.Dialect == ZgDialect.Numbered && opened.Id is { } id ? Zg.BuildNumbered(ZgType.Register, id, [])
            : default;
    }

    public override Codec Codec => _centre.Codec;

    public override ReadOnlyMemory<byte> Registration { get; }

    public override byte[] Wrap(ReadOnlySpan<byte> payload) => _own.Wrap(_id, payload);

    public override TerminalUnit Open(ReadOnlySpan<byte> unit)
    {
        var opened = _centre.Open(unit);
        return opened.Kind switch
        {
            EnvelopeKind.Data => new TerminalUnit(TerminalKind.Data, opened.PayloadOffset, opened.PayloadLength),
            EnvelopeKind.Heartbeat or EnvelopeKind.Registration => new TerminalUnit(TerminalKind.Reply),
            _ => new TerminalUnit(TerminalKind.Command),
        };
    }
}
