using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using DtuActors.Protocol.Layouts;

namespace DtuActors.Protocol.Decoding;

/// <summary>
/// DNP3 in words (IEEE 1815-2012: clause 9 link, 8 transport, 4 application): <c>DNP3 confirmed user data, 1024 -> 1, read, sequence 3, g60v2, 12
/// bytes</c>. A fragment of which only a part is in this frame is told as far as the frame goes.
/// </summary>
internal static class Dnp3Decoder
{
    private const byte Primary = 0x40;
    private const byte FlowControl = 0x10;

    private const byte TransportFinal = 0x80;
    private const byte TransportFirst = 0x40;
    private const byte TransportSequence = 0x3F;
    private const byte ApplicationSequence = 0x0F;

    private const int Response = 129;
    private const int AuthenticationResponse = 131;

    // The first and the second octet of internal indications, lowest bit first (clause 4); a name that is empty is reserved.
    private static readonly string[] Indications =
    [
        "broadcast", "class 1 events", "class 2 events", "class 3 events", "need time", "local control", "device trouble", "device restart",
        "no such function", "object unknown", "parameter error", "event buffer overflow", "already executing", "configuration corrupt", "", "",
    ];

    private static readonly string[] Requests =
    [
        "confirm", "read", "write", "select", "operate", "direct operate", "direct operate, no answer", "immediate freeze", "immediate freeze, no answer",
        "freeze and clear", "freeze and clear, no answer", "freeze at time", "freeze at time, no answer", "cold restart", "warm restart", "initialize data",
        "initialize application", "start application", "stop application", "save configuration", "enable unsolicited", "disable unsolicited", "assign class",
        "delay measurement", "record current time", "open file", "close file", "delete file", "get file info", "authenticate file", "abort file",
        "activate configuration", "authentication request", "authentication request, no answer",
    ];

    public static string? Describe(FrameDirection direction, ReadOnlySpan<byte> frame)
    {
        _ = direction;
        if (!Dnp3Link.IsValid(frame))
        {
            return null;
        }

        var control = frame[Dnp3Link.ControlOffset];
        var isPrimary = (control & Primary) != 0;
        var destination = BinaryPrimitives.ReadUInt16LittleEndian(frame[Dnp3Link.DestinationOffset..]);
        var source = BinaryPrimitives.ReadUInt16LittleEndian(frame[Dnp3Link.SourceOffset..]);
        var text = new StringBuilder("DNP3 ")
            .Append(LinkFunction(isPrimary, control & 0x0F))
            .Append(CultureInfo.InvariantCulture, $", {source} -> {destination}")
            .Append(destination >= 0xFFFD ? " (broadcast)" : "")
            .Append(!isPrimary && (control & FlowControl) != 0 ? ", buffers full" : "");
        Span<byte> data = stackalloc byte[Dnp3Link.MaxData];
        data = data[..Dnp3Link.ReadData(frame, data)];
        if (isPrimary && (control & 0x0F) is 3 or 4 && data.Length > 0)
        {
            UserData(text, data);
        }
        else if (data.Length > 0)
        {
            Count(text, data);
        }

        return text.ToString();
    }

    private static void UserData(StringBuilder text, ReadOnlySpan<byte> data)
    {
        var transport = data[0];
        var fragment = data[1..];
        var isFirst = (transport & TransportFirst) != 0;
        var isFinal = (transport & TransportFinal) != 0;
        if (!isFirst || !isFinal)
        {
            text.Append(CultureInfo.InvariantCulture, $", segment {transport & TransportSequence}{(isFirst ? ", the first" : isFinal ? ", the last" : "")}");
        }

        if (!isFirst || fragment.Length < 2)
        {
            Count(text, fragment);
            return;
        }

        text.Append(CultureInfo.InvariantCulture, $", {ApplicationFunction(fragment[1])}, sequence {fragment[0] & ApplicationSequence}");
        var objects = fragment[2..];
        if (fragment[1] is >= Response and <= AuthenticationResponse && objects.Length >= 2)
        {
            Indicate(text, objects[0] | (objects[1] << 8));
            objects = objects[2..];
        }

        if (objects.Length >= 3)
        {
            // Group and variation of the first object header; the qualifier behind them says how to go on.
            text.Append(CultureInfo.InvariantCulture, $", g{objects[0]}v{objects[1]}");
        }

        if (objects.Length > 0)
        {
            Count(text, objects);
        }
    }

    private static void Indicate(StringBuilder text, int indications)
    {
        for (var bit = 0; bit < Indications.Length; bit++)
        {
            if ((indications & (1 << bit)) != 0)
            {
                text.Append(", ").Append(Indications[bit].Length > 0 ? Indications[bit] : "reserved indication");
            }
        }
    }

    private static void Count(StringBuilder text, ReadOnlySpan<byte> bytes) =>
        text.Append(", ").Append(Words.Plural(bytes.Length, "byte"));

    private static string LinkFunction(bool isPrimary, int function) => (isPrimary, function) switch
    {
        (true, 0) => "reset link states",
        (true, 2) => "test link states",
        (true, 3) => "confirmed user data",
        (true, 4) => "unconfirmed user data",
        (true, 9) => "request link status",
        (false, 0) => "ack",
        (false, 1) => "nack",
        (false, 11) => "link status",
        (false, 15) => "not supported",
        (true, _) => $"primary function {function}",
        (false, _) => $"secondary function {function}",
    };

    private static string ApplicationFunction(byte function) => function switch
    {
        Response => "response",
        130 => "unsolicited response",
        AuthenticationResponse => "authentication response",
        _ => function < Requests.Length ? Requests[function] : $"function {function}",
    };
}
