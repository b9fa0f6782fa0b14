using System.Buffers.Binary;
using System.Globalization;
using DtuActors.Protocol.Modbus;

namespace DtuActors.Host.WebConsole.Pages.OneDtu;

/// <summary>A Modbus request as a form gives it: the bytes, and the check that is still to be put behind them.</summary>
/// <param name="Bytes">Without the check of RTU; whole for TCP and ASCII.</param>
/// <param name="Check">A name of <see cref="Protocol.Checksums.ChecksumAppend"/>, or empty.</param>
public sealed record ModbusRequest(ReadOnlyMemory<byte> Bytes, string Check)
{
    private const int MostRead = 125;
    private const int MostReadBits = 2000;
    private const int MostWritten = 123;
    private const int MostWrittenBits = 1968;

    /// <summary>The functions it can build.</summary>
    public static readonly (int Code, string English, string Chinese)[] Functions =
    [
        (1, "01 read coils", "01 读线圈"),
        (2, "02 read discrete inputs", "02 读离散输入"),
        (3, "03 read holding registers", "03 读保持寄存器"),
        (4, "04 read input registers", "04 读输入寄存器"),
        (5, "05 write one coil", "05 写单个线圈"),
        (6, "06 write one register", "06 写单个寄存器"),
        (15, "0F write coils", "0F 写多个线圈"),
        (16, "10 write registers", "10 写多个寄存器"),
    ];

    /// <summary>Whether a function's last field is how many, not what.</summary>
    public static bool Reads(int function) => function is >= 1 and <= 4;

    /// <summary>Builds one; null with what is wrong.</summary>
    /// <param name="codec">In whose form: <c>modbus-tcp</c>, <c>modbus-ascii</c>, else RTU.</param>
    /// <param name="slave">0 to 255.</param>
    /// <param name="function">One of <see cref="Functions"/>.</param>
    /// <param name="address">From 0.</param>
    /// <param name="what">How many, or the values, decimal or <c>0x…</c>, with blanks or commas between them.</param>
    /// <param name="words">The reader's language.</param>
    public static (ModbusRequest? Request, string? Fault) Build(string codec, string slave, int function, string address, string what, Words words)
    {
        if (Number(slave) is not (>= 0 and <= 255 and var unit))
        {
            return (null, words["the slave is a number from 0 to 255", "从站地址应为 0–255"]);
        }

        if (Number(address) is not (>= 0 and <= 65535 and var start))
        {
            return (null, words["the address is a number from 0 to 65535, or 0x0000 to 0xFFFF", "地址应为 0–65535 或 0x0000–0xFFFF"]);
        }

        var (pdu, fault) = Pdu(function, start, what, words);
        return pdu is null ? (null, fault) : (codec switch
        {
            "modbus-tcp" => new ModbusRequest(Mbap.Build(1, (byte)unit, pdu), ""),
            "modbus-ascii" => new ModbusRequest(ModbusAscii.Build((byte)unit, pdu), ""),
            _ => new ModbusRequest((byte[])[(byte)unit, .. pdu], "modbus"),
        }, null);
    }

    private static (byte[]? Pdu, string? Fault) Pdu(int function, int start, string what, Words words)
    {
        if (Reads(function))
        {
            var most = function <= 2 ? MostReadBits : MostRead;
            return Number(what) is { } count and >= 1 && count <= most && start + count <= 65536
                ? (Head(function, start, count), null)
                : (null, words[$"the count is a number from 1 to {most}, within 65536 addresses", $"数量应为 1–{most}，且不超出 65536 个地址"]);
        }

        var values = what.Split([' ', ',', ';', '\t', '\n'], StringSplitOptions.RemoveEmptyEntries).Select(Number).ToArray();
        var isBits = function is 5 or 15;
        var mostValues = function is 5 or 6 ? 1 : isBits ? MostWrittenBits : MostWritten;
        if (values.Length == 0 || values.Length > mostValues || start + values.Length > 65536 || values.Any(value => value is null || value > (isBits ? 1 : 65535) || value < (isBits ? 0 : -32768)))
        {
            return (null, isBits
                ? words[$"the values are 0 or 1, at most {mostValues}", $"值应为 0 或 1，最多 {mostValues} 个"]
                : words[$"the values are numbers from -32768 to 65535, at most {mostValues}", $"值应为 -32768–65535，最多 {mostValues} 个"]);
        }

        return (function switch
        {
            5 => Head(function, start, values[0] == 1 ? 0xFF00 : 0),
            6 => Head(function, start, values[0]!.Value),
            15 => [.. Head(function, start, values.Length), (byte)((values.Length + 7) / 8), .. Bits(values)],
            _ => [.. Head(function, start, values.Length), (byte)(values.Length * 2), .. values.SelectMany(value => Word(value!.Value))],
        }, null);
    }

    private static byte[] Head(int function, int start, int last) => [(byte)function, .. Word(start), .. Word(last)];

    private static byte[] Word(int value)
    {
        var word = new byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(word, unchecked((ushort)value));
        return word;
    }

    // The first coil is the lowest bit of the first byte.
    private static byte[] Bits(int?[] values)
    {
        var bytes = new byte[(values.Length + 7) / 8];
        for (var i = 0; i < values.Length; i++)
        {
            bytes[i / 8] |= (byte)(values[i]!.Value << (i % 8));
        }

        return bytes;
    }

    private static int? Number(string text)
    {
        var trimmed = text.Trim();
        return trimmed.StartsWith("0x", StringComparison.OrdinalIgnoreCase)
            ? int.TryParse(trimmed.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var hex) ? hex : null
            : int.TryParse(trimmed, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : null;
    }
}
