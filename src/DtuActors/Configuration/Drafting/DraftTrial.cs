using System.Collections.Immutable;
using DtuActors.Listening;
using DtuActors.Protocol.Registration;

namespace DtuActors.Configuration;

/// <summary>What became of a <see cref="DraftTrial"/>.</summary>
public abstract record DraftOutcome
{
    /// <summary>The text is no configuration.</summary>
    public sealed record Faulty(ImmutableArray<ConfigurationFault> Faults) : DraftOutcome;

    /// <summary>These bytes register.</summary>
    /// <param name="Id">As what.</param>
    public sealed record Registers(string Id) : DraftOutcome;

    /// <summary>They are the beginning of what registers.</summary>
    public sealed record Begins : DraftOutcome;

    /// <summary>They don't register, for one of <see cref="Registrar.Reason"/>.</summary>
    public sealed record Refuses(string Reason) : DraftOutcome;
}

/// <summary>Tries a <see cref="ProfileDraft"/> out: reads its text as the gateway would, then lets the bytes it was made from register as a session would.</summary>
public static class DraftTrial
{
    /// <summary>Tries <paramref name="draft"/> at <paramref name="place"/> with <paramref name="bytes"/>, in one piece and then silence. Opens nothing.</summary>
    public static DraftOutcome Run(ProfileDraft draft, DraftPlace place, ReadOnlyMemory<byte> bytes)
    {
        var loaded = ConfigurationLoader.LoadTexts([($"{place.Profile}.conf", draft.Write(place))], ".", static _ => null);
        if (loaded.Options is not { } options)
        {
            return new DraftOutcome.Faulty(loaded.Faults);
        }

        var profile = options.Profiles[place.Profile];
        if (draft.IsDatagram)
        {
            profile = UdpEntrance.ForDatagrams(profile);
        }

        if (draft.IsNamed && profile.Envelope is null)
        {
            return new DraftOutcome.Registers(place.Dtu);
        }

        var form = draft.IsNamed ? new EnvelopeForm { IsNamed = true } : profile.Registration.Form;
        var race = new RegistrationRace([form.Begin(new RegistrationStart("", profile.Envelope?.Invoke()))]);
        race.Feed(bytes.Span);
        if (draft.IsDatagram)
        {
            race.EndBurst();
        }

        while (race is { State: RegistrationState.Waiting, SilenceDue: not null })
        {
            race.Silence();
        }

        return race.State switch
        {
            RegistrationState.Registered => new DraftOutcome.Registers(draft.IsNamed ? place.Dtu : race.Registrar.Id),
            RegistrationState.Waiting => new DraftOutcome.Begins(),
            _ => new DraftOutcome.Refuses(race.Registrar.Reason!),
        };
    }
}
