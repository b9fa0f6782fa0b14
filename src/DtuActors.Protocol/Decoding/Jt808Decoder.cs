using System.Buffers.Binary;
using System.Globalization;
using DtuActors.Protocol.Layouts;

namespace DtuActors.Protocol.Decoding;

/// <summary>
/// JT/T 808 in words (JT/T 808-2019, 8; 2013 and 2011 have the same ids): <c>JT/T 808 location report, phone 123456789012, serial 125, 2018-10-15 10:10:10,
/// 12.222222 N 132.444444 E, ...</c>. Authentication codes are never shown.
/// </summary>
internal static class Jt808Decoder
{
    private static readonly Dictionary<int, string> Names = new()
    {
        [0x0001] = "terminal answer",
        [0x0002] = "heartbeat",
        [0x0003] = "terminal logs out",
        [0x0004] = "time query",
        [0x0005] = "sub-packets wanted again",
        [0x0100] = "registration",
        [0x0102] = "authentication",
        [0x0104] = "parameters",
        [0x0107] = "terminal properties",
        [0x0108] = "upgrade result",
        [0x0200] = "location report",
        [0x0201] = "location answer",
        [0x0301] = "event report",
        [0x0302] = "question answered",
        [0x0303] = "information wanted",
        [0x0500] = "vehicle control answer",
        [0x0608] = "area data",
        [0x0700] = "driving record",
        [0x0701] = "waybill",
        [0x0702] = "driver identity",
        [0x0704] = "location batch",
        [0x0705] = "CAN data",
        [0x0800] = "multimedia event",
        [0x0801] = "multimedia data",
        [0x0802] = "stored multimedia",
        [0x0805] = "camera answer",
        [0x0900] = "transparent data",
        [0x0901] = "compressed data",
        [0x0A00] = "terminal RSA key",
        [0x8001] = "platform answer",
        [0x8003] = "sub-packets wanted again",
        [0x8004] = "time answer",
        [0x8100] = "registration answer",
        [0x8103] = "set parameters",
        [0x8104] = "query parameters",
        [0x8105] = "terminal control",
        [0x8106] = "query named parameters",
        [0x8107] = "query properties",
        [0x8108] = "upgrade",
        [0x8201] = "location query",
        [0x8202] = "tracking control",
        [0x8203] = "alarm confirmed",
        [0x8204] = "link check",
        [0x8300] = "text",
        [0x8301] = "set events",
        [0x8302] = "question",
        [0x8303] = "set information menu",
        [0x8304] = "information",
        [0x8400] = "call back",
        [0x8401] = "set phone book",
        [0x8500] = "vehicle control",
        [0x8600] = "set circular area",
        [0x8601] = "delete circular area",
        [0x8602] = "set rectangular area",
        [0x8603] = "delete rectangular area",
        [0x8604] = "set polygon area",
        [0x8605] = "delete polygon area",
        [0x8606] = "set route",
        [0x8607] = "delete route",
        [0x8608] = "query areas",
        [0x8700] = "query driving record",
        [0x8701] = "set driving record",
        [0x8702] = "query driver identity",
        [0x8800] = "multimedia received",
        [0x8801] = "take pictures",
        [0x8802] = "search multimedia",
        [0x8803] = "upload multimedia",
        [0x8804] = "record sound",
        [0x8805] = "upload one multimedia",
        [0x8900] = "transparent data",
        [0x8A00] = "platform RSA key",
    };

    public static string? Describe(FrameDirection direction, ReadOnlySpan<byte> frame)
    {
        Span<byte> buffer = stackalloc byte[Jt808.MaxContent];
        if (!Jt808.TryRead(frame, buffer, out var message))
        {
            return null;
        }

        var name = Names.TryGetValue(message.Id, out var known) ? known : $"message {message.Id:X4}";
        var line = string.Create(CultureInfo.InvariantCulture, $"JT/T 808 {name}, phone {Bcd.Digits(message.Phone)}, serial {message.Serial}");
        if (message.Total > 0)
        {
            line += string.Create(CultureInfo.InvariantCulture, $", packet {message.Number} of {message.Total}");
        }

        // The first sub-packet begins as the whole does; the others begin anywhere in it.
        return line + (message.IsEncrypted ? ", encrypted" : message.Number > 1 ? "" : Body(message.Id, message.Body));
    }

