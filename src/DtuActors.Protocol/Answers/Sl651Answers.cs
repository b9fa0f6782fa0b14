using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using DtuActors.Protocol.Layouts;

namespace DtuActors.Protocol.Answers;

/// <summary>
/// The centre's confirmations of SL 651-2014 (6.3.1.2) to what stations report by themselves: a downlink frame with the station's own address, password,
/// function and serial number, and the time of sending in China Standard Time. A single frame (M2) is confirmed at once; of several packets (M3) all are
/// confirmed once, after the last, or the first that is missing is asked for again with NAK, one at a time as table 23 has it. Link maintenance (2F) has no
/// downlink (6.6.4.2), and what only answers a query of the centre (37 to 51) is left to whoever asked.
/// </summary>
/// <param name="keepOnline">
/// Whether a confirmation ends with ESC, which keeps the station online for further commands, as public servers do; else with EOT, upon which a station
/// that sleeps between reports leaves.
/// </param>
public sealed class Sl651Answers(bool keepOnline = true) : CentreAnswers
{
    private const byte LinkMaintenance = 0x2F;
    private const byte FirstQuery = 0x37;
    private const byte LastQuery = 0x51;

    private const int SerialLength = 2;
    private const int AsciiSerialLength = 4;

    // Packets of one message follow each other; a station gives up after two repeats. What is older belongs to another message.
    private static readonly TimeSpan Together = TimeSpan.FromMinutes(2);

    private static readonly TimeSpan ChinaStandardTime = TimeSpan.FromHours(8);

    // The message whose packets are coming in: one at a time, at most 4095 packets.
    private Sl651Address _address;
    private int _total;
    private int _missing;
    private ushort? _serial;
    private DateTimeOffset _last;
    private byte[] _have = [];

    public override byte[]? Answer(ReadOnlySpan<byte> frame, DateTimeOffset now)
    {
        if (!Sl651.TryRead(frame, out var message) || !message.IsUp || !IsReport(message.Address.Function))
        {
            return null;
        }

        var confirmed = keepOnline ? Sl651.StayOnline : Sl651.EndOfTransmission;
        if (!message.IsPacket)
        {
            // ETB says that another frame follows: go on.
            return Build(message, Serial(message) ?? 0, now, message.End == Sl651.EndOfBlock ? Sl651.Acknowledge : confirmed, null);
        }

        if (message.Number < 1 || message.Number > message.Total)
        {
            return null;
        }

        Take(message, now);
        if (message.End != Sl651.EndOfText && message.Number != message.Total)
        {
            return null;
        }

        return _missing == 0
            ? Build(message, _serial ?? 0, now, confirmed, (message.Total, message.Total))
            : Build(message, _serial ?? 0, now, Sl651.NotAcknowledge, (message.Total, FirstMissing()));
    }

    public override bool IsAnswer(ReadOnlySpan<byte> downlink) =>
        Sl651.TryRead(downlink, out var message) && !message.IsUp && IsReport(message.Address.Function)
        && message.End is Sl651.EndOfTransmission or Sl651.StayOnline or Sl651.Acknowledge or Sl651.NotAcknowledge;

    private static bool IsReport(byte function) => function is not (LinkMaintenance or (>= FirstQuery and <= LastQuery));

    private static byte[] Build(Sl651Message message, ushort serial, DateTimeOffset now, byte end, (int Total, int Number)? packet)
    {
        var time = now.ToOffset(ChinaStandardTime);
        if (message.IsAscii)
        {
            var text = serial.ToString("X4", CultureInfo.InvariantCulture) + time.ToString("yyMMddHHmmss", CultureInfo.InvariantCulture);
            return Sl651.Build(FrameDirection.Down, message.Address, Encoding.ASCII.GetBytes(text), end, packet, ascii: true);
        }

        byte[] body =
        [
            (byte)(serial >> 8), (byte)serial,
            Bcd.Of(time.Year), Bcd.Of(time.Month), Bcd.Of(time.Day), Bcd.Of(time.Hour), Bcd.Of(time.Minute), Bcd.Of(time.Second),
        ];
        return Sl651.Build(FrameDirection.Down, message.Address, body, end, packet);
    }

    /// <summary>The serial number at the beginning of a body; of several packets only the first has one (6.6.2.4).</summary>
    private static ushort? Serial(Sl651Message message)
    {
        if (message.IsPacket && message.Number != 1)
        {
            return null;
        }

        if (!message.IsAscii)
        {
            return message.Body.Length >= SerialLength ? BinaryPrimitives.ReadUInt16BigEndian(message.Body) : null;
        }

        return message.Body.Length >= AsciiSerialLength
            && ushort.TryParse(message.Body[..AsciiSerialLength], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var serial)
            ? serial
            : null;
    }

    private void Take(Sl651Message message, DateTimeOffset now)
    {
        var serial = Serial(message);
        var known = _total == message.Total && _address == message.Address && (now - _last).Duration() <= Together
            && (serial is null || _serial is null || serial == _serial);
        if (!known)
        {
            _address = message.Address;
            _total = message.Total;
            _missing = message.Total;
            _serial = null;
            _have = new byte[(message.Total >> 3) + 1];
        }

        _serial ??= serial;
        _last = now;
        ref var eight = ref _have[message.Number >> 3];
        var bit = (byte)(1 << (message.Number & 7));
        if ((eight & bit) == 0)
        {
            eight |= bit;
            _missing--;
        }
    }

    private int FirstMissing()
    {
        var number = 1;
        while ((_have[number >> 3] & (1 << (number & 7))) != 0)
        {
            number++;
        }

        return number;
    }
}
