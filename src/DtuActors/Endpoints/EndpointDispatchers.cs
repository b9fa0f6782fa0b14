using DtuActors.Dispatching;

namespace DtuActors.Endpoints;

/// <summary>The dispatchers that the gateway's actors need, that of the data path among them; whoever builds the actor system adds <see cref="Hocon"/> to its configuration.</summary>
public static class EndpointDispatchers
{
    /// <summary>One thread per actor: for COM-port calls, which block.</summary>
    public const string Port = "dtu-port-dispatcher";

    /// <summary>Their definition, for Akka's configuration.</summary>
    public const string Hocon = DataPath.Hocon + "\n" + Port + """
         {
          type = PinnedDispatcher
          executor = fork-join-executor
          dedicated-thread-pool { thread-count = 1 }
          throughput = 1
        }
        """;
}
