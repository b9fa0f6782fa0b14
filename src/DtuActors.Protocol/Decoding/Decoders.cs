namespace DtuActors.Protocol.Decoding;

/// <summary>One line for a person about a frame, for monitor, history and terminal.</summary>
public static class Decoders
{
    /// <summary>What <paramref name="frame"/>, cut by <paramref name="codec"/>, says, or null where nothing is known of it. Never throws.</summary>
    public static string? Describe(string codec, FrameDirection direction, ReadOnlySpan<byte> frame) => null;
}
