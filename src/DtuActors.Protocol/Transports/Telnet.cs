using System.Buffers;

namespace DtuActors.Protocol.Transports;

/// <summary>What a <see cref="TelnetReader"/> finds.</summary>
public interface ITelnetSink
{
    /// <summary>Bytes of the user, unescaped.</summary>
    void OnData(ReadOnlySpan<byte> data);

    /// <summary>WILL, WONT, DO or DONT of an option.</summary>
    void OnNegotiation(byte verb, byte option);

    /// <summary>A whole subnegotiation, unescaped: the option's number and what it says.</summary>
    void OnSubnegotiation(ReadOnlySpan<byte> content);

    /// <summary>Any other command of two bytes: NOP, BREAK, AYT ...</summary>
    void OnCommand(byte command);
}

/// <summary>Telnet's words (RFC 854, 855) and its escape.</summary>
public static class Telnet
{
    /// <summary>Ends a subnegotiation.</summary>
    public const byte Se = 240;

    /// <summary>Nothing.</summary>
    public const byte Nop = 241;

    /// <summary>Are you there?</summary>
    public const byte Ayt = 246;

    /// <summary>Begins a subnegotiation.</summary>
    public const byte Sb = 250;

    /// <summary>The sender wants to do something, or does.</summary>
    public const byte Will = 251;

    /// <summary>The sender does not.</summary>
    public const byte Wont = 252;

    /// <summary>The receiver should.</summary>
    public const byte Do = 253;

    /// <summary>The receiver should not.</summary>
    public const byte Dont = 254;

    /// <summary>What follows is a command; doubled: the byte itself.</summary>
    public const byte Iac = 255;

    /// <summary>Doubles each FF; bytes without one are given back as they are.</summary>
    public static ReadOnlyMemory<byte> Escape(ReadOnlyMemory<byte> data)
    {
        var count = data.Span.Count(Iac);
        if (count == 0)
        {
            return data;
        }

        var escaped = new byte[data.Length + count];
        var at = 0;
        foreach (var value in data.Span)
        {
            escaped[at++] = value;
            if (value == Iac)
            {
                escaped[at++] = Iac;
            }
        }

        return escaped;
    }
}

/// <summary>
/// Takes a Telnet stream apart, however it is cut. Bytes of the user that came together stay together, also around negotiations; where no command stands among
/// them they are not copied. All is binary: a CR is a CR. A subnegotiation that is longer than <see cref="MostSubnegotiation"/> is left out, up to its end.
/// </summary>
public sealed class TelnetReader
{
    /// <summary>The most bytes of a subnegotiation; RFC 2217's have at most six, signatures apart.</summary>
    public const int MostSubnegotiation = 64;

    private readonly ArrayBufferWriter<byte> _run = new();
    private readonly byte[] _content = new byte[MostSubnegotiation];
    private State _state;
    private byte _verb;

    // One more than there is room for: too long.
    private int _length;

    private enum State
    {
        Data,
        Command,
        Option,
        Subnegotiation,
        SubnegotiationCommand,
    }

    /// <summary>Reads what came.</summary>
    public void Feed<T>(ReadOnlySpan<byte> bytes, ref T sink)
        where T : ITelnetSink
    {
        while (!bytes.IsEmpty)
        {
            if (_state is State.Data)
            {
                var command = bytes.IndexOf(Telnet.Iac);
                if (command < 0 && _run.WrittenCount == 0)
                {
                    sink.OnData(bytes);
                    return;
                }

                _run.Write(command < 0 ? bytes : bytes[..command]);
                _state = command < 0 ? State.Data : State.Command;
                bytes = command < 0 ? [] : bytes[(command + 1)..];
            }
            else
            {
                Step(bytes[0], ref sink);
                bytes = bytes[1..];
            }
        }

        EndRun(ref sink);
    }

    private void Step<T>(byte value, ref T sink)
        where T : ITelnetSink
    {
        switch (_state)
        {
            case State.Command:
                OnCommand(value, ref sink);
                break;
            case State.Option:
                _state = State.Data;
                sink.OnNegotiation(_verb, value);
                break;
            case State.Subnegotiation when value == Telnet.Iac:
                _state = State.SubnegotiationCommand;
                break;
            case State.Subnegotiation:
                Keep(value);
                break;
            case State.SubnegotiationCommand when value == Telnet.Iac:
                _state = State.Subnegotiation;
                Keep(value);
                break;
            case State.SubnegotiationCommand when value == Telnet.Se:
                _state = State.Data;
                if (_length <= MostSubnegotiation)
                {
                    // What the user wrote before it comes before it.
                    EndRun(ref sink);
                    sink.OnSubnegotiation(_content.AsSpan(0, _length));
                }

                break;
            default:
                // Its end is lost: another command begins.
                OnCommand(value, ref sink);
                break;
        }
    }

    private void OnCommand<T>(byte value, ref T sink)
        where T : ITelnetSink
    {
        _state = State.Data;
        switch (value)
        {
            case Telnet.Iac:
                _run.Write([Telnet.Iac]);
                break;
            case Telnet.Sb:
                _state = State.Subnegotiation;
                _length = 0;
                break;
            case >= Telnet.Will and <= Telnet.Dont:
                _state = State.Option;
                _verb = value;
                break;
            default:
                sink.OnCommand(value);
                break;
        }
    }

    private void Keep(byte value)
    {
        if (_length < MostSubnegotiation)
        {
            _content[_length] = value;
        }

        _length = Math.Min(_length + 1, MostSubnegotiation + 1);
    }

    private void EndRun<T>(ref T sink)
        where T : ITelnetSink
    {
        if (_run.WrittenCount > 0)
        {
            sink.OnData(_run.WrittenSpan);
            _run.ResetWrittenCount();
        }
    }
}
