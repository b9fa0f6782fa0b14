using Akka.Actor;
using Akka.Event;
using DtuActors.Configuration;
using DtuActors.Protocol.Framing;
using DtuActors.Routing;

namespace DtuActors.Endpoints;

/// <summary>A port's conversation: the PortActor and its reader with the SerialActor above them.</summary>
internal static class Ports
{
    /// <summary>PortActor → endpoint: open. The endpoint asks <paramref name="Reader"/> for each read.</summary>
    public sealed record Opened(IActorRef Reader, bool CanPause, int MostPerWrite) : INoSerializationVerificationNeeded;

    /// <summary>Endpoint → PortActor: write this; one at a time.</summary>
    public sealed record Write(ReadOnlyMemory<byte> Bytes) : INoSerializationVerificationNeeded;

    /// <summary>PortActor → endpoint: the write has ended.</summary>
    public sealed record Wrote(PortWrite Outcome) : INoSerializationVerificationNeeded;

    /// <summary>Endpoint → reader: read once more.</summary>
    public sealed record ReadOn : INoSerializationVerificationNeeded
    {
        public static readonly ReadOn Instance = new();
    }

    /// <summary>Reader → endpoint: bytes came; they are valid until the next <see cref="ReadOn"/>.</summary>
    public sealed record Received(ReadOnlyMemory<byte> Bytes) : INoSerializationVerificationNeeded;

    /// <summary>Reader → PortActor → endpoint: the port can't be opened, or is gone.</summary>
    public sealed record Lost(string Problem) : INoSerializationVerificationNeeded;
}

/// <summary>
/// The endpoint of one COM port, real or virtual: keeps what waits for it, puts what comes from it together to frames, and starts a PortActor, again with
/// back-off, whenever there is none. The port dies and reopens; the buffer stays.
/// </summary>
/// <remarks>
/// What was in flight when a port died is <c>destination-lost</c>: it may have been written in part, and is never written twice.
/// States: connecting (first opening) → up ⇄ down (waiting to reopen, or reopening).
/// </remarks>
public sealed partial class SerialActor : BufferedEndpointActor
{
    private readonly IPortOpener _opener;
    private readonly Backoff _backoff;
    private readonly Framer _framer;

    private IActorRef _port = ActorRefs.Nobody;
    private Action _endWrite = () => { };
    private Ports.Opened? _open;
    private bool _readOwed;
    private string? _problem;

    public SerialActor(StreamEndpointOptions options, ReopenOptions reopen, EndpointSurroundings surroundings, EndpointBooks books, IPortOpener opener)
        : base(options, surroundings, books)
    {
        _opener = opener;
        _backoff = new Backoff(reopen);
        _framer = new Framer(Codecs.Create(options.Framing), options.Framing.MaxFrame);

        Receive<Ports.Opened>(OnOpened, _ => Sender.Equals(_port));
        Receive<Ports.Received>(OnReceived, _ => _open is not null && Sender.Equals(_open.Reader));
        Receive<Ports.Wrote>(OnWrote, _ => Sender.Equals(_port));
        Receive<Ports.Lost>(lost => _problem = lost.Problem, _ => Sender.Equals(_port));
        Receive<Terminated>(OnPortEnded, ended => ended.ActorRef.Equals(_port));
        Leases();
        Receive<Terminated>(_ => { });
        Receive<Due>(OnDue);
    }

    protected override string? Where => _opener.Where;

    protected override bool IsOpen => _open is not null;

    public static Props Props(SerialEndpointOptions options, EndpointSurroundings surroundings, IPortOpener opener) =>
        Akka.Actor.Props.Create<SerialActor>(options, options.Reopen, surroundings, new EndpointBooks(), opener);

    public static Props Props(PtyEndpointOptions options, EndpointSurroundings surroundings, IPortOpener opener) =>
        Akka.Actor.Props.Create<SerialActor>(options, options.Reopen, surroundings, new EndpointBooks(), opener);

    protected override void PreStart()
    {
        base.PreStart();
        Open();
    }

    protected override void PostStop()
    {
        _endWrite();
        EndLease("the COM port's endpoint stopped");
        base.PostStop();
    }

    // A failing port is not restarted in place: its end is seen, told, and answered with back-off.
    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(failure =>
    {
        Log.Error(failure, "{0}: the port failed and is opened anew", Options.KeyPath);
        _problem = failure.Message;
        return Directive.Stop;
    }, loggingEnabled: false);

    protected override void OnMayReadAgain()
    {
        if (_readOwed)
        {
            ReadOn();
        }
    }

    protected override void OnDrain()
    {
        Timers.Cancel(Due.Reopen);
        EndLease("the gateway is stopping");
        if (_open is null || Outlet.IsEmpty)
        {
            ClosePort();
        }
        else
        {
            Timers.StartSingleTimer(Due.Flushed, Due.Flushed, FlushTime);
        }
    }

