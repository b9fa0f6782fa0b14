using DtuActors.Protocol.Framing;

namespace DtuActors.Protocol.Transports;

/// <summary>
/// The DTU's side of <see cref="Jbt"/>: the first port's bytes go up behind a head of the DTU's own. What comes without a head is the first port's, what follows the
/// second port's head (12) is that port's up to the next head.
/// </summary>
internal sealed class JbtTerminal : Terminal
{
    private readonly byte[] _dataHead;
    private bool _isSecondPort;

    private JbtTerminal(ReadOnlySpan<byte> head)
    {
        _dataHead = Jbt.WithFunction(head, JbtFunction.Data);
        Registration = Jbt.WithFunction(head, JbtFunction.Register);
    }

    public override Codec Codec { get; } = new JbtCodec(() => true);

    public override ReadOnlyMemory<byte> Registration { get; }

    /// <summary>The DTU whose head <paramref name="unit"/> is; null where it is none.</summary>
    public static JbtTerminal? Of(ReadOnlyMemory<byte> unit) => Jbt.IsHead(unit.Span) ? new JbtTerminal(unit.Span) : null;

    public override byte[] Wrap(ReadOnlySpan<byte> payload) => payload.IsEmpty ? [] : [.. _dataHead, .. payload];

    public override TerminalUnit Open(ReadOnlySpan<byte> unit)
    {
        if (!Jbt.IsHead(unit))
        {
            return new TerminalUnit(_isSecondPort ? TerminalKind.Command : TerminalKind.Data, 0, unit.Length);
        }

        var function = (JbtFunction)unit[Jbt.FunctionOffset];
        _isSecondPort = function == JbtFunction.SecondPortDown;
        return new TerminalUnit(function == JbtFunction.Registered ? TerminalKind.Reply : TerminalKind.Command);
    }
}
