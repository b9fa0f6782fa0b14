using DtuActors.Protocol.Layouts;

namespace DtuActors.Protocol.Decoding;

/// <summary>SLIP in words (RFC 1055): how long the packet is when its escapes are undone. What it carries is not SLIP's to say.</summary>
internal static class SlipDecoder
{
    public static string? Describe(FrameDirection direction, ReadOnlySpan<byte> frame)
    {
        _ = direction;
        return Slip.DecodedLength(frame) is var length and > 0 ? $"SLIP, {Words.Plural(length, "byte")}" : null;
    }
}
