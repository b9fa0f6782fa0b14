using DtuActors.Protocol.Decoding;
using DtuActors.Protocol.Modbus;

namespace DtuActors.Protocol.Capture;

/// <summary>A frame as a capture holds it.</summary>
/// <param name="Bytes">What the dissector reads.</param>
/// <param name="Port">The TCP port that Wireshark knows the protocol by.</param>
/// <param name="IsFromServer">Whether the frame comes from the side that has that port.</param>
/// <param name="Decoded">What it says in one line; null where nothing is known of it.</param>
/// <param name="Note">How <paramref name="Bytes"/> differ from what went over the wire; null where they do not.</param>
internal readonly record struct Wrapped(ReadOnlyMemory<byte> Bytes, ushort Port, bool IsFromServer, string? Decoded, string? Note = null);

/// <summary>Makes of a codec's frame what a dissector reads, or null where it reads nothing of it.</summary>
internal delegate Wrapped? Wrap(ModbusDialogue dialogue, FrameDirection direction, ReadOnlyMemory<byte> frame);

/// <summary>
/// Which of Wireshark's dissectors reads a codec's frames without any setting: the table by codec. What has no row is kept as plain data, with the decoded line as comment.
/// </summary>
/// <remarks>
/// Modbus RTU and ASCII become Modbus TCP, since Wireshark's own dissector of RTU frames can't tell a request from its answer where both are alike (functions 5, 6 and 8) and then
/// reads neither; what is left out is the check, which follows from the rest. Its dissector of IEC 60870-5-101 can be reached by a setting only.
/// </remarks>
internal static class Wrappings
{
    private const ushort ModbusPort = 502;
    private const ushort Iec104Port = 2404;
    private const ushort Dnp3Port = 20000;

    private static readonly Dictionary<string, Wrap> Table = new(StringComparer.Ordinal)
    {
        ["modbus-rtu"] = Rtu,
        ["modbus-ascii"] = Ascii,
        ["modbus-tcp"] = Tcp,
        ["dnp3"] = static (_, direction, frame) => AsItIs("dnp3", Dnp3Port, direction, frame),
        ["iec104"] = static (_, direction, frame) => AsItIs("iec104", Iec104Port, direction, frame),

        // Codecs without a protocol carry Modbus RTU more often than anything else, and its CRC proves it.
        ["raw"] = Rtu,
        ["idle-gap"] = Rtu,
    };

    public static Wrapped? Of(string codec, ModbusDialogue dialogue, FrameDirection direction, ReadOnlyMemory<byte> frame) =>
        Table.TryGetValue(codec, out var wrap) ? wrap(dialogue, direction, frame) : null;

    private static Wrapped? Rtu(ModbusDialogue dialogue, FrameDirection direction, ReadOnlyMemory<byte> frame) =>
        ModbusRtu.IsValid(frame.Span)
            ? Serial(dialogue, direction, frame.Span[..^ModbusRtu.CrcLength], Decoders.Describe("modbus-rtu", direction, frame.Span), "Modbus RTU: its CRC is left out")
            : null;

    private static Wrapped? Ascii(ModbusDialogue dialogue, FrameDirection direction, ReadOnlyMemory<byte> frame)
    {
        Span<byte> unitAndPdu = stackalloc byte[ModbusAscii.MaxUnitAndPdu];
        var length = ModbusAscii.Read(frame.Span, unitAndPdu);
        return length > 1
            ? Serial(dialogue, direction, unitAndPdu[..length], Decoders.Describe("modbus-ascii", direction, frame.Span), "Modbus ASCII: its digits are bytes here, its LRC is left out")
            : null;
    }

    private static Wrapped Serial(ModbusDialogue dialogue, FrameDirection direction, ReadOnlySpan<byte> unitAndPdu, string? decoded, string note)
    {
        var (transaction, isAnswer) = dialogue.Take(direction, unitAndPdu);
        return new Wrapped(Mbap.Build(transaction, unitAndPdu[0], unitAndPdu[1..]), ModbusPort, isAnswer, decoded, note);
    }

    private static Wrapped? Tcp(ModbusDialogue dialogue, FrameDirection direction, ReadOnlyMemory<byte> frame)
    {
        if (frame.IsEmpty || Mbap.FrameLength(frame.Span) != frame.Length)
        {
            return null;
        }

        var (_, isAnswer) = dialogue.Take(direction, frame.Span[(Mbap.HeaderLength - 1)..]);
        return new Wrapped(frame, ModbusPort, isAnswer, Decoders.Describe("modbus-tcp", direction, frame.Span));
    }

    // The station has the port, and it is at the DTU's end.
    private static Wrapped? AsItIs(string codec, ushort port, FrameDirection direction, ReadOnlyMemory<byte> frame) =>
        new Wrapped(frame, port, direction is FrameDirection.Up, Decoders.Describe(codec, direction, frame.Span));
}
