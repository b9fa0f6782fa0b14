namespace DtuActors.Host.Api;

/// <summary>Whether the gateway takes part: not before everything that binds is bound, not while it stops.</summary>
internal sealed class Readiness(IHostApplicationLifetime lifetime)
{
    private volatile bool _ready;

    public bool IsStopping => lifetime.ApplicationStopping.IsCancellationRequested;

    /// <summary>Cancelled when the gateway begins to stop.</summary>
    public CancellationToken Stopping => lifetime.ApplicationStopping;

    /// <summary>Null when ready, else why not.</summary>
    public HealthModel? NotReady =>
        IsStopping ? new HealthModel { Status = "stopping", Detail = "the gateway is shutting down" }
        : _ready ? null
        : new HealthModel { Status = "starting", Detail = "not every configured address is bound yet" };

    public void Set() => _ready = true;
}
