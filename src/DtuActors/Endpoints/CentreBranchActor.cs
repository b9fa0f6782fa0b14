using Akka.Actor;
using DtuActors.Configuration;
using DtuActors.Protocol;
using DtuActors.Protocol.Transports;
using DtuActors.Routing;
using DtuActors.Sessions;

namespace DtuActors.Endpoints;

/// <summary>
/// One DTU's connection to another centre, which sees the DTU: its registration first, then its frames and heartbeats in their order; what the centre sends is the DTU's
/// downlink, but for the answers that a DTU keeps to itself. In a DTU's transport all of that is inside the same one. A new session of the DTU is a new connection; when the DTU is gone, what it said is written and the
/// connection closed.
/// </summary>
/// <remarks>
/// Where the route only leads up it is a mirror: no window, what does not fit into the buffer is dropped as <c>destination-slow</c>, and what comes back as <c>no-route</c>.
/// </remarks>
public sealed class CentreBranchActor : UpstreamActor
{
    /// <summary>Branch → fan: the DTU is gone, and nothing of it is left here.</summary>
    public sealed record Idle(DtuId Dtu) : INoSerializationVerificationNeeded;

    private readonly CentreEndpointOptions _options;
    private readonly DtuId _dtu;
    private readonly ExpectedReplies _replies = new();
    private bool _isMirror;

    // Null once the DTU is gone.
    private Registry.SessionSeen? _seen;

    // Null while the session is asked for it.
    private Replaying.Registration? _registration;

    // The DTU's side of its transport; null: it has none, or one that can't be played.
    private Terminal? _terminal;

    public CentreBranchActor(CentreEndpointOptions options, EndpointSurroundings surroundings, EndpointBooks books, IActorRef turns)
        : base(options, surroundings, books, turns)
    {
        _options = options;
        _dtu = surroundings.Branch!.Dtu;
        Receive<Registry.SessionSeen>(OnSeen);
        Receive<Registry.SessionGone>(_ => OnGone());
        Receive<Replaying.Registration>(OnRegistration);
        Receive<LeaveOver>(_ => OnLeaveOver());
    }

    // Where each packet has it in front, a packet that waits brings it along.
    protected override ReadOnlyMemory<byte> Greeting =>
        _terminal?.Registration ?? (_registration is { } registration && !(registration.EveryPacket && !Outlet.IsEmpty) ? registration.Bytes : default);

    protected override TimeSpan SilenceAfterGreeting => _registration?.Silence ?? TimeSpan.Zero;

    protected override Func<PortProtocol> Protocol
    {
        get
        {
            // What is read belongs to the connection, and what is written to this: each has a terminal of its own.
            var (registration, isListening) = (_registration, _isMirror);
            return _terminal is null ? base.Protocol : () => new TerminalPort(TerminalOf(registration)!, isListening);
        }
    }

    private bool IsRefused => _registration is { Envelope: not null } && _terminal is null;

    public static Props Props(CentreEndpointOptions options, EndpointSurroundings surroundings, IActorRef turns) =>
        Akka.Actor.Props.Create<CentreBranchActor>(options, surroundings, new EndpointBooks(), turns);

    protected override bool IsMirrored(Relay.Deliver delivery) => _isMirror;

    protected override void OnDeliver(Relay.Deliver delivery)
    {
        if (IsRefused)
        {
            Refuse(delivery, RelayDrops.NotCarried);
        }
        else if (delivery.Heartbeat is not { } heartbeat)
        {
            base.OnDeliver(delivery);
        }
        else if (IsOpen && Outlet.WaitingBytes + heartbeat.Bytes.Length <= _options.Buffer)
        {
            // One that comes while the centre is away is none any more when it is back.
            Outlet.Add(delivery, Now);
            WriteNext();
        }
    }

    protected override ReadOnlyMemory<byte> Dress(Relay.Deliver delivery, ReadOnlyMemory<byte> bytes)
    {
        if (_terminal is { } terminal)
        {
            return delivery.Heartbeat is { IsUnit: true } ? terminal.Repeat(bytes) : terminal.Wrap(bytes.Span);
        }

        return delivery.Heartbeat is null && _registration is { EveryPacket: true } registration ? (byte[])[.. registration.Bytes.Span, .. bytes.Span] : bytes;
    }

