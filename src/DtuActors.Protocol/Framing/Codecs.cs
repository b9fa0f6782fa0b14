namespace DtuActors.Protocol.Framing;

/// <summary>The table of codecs: a name in configuration, and what makes the codec of a checked <c>framing { }</c> block.</summary>
public static class Codecs
{
    /// <summary>The names that <see cref="Create"/> takes, in the order in which they are documented.</summary>
    public static IReadOnlyCollection<string> Names => [];

    /// <summary>Makes the codec that <paramref name="options"/> names; throws <see cref="ArgumentException"/> for a name that is not in <see cref="Names"/>.</summary>
    public static Codec Create(FramingOptions options) => throw new ArgumentException($"no codec '{options.Codec}'", nameof(options));
}
