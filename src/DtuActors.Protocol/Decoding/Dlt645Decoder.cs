using System.Buffers.Binary;
using DtuActors.Protocol.Layouts;

namespace DtuActors.Protocol.Decoding;

/// <summary>
/// DL/T 645-2007 and -1997 in words (annex A of either): <c>DL/T 645 read reply, meter 123456789012, 00010000 = 1234.56 kWh</c>. Identifiers and
/// addresses are written as the standard does, the high byte first. Passwords, operators' codes and whatever could be one are never shown.
/// </summary>
internal static class Dlt645Decoder
{
    private const int Identifier2007 = 4;
    private const int Identifier1997 = 2;

    // A password with its level, and an operator's code: 4 bytes each.
    private const int Credentials = 8;

    private const int MostValues = 32;

    private static readonly string[] Errors2007 =
    [
        "other error", "no such data", "wrong password or not authorized", "baud rate can't be changed",
        "too many year zones", "too many day periods", "too many rates",
    ];

    private static readonly string[] Errors1997 =
        ["invalid data", "wrong identifier", "wrong password", "bit 3", "too many year zones", "too many day periods", "too many rates"];

    private static readonly string[] SecurityErrors =
    [
        "other error", "recharged already", "ESAM verification failed", "authentication failed",
        "wrong customer number", "wrong recharge count", "over the purchase limit",
    ];

    public static string? Describe(FrameDirection direction, ReadOnlySpan<byte> frame)
    {
        var core = Dlt645.Core(frame);
        if (core.IsEmpty)
        {
            return null;
        }

        var control = core[Dlt645.ControlOffset];
        var function = (byte)(control & Dlt645.FunctionMask);
        var reply = (control & Dlt645.ReplyBit) != 0;
        Span<byte> place = stackalloc byte[Dlt645.MaxData];
        ReadOnlySpan<byte> data = place[..Dlt645.Plain(core, place)];
        var of1997 = IsOf1997(function, reply, data);
        var refused = (control & Dlt645.ErrorBit) != 0;
        var head = $"DL/T 645{(of1997 ? "-1997" : "")} {Function(function, of1997)}{(refused ? " error" : "")}{(reply ? " reply" : "")}, "
            + Meter(core.Slice(1, Dlt645.AddressLength));
        var body = refused ? Refusal(data, of1997) : of1997 ? Body1997(function, reply, data) : Body2007(function, reply, data);
        var more = reply && (control & Dlt645.MoreBit) != 0 ? ", more follows" : "";
        return head + (body.Length > 0 ? ", " + body : "") + more;
    }

    // Both editions use 08. 03 authenticates in 2007 and repeats the last answer in 1997: only the former has identifiers of 07.
    private static bool IsOf1997(byte function, bool reply, ReadOnlySpan<byte> data) => function switch
    {
        0x01 or 0x02 or 0x04 or 0x0A or 0x0C or 0x0F or 0x10 => true,
        0x03 => reply ? data.Length is > 2 and < Identifier2007 || (data.Length >= Identifier2007 && data[3] != 0x07) : data.IsEmpty,
        _ => false,
    };

    private static string Function(byte function, bool of1997) => (function, of1997) switch
    {
        (0x01, true) => "read",
        (0x02, true) => "read more",
        (0x03, true) => "read again",
        (0x04, true) => "write",
        (0x0A, true) => "write address",
        (0x0C, true) => "change baud rate",
        (0x0F, true) => "change password",
        (0x10, true) => "clear demand",
        (0x03, _) => "authenticate",
        (0x08, _) => "broadcast time",
        (0x11, _) => "read",
        (0x12, _) => "read more",
        (0x13, _) => "read address",
        (0x14, _) => "write",
        (0x15, _) => "write address",
        (0x16, _) => "freeze",
        (0x17, _) => "change baud rate",
        (0x18, _) => "change password",
        (0x19, _) => "clear demand",
        (0x1A, _) => "clear meter",
        (0x1B, _) => "clear events",
        (0x1C, _) => "control",
        (0x1D, _) => "set output terminal",
        _ => $"function {function:X2}",
    };

