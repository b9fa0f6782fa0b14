using System.Net.Sockets;

namespace DtuActors.Clustering;

/// <summary>The port that other nodes' connections are taken on.</summary>
public static class NodePort
{
    /// <summary>Why it could not be bound, where that is why the actor system did not start; else null.</summary>
    public static SocketException? Problem(Exception failure)
    {
        for (var at = failure; at is not null; at = at.InnerException)
        {
            switch (at)
            {
                case SocketException socket:
                    return socket;
                case AggregateException many when many.InnerExceptions.Select(Problem).FirstOrDefault(found => found is not null) is { } found:
                    return found;
            }
        }

        return null;
    }
}
