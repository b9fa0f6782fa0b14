using Akka.Actor;
using Akka.Event;

namespace DtuActors.Endpoints;

/// <summary>
/// Owns one open port, on a thread of its own: opens it, writes what its parent tells it, one at a time, looks each second whether the device is still
/// there, closes it. It never mends anything: where the port fails it says so and ends, and its parent starts another one.
/// </summary>
internal sealed class PortActor : ReceiveActor, IWithTimers
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);

    private readonly IPortOpener _opener;
    private readonly CancellationToken _stop;
    private IPort? _port;

    public PortActor(IPortOpener opener, CancellationToken stop)
    {
        _opener = opener;
        _stop = stop;
        Receive<Open>(_ => OnOpen());
        Receive<Ports.Write>(OnWrite);
        Receive<Look>(_ => OnLook());
        Receive<Ports.Lost>(lost => End(lost.Problem));
    }

    public ITimerScheduler Timers { get; set; } = null!;

    public static Props Props(IPortOpener opener, CancellationToken stop) =>
        Akka.Actor.Props.Create<PortActor>(opener, stop).WithDispatcher(EndpointDispatchers.Port);

    protected override void PreStart() => Self.Tell(Open.Instance);

    protected override void PostStop() => _port?.Dispose();

    // A reader that fails takes the port along: bytes would be missing.
    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(_ => Directive.Escalate, loggingEnabled: false);

    private void OnOpen()
    {
        try
        {
            _port = _opener.Open();
        }
        catch (IOException problem)
        {
            End(problem.Message);
            return;
        }

        var reader = Context.ActorOf(PortReader.Props(_port, Context.Parent));
        Context.Parent.Tell(new Ports.Opened(reader, _port.CanPause, _port.MostPerWrite));
        Timers.StartPeriodicTimer(Look.Instance, Look.Instance, LookEvery);
    }

    private void OnWrite(Ports.Write write)
    {
        if (_port is null)
        {
            return;
        }

        try
        {
            Context.Parent.Tell(new Ports.Wrote(_port.Write(write.Bytes, _stop)));
        }
        catch (Exception problem) when (problem is IOException or ObjectDisposedException or OperationCanceledException)
        {
            End(problem is IOException ? problem.Message : "the port was closed");
        }
    }

    private void OnLook()
    {
        if (_port?.Lost() is { } problem)
        {
            End(problem);
        }
    }

    private void End(string problem)
    {
        Context.Parent.Tell(new Ports.Lost(problem));
        Context.Stop(Self);
    }

    private sealed record Open : INoSerializationVerificationNeeded
    {
        public static readonly Open Instance = new();
    }

    private sealed record Look : INoSerializationVerificationNeeded
    {
        public static readonly Look Instance = new();
    }
}

/// <summary>
/// Reads an open port, off its thread, so that what comes in never waits for what goes out. One read at a time, and the next only when the endpoint asks.
/// </summary>
internal sealed class PortReader : ReceiveActor
{
    private readonly IPort _port;
    private readonly IActorRef _endpoint;
    private readonly byte[] _buffer = new byte[4096];
    private bool _reading;

    public PortReader(IPort port, IActorRef endpoint)
    {
        _port = port;
        _endpoint = endpoint;
        Receive<Ports.ReadOn>(_ => OnReadOn());
        Receive<Done>(OnDone);
    }

    public static Props Props(IPort port, IActorRef endpoint) => Akka.Actor.Props.Create<PortReader>(port, endpoint);

    private void OnReadOn()
    {
        if (!_reading)
        {
            _reading = true;
            ReadAsync().PipeTo(Self, Self);
        }
    }

    private async Task<Done> ReadAsync()
    {
        try
        {
            var count = await _port.ReadAsync(_buffer).ConfigureAwait(false);
            return new Done(count, count > 0 ? null : "the device went away");
        }
        catch (Exception problem) when (problem is IOException or ObjectDisposedException or OperationCanceledException or UnauthorizedAccessException or InvalidOperationException)
        {
            return new Done(0, problem is IOException ? problem.Message : "the device went away");
        }
    }

    private void OnDone(Done done)
    {
        _reading = false;
        if (done.Problem is { } problem)
        {
            Context.Parent.Tell(new Ports.Lost(problem));
        }
        else
        {
            // The buffer is the endpoint's until it asks for more.
            _endpoint.Tell(new Ports.Received(_buffer.AsMemory(0, done.Count)));
        }
    }

    private sealed record Done(int Count, string? Problem) : INoSerializationVerificationNeeded;
}