    private static string Body(int id, ReadOnlySpan<byte> body) => id switch
    {
        0x0001 or 0x8001 when body.Length >= 5 => Answer(body),
        0x0200 when body.Length >= 28 => Location(body),
        0x0201 when body.Length >= 30 => Location(body[2..]),
        0x0704 when body.Length >= 3 => $", {Words.Plural(BinaryPrimitives.ReadUInt16BigEndian(body), "location")}",
        0x8100 when body.Length >= 3 => $", to serial {BinaryPrimitives.ReadUInt16BigEndian(body)}: {RegistrationResult(body[2])}",
        0x0900 or 0x8900 when body.Length >= 1 => $", type {body[0]:X2}, {Words.Plural(body.Length - 1, "byte")}",
        0x8004 when body.Length == 6 => $", {Bcd.Time(body)}",
        0x0002 or 0x0003 or 0x0004 or 0x0100 or 0x0102 or 0x8104 or 0x8107 or 0x8201 or 0x8204 => "",
        _ => body.IsEmpty ? "" : $", {Words.Plural(body.Length, "byte")}",
    };

    /// <summary>Serial, id and result of what is answered.</summary>
    private static string Answer(ReadOnlySpan<byte> body)
    {
        int id = BinaryPrimitives.ReadUInt16BigEndian(body[2..]);
        var to = Names.TryGetValue(id, out var name) ? name : id.ToString("X4", CultureInfo.InvariantCulture);
        var result = body[4] switch
        {
            0 => "done",
            1 => "failed",
            2 => "wrong message",
            3 => "not supported",
            4 => "alarm confirmed",
            var other => $"result {other}",
        };
        return $", to {to} {BinaryPrimitives.ReadUInt16BigEndian(body)}: {result}";
    }

    private static string RegistrationResult(byte result) => result switch
    {
        0 => "registered",
        1 => "vehicle already registered",
        2 => "no such vehicle",
        3 => "terminal already registered",
        4 => "no such terminal",
        _ => $"result {result}",
    };

    /// <summary>
    /// Alarm (4), status (4), latitude and longitude in millionths of a degree (4, 4), height in m (2), speed in tenths of km/h (2), course in degrees (2),
    /// time (6 BCD, GMT+8).
    /// </summary>
    private static string Location(ReadOnlySpan<byte> body)
    {
        var alarm = BinaryPrimitives.ReadUInt32BigEndian(body);
        var status = BinaryPrimitives.ReadUInt32BigEndian(body[4..]);
        var latitude = BinaryPrimitives.ReadUInt32BigEndian(body[8..]) / 1_000_000m;
        var longitude = BinaryPrimitives.ReadUInt32BigEndian(body[12..]) / 1_000_000m;
        var speed = BinaryPrimitives.ReadUInt16BigEndian(body[18..]) / 10m;
        var odd = latitude > 90 || longitude > 180 ? " (out of range)" : "";
        return string.Create(
            CultureInfo.InvariantCulture,
            $", {Bcd.Time(body.Slice(22, 6))}, {latitude:F6} {((status & 4) != 0 ? 'S' : 'N')} {longitude:F6} {((status & 8) != 0 ? 'W' : 'E')}{odd}"
            + $", {BinaryPrimitives.ReadInt16BigEndian(body[16..])} m, {speed:F1} km/h, course {BinaryPrimitives.ReadUInt16BigEndian(body[20..])}"
            + $"{((status & 1) != 0 ? ", ACC on" : "")}{((status & 2) != 0 ? "" : ", no fix")}{(alarm != 0 ? $", alarms {alarm:X8}" : "")}");
    }
}