    private static string Meter(ReadOnlySpan<byte> address)
    {
        if (!address.ContainsAnyExcept((byte)0xAA))
        {
            return "any meter";
        }

        if (!address.ContainsAnyExcept((byte)0x99))
        {
            return "all meters";
        }

        // Wildcards stand for the high bytes: the meter is told by its last digits.
        var known = address.TrimEnd((byte)0xAA);
        var digits = LowFirstBcd.Digits(known);
        return $"meter {(known.Length < address.Length ? "*" : "")}{digits}{(Bcd.IsBcd(known) ? "" : " (not BCD)")}";
    }

    private static string Refusal(ReadOnlySpan<byte> data, bool of1997) => data.Length switch
    {
        0 => "no reason",
        1 => MeterWords.Bits(data[0], of1997 ? Errors1997 : Errors2007),
        2 => MeterWords.Bits(BinaryPrimitives.ReadUInt16LittleEndian(data), SecurityErrors),
        _ => Words.Plural(data.Length, "byte"),
    };

    private static string Body2007(byte function, bool reply, ReadOnlySpan<byte> data) => function switch
    {
        0x08 when data.Length == 6 => MeterWords.Pattern(data, "20F-E-D C:B:A"),
        0x11 when data.Length >= Identifier2007 => reply ? Values2007(data) : Asked2007(data),
        0x12 when data.Length > Identifier2007 => $"{(reply ? Values2007(data[..^1]) : Name2007(data))}, part {data[^1]}",
        0x13 or 0x15 when data.Length == Dlt645.AddressLength => "address " + MeterWords.Digits(data),
        0x14 when data.Length >= Identifier2007 => Name2007(data) + Written(Dlt645Items.Of2007(Name(data)), data[Identifier2007..], Credentials),
        0x16 when data.Length == 4 => Freeze(data),
        0x17 when data.Length == 1 => BaudRate(data[0]),
        0x18 when data.Length >= Identifier2007 && !reply => Name2007(data),
        0x1B when data.Length == Credentials + Identifier2007 => Events(data[Credentials..]),
        0x1C when data.Length == 2 * Credentials && !reply && !IsProtected(data[0]) => Control(data[Credentials..]),
        0x03 when data.Length >= Identifier2007 => $"{Name2007(data)}, {Words.Plural(data.Length - Identifier2007, "byte")}",
        0x18 or 0x19 or 0x1A or 0x1B or 0x1C => "",
        _ => data.IsEmpty ? "" : Words.Plural(data.Length, "byte"),
    };

    private static string Body1997(byte function, bool reply, ReadOnlySpan<byte> data) => function switch
    {
        0x01 or 0x02 or 0x03 when data.Length >= Identifier1997 => Values1997(data),
        0x04 when data.Length >= Identifier1997 && !reply => Name1997(data) + Written(Dlt645Items.Of1997(Short(data)), data[Identifier1997..], Credentials / 2),
        0x0A when data.Length == Dlt645.AddressLength => "address " + MeterWords.Digits(data),
        0x0C when data.Length == 1 => BaudRate(data[0]),
        0x0F or 0x10 => "",
        _ => data.IsEmpty ? "" : Words.Plural(data.Length, "byte"),
    };

    private static uint Name(ReadOnlySpan<byte> data) => BinaryPrimitives.ReadUInt32LittleEndian(data);

    private static string Name2007(ReadOnlySpan<byte> data) => LowFirstBcd.Digits(data[..Identifier2007]);

    private static int Short(ReadOnlySpan<byte> data) => BinaryPrimitives.ReadUInt16LittleEndian(data);

    private static string Name1997(ReadOnlySpan<byte> data) => LowFirstBcd.Digits(data[..Identifier1997]);

