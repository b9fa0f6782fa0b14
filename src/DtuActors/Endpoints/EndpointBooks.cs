using DtuActors.Routing;

namespace DtuActors.Endpoints;

/// <summary>
/// What outlives a restart of an endpoint's actor, so that totals do: given to it with its Props, touched by nobody else.
/// </summary>
public sealed class EndpointBooks
{
    private long _incarnation;

    /// <summary>DTU → endpoint.</summary>
    public TrafficLedger Up { get; } = new();

    /// <summary>Endpoint → DTUs: handed to the router is written.</summary>
    public TrafficLedger Down { get; } = new();

    /// <summary>Clients that were turned away because another one has the endpoint for itself.</summary>
    public long Refused { get; set; }

    /// <summary>The number of the life that begins.</summary>
    public long NextIncarnation() => ++_incarnation;
}

/// <summary>An endpoint's states, as CONTRACT names them.</summary>
public static class EndpointStates
{
    public const string Up = "up";
    public const string Down = "down";
    public const string Connecting = "connecting";
}
