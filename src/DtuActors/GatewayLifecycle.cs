using System.Collections.Immutable;
using Akka.Actor;

namespace DtuActors;

/// <summary>What whoever binds a socket tells its parent, up to the GatewayActor; each once per bind.</summary>
public static class Binding
{
    /// <param name="Name">The listener's or endpoint's name.</param>
    /// <param name="Transport">As start-up prints it: <c>tcp</c>, <c>modbus-tcp</c>.</param>
    /// <param name="Address"><c>127.0.0.1:9000</c>, <c>[::1]:9000</c>.</param>
    public sealed record SocketBound(string Name, string Transport, string Address) : INoSerializationVerificationNeeded;

    /// <summary>One port of a range is bound: there are others, before and behind it.</summary>
    public sealed record PortBound(string Name, string Transport, string Address) : INoSerializationVerificationNeeded;

    /// <summary>Every port of a range that the register gave to a DTU at start is bound, or is tried again: a row's port that can't be had is no end of the run.</summary>
    /// <param name="Name">The range's.</param>
    /// <param name="NotBound">Whose port could not be bound, and why; the first of them.</param>
    public sealed record RangeBound(string Name, ImmutableArray<string> NotBound) : INoSerializationVerificationNeeded;

    /// <summary>At start-up this ends the run; later it is a state, and the binder tries again with back-off.</summary>
    public sealed record BindFailed(string Name, string KeyPath, string Address, string Problem, bool AddressInUse) : INoSerializationVerificationNeeded;
}

/// <summary>The gateway's orderly end.</summary>
public static class ShutDown
{
    /// <summary>Take nothing new, write what waits, close with <c>stopping</c>, then stop yourself. Whoever sent it watches, and sets the time limit.</summary>
    public sealed record Drain : INoSerializationVerificationNeeded
    {
        public static readonly Drain Instance = new();
    }
}
