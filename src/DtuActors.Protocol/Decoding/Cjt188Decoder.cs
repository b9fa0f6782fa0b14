using System.Text;
using DtuActors.Protocol.Layouts;

namespace DtuActors.Protocol.Decoding;

/// <summary>
/// CJ/T 188-2004 in words (its data identifiers and units):
/// <c>CJ/T 188 read reply, cold water meter 00000010000192, 2222.00 m3, settled 0.00 m3, valve open</c>. Identifiers are read in either order of their two
/// bytes, since meters send both. Keys are never shown.
/// </summary>
internal static class Cjt188Decoder
{
    private const int Flow = 5;
    private const int Time = 7;
    private const int Status = 2;

    // Identifier (2) and serial number (1) stand before everything else.
    private const int Named = 3;

    private const int Measured = 0x901F;
    private const int SettlementDay = 0x8103;
    private const int ReadingDay = 0x8104;
    private const int Address = 0x810A;
    private const int NewKey = 0xA014;
    private const int NewTime = 0xA015;
    private const int Valve = 0xA017;
    private const int NewAddress = 0xA018;
    private const int FirstHistory = 0xD120;
    private const int LastHistory = 0xD12B;

    public static string? Describe(FrameDirection direction, ReadOnlySpan<byte> frame)
    {
        var core = Cjt188.Core(frame);
        if (core.IsEmpty)
        {
            return null;
        }

        var control = core[Cjt188.ControlOffset];
        var reply = (control & Cjt188.ReplyBit) != 0;
        var refused = (control & Cjt188.ErrorBit) != 0;
        var data = core[Cjt188.DataOffset..^2];
        var head = $"CJ/T 188 {Function(control & Cjt188.FunctionMask)}{(refused ? " error" : "")}{(reply ? " reply" : "")}, "
            + Meter(core[Cjt188.TypeOffset], core.Slice(Cjt188.AddressOffset, Cjt188.AddressLength));
        return head + (refused ? Refusal(data) : Body(core[Cjt188.TypeOffset], reply, data));
    }

    private static string Function(int function) => function switch
    {
        0x01 => "read",
        0x03 => "read address",
        0x04 => "write",
        0x09 => "read key version",
        0x15 => "write address",
        0x16 => "write counter",
        _ => $"function {function:X2}",
    };

    private static string Meter(byte type, ReadOnlySpan<byte> address)
    {
        var kind = type switch
        {
            0x10 => "cold water meter",
            0x11 => "hot water meter",
            0x12 => "drinking water meter",
            0x13 => "reclaimed water meter",
            >= 0x14 and <= 0x19 => $"water meter (type {type:X2})",
            0x20 => "heat meter",
            0x21 => "cooling meter",
            >= 0x22 and <= 0x29 => $"heat meter (type {type:X2})",
            0x30 => "gas meter",
            >= 0x31 and <= 0x39 => $"gas meter (type {type:X2})",
            0x40 => "electricity meter",
            0xAA => "meter of any type",
            _ => $"meter of type {type:X2}",
        };
        if (!address.ContainsAnyExcept((byte)0xAA))
        {
            return type == 0xAA ? "any meter" : "any " + kind;
        }

        return $"{kind} {LowFirstBcd.Digits(address)}{(Bcd.IsBcd(address) ? "" : " (not BCD)")}";
    }

    /// <summary>Serial number and status (2).</summary>
    private static string Refusal(ReadOnlySpan<byte> data) =>
        data.Length == 1 + Status ? Flags(data[1..]) : data.IsEmpty ? "" : $", {Words.Plural(data.Length, "byte")}: {MeterWords.Hex(data)}";

    private static string Body(byte type, bool reply, ReadOnlySpan<byte> data)
    {
        if (data.Length < Named)
        {
            return data.IsEmpty ? "" : $", {Words.Plural(data.Length, "byte")}: {MeterWords.Hex(data)}";
        }

        var identifier = Identifier(data);
        var rest = data[Named..];
        return identifier switch
        {
            Measured when reply && type is >= 0x20 and <= 0x29 && rest.Length == (5 * Flow) + 9 + Time + Status => Heat(rest),
            Measured when reply && rest.Length >= Flow => Volume(rest),
            >= FirstHistory and <= LastHistory when reply && rest.Length == Flow => $", settlement {identifier - FirstHistory + 1}: {Counted(rest, 2)}",
            SettlementDay or ReadingDay when rest.Length == 1 => $", {identifier:X4} = day {MeterWords.Digits(rest)}",
            Address => rest.IsEmpty ? "" : $", {Words.Plural(rest.Length, "byte")}: {MeterWords.Hex(rest)}",
            NewKey => ", new key",
            NewTime when rest.Length == Time => ", time " + At(rest),
            Valve when !reply && rest.Length == 1 => ", valve " + Position(rest[0]),
            NewAddress when rest.Length == Cjt188.AddressLength => ", address " + MeterWords.Digits(rest),
            >= 0xA010 and <= 0xA019 when reply && rest.Length == Status => $", {identifier:X4}{Flags(rest)}",
            _ => $", {identifier:X4}" + (rest.IsEmpty ? "" : $", {Words.Plural(rest.Length, "byte")}: {MeterWords.Hex(rest)}"),
        };
    }

