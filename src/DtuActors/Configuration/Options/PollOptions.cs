namespace DtuActors.Configuration;

/// <summary>One block of <c>polls</c>: what the gateway asks by itself.</summary>
public sealed record PollOptions
{
    public required string Name { get; init; }

    /// <summary>An id or a glob: whom it asks on its own schedule; null: nobody, it is there for keep-warm.</summary>
    public string? Dtu { get; init; }

    /// <summary>What is written, its check included.</summary>
    public required ReadOnlyMemory<byte> Payload { get; init; }

    /// <summary>From one run to the next; null: it has no schedule of its own.</summary>
    public TimeSpan? Every { get; init; }

    /// <summary>How much earlier or later than <see cref="Every"/> a run may begin, so that many DTUs are not asked in step; never longer than that.</summary>
    public TimeSpan Jitter { get; init; }
}

/// <summary>A profile's <c>keep-warm</c>: a poll that goes out where nothing else was sent to the DTU.</summary>
/// <param name="Every">The longest that a DTU hears nothing.</param>
/// <param name="Poll">A name under <c>polls</c>.</param>
public sealed record KeepWarmOptions(TimeSpan Every, string Poll);
