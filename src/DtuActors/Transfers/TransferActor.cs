using Akka.Actor;
using DtuActors.Dispatching;
using DtuActors.Protocol.Files;
using DtuActors.Sessions;

namespace DtuActors.Transfers;

/// <summary>One file transfer: takes the line, moves the bytes between it and the protocol's state machine, and gives it back whatever happens.</summary>
/// <remarks>
/// <code>
/// waiting ──Taken──▶ running ──done, failed, cancelled──▶ (stopped)
///    └──refused, cancelled──▶ (stopped)     └──the line is lost──▶ (stopped)
/// </code>
/// </remarks>
public sealed class TransferActor : ReceiveActor, IWithTimers, IFileLine
{
    /// <summary>The most bytes of all files of a transfer: at 9,600 baud it takes two and a half hours.</summary>
    public const int MostBytes = 8 * 1024 * 1024;

    // Beyond any sensible bus.queue-wait; a node that is lost with the question answers nothing.
    private static readonly TimeSpan TakeLimit = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan PublishEvery = TimeSpan.FromMilliseconds(250);

    private readonly TransferOrder _order;
    private readonly IActorRef _router;
    private readonly FileExchange _exchange;
    private TransferStatus _status;
    private IActorRef _line = ActorRefs.Nobody;

    public TransferActor(TransferOrder order, TransferStatus status, IActorRef router)
    {
        _order = order;
        _status = status;
        _router = router;
        _exchange = order.Direction is TransferDirection.Put ? new FileSender(order.Protocol, order.Files, this) : new FileReceiver(order.Protocol, MostBytes, this);
        Receive<Leasing.Taken>(_ => OnTaken());
        Receive<Asking.Refused>(refused => End(TransferStates.Failed, Words(refused.Reason)));
        Receive<Leasing.Heard>(OnHeard);
        Receive<Leasing.Written>(_ => { });
        Receive<Leasing.Lost>(lost => End(TransferStates.Failed, lost.Reason));
        Receive<Terminated>(_ => End(TransferStates.Failed, "the node of the line is lost"));
        Receive<Transferring.Cancel>(_ => OnCancel());
        Receive<Due>(OnDue);
    }

    public ITimerScheduler Timers { get; set; } = null!;

    private static DateTimeOffset Now => SteadyTime.Now(Context.System.Scheduler);

    public static Props Props(TransferOrder order, TransferStatus status, IActorRef router) => Akka.Actor.Props.Create<TransferActor>(order, status, router);

    /// <summary>How an order stands at first.</summary>
    public static TransferStatus StatusOf(TransferOrder order, DateTimeOffset at) => new()
    {
        Id = order.Id,
        Dtu = order.Dtu,
        Port = order.Port,
        Direction = order.Direction,
        Protocol = order.Protocol,
        State = TransferStates.Waiting,
        By = order.By,
        StartedAt = at,
        Progress = order.Files.IsDefaultOrEmpty ? default : new FileProgress(order.Files[0].Name, order.Files[0].Content.Length, 0, 0, 0),
    };

    protected override void PreStart()
    {
        _router.Tell(_order.Dtu is { } dtu ? new Leasing.Take(dtu, 0, "files", Self) : new Leasing.TakePort(_order.Port!, 0, Self));
        Timers.StartSingleTimer(Due.Take, Due.Take, TakeLimit);
    }

    void IFileLine.Write(ReadOnlyMemory<byte> bytes) => _line.Tell(new Leasing.Write(bytes));

    private void OnTaken()
    {
        _line = Sender;
        Context.Watch(_line);
        Timers.Cancel(Due.Take);
        _status = _status with { State = TransferStates.Running };
        if (!_order.Say.IsEmpty)
        {
            _line.Tell(new Leasing.Write(_order.Say));
        }

        _exchange.Begin(Now);
        Moved();
    }

    private void OnHeard(Leasing.Heard heard)
    {
        _exchange.Feed(heard.Bytes.Span, Now);
        _line.Tell(new Leasing.Read(heard.Through));
        Moved();
    }

    private void OnCancel()
    {
        if (_line.IsNobody())
        {
            End(TransferStates.Cancelled, null);
            return;
        }

        _exchange.Cancel();
        Moved();
    }

    private void OnDue(Due due)
    {
        if (due == Due.Take)
        {
            End(TransferStates.Failed, $"the line was not given within {TakeLimit.TotalSeconds:0} s");
        }
        else if (due == Due.Publish)
        {
            Publish();
        }
        else
        {
            _exchange.Tick(Now);
            Moved();
        }
    }

    private void Moved()
    {
        switch (_exchange.End)
        {
            case null:
                var wait = _exchange.Due - Now;
                Timers.StartSingleTimer(Due.Exchange, Due.Exchange, wait > TimeSpan.Zero ? wait : TimeSpan.Zero);
                if (!Timers.IsTimerActive(Due.Publish))
                {
                    Timers.StartSingleTimer(Due.Publish, Due.Publish, PublishEvery);
                }

                break;
            case FileEnd.Done:
                End(TransferStates.Done, null);
                break;
            case FileEnd.Failed:
                End(TransferStates.Failed, _exchange.Problem);
                break;
            default:
                End(TransferStates.Cancelled, _exchange.Problem);
                break;
        }
    }

    private void End(string state, string? problem)
    {
        _status = _status with { State = state, Problem = problem, EndedAt = Context.System.Scheduler.Now };
        Publish();
        _line.Tell(Leasing.GiveBack.Instance);
        Context.Stop(Self);
    }

    private void Publish()
    {
        _status = _status with { Progress = _status.State == TransferStates.Waiting ? _status.Progress : _exchange.Progress };
        Context.Parent.Tell(new Transferring.Stands(_status, TransferStates.IsEnd(_status.State) && _exchange is FileReceiver receiver ? receiver.Files : []));
    }

    private string Words(RefusalReason reason) => reason switch
    {
        RefusalReason.Offline when _order.Port is not null => "the COM port is not open on this node",
        RefusalReason.Offline => "the DTU is offline",
        RefusalReason.BusBusy or RefusalReason.QueueFull => "the line is busy",
        RefusalReason.SessionEnded => "the line went away while it was waited for",
        _ => $"the line is refused: {reason}",
    };

    /// <summary>Timers: key and message in one.</summary>
    private sealed record Due(string Name) : INoSerializationVerificationNeeded
    {
        public static readonly Due Take = new("take");
        public static readonly Due Exchange = new("exchange");
        public static readonly Due Publish = new("publish");
    }
}
