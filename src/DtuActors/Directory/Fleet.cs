using Akka.Actor;

namespace DtuActors.Directory;

/// <summary>
/// The FleetView's conversation: sessions, endpoints and listeners tell it how they stand, at most once a second and only when something changed;
/// queries read it. What it shows is a second old at most.
/// </summary>
public static class Fleet
{
    /// <summary>From an endpoint, at its start, on each change of state and at most once a second when counters moved.</summary>
    public sealed record EndpointSeen(EndpointStatus Status) : INoSerializationVerificationNeeded;

    /// <summary>From a listener, likewise.</summary>
    public sealed record ListenerSeen(ListenerStatus Status) : INoSerializationVerificationNeeded;

    /// <summary>To everyone who tells it something: a restarted FleetView knows nothing yet.</summary>
    public sealed record TellAgain : INoSerializationVerificationNeeded
    {
        public static readonly TellAgain Instance = new();
    }
}
