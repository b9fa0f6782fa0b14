using Akka.Actor;
using DtuActors.Configuration;
using DtuActors.Dispatching;
using DtuActors.Protocol;
using DtuActors.Protocol.Modbus;
using DtuActors.Routing;
using DtuActors.Sessions;

namespace DtuActors.Endpoints;

/// <summary>
/// Owns one Modbus TCP master's connection: turns each request into Modbus RTU for the DTU and slave that its unit stands for, and each answer back, under
/// the master's own transaction and unit; which form goes to the DTU is its session's matter. Answers go out as they come, so one slow DTU does not hold up another's.
/// </summary>
/// <remarks>
/// At most <see cref="MostInFlight"/> requests are open or unanswered on the wire; beyond, the socket is not read. A unit whose slave is 0 is a broadcast:
/// it is written to the DTU's line and the master gets no answer, as on a serial line (an exception where it could not be written). A header that is none
/// closes the connection, for nothing behind it can be trusted.
/// </remarks>
internal sealed class ModbusMasterActor : ClientSocketActor
{
    /// <summary>Requests of one master at a time: what common servers allow per connection.</summary>
    public const int MostInFlight = 16;

    private static readonly TimeSpan LookEvery = TimeSpan.FromMinutes(1);

    private readonly IActorRef _endpoint;
    private readonly IActorRef _router;
    private readonly ModbusTcpEndpointOptions _options;
    private readonly Dictionary<long, Asked> _asked = [];
    private readonly Queue<Response> _responses = new();
    private readonly Queue<Response> _inFlight = new();

    private byte[] _pending = [];
    private long _correlation;

    public ModbusMasterActor(IActorRef connection, IActorRef endpoint, IActorRef router, ModbusTcpEndpointOptions options)
        : base(connection)
    {
        _endpoint = endpoint;
        _router = router;
        _options = options;
        Receive<Asking.Answered>(OnAnswered);
        Receive<Asking.Sent>(OnSent);
        Receive<Asking.Refused>(OnRefused);
        Receive<LookForLost>(_ => OnLookForLost());
    }

    private int InFlight => _asked.Count + _responses.Count + _inFlight.Count;

    private DateTimeOffset Now => SteadyTime.Now(Context.System.Scheduler);

    public static Props Props(IActorRef connection, IActorRef endpoint, IActorRef router, ModbusTcpEndpointOptions options) =>
        Akka.Actor.Props.Create<ModbusMasterActor>(connection, endpoint, router, options);

    protected override void PreStart()
    {
        base.PreStart();
        _endpoint.Tell(MasterTalk.Joined.Instance);
        Timers.StartPeriodicTimer(LookForLost.Instance, LookForLost.Instance, LookEvery);
        Read();
    }

    // Requests on their way stay on their way, and their answers find nobody.
    protected override void PostStop()
    {
        foreach (var asked in _asked.Values)
        {
            _endpoint.Tell(new MasterTalk.Ended(FrameDirection.Down, asked.Bytes, TimeSpan.Zero, null));
        }

        foreach (var response in _inFlight.Concat(_responses))
        {
            _endpoint.Tell(new MasterTalk.Ended(FrameDirection.Up, response.Bytes.Length, TimeSpan.Zero, RelayDrops.DestinationLost));
        }

        if (_pending.Length > 0)
        {
            DropPending(DropReasons.Truncated);
        }
    }

    protected override void OnBytes(ReadOnlySpan<byte> bytes)
    {
        // At most one read behind what 16 requests left over, for nothing is read while a whole request waits here.
        _pending = [.. _pending, .. bytes];
        Work();
    }

    protected override void OnEndpointRestarted() => _endpoint.Tell(MasterTalk.Joined.Instance);

    protected override void OnPeerFinished() => Work();

    protected override void OnWritten()
    {
        while (_inFlight.TryDequeue(out var response))
        {
            _endpoint.Tell(new MasterTalk.Ended(FrameDirection.Up, response.Bytes.Length, Now - response.Since, null));
        }

        WriteNext();
        Work();
    }

    /// <summary>Asks what is complete, as far as the bound allows; then reads on, or ends where the master has.</summary>
    private void Work()
    {
        var at = 0;
        while (InFlight < MostInFlight && at < _pending.Length)
        {
            var length = Mbap.FrameLength(_pending.AsSpan(at));
            if (length < 0)
            {
                _pending = _pending[at..];
                DropPending(DropReasons.Garbage);
                Close();
                return;
            }

            if (length == 0 || at + length > _pending.Length)
            {
                break;
            }

            Ask(_pending.AsSpan(at, length));
            at += length;
        }

        _pending = at == 0 ? _pending : _pending[at..];
        if (IsFinished && InFlight == 0)
        {
            Close();
        }
        else if (InFlight < MostInFlight)
        {
            Read();
        }
    }

