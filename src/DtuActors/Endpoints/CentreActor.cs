using Akka.Actor;
using DtuActors.Configuration;
using DtuActors.Protocol;
using DtuActors.Routing;

namespace DtuActors.Endpoints;

/// <summary>
/// Another centre that takes all DTUs' frames on one connection, in the order in which they came, and knows nothing of who said them
/// (<c>replay-registration = off</c>). What it sends goes where <c>select</c> says.
/// </summary>
public sealed class CentreActor : UpstreamActor
{
    private readonly string _codec;
    private readonly HashSet<DtuId> _mirrored = [];

    public CentreActor(CentreEndpointOptions options, EndpointSurroundings surroundings, EndpointBooks books)
        : base(options, surroundings, books)
    {
        _codec = options.Framing.Codec;
        Receive<Registry.SessionSeen>(OnSessionSeen);
        Receive<Registry.SessionGone>(gone => _mirrored.Remove(gone.Session.Id));
    }

    protected override bool KnowsItsDtus => true;

    public static Props Props(CentreEndpointOptions options, EndpointSurroundings surroundings) => options.ReplayRegistration
        ? CentreFanActor.Props(options, surroundings)
        : Akka.Actor.Props.Create<CentreActor>(options, surroundings, new EndpointBooks());

    protected override void PreStart()
    {
        base.PreStart();
        Dial();
    }

    protected override bool IsMirrored(Relay.Deliver delivery) => _mirrored.Contains(delivery.Dtu);

    // Nobody hangs up here but a shut-down.
    protected override void OnHungUp() => Dial();

    private protected override void OnPiece(ClientTalk.Piece piece)
    {
        if (piece.Dropped is { } reason)
        {
            DropDown(piece.Bytes.Length, reason);
        }
        else
        {
            Emit(piece.Bytes, _codec);
        }
    }

    private void OnSessionSeen(Registry.SessionSeen seen)
    {
        if (seen is { Up: true, Down: false })
        {
            _mirrored.Add(seen.Session.Id);
        }
        else
        {
            _mirrored.Remove(seen.Session.Id);
        }
    }
}