    private void Open()
    {
        _problem = null;
        var stop = new CancellationTokenSource();
        _endWrite = stop.Cancel;
        _port = Context.Watch(Context.ActorOf(PortActor.Props(_opener, stop.Token)));
    }

    private void OnOpened(Ports.Opened opened)
    {
        _open = opened;
        _backoff.Reset();
        StopWaiting();
        ChangeState(EndpointStates.Up, null);
        ReadOn();
        WriteNext();
    }

    private void OnReceived(Ports.Received received)
    {
        if (_lease is not null)
        {
            OnHeard(received.Bytes.Span);
        }
        else
        {
            var sink = new Sink(this, _framer.Codec.Name);
            _framer.Feed(received.Bytes.Span, ref sink);
        }

        ReadOn();
    }

    private void ReadOn()
    {
        if (_open is null || Draining)
        {
            return;
        }

        _readOwed = _open.CanPause && !MayRead && _lease is null;
        if (_readOwed)
        {
            Timers.Cancel(Due.Silence);
            return;
        }

        // Silence is a silence of the line only while somebody listens.
        if (_framer.SilenceDue is { } gap)
        {
            Timers.StartSingleTimer(Due.Silence, Due.Silence, gap);
        }
        else
        {
            Timers.Cancel(Due.Silence);
        }

        _open.Reader.Tell(Ports.ReadOn.Instance);
    }

    private void OnWrote(Ports.Wrote wrote)
    {
        if (!OnWroteOfHolder(wrote.Outcome))
        {
            OnWroteFrames(wrote.Outcome);
        }

        ChangeState(EndpointStates.Up, wrote.Outcome is PortWrite.Written or PortWrite.NoReader ? null : "the port did not take what was written in time");

        // What was settled while the port was away is told to nobody any more, but it moves the counters all the same.
        CountersMoved();
        BeginLease();
        WriteNext();
        if (Draining && Outlet.IsEmpty)
        {
            ClosePort();
        }
    }

    private void OnWroteFrames(PortWrite outcome)
    {
        if (outcome is PortWrite.Written)
        {
            Outlet.Wrote(Now);
        }
        else
        {
            Outlet.DropInFlight(outcome is PortWrite.NoReader ? RelayDrops.NoReader : RelayDrops.DestinationSlow);
        }
    }

    protected override void WriteNext()
    {
        if (_open is not null && !IsLeased && _ofHolder.Count == 0 && Outlet.Next(_open.MostPerWrite) is { } bytes)
        {
            _port.Tell(new Ports.Write(bytes));
        }
    }

    private void OnPortEnded(Terminated ended)
    {
        _port = ActorRefs.Nobody;
        _open = null;
        _readOwed = false;
        Timers.Cancel(Due.Silence);
        EndStream();
        EndLease(_problem ?? "the port ended");
        Outlet.DropInFlight(RelayDrops.DestinationLost);
        if (Draining)
        {
            Outlet.DropAll(RelayDrops.DestinationLost);
            Context.Stop(Self);
            return;
        }

        ChangeState(EndpointStates.Down, _problem ?? "the port ended");
        WaitForResource();
        Timers.StartSingleTimer(Due.Reopen, Due.Reopen, _backoff.Next());
    }

    private void OnDue(Due due)
    {
        if (due == Due.Silence)
        {
            EndStream();
        }
        else if (due == Due.Reopen)
        {
            Open();
        }
        else if (due == Due.Flushed)
        {
            ClosePort();
        }
    }

    /// <summary>The line is silent: what is pending is a frame now, or never.</summary>
    private void EndStream()
    {
        if (_framer.Pending > 0)
        {
            var sink = new Sink(this, _framer.Codec.Name);
            _framer.Silence(ref sink);
        }

        var left = _framer.Pending > 0 && _port.IsNobody() ? _framer.Reset() : 0;
        if (left > 0)
        {
            DropDown(left, Protocol.DropReasons.Truncated);
        }
    }

    private void ClosePort()
    {
        if (_port.IsNobody())
        {
            Outlet.DropAll(RelayDrops.DestinationLost);
            Context.Stop(Self);
            return;
        }

        _endWrite();
        Context.Stop(_port);
    }

    private readonly struct Sink(SerialActor owner, string codec) : IFrameSink
    {
        public void OnFrame(ReadOnlySpan<byte> frame) => owner.Emit(frame.ToArray(), codec);

        public void OnHeartbeat(ReadOnlySpan<byte> heartbeat)
        {
        }

        public void OnDropped(ReadOnlySpan<byte> bytes, string reason) => owner.DropDown(bytes.Length, reason);
    }

    /// <summary>Timers: key and message in one.</summary>
    private sealed record Due(string Name) : INoSerializationVerificationNeeded
    {
        public static readonly Due Silence = new("silence");
        public static readonly Due Reopen = new("reopen");
        public static readonly Due Flushed = new("flushed");
    }
}