    private void Ask(ReadOnlySpan<byte> request)
    {
        var transaction = (ushort)((request[0] << 8) | request[1]);
        var unit = request[Mbap.HeaderLength - 1];
        var pdu = request[Mbap.HeaderLength..];
        var asked = new Asked(transaction, unit, pdu[0], request.Length, Now);
        _endpoint.Tell(new MasterTalk.Entered(FrameDirection.Down, request.Length));
        if (!_options.Units.TryGetValue(unit, out var slave))
        {
            _endpoint.Tell(new MasterTalk.Ended(FrameDirection.Down, request.Length, TimeSpan.Zero, RelayDrops.NoRoute));
            Except(asked, ModbusException.PathUnavailable);
            return;
        }

        var correlation = ++_correlation;
        _asked.Add(correlation, asked);
        _router.Tell(new Asking.Request(
            slave.Dtu, ModbusRtu.Build(slave.Slave, pdu), null, AnswerRule.Modbus, correlation, _options.Name, Self, Turn: Self));
    }

    private void OnAnswered(Asking.Answered answered)
    {
        if (!_asked.Remove(answered.Correlation, out var asked))
        {
            return;
        }

        _endpoint.Tell(new MasterTalk.Ended(FrameDirection.Down, asked.Bytes, Now - asked.Since - answered.Elapsed, null));

        // Without the slave's address in front and the CRC behind.
        Respond(asked, answered.Frame.Payload.Span[1..^2], answered.Frame.Since);
    }

    private void OnSent(Asking.Sent sent)
    {
        if (_asked.Remove(sent.Correlation, out var asked))
        {
            _endpoint.Tell(new MasterTalk.Ended(FrameDirection.Down, asked.Bytes, Now - asked.Since, null));
            Work();
        }
    }

    private void OnRefused(Asking.Refused refused)
    {
        if (!_asked.Remove(refused.Correlation, out var asked))
        {
            return;
        }

        // A request that nobody answered was written all the same.
        var dropped = refused.Reason switch
        {
            RefusalReason.Offline => RelayDrops.DtuOffline,
            RefusalReason.QueueFull => RelayDrops.QueueFull,
            RefusalReason.BusBusy => RelayDrops.BusBusy,
            RefusalReason.SessionEnded => RelayDrops.DestinationLost,
            RefusalReason.SlaveSuspended => RelayDrops.SlaveSuspended,
            RefusalReason.TooLong => DropReasons.Oversize,
            _ => null,
        };
        _endpoint.Tell(new MasterTalk.Ended(FrameDirection.Down, asked.Bytes, TimeSpan.Zero, dropped));
        Except(asked, refused.Reason is RefusalReason.QueueFull or RefusalReason.BusBusy ? ModbusException.Busy : ModbusException.TargetFailed);
        Work();
    }

    // Its place among those in flight would be lost for good, and with the last of them the master.
    private void OnLookForLost()
    {
        foreach (var (correlation, _) in _asked.Where(open => Now - open.Value.Since >= Asking.MostWait).ToArray())
        {
            OnRefused(new Asking.Refused(correlation, RefusalReason.SessionEnded));
        }
    }

    private void Except(Asked asked, byte code) => Respond(asked, [(byte)(asked.Function | 0x80), code], Now);

    private void Respond(Asked asked, ReadOnlySpan<byte> pdu, DateTimeOffset since)
    {
        var response = new Response(Mbap.Build(asked.Transaction, asked.Unit, pdu), since);
        _responses.Enqueue(response);
        _endpoint.Tell(new MasterTalk.Entered(FrameDirection.Up, response.Bytes.Length));
        WriteNext();
    }

    private void WriteNext()
    {
        if (IsWriting || _responses.Count == 0)
        {
            return;
        }

        var batch = new List<byte>();
        while (_responses.TryDequeue(out var response))
        {
            batch.AddRange(response.Bytes);
            _inFlight.Enqueue(response);
        }

        Write(batch.ToArray());
    }

    private void DropPending(string reason)
    {
        _endpoint.Tell(new MasterTalk.Entered(FrameDirection.Down, _pending.Length));
        _endpoint.Tell(new MasterTalk.Ended(FrameDirection.Down, _pending.Length, TimeSpan.Zero, reason));
        _pending = [];
    }

    private sealed record LookForLost : INoSerializationVerificationNeeded
    {
        public static readonly LookForLost Instance = new();
    }

    private readonly record struct Asked(ushort Transaction, byte Unit, byte Function, int Bytes, DateTimeOffset Since);

    private readonly record struct Response(byte[] Bytes, DateTimeOffset Since);
}
