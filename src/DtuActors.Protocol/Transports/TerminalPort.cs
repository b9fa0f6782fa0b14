using DtuActors.Protocol.Framing;

namespace DtuActors.Protocol.Transports;

/// <summary>
/// The connection of a <see cref="Terminal"/> to its centre, as a protocol of a port: the payloads of the centre's units are the line's bytes, and the DTU's answers go out by
/// themselves. What is written comes wrapped: only who wrote it knows where a frame ends.
/// </summary>
/// <param name="terminal">The DTU's side.</param>
/// <param name="isListening">Whether nothing that comes reaches the instrument: data are not confirmed then.</param>
public sealed class TerminalPort(Terminal terminal, bool isListening) : PortProtocol
{
    // Longer than any unit of a table's row.
    private const int MaxUnit = 4096;

    private readonly Framer _units = new(terminal.Codec, MaxUnit);
    private readonly List<byte> _answers = [];

    /// <inheritdoc/>
    public override int Answers => _answers.Count;

    /// <inheritdoc/>
    public override TimeSpan? SilenceDue => _units.SilenceDue;

    /// <inheritdoc/>
    public override ReadOnlyMemory<byte> TakeAnswers()
    {
        if (_answers.Count == 0)
        {
            return default;
        }

        var answers = _answers.ToArray();
        _answers.Clear();
        return answers;
    }

    /// <inheritdoc/>
    public override void Feed<T>(ReadOnlySpan<byte> bytes, ref T sink)
    {
        var units = new Units<T>(this, sink);
        _units.Feed(bytes, ref units);
        sink = units.Sink;
    }

    /// <inheritdoc/>
    public override void Silence<T>(ref T sink)
    {
        var units = new Units<T>(this, sink);
        _units.Silence(ref units);
        sink = units.Sink;
    }

    private struct Units<T>(TerminalPort port, T sink) : IFrameSink
        where T : IPortSink
    {
        private T _sink = sink;

        public readonly T Sink => _sink;

        public void OnFrame(ReadOnlySpan<byte> frame)
        {
            var unit = port.Open(frame);
            if (unit.Kind == TerminalKind.Data)
            {
                _sink.OnData(unit.Payload(frame));
            }
            else
            {
                _sink.OnKept(frame, unit.Kind == TerminalKind.Reply);
            }
        }

        public readonly void OnHeartbeat(ReadOnlySpan<byte> heartbeat)
        {
        }

        public void OnDropped(ReadOnlySpan<byte> bytes, string reason) => _sink.OnDropped(bytes, reason);
    }

    private TerminalUnit Open(ReadOnlySpan<byte> unit)
    {
        var opened = terminal.Open(unit);
        if (opened.Kind != TerminalKind.Data || !isListening)
        {
            _answers.AddRange(opened.Answer.Span);
        }

        return opened;
    }
}
