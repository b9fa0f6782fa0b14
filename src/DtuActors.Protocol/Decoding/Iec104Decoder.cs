using DtuActors.Protocol.Layouts;

namespace DtuActors.Protocol.Decoding;

/// <summary>
/// IEC 60870-5-104 in words (its 5): <c>IEC 104 STARTDT act</c>, <c>IEC 104 S, N(R) 3</c>,
/// <c>IEC 104 I, N(S) 0, N(R) 1, interrogation C_IC_NA_1 (100), activation confirmation, common address 1, 1 object: 0 = station</c>.
/// </summary>
internal static class Iec104Decoder
{
    public static string? Describe(FrameDirection direction, ReadOnlySpan<byte> frame) => Iec104.FormatOf(frame) switch
    {
        Iec104Format.Unnumbered => "IEC 104 " + Function(frame[2]),
        Iec104Format.Supervisory => $"IEC 104 S, N(R) {Iec104.Received(frame)}",
        Iec104Format.Information => $"IEC 104 I, N(S) {Iec104.Sent(frame)}, N(R) {Iec104.Received(frame)}, {Carried(frame[Iec104.AsduOffset..])}",
        _ => null,
    };

    private static string Function(byte function) => function switch
    {
        Iec104.StartActivate => "STARTDT act",
        Iec104.StartConfirmed => "STARTDT con",
        Iec104.StopActivate => "STOPDT act",
        Iec104.StopConfirmed => "STOPDT con",
        Iec104.TestActivate => "TESTFR act",
        _ => "TESTFR con",
    };

    private static string Carried(ReadOnlySpan<byte> asdu) => AsduWords.Describe(asdu, AsduWidths.Tcp);
}
