using Akka.Actor;

namespace DtuActors.Clustering;

/// <summary>Who has what there is once in the cluster: endpoints whose home is <c>one</c>, and dialled DTUs.</summary>
public static class Owning
{
    /// <summary>It is this node's from now on; the sender hears <see cref="LetGo"/> when it is not any more.</summary>
    public sealed record Yours : INoSerializationVerificationNeeded
    {
        public static readonly Yours Instance = new();
    }

    /// <summary>Another node's turn: close it, and answer <see cref="LetGo"/> when it is closed.</summary>
    public sealed record NotYours : INoSerializationVerificationNeeded
    {
        public static readonly NotYours Instance = new();
    }

    public sealed record LetGo : INoSerializationVerificationNeeded
    {
        public static readonly LetGo Instance = new();
    }
}

/// <summary>
/// The cluster's only one: where it lives is the node that owns. At its end the node lets go first, so that no two have the same at once. It lives beside the gateway, not below it: a node
/// that stops drains its gateway before it hands over.
/// </summary>
public sealed class OwnerActor : ReceiveActor, IWithTimers
{
    /// <summary>Endpoints and dialled DTUs are drained by then, or stopped.</summary>
    internal static readonly TimeSpan LetGoWithin = TimeSpan.FromSeconds(5);

    private readonly IActorRef _gateway;
    private bool _released;

    public OwnerActor(IActorRef gateway)
    {
        _gateway = gateway;
        Receive<Release>(_ => OnRelease());
        Receive<Owning.LetGo>(_ => Context.Stop(Self));
        Receive<Terminated>(_ => OnGatewayEnded());
        Receive<TooLong>(_ => Context.Stop(Self));
    }

    public ITimerScheduler Timers { get; set; } = null!;

    public static Props Props(IActorRef gateway) => Maker.Of(gateway, static gateway => new OwnerActor(gateway));

    protected override void PreStart()
    {
        Context.Watch(_gateway);
        _gateway.Tell(Owning.Yours.Instance);
    }

    private void OnRelease()
    {
        _released = true;
        _gateway.Tell(Owning.NotYours.Instance);
        Timers.StartSingleTimer(TooLong.Instance, TooLong.Instance, LetGoWithin + TimeSpan.FromSeconds(1));
    }

    // It has drained all it had. Whoever is next takes over as soon as this node is asked, or gone; until then nobody has it, and this place stays taken.
    private void OnGatewayEnded()
    {
        if (_released)
        {
            Context.Stop(Self);
        }
        else
        {
            Become(Ended);
        }
    }

    private void Ended()
    {
        Receive<Release>(_ => Context.Stop(Self));
        ReceiveAny(_ => { });
    }

    /// <summary>The manager's word for: end.</summary>
    internal sealed record Release : INoSerializationVerificationNeeded
    {
        public static readonly Release Instance = new();
    }

    private sealed record TooLong : INoSerializationVerificationNeeded
    {
        public static readonly TooLong Instance = new();
    }
}
