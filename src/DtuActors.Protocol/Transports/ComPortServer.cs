using System.Buffers;
using System.Buffers.Binary;

namespace DtuActors.Protocol.Transports;

/// <summary>
/// The server's side of RFC 2217, Telnet's COM-PORT-OPTION, for one client. Each command is answered under its number + 100, modem lines or not: there are
/// none here, and the client's own come back as over a null-modem cable, DTR as DSR and CD, RTS as CTS. A value that is none is answered with the one in
/// force. What is asked of the line itself, and of its buffers, is the owner's to do (<see cref="IPortSink"/>).
/// </summary>
public sealed class ComPortServer : PortProtocol
{
    private const byte AnswerOffset = 100;
    private const byte LineEmpty = 0x60;
    private static readonly byte[] Signature = "DtuActors"u8.ToArray();

    private readonly ArrayBufferWriter<byte> _answers = new();
    private readonly TelnetReader _reader = new();
    private readonly TelnetOptions _options = new();

    // A port that is open has both on; a client that wants otherwise says so.
    private bool _dtr = true;
    private bool _rts = true;
    private bool _break;
    private byte _flow = Control.NoFlow;
    private byte _flowIn = Control.NoFlowIn;
    private byte _lineMask;
    private byte _modemMask = byte.MaxValue;
    private byte _modemTold;

    /// <summary>Begins with what a server asks for first.</summary>
    public ComPortServer() => _options.Begin(_answers);

    /// <inheritdoc/>
    public override int Answers => _answers.WrittenCount;

    private byte ModemState => (byte)((_dtr ? Modem.Dsr | Modem.Cd : 0) | (_rts ? Modem.Cts : 0));

    /// <inheritdoc/>
    public override ReadOnlyMemory<byte> TakeAnswers()
    {
        var taken = _answers.WrittenSpan.ToArray();
        _answers.ResetWrittenCount();
        return taken;
    }

    /// <inheritdoc/>
    public override void Feed<T>(ReadOnlySpan<byte> bytes, ref T sink)
    {
        var inner = new Sink<T>(this, sink);
        _reader.Feed(bytes, ref inner);
        sink = inner.Outer;
    }

    /// <inheritdoc/>
    public override ReadOnlyMemory<byte> Encode(ReadOnlyMemory<byte> data) => Telnet.Escape(data);

    /// <inheritdoc/>
    public override void Tell(LineField field, LineSettings line)
    {
        Span<byte> value = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32BigEndian(value, line[field]);
        Answer((byte)field, field is LineField.Baud ? value : value[^1..]);
    }

    /// <inheritdoc/>
    public override void TellPurged(PortBuffers buffers) => Answer(Command.Purge, [(byte)buffers]);

    private void OnNegotiation(byte verb, byte option)
    {
        var spoke = _options.SpeaksComPort;
        _options.On(verb, option, _answers);
        if (!spoke && _options.SpeaksComPort)
        {
            // Some ask for the lines before anything about them has changed.
            NotifyModem(isAsked: true);
        }
    }

    private void OnSubnegotiation<T>(ReadOnlySpan<byte> content, ref T sink)
        where T : IPortSink
    {
        if (content is not [TelnetOptions.ComPort, var command, .. var value])
        {
            return;
        }

        // A command without its value asks for the one in force.
        var first = value.IsEmpty ? (byte)0 : value[0];
        switch (command)
        {
            case Command.Signature:
                Answer(command, Signature);
                break;
            case (byte)LineField.Baud:
                sink.OnLine(LineField.Baud, value.Length < sizeof(uint) ? 0 : BinaryPrimitives.ReadUInt32BigEndian(value));
                break;
            case (byte)LineField.DataBits or (byte)LineField.Parity or (byte)LineField.StopBits:
                sink.OnLine((LineField)command, first);
                break;
            case Command.Control:
                OnControl(first);
                break;
            case Command.NotifyLine:
                Answer(command, [(byte)(LineEmpty & _lineMask)]);
                break;
            case Command.NotifyModem:
                NotifyModem(isAsked: true);
                break;
            case Command.Suspend or Command.Resume:
                // Number + 100 would be the server's own request that the client send nothing.
                sink.OnSuspend(command == Command.Suspend);
                break;
            case Command.LineMask:
                Answer(command, [_lineMask = first]);
                break;
            case Command.ModemMask:
                Answer(command, [_modemMask = first]);
                break;
            case Command.Purge:
                sink.OnPurge(first <= (byte)(PortBuffers.Received | PortBuffers.ToTransmit) ? (PortBuffers)first : PortBuffers.None);
                break;
        }
    }