    // Heartbeats are of the moment, and what was to be answered on another connection is not on this one.
    protected override void OnLinked()
    {
        Outlet.DropHeartbeats();
        _replies.Clear();
    }

    protected override void OnGreeting() => _replies.Expect(_registration!.Reply, Now);

    // The centre answers the registration before each packet too.
    protected override void OnWriting()
    {
        foreach (var delivery in Outlet.InFlight)
        {
            if (delivery.Heartbeat is { } heartbeat)
            {
                _replies.Expect(heartbeat.Reply, Now);
            }
            else if (_registration is { EveryPacket: true } registration)
            {
                _replies.Expect(registration.Reply, Now);
            }
        }
    }

    protected override void OnFlushed()
    {
        if (_seen is null)
        {
            HangUp();
        }
    }

    protected override void OnNothingWaits() => OnFlushed();

    protected override void OnHungUp()
    {
        Timers.Cancel(LeaveOver.Instance);
        if (_seen is null)
        {
            Context.Parent.Tell(new Idle(_dtu));
        }
        else if (_registration is not null)
        {
            DialOrRefuse();
        }
    }

    private protected override void OnPiece(ClientTalk.Piece piece)
    {
        var answers = _replies.Take(piece.Bytes, Now);
        if (answers > 0)
        {
            DropDown(answers, RelayDrops.AnsweredHere);
        }

        var rest = piece.Bytes[answers..];
        if (rest.IsEmpty)
        {
            return;
        }

        if (piece.Dropped is { } reason)
        {
            DropDown(rest.Length, reason);
        }
        else if (_isMirror)
        {
            DropDown(rest.Length, RelayDrops.NoRoute);
        }
        else if (_seen is null)
        {
            DropDown(rest.Length, RelayDrops.DtuOffline);
        }
        else
        {
            Emit(rest, _options.Framing.Codec);
        }
    }

    // ---- whose connection it is

    private void OnSeen(Registry.SessionSeen seen)
    {
        var isSame = _seen?.Session == seen.Session;
        _seen = seen;
        _isMirror = !seen.Down;
        Timers.Cancel(LeaveOver.Instance);
        seen.Session.Connection.Tell(new Replaying.Follow(Options.Name));
        if (isSame)
        {
            return;
        }

        Know(seen.Registration);
        if (HasLink)
        {
            // The centre sees a DTU that comes back on a connection of its own.
            HangUp();
        }
        else if (_registration is not null)
        {
            DialOrRefuse();
        }
    }

    private void OnRegistration(Replaying.Registration registration)
    {
        if (_seen?.Session == registration.Session && _registration is null)
        {
            Know(registration);
            if (!HasLink)
            {
                DialOrRefuse();
            }
        }
    }

    private void Know(Replaying.Registration? registration)
    {
        _registration = registration;
        _terminal = TerminalOf(registration);
    }

    private static Terminal? TerminalOf(Replaying.Registration? registration) =>
        registration is { Envelope: { } envelope } ? Envelopes.MakeTerminal(envelope, registration.Bytes) : null;

    private void DialOrRefuse()
    {
        if (IsRefused)
        {
            Outlet.DropAll(RelayDrops.NotCarried);
            ChangeState(EndpointStates.Down, $"no unit of the envelope {_registration!.Envelope} said whose it is, and none can be made up: replay-registration = off forwards what is inside");
        }
        else
        {
            Dial();
        }
    }

    private void OnGone()
    {
        if (_seen is not { } seen)
        {
            return;
        }

        seen.Session.Connection.Tell(new Replaying.Unfollow(Options.Name));
        _seen = null;
        if (Outlet.IsEmpty || !HasLink)
        {
            // Without a link nobody knows how it registered: its session was gone before it could be asked.
            Outlet.DropAll(RelayDrops.SessionEnded);
            CountersMoved();
            HangUp();
        }
        else
        {
            Timers.StartSingleTimer(LeaveOver.Instance, LeaveOver.Instance, _options.BufferAge);
        }
    }

    private void OnLeaveOver()
    {
        Outlet.DropAll(RelayDrops.TooOld);
        CountersMoved();
        HangUp();
    }

    private sealed record LeaveOver : INoSerializationVerificationNeeded
    {
        public static readonly LeaveOver Instance = new();
    }
}
