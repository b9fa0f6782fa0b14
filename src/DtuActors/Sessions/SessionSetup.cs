using Akka.Actor;
using DtuActors.Configuration;
using DtuActors.Listening;
using DtuActors.Protocol;
using DtuActors.Protocol.Registration;
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

    /// <summary>What carries the bytes.</summary>
    public Carrier Carrier { get; init; } = Carrier.Stream;

    public required Admission Admission { get; init; }

    /// <summary>What the gateway asks by itself.</summary>
    public PollTable Polls { get; init; } = new([]);

    /// <summary>A number from 0 to below 1, each time another one: what keeps sessions from acting in step.</summary>
    public Func<double> Chance { get; init; } = Random.Shared.NextDouble;

    /// <summary>
    /// How fast they claim their DTUs, where the directory is on many nodes, of which some may be out of reach: a session whose claim has to wait, or is not answered, goes ahead
    /// under an epoch of its own. Null: the directory is here.
    /// </summary>
    public ClaimPace? Pace { get; init; }

    public required IActorRef Router { get; init; }

    public required IActorRef Directory { get; init; }

    public required IActorRef Fleet { get; init; }

    /// <summary>Takes refused connections (<see cref="RefusedConnection"/>).</summary>
    public required IActorRef Recorder { get; init; }

    public required EventInlet Events { get; init; }

    /// <summary>How many lines they may log.</summary>
    public SessionLines Lines { get; } = new();

    /// <summary>Begins to read the registration of a peer, whichever of the <see cref="Candidates"/> it is.</summary>
    /// <param name="remote">Where it is.</param>
    /// <param name="isNamed">Whether the DTU is known without it.</param>
    public RegistrationRace BeginRegistration(Peer remote, bool isNamed) => new([.. Candidates.Select(profile => Begin(profile, remote, isNamed))]);

    private static Registrar Begin(ProfileOptions profile, Peer remote, bool isNamed)
    {
        // Where the DTU is named, its units need only be well-formed: the envelope's own login is still its first word.
        var form = isNamed ? new EnvelopeForm { IsNamed = true } : profile.Registration.Form;
        return form.Begin(new RegistrationStart(remote.Address?.ToString() ?? "", profile.Envelope?.Invoke()));
    }
}