    private void OnControl(byte wish)
    {
        switch (wish)
        {
            case Control.NoFlow or Control.XonXoff or Control.Hardware:
                // Both ways, until the other is set by itself.
                _flow = wish;
                _flowIn = (byte)(wish - Control.NoFlow + Control.NoFlowIn);
                break;
            case Control.ByCd or Control.ByDsr:
                _flow = wish;
                break;
            case Control.NoFlowIn or Control.XonXoffIn or Control.HardwareIn or Control.ByDtrIn:
                _flowIn = wish;
                break;
            case Control.BreakOn or Control.BreakOff:
                _break = wish == Control.BreakOn;
                break;
            case Control.DtrOn or Control.DtrOff:
                _dtr = wish == Control.DtrOn;
                break;
            case Control.RtsOn or Control.RtsOff:
                _rts = wish == Control.RtsOn;
                break;
        }

        Answer(Command.Control, [InForce(wish)]);
        NotifyModem(isAsked: false);
    }

    private byte InForce(byte wish) => wish switch
    {
        Control.AskBreak or Control.BreakOn or Control.BreakOff => _break ? Control.BreakOn : Control.BreakOff,
        Control.AskDtr or Control.DtrOn or Control.DtrOff => _dtr ? Control.DtrOn : Control.DtrOff,
        Control.AskRts or Control.RtsOn or Control.RtsOff => _rts ? Control.RtsOn : Control.RtsOff,
        Control.AskFlowIn or Control.NoFlowIn or Control.XonXoffIn or Control.HardwareIn or Control.ByDtrIn => _flowIn,
        _ => _flow,
    };

    // The state in the upper half, what changed since the client was told in the lower.
    private void NotifyModem(bool isAsked)
    {
        var state = ModemState;
        var changed = (state ^ _modemTold) >> 4;
        var told = (byte)((state | changed) & _modemMask);
        if (isAsked || (changed != 0 && told != 0 && _options.SpeaksComPort))
        {
            Answer(Command.NotifyModem, [told]);
        }

        _modemTold = state;
    }

    private void Answer(byte command, ReadOnlySpan<byte> value)
    {
        _answers.Write([Telnet.Iac, Telnet.Sb, TelnetOptions.ComPort, (byte)(command + AnswerOffset)]);
        foreach (var part in value)
        {
            _answers.Write(part == Telnet.Iac ? [Telnet.Iac, Telnet.Iac] : [part]);
        }

        _answers.Write([Telnet.Iac, Telnet.Se]);
    }

    private static class Command
    {
        public const byte Signature = 0;
        public const byte Control = 5;
        public const byte NotifyLine = 6;
        public const byte NotifyModem = 7;
        public const byte Suspend = 8;
        public const byte Resume = 9;
        public const byte LineMask = 10;
        public const byte ModemMask = 11;
        public const byte Purge = 12;
    }

    /// <summary>The values of SET-CONTROL; 0 and what stands nowhere here ask for the flow control.</summary>
    private static class Control
    {
        public const byte NoFlow = 1;
        public const byte XonXoff = 2;
        public const byte Hardware = 3;
        public const byte AskBreak = 4;
        public const byte BreakOn = 5;
        public const byte BreakOff = 6;
        public const byte AskDtr = 7;
        public const byte DtrOn = 8;
        public const byte DtrOff = 9;
        public const byte AskRts = 10;
        public const byte RtsOn = 11;
        public const byte RtsOff = 12;
        public const byte AskFlowIn = 13;
        public const byte NoFlowIn = 14;
        public const byte XonXoffIn = 15;
        public const byte HardwareIn = 16;
        public const byte ByCd = 17;
        public const byte ByDtrIn = 18;
        public const byte ByDsr = 19;
    }

    private static class Modem
    {
        public const byte Cts = 0x10;
        public const byte Dsr = 0x20;
        public const byte Cd = 0x80;
    }

    private struct Sink<T>(ComPortServer server, T outer) : ITelnetSink
        where T : IPortSink
    {
        public T Outer = outer;

        public void OnData(ReadOnlySpan<byte> data) => Outer.OnData(data);

        public readonly void OnNegotiation(byte verb, byte option) => server.OnNegotiation(verb, option);

        public void OnSubnegotiation(ReadOnlySpan<byte> content) => server.OnSubnegotiation(content, ref Outer);

        public readonly void OnCommand(byte command)
        {
            if (command == Telnet.Ayt)
            {
                // Words would be data on the line.
                server._answers.Write([Telnet.Iac, Telnet.Nop]);
            }
        }
    }
}
