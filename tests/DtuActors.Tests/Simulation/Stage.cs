using Akka.Actor;

namespace DtuActors.Tests.Simulation;

/// <summary>
/// Whose children the actors of all runs are: an actor system's own guardians make theirs on threads of their own, and no seed says when. One that fails ends, and is told of.
/// </summary>
internal sealed class Stage : ReceiveActor
{
    /// <summary>Makes an actor, in a turn of the stage's, as a listener makes its connections'.</summary>
    public sealed record Make(Props Props, Action<IActorRef> Made);

    /// <summary>Whom to tell of a failure from now on.</summary>
    public sealed record Tell(Action<Exception> Failed);

    private Action<Exception> _failed = static _ => { };

    public Stage()
    {
        Receive<Make>(make => make.Made(Context.ActorOf(make.Props)));
        Receive<Tell>(tell => _failed = tell.Failed);
    }

    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(failure =>
    {
        _failed(failure);
        return Directive.Stop;
    }, loggingEnabled: false);
}
