using System.Collections.Immutable;
using Akka.Actor;

namespace DtuActors;

/// <summary>Which DTUs are meant: those that every part that is given says yes to; a text that is empty counts as not given.</summary>
/// <param name="Text">A part of its id, its name, what its registration said, or an alias; upper and lower case are the same.</param>
/// <param name="State"><see cref="DtuState.Online"/> means those in conflict too.</param>
/// <param name="Group">A group it is a member of, verbatim.</param>
/// <param name="Codec">The codec of its session, or of its last one.</param>
public sealed record DtuFilter(string? Text = null, DtuState? State = null, string? Group = null, string? Codec = null);

/// <summary>A part of what a search found, ordered by id.</summary>
/// <param name="Total">All that were found, whatever was skipped.</param>
public sealed record DtuSearch(int Total, ImmutableArray<DtuStatus> Items) : INoSerializationVerificationNeeded
{
    /// <summary>How many were found before where it was to begin.</summary>
    internal int Before { get; init; }
}

/// <summary>
/// The fleet in numbers: DTUs that are online, configured, registered or remembered, and what these sent and were sent since the gateway started. One that is forgotten
/// takes its frames and bytes out of the sums.
/// </summary>
/// <param name="Online">Those in conflict included: the four states add up to <c>Online + Sleeping + Offline</c>.</param>
/// <param name="Conflict">A part of <paramref name="Online"/>.</param>
/// <param name="Sessions">Sessions that were opened, of the DTUs that are counted, since the gateway started.</param>
/// <param name="Groups">Every group that has a member, ordered.</param>
/// <param name="Codecs">Every codec of a session, open or last, ordered.</param>
public sealed record FleetCounts(
    int Online,
    int Conflict,
    int Sleeping,
    int Offline,
    long FramesUp,
    long FramesDown,
    long BytesUp,
    long BytesDown,
    long Sessions,
    ImmutableArray<string> Groups,
    ImmutableArray<string> Codecs) : INoSerializationVerificationNeeded;
