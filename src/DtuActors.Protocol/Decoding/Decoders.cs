namespace DtuActors.Protocol.Decoding;

/// <summary>Says in one line for a person what a frame says, or null where it is not one of the decoder's. Never throws.</summary>
internal delegate string? Describe(FrameDirection direction, ReadOnlySpan<byte> frame);

/// <summary>One line for a person about a frame, for monitor, history and terminal: the table of decoders by codec.</summary>
public static class Decoders
{
    private static readonly Dictionary<string, Describe> Table = new(StringComparer.Ordinal)
    {
        ["modbus-rtu"] = ModbusDecoder.DescribeRtu,
        ["modbus-ascii"] = ModbusDecoder.DescribeAscii,
        ["modbus-tcp"] = ModbusDecoder.DescribeTcp,
        ["dnp3"] = Dnp3Decoder.Describe,
        ["slip"] = SlipDecoder.Describe,
        ["hj212"] = Hj212Decoder.Describe,
        ["sl651"] = Sl651Decoder.Describe,
        ["jt808"] = Jt808Decoder.Describe,
        ["dlt645"] = Dlt645Decoder.Describe,
        ["cjt188"] = Cjt188Decoder.Describe,
        ["iec101"] = Iec101Decoder.Describe,
        ["iec104"] = Iec104Decoder.Describe,
    };

    /// <summary>What <paramref name="frame"/>, cut by <paramref name="codec"/>, says, or null where nothing is known of it. Never throws.</summary>
    public static string? Describe(string codec, FrameDirection direction, ReadOnlySpan<byte> frame) =>
        Table.TryGetValue(codec, out var describe) ? describe(direction, frame) : null;
}
