namespace DtuActors.Tests.Shared.Gateway;

/// <summary>What devices say first: the shortest good frame of every protocol.</summary>
internal static class FirstWords
{
    public static IReadOnlyList<byte[]> All { get; } =
    [
        .. FrameVector.All.Where(vector => vector.Expect == "good").GroupBy(vector => vector.Protocol, vector => vector.Bytes).Select(frames => frames.MinBy(frame => frame.Length)!),
        [.. "861234567890123"u8],
        [.. "pump-07\r\n"u8],
    ];
}
