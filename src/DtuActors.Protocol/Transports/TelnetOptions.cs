using System.Buffers;

namespace DtuActors.Protocol.Transports;

/// <summary>
/// Who does what on a Telnet connection, agreed by the rules of RFC 1143: what is so already is not confirmed again, so that two sides never answer each other
/// for ever. This side asks at its beginning only, and never takes back what it agreed to.
/// </summary>
public sealed class TelnetOptions
{
    /// <summary>Eight bits as they are (RFC 856).</summary>
    public const byte Binary = 0;

    /// <summary>The server echoes (RFC 857): the client's terminal does not.</summary>
    public const byte Echo = 1;

    /// <summary>No Go Ahead (RFC 858).</summary>
    public const byte SuppressGoAhead = 3;

    /// <summary>RFC 2217.</summary>
    public const byte ComPort = 44;

    private readonly Standing[] _us = new Standing[byte.MaxValue + 1];
    private readonly Standing[] _them = new Standing[byte.MaxValue + 1];

    private enum Standing : byte
    {
        No,
        Asked,
        Yes,
    }

    /// <summary>Whether one of the two sides speaks RFC 2217.</summary>
    public bool SpeaksComPort => _us[ComPort] is Standing.Yes || _them[ComPort] is Standing.Yes;

    /// <summary>What a server of RFC 2217 asks for first.</summary>
    public void Begin(IBufferWriter<byte> answers)
    {
        Ask(_us, Telnet.Will, Binary, answers);
        Ask(_them, Telnet.Do, Binary, answers);
        Ask(_us, Telnet.Will, SuppressGoAhead, answers);
        Ask(_them, Telnet.Do, SuppressGoAhead, answers);
        Ask(_them, Telnet.Do, ComPort, answers);
    }

    /// <summary>The client says WILL, WONT, DO or DONT.</summary>
    public void On(byte verb, byte option, IBufferWriter<byte> answers)
    {
        switch (verb)
        {
            case Telnet.Will:
                Agree(_them, option, IsForThem(option), Telnet.Do, Telnet.Dont, answers);
                break;
            case Telnet.Wont:
                End(_them, option, Telnet.Dont, answers);
                break;
            case Telnet.Do:
                Agree(_us, option, IsForUs(option), Telnet.Will, Telnet.Wont, answers);
                break;
            default:
                End(_us, option, Telnet.Wont, answers);
                break;
        }
    }

    private static bool IsForUs(byte option) => option is Binary or Echo or SuppressGoAhead or ComPort;

    private static bool IsForThem(byte option) => option is Binary or SuppressGoAhead or ComPort;

    private static void Ask(Standing[] side, byte verb, byte option, IBufferWriter<byte> answers)
    {
        side[option] = Standing.Asked;
        answers.Write([Telnet.Iac, verb, option]);
    }

    private static void Agree(Standing[] side, byte option, bool isWanted, byte yes, byte no, IBufferWriter<byte> answers)
    {
        if (side[option] is Standing.No)
        {
            answers.Write([Telnet.Iac, isWanted ? yes : no, option]);
        }

        side[option] = isWanted ? Standing.Yes : Standing.No;
    }

    private static void End(Standing[] side, byte option, byte no, IBufferWriter<byte> answers)
    {
        if (side[option] is Standing.Yes)
        {
            answers.Write([Telnet.Iac, no, option]);
        }

        side[option] = Standing.No;
    }
}
