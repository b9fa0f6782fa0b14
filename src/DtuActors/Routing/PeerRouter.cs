using Akka.Actor;
using DtuActors.Sessions;

namespace DtuActors.Routing;

/// <summary>Another node's router as this one knows it: what it told, and what it was told.</summary>
internal sealed class PeerRouter(string node)
{
    // Some sixty kilobytes: below what one message between nodes may have.
    public const int MostPerMessage = 500;

    public string Node => node;

    public Address? Address { get; set; }

    /// <summary>Where it is asked; null: it is out of reach.</summary>
    public ICanTell? Router { get; set; }

    // ---- what it told

    /// <summary>Whom it was that told; null: it has told nothing yet.</summary>
    public IActorRef? Teller { get; set; }

    public long Life { get; set; }

    public long Heard { get; set; }

    public Dictionary<string, EndpointParty> Endpoints { get; } = new(StringComparer.Ordinal);

    // ---- what it was told

    /// <summary>Who asked; null: nobody has.</summary>
    public IActorRef? Asker { get; set; }

    public long Told { get; set; }

    public HashSet<SessionParty> ToldSessions { get; } = [];

    public HashSet<string> ToldEndpoints { get; } = new(StringComparer.Ordinal);

    /// <summary>Endpoints whose word is to be told anew.</summary>
    public HashSet<string> EndpointNews { get; } = new(StringComparer.Ordinal);

    public List<SessionRef> Opened { get; } = [];

    public List<SessionRef> Closed { get; } = [];

    public bool HasNews => EndpointNews.Count > 0 || Opened.Count > 0 || Closed.Count > 0;

    /// <summary>What is for its parties. While something waits in it there is no news, and the other way round: each waits for the other to have left.</summary>
    public PackLine Line { get; } = new();

    /// <summary>It knows nothing any more.</summary>
    public void ForgetTold()
    {
        Told = 0;
        ToldSessions.Clear();
        ToldEndpoints.Clear();
        EndpointNews.Clear();
        Opened.Clear();
        Closed.Clear();
    }
}
