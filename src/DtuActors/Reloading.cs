using System.Collections.Immutable;
using Akka.Actor;
using DtuActors.Configuration;

namespace DtuActors;

/// <summary>Other options for a gateway that runs: what it is asked, and how it ends. All of it or nothing.</summary>
public static class Reloading
{
    /// <summary>The facade → the gateway: be this from now on. One <see cref="Applied"/>, <see cref="Collides"/> or <see cref="Refused"/>; one at a time.</summary>
    public sealed record Apply(GatewayOptions Options, OptionsChange Change) : INoSerializationVerificationNeeded;

    /// <summary>How a reload ended.</summary>
    public abstract record Answer : INoSerializationVerificationNeeded;

    /// <summary>The options are in force. An endpoint among <paramref name="Down"/> tries on by itself, and its status says how it stands.</summary>
    /// <param name="Change">What was added, removed and changed.</param>
    /// <param name="Down">Endpoints whose address is not bound.</param>
    public sealed record Applied(OptionsChange Change, ImmutableArray<Unbound> Down) : Answer;

    /// <summary>Nothing changed: these keys say something else, and hold from the next start on.</summary>
    public sealed record RestartNeeded(ImmutableArray<string> KeyPaths) : Answer;

    /// <summary>Nothing changed: these ids and aliases are newly configured, and the register has them already.</summary>
    public sealed record Collides(ImmutableArray<string> Names) : Answer;

    /// <summary>Nothing changed: the gateway can't reload now.</summary>
    public sealed record Refused(string Problem) : Answer;

    /// <summary>An endpoint that is not bound: its name, and why.</summary>
    public sealed record Unbound(string Name, string Problem);
}
