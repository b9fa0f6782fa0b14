namespace DtuActors.Configuration;

/// <summary>Another centre that wants the DTUs: a TCP server that the gateway dials.</summary>
public sealed record CentreEndpointOptions : StreamEndpointOptions
{
    public override string Kind => "tcp-client";

    public override bool NamesItsDtus => ReplayRegistration;

    /// <summary>A name, resolved anew at each attempt, or an address.</summary>
    public required string Host { get; init; }

    public required int Port { get; init; }

    /// <summary>Whether each DTU has a connection of its own that begins with its registration; else one carries all of them, without.</summary>
    public bool ReplayRegistration { get; init; } = true;

    public ReopenOptions Reopen { get; init; } = new();
}
