using DtuActors.Protocol.Layouts;

namespace DtuActors.Protocol.Decoding;

/// <summary>
/// IEC 60870-5-101 in words (its 6 for the link, 7 for what it carries): <c>IEC 101 request status of link, link 1</c>. How wide addresses are is agreed
/// between the stations and not told by a frame: of a variable one the widths are taken with which its objects fill it, the usual ones first, those first
/// with which link and common address are the same.
/// </summary>
internal static class Iec101Decoder
{
    // Secondary stations: access demand (there is class 1 data), and data flow control (no more, please).
    private const byte AccessDemand = 0x20;
    private const byte FlowControl = 0x10;

    // Primary stations: frame count bit, and whether it counts.
    private const byte CountBit = 0x20;
    private const byte CountValid = 0x10;

    public static string? Describe(FrameDirection direction, ReadOnlySpan<byte> frame)
    {
        if (!Iec101.IsValid(frame))
        {
            return null;
        }

        return frame[0] switch
        {
            Iec101.SingleCharacter => "IEC 101 acknowledge (E5)",
            Iec101.StartFixed => $"IEC 101 {Function(frame[1])}, link {AsduWords.LowFirst(frame[2..^2])}{Bits(frame[1])}",
            _ => Variable(frame[Iec101.HeaderLength..^2]),
        };
    }

    private static string Variable(ReadOnlySpan<byte> counted)
    {
        var head = "IEC 101 " + Function(counted[0]);
        if (Guess(counted, out var link, out var widths))
        {
            var address = link > 0 ? $", link {AsduWords.LowFirst(counted.Slice(1, link))}" : "";
            return $"{head}{address}{Bits(counted[0])}, {AsduWords.Describe(counted[(1 + link)..], widths)}";
        }

        // The usual widths, if a known type stands where they put it.
        var usual = new AsduWidths(1, 1, 2);
        return counted.Length >= 2 + usual.Header && AsduWords.IsNamed(counted[2])
            ? $"{head}, link {counted[1]}{Bits(counted[0])}, {AsduWords.Describe(counted[2..], usual)}"
            : $"{head}{Bits(counted[0])}, {Words.Plural(counted.Length - 1, "byte")} of no known layout";
    }

    private static bool Guess(ReadOnlySpan<byte> counted, out int link, out AsduWidths widths)
    {
        for (var demanding = 1; demanding >= 0; demanding--)
        {
            foreach (var linkLength in (ReadOnlySpan<int>)[1, 2, 0])
            {
                foreach (var common in (ReadOnlySpan<int>)[1, 2])
                {
                    foreach (var cause in (ReadOnlySpan<int>)[1, 2])
                    {
                        foreach (var address in (ReadOnlySpan<int>)[2, 3, 1])
                        {
                            (link, widths) = (linkLength, new AsduWidths(cause, common, address));
                            if (counted.Length <= link)
                            {
                                continue;
                            }

                            var asdu = counted[(1 + link)..];
                            if (Asdu.Fits(asdu, widths) && (demanding == 0 || IsLinkCommon(counted, link, asdu, widths)))
                            {
                                return true;
                            }
                        }
                    }
                }
            }
        }

        (link, widths) = (0, default);
        return false;
    }

    private static bool IsLinkCommon(ReadOnlySpan<byte> counted, int link, ReadOnlySpan<byte> asdu, AsduWidths widths) =>
        link > 0 && AsduWords.LowFirst(counted.Slice(1, link)) == AsduWords.LowFirst(asdu.Slice(2 + widths.Cause, widths.Common));

    private static string Function(byte control) => (control & Iec101.PrimaryBit) != 0
        ? (control & 0x0F) switch
        {
            0 => "reset of link",
            1 => "reset of user process",
            2 => "test of link",
            3 => "user data, to be confirmed",
            4 => "user data, not confirmed",
            8 => "request for access demand",
            9 => "request status of link",
            10 => "request user data class 1",
            11 => "request user data class 2",
            var other => $"function {other} of the primary",
        }
        : (control & 0x0F) switch
        {
            0 => "acknowledge",
            1 => "not acknowledged, link busy",
            8 => "user data",
            9 => "no user data",
            11 => "status of link",
            14 => "link not functioning",
            15 => "link service not implemented",
            var other => $"function {other} of the secondary",
        };

    private static string Bits(byte control) => (control & Iec101.PrimaryBit) != 0
        ? (control & CountValid) != 0 ? $", FCB {((control & CountBit) != 0 ? 1 : 0)}" : ""
        : ((control & AccessDemand) != 0 ? ", class 1 data waiting" : "") + ((control & FlowControl) != 0 ? ", can't take more" : "");
}