    /// <summary>The high byte of every identifier is one of four, so it tells in which order the two stand.</summary>
    private static int Identifier(ReadOnlySpan<byte> data) => IsHigh(data[1]) || !IsHigh(data[0]) ? (data[1] << 8) | data[0] : (data[0] << 8) | data[1];

    private static bool IsHigh(byte b) => b is 0x81 or 0x90 or 0xA0 or 0xD1;

    /// <summary>Water and gas: volume and unit, volume at settlement and unit, time, status. A shorter answer ends anywhere behind the first.</summary>
    private static string Volume(ReadOnlySpan<byte> data)
    {
        var text = new StringBuilder(", ").Append(Counted(data, 2));
        var rest = data[Flow..];
        if (rest.Length == Flow + Time + Status)
        {
            return text.Append(", settled ").Append(Counted(rest, 2)).Append(Clock(rest.Slice(Flow, Time))).Append(Flags(rest[^Status..])).ToString();
        }

        if (rest.Length == Flow)
        {
            return text.Append(", settled ").Append(Counted(rest, 2)).ToString();
        }

        return rest.IsEmpty
            ? text.ToString()
            : text.Append(", ").Append(Words.Plural(rest.Length, "byte")).Append(" more: ").Append(MeterWords.Hex(rest)).ToString();
    }

    /// <summary>
    /// Heat: energy at settlement, energy, power, flow and volume with their units, temperatures of flow and return (1/100 of a degree), hours, time, status.
    /// </summary>
    private static string Heat(ReadOnlySpan<byte> data)
    {
        var behind = data[(5 * Flow)..];
        return $", {Counted(data[Flow..], 2)}, settled {Counted(data, 2)}, power {Counted(data[(2 * Flow)..], 2)}, flow {Counted(data[(3 * Flow)..], 4)}"
            + $", volume {Counted(data[(4 * Flow)..], 2)}, supply {Temperature(behind[..3])}, return {Temperature(behind[3..6])}"
            + $", {MeterWords.Number(behind[6..9], 0, "h")}{Clock(behind.Slice(9, Time))}{Flags(behind[^Status..])}";
    }

    private static string Counted(ReadOnlySpan<byte> field, int decimals) => MeterWords.Number(field[..(Flow - 1)], decimals, Unit(field[Flow - 1]));

    private static string Temperature(ReadOnlySpan<byte> field) => MeterWords.Number(field, 2, "°C");

    /// <summary>Table of units, annex A.</summary>
    private static string Unit(byte code) => code switch
    {
        0x01 => "J",
        0x02 => "Wh",
        0x05 => "kWh",
        0x08 => "MWh",
        0x0A => "x100 MWh",
        0x0B => "kJ",
        0x0E => "MJ",
        0x11 => "GJ",
        0x13 => "x100 GJ",
        0x14 => "W",
        0x17 => "kW",
        0x1A => "MW",
        0x29 => "L",
        0x2C => "m3",
        0x32 => "L/h",
        0x35 => "m3/h",
        _ => $"(unit {code:X2})",
    };

    /// <summary>ss mm hh DD MM and the year, low byte first; nothing where the meter has no clock.</summary>
    private static string Clock(ReadOnlySpan<byte> field) => field.ContainsAnyExcept((byte)0) && !MeterWords.IsFilled(field) ? ", at " + At(field) : "";

    private static string At(ReadOnlySpan<byte> field) => MeterWords.Pattern(field, "GF-E-D C:B:A");

    private static string Position(byte b) => b switch
    {
        0x55 => "open",
        0x99 => "close",
        _ => $"{b:X2} (odd)",
    };

    /// <summary>ST: D1 D0 the valve, D2 the battery; the rest and the second byte are the vendor's.</summary>
    private static string Flags(ReadOnlySpan<byte> status)
    {
        if (MeterWords.IsFilled(status))
        {
            return ", no status";
        }

        var valve = (status[0] & 3) switch
        {
            0 => "open",
            1 => "closed",
            3 => "faulty",
            _ => "in an odd state",
        };
        return $", valve {valve}{((status[0] & 4) != 0 ? ", battery low" : "")}";
    }
}
