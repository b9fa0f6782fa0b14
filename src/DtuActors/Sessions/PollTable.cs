using Akka.Actor;
using DtuActors.Configuration;
using DtuActors.Protocol;

namespace DtuActors.Sessions;

/// <summary>What sessions hear of polls.</summary>
public static class Polling
{
    /// <summary>The table says something else now: whoever is online looks again. Through listeners and dialers to their sessions.</summary>
    public sealed record Changed : INoSerializationVerificationNeeded
    {
        public static readonly Changed Instance = new();
    }
}

/// <summary>
/// The polls, compiled. All that match a DTU are its own. One for the whole gateway, shared by its sessions; a reload puts others in their place as a whole, and nobody
/// waits for anybody.
/// </summary>
public sealed class PollTable(IEnumerable<PollOptions> polls)
{
    private (PollOptions Poll, DtuGlob? Dtus)[] _polls = Compile(polls);

    /// <summary>From now on these; sessions that are online hear <see cref="Polling.Changed"/>.</summary>
    public void Use(IEnumerable<PollOptions> polls) => Volatile.Write(ref _polls, Compile(polls));

    /// <summary>The polls with a schedule of their own that mean a DTU, in the order of configuration.</summary>
    public IEnumerable<PollOptions> For(DtuId id) =>
        from row in Volatile.Read(ref _polls) where row.Poll.Every is not null && row.Dtus?.Matches(id) is true select row.Poll;

    /// <summary>The poll of that name, or null.</summary>
    public PollOptions? Find(string name) => Array.Find(Volatile.Read(ref _polls), row => row.Poll.Name == name).Poll;

    private static (PollOptions Poll, DtuGlob? Dtus)[] Compile(IEnumerable<PollOptions> polls) =>
        [.. polls.Select(poll => (poll, poll.Dtu is null ? null : new DtuGlob(poll.Dtu)))];
}
