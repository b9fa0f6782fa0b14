using Akka.Actor;
using Akka.Configuration;
using Akka.Dispatch;

namespace DtuActors.Dispatching;

/// <summary>
/// The dispatcher of those that a frame crosses: connections, router, endpoints of sockets and ports. Whoever is told something from a turn of one of them has its own turn on the same
/// thread, behind it: a frame goes from the socket that it was read from to the socket that it is written to without waking anybody.
/// </summary>
public static class DataPath
{
    /// <summary>Its name in Akka's configuration; whoever builds the actor system adds <see cref="Hocon"/>.</summary>
    public const string Dispatcher = "dtu-data-dispatcher";

    /// <summary>Its definition.</summary>
    public const string Hocon = Dispatcher + """
         {
          type = Dispatcher
          executor = "DtuActors.Dispatching.StayingExecutorConfigurator, DtuActors"
          throughput = 30
        }
        """;

    /// <summary>For an actor of the data path; on the default dispatcher where the system does not have this one.</summary>
    internal static Props OnDataPath(this Props props, ActorSystem system) =>
        props.Deploy.Dispatcher == Deploy.NoDispatcherGiven && system.Dispatchers.HasDispatcher(Dispatcher) ? props.WithDispatcher(Dispatcher) : props;
}

/// <summary>Named in <see cref="DataPath.Hocon"/>; Akka makes it.</summary>
public sealed class StayingExecutorConfigurator(Config config, IDispatcherPrerequisites prerequisites) : ExecutorServiceConfigurator(config, prerequisites)
{
    public override ExecutorService Produce(string id) => new StayingExecutor(id);
}

/// <summary>Runs what it is given on the thread that gives it, where that is one whose turns stay together, else on the pool.</summary>
internal sealed class StayingExecutor(string id) : ExecutorService(id)
{
    public override void Execute(IRunnable run) => ThreadTurns.Take(run);

    public override void Shutdown()
    {
        // It owns no thread.
    }
}
