using Akka.Actor;
using DtuActors.Configuration;
using DtuActors.Protocol;
using DtuActors.Recording;

namespace DtuActors.Sessions;

/// <summary>What all sessions of one listener or dialer share.</summary>
public sealed record SessionSetup
{
    /// <summary>The listener's or dialer's name.</summary>
    public required string Listener { get; init; }

    /// <summary>The listener's profiles, at least one: the first whose registration matches is the session's.</summary>
    public required IReadOnlyList<ProfileOptions> Candidates { get; init; }

    /// <summary>All profiles, for DTUs that configuration gives another one than the listener's.</summary>
    public required IReadOnlyDictionary<string, ProfileOptions> Profiles { get; init; }

    /// <summary>The DTU that every connection here is, or null where it registers.</summary>
    public DtuId? Dtu { get; init; }

    public string IdPrefix { get; init; } = "";

    public required Admission Admission { get; init; }

    /// <summary>What the gateway asks by itself.</summary>
    public PollTable Polls { get; init; } = PollTable.Empty;

    /// <summary>A number from 0 to below 1, each time another one: what keeps sessions from acting in step.</summary>
    public Func<double> Chance { get; init; } = Random.Shared.NextDouble;

    public required IActorRef Router { get; init; }

    public required IActorRef Directory { get; init; }

    public required IActorRef Fleet { get; init; }

    /// <summary>Takes refused connections (<see cref="RefusedConnection"/>).</summary>
    public required IActorRef Recorder { get; init; }

    public required EventInlet Events { get; init; }
}