    private static string Values2007(ReadOnlySpan<byte> data) => Name2007(data) + Values(Dlt645Items.Of2007(Name(data)), data[Identifier2007..]);

    private static string Values1997(ReadOnlySpan<byte> data) => Name1997(data) + Values(Dlt645Items.Of1997(Short(data)), data[Identifier1997..]);

    /// <summary>A read of load records names how many and from when: N, or N mm hh DD MM YY.</summary>
    private static string Asked2007(ReadOnlySpan<byte> data) => data.Length switch
    {
        Identifier2007 => Name2007(data),
        Identifier2007 + 1 => $"{Name2007(data)}, {Words.Plural(data[4], "block")}",
        Identifier2007 + 6 => $"{Name2007(data)}, {Words.Plural(data[4], "block")} from {MeterWords.Pattern(data[5..], "20E-D-C B:A")}",
        _ => $"{Name2007(data)}, {Words.Plural(data.Length - Identifier2007, "byte")}",
    };

    private static string Values(Dlt645Item? item, ReadOnlySpan<byte> data)
    {
        if (data.IsEmpty)
        {
            return "";
        }

        if (item is not { } known || data.Length < known.Size)
        {
            return $", {Words.Plural(data.Length, "byte")}: {MeterWords.Hex(data)}";
        }

        // In 1997 a block ends with AA.
        var values = data.Length % known.Size == 1 && data[^1] == 0xAA ? data[..^1] : data;
        if (values.Length % known.Size != 0)
        {
            return known.Kind == Dlt645Kind.Secret ? " not shown" : $", {Words.Plural(data.Length, "byte")}: {MeterWords.Hex(data)}";
        }

        var said = new List<string>();
        for (var at = 0; at < values.Length && said.Count < MostValues; at += known.Size)
        {
            said.Add(known.Say(values.Slice(at, known.Size)));
        }

        return $" = {string.Join("; ", said)}{(values.Length > MostValues * known.Size ? "; ..." : "")}";
    }

    /// <summary>What is written, if it stands where the standard puts it; anything else may be a part of the password.</summary>
    private static string Written(Dlt645Item? item, ReadOnlySpan<byte> data, int credentials)
    {
        if (data.Length <= credentials)
        {
            return "";
        }

        var written = data[credentials..];
        return item is { Kind: not Dlt645Kind.Secret } known && known.Size == written.Length && !IsProtected(data[0])
            ? " = " + known.Say(written)
            : $", {Words.Plural(written.Length, "byte")} not shown";
    }

    // Level 98: enciphered, level 99: with a MAC behind it (State Grid's supplement to the standard).
    private static bool IsProtected(byte level) => level is 0x98 or 0x99;

    private static string Freeze(ReadOnlySpan<byte> data)
    {
        if (!data.ContainsAnyExcept((byte)0x99))
        {
            return "now";
        }

        return "at " + MeterWords.Pattern(data, "D-C B:A").Replace("99", "**", StringComparison.Ordinal);
    }

    private static string Events(ReadOnlySpan<byte> identifier) => MeterWords.IsFilled(identifier) ? "all" : Name2007(identifier);

    private static string BaudRate(byte bits) => bits switch
    {
        0x02 => "600 baud",
        0x04 => "1200 baud",
        0x08 => "2400 baud",
        0x10 => "4800 baud",
        0x20 => "9600 baud",
        0x40 => "19200 baud",
        _ => $"speed {bits:X2} (odd)",
    };

    private static string Control(ReadOnlySpan<byte> data)
    {
        var what = data[0] switch
        {
            0x1A => "disconnect",
            0x1B => "allow reconnection",
            0x1C => "reconnect",
            0x2A => "alarm on",
            0x2B => "alarm off",
            0x3A => "keep supplied",
            0x3B => "end keep supplied",
            _ => null,
        };
        return what is null ? "" : $"{what}, valid until {MeterWords.Pattern(data[2..], "20F-E-D C:B:A")}";
    }
}
