using DtuActors.Configuration;
using DtuActors.Protocol;

namespace DtuActors.Sessions;

/// <summary>The polls, compiled. All that match a DTU are its own. Pure and immutable; one for the whole gateway, shared by its sessions.</summary>
public sealed class PollTable(IEnumerable<PollOptions> polls)
{
    public static readonly PollTable Empty = new([]);

    private readonly (PollOptions Poll, DtuGlob? Dtus)[] _polls = [.. polls.Select(poll => (poll, poll.Dtu is null ? null : new DtuGlob(poll.Dtu)))];

    /// <summary>The polls with a schedule of their own that mean a DTU, in the order of configuration.</summary>
    public IEnumerable<PollOptions> For(DtuId id) =>
        _polls.Length == 0 ? [] : from row in _polls where row.Poll.Every is not null && row.Dtus?.Matches(id) is true select row.Poll;

    /// <summary>The poll of that name, or null.</summary>
    public PollOptions? Find(string name) => Array.Find(_polls, row => row.Poll.Name == name).Poll;
}
