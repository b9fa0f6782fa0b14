using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using DtuActors.Protocol.Checksums;
using DtuActors.Protocol.Layouts;

namespace DtuActors.Protocol.Answers;

/// <summary>
/// The centre's confirmations of SL 651-2014 (6.3.1.2) to what stations report by themselves: a downlink frame with the station's own address, password,
/// function and serial number, and the time of sending in China Standard Time. A single frame (M2) is confirmed at once; of several packets (M3) all are
/// confirmed once, after the last or the one that was asked for again, or the first that is missing is asked for again with NAK, one at a time as table 23
/// has it. Only the first of several packets has a serial number, so after a message is complete the very packet that completed it is a repeat, and
/// confirmed again, and any other begins a new message. Link maintenance (2F) has no downlink (6.6.4.2), and what only answers a query of the centre
/// (37 to 51) is left to whoever asked.
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

    private readonly LastAnswers<Report> _given = new();

    // The message whose packets are coming in: one at a time, at most 4095 packets, of each the CRC of its body.
    private Sl651Address _address;
    private int _total;
    private int _missing;
    private ushort? _serial;
    private DateTimeOffset _last;
    private ushort?[] _have = [];

    // The packet that was asked for last, and the one that made the message complete; 0 where there is none.
    private int _asked;
    private int _completing;

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
            return Give(message, Serial(message) ?? 0, now, message.End == Sl651.EndOfBlock ? Sl651.Acknowledge : confirmed, null);
        }

        if (message.Number < 1 || message.Number > message.Total)
        {
            return null;
        }

        Take(message, now);

        // Some stations end the packet that was asked for with ETX, others with the ETB that it had at first.
        if (message.End != Sl651.EndOfText && message.Number != message.Total && message.Number != _asked)
        {
            return null;
        }

        if (_missing == 0)
        {
            return Give(message, _serial ?? 0, now, confirmed, (message.Total, message.Total));
        }

        _asked = FirstMissing();
        return Give(message, _serial ?? 0, now, Sl651.NotAcknowledge, (message.Total, _asked));
    }

    public override bool Answered(ReadOnlySpan<byte> downlink)
    {
        if (!Sl651.TryRead(downlink, out var message) || message.IsUp
            || message.End is not (Sl651.EndOfTransmission or Sl651.StayOnline or Sl651.Acknowledge or Sl651.NotAcknowledge)
            || LeadingSerial(message) is not { } serial)
        {
            return false;
        }

        var report = new Report(message.Address.Station, message.Address.Function, serial);
        return _given.Any(given => given == report);
    }

    private static bool IsReport(byte function) => function is not (LinkMaintenance or (>= FirstQuery and <= LastQuery));

    private byte[] Give(Sl651Message message, ushort serial, DateTimeOffset now, byte end, (int Total, int Number)? packet)
    {
        _given.Remember(new Report(message.Address.Station, message.Address.Function, serial));
        return Build(message, serial, now, end, packet);
    }

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

    /// <summary>The serial number of what a station sends; of several packets only the first has one (6.6.2.4).</summary>
    private static ushort? Serial(Sl651Message message) => message.IsPacket && message.Number != 1 ? null : LeadingSerial(message);

    private static ushort? LeadingSerial(Sl651Message message)
    {
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
        var body = Crc16Modbus.Compute(message.Body);
        var known = _total == message.Total && _address == message.Address && (now - _last).Duration() <= Together
            && (serial is null || _serial is null || serial == _serial)
            && IsOfThisMessage(message.Number, body);
        if (!known)
        {
            _address = message.Address;
            _total = message.Total;
            _missing = message.Total;
            _serial = null;
            _have = new ushort?[message.Total + 1];
            _asked = 0;
            _completing = 0;
        }

        _serial ??= serial;
        _last = now;
        ref var held = ref _have[message.Number];
        if (held is null)
        {
            held = body;
            _missing--;
            _completing = _missing == 0 ? message.Number : 0;
        }
    }

    /// <summary>
    /// Whether a packet of the right total goes with those that came: a number that is still missing, or the same body again. Of a complete message
    /// it must be the one that completed it, or behind that one where a hole was filled and the station goes on with all that follows.
    /// </summary>
    private bool IsOfThisMessage(int number, ushort body) => _have[number] is not { } held || (held == body && number >= _completing);

    private int FirstMissing()
    {
        var number = 1;
        while (_have[number] is not null)
        {
            number++;
        }

        return number;
    }

    private readonly record struct Report(string Station, byte Function, ushort Serial);
}
