using Akka.Actor;
using Akka.Event;
using DtuActors.Configuration;
using DtuActors.Protocol;
using DtuActors.Protocol.Modbus;
using DtuActors.Protocol.Pairing;
using DtuActors.Protocol.Transports;
using DtuActors.Recording;
using DtuActors.Routing;

namespace DtuActors.Sessions;

/// <summary>Online, down: deliveries of routes, requests and sends, through the bus, wrapped, into the socket; each ends exactly once.</summary>
public sealed partial class ConnectionActor : IBusLine
{
    // Windows keep each exclusive source under 64 kB; this bounds many sources together.
    private const int MostPending = 256 * 1024;

    private readonly TrafficLedger _down = new();

    // Null until something goes down: most DTUs of a large fleet only report.
    private BusQueue? _bus;
    private ModbusDialect? _modbus;
    private SocketWriter<Downlink>? _writer;
    private Askings? _askings;
    private LineSettings? _line;
    private DateTimeOffset _writingSince;
    private long _bytesDown;
    private long _framesDown;

    private BusQueue Bus => _bus ??= new BusQueue(_profile.Bus, _profile.Framing.Codec, this, _framer.Codec.IsProtocol);

    private Askings Asked => _askings ??= new Askings();

    private SocketWriter<Downlink> Writer => _writer ??= new SocketWriter<Downlink>(_socket, OnDownlinkWritten, _setup.Carrier.MostPerWrite);

    private bool IsWriting => _writer is { IsBusy: true };

    private int Pending => _writer?.Pending ?? 0;

    private bool IsRequestResponse => _profile.Bus.Mode is BusMode.RequestResponse;

    private ModbusDialect Modbus => _modbus ??= ModbusDialect.Of(_framer.Codec.Name);

    private void OnDeliver(Relay.Deliver delivery)
    {
        if (delivery.Epoch != _session!.Epoch)
        {
            Sender.Tell(new Relay.StaleSession(new SessionRef(_id, delivery.Epoch, Self), delivery));
            return;
        }

        if (delivery.Line is { } line)
        {
            OnLine(delivery, line);
            return;
        }

        if (delivery.Frame is null)
        {
            // A probe is answered in its turn: behind all that waits, whoever it is from.
            Enqueue(new Downlink(default, delivery.SourceName, Now) { Delivery = delivery }, wantsAnswer: false, AnswerRule.ByMode, null);
            return;
        }

        var downlink = new Downlink(delivery.Frame.Payload, delivery.SourceName, delivery.Frame.Since) { Delivery = delivery };
        if (_answers?.Answered(downlink.Payload.Span) is true)
        {
            // The gateway answered already: a second answer would be one to nothing.
            GiveBack(delivery, RelayDrops.AnsweredHere);
            return;
        }

        _down.Accept(downlink.Payload.Length);
        if (delivery.IsAnswer)
        {
            // Whatever this bus is used for: nobody answers an answer.
            Enqueue(downlink, wantsAnswer: false, AnswerRule.ByMode, null);
        }
        else
        {
            EnqueueByMode(downlink);
        }
    }

    // For the DTU itself, in its turn among the bytes for the instrument; nobody answers it.
    private void OnLine(Relay.Deliver delivery, LineSettings line)
    {
        // The router tells it to a DTU that comes back, and so does the endpoint, which knows nothing of it.
        if (_profile.LineControl is not LineControl.Usr || line == _line)
        {
            return;
        }

        _line = line;

        if (UsrBaudFrame.Find(line) is not { } frame)
        {
            Log.Warning("{0}: its line can't be set to {1} baud with {2} stop bits: USR's frame carries no such settings", _id, line.Baud, line.StopBits);
            return;
        }

        var downlink = new Downlink(frame, delivery.SourceName, Now);
        _down.Accept(frame.Length);
        Enqueue(downlink, wantsAnswer: false, AnswerRule.ByMode, null);
    }

    private void OnRequest(Asking.Request request)
    {
        var payload = request.Rule is AnswerRule.Modbus ? Modbus.Request(request.Payload) : request.Payload;
        var downlink = new Downlink(payload, request.Asker, Now) { Request = request, Turn = request.Turn };
        Asked.Hear(request.ReplyTo, request.Correlation);
        _down.Accept(downlink.Payload.Length);
        Enqueue(downlink, Bus.ExpectsAnswer(request.Payload.Span, request.Rule), request.Rule, request.Timeout);
    }

    private void OnSend(Asking.Send send)
    {
        var downlink = new Downlink(send.Payload, send.Asker, Now) { Send = send, Turn = send.Turn };
        Asked.Hear(send.ReplyTo, send.Correlation);
        _down.Accept(downlink.Payload.Length);
        EnqueueByMode(downlink);
    }

    private void OnWithdraw(Asking.Withdraw withdraw)
    {
        var wasWaiting = _bus?.Withdraw(item => ((Downlink)item.Tag).Is(withdraw.ReplyTo, withdraw.Correlation), Now) is true;
        withdraw.ReplyTo.Tell(new Asking.WithdrawEnded(wasWaiting, withdraw.For, withdraw.Correlation));
        if (wasWaiting)
        {
            PublishSoon();
            ArmBus();
        }
    }

    private void OnAreHeld(Asking.AreHeld question) => Asked.Answer(question);

    private void TellLast(IActorRef asker, long correlation, object word)
    {
        asker.Tell(word);
        _askings?.End(asker, correlation);
    }

    private void OnKick(Asking.Kick kick)
    {
        kick.ReplyTo.Tell(new Asking.Sent(kick.Correlation));
        Close(EndReasons.Kicked, "closed by an operator");
    }

    // In request-response mode all that goes down is a request, but what nobody may answer.
    private void EnqueueByMode(Downlink downlink) =>
        Enqueue(downlink, IsRequestResponse && Bus.ExpectsAnswer(downlink.Payload.Span, AnswerRule.ByMode), AnswerRule.ByMode, null);

    private void Enqueue(Downlink downlink, bool wantsAnswer, AnswerRule rule, TimeSpan? timeout)
    {
        if (downlink.Payload.Length > _setup.Carrier.MostPayload(_envelope))
        {
            Refuse(downlink, RefusalReason.TooLong);
            return;
        }

        if (Pending + downlink.Payload.Length > MostPending)
        {
            Refuse(downlink, RefusalReason.QueueFull);
            return;
        }

        if (!wantsAnswer && !IsRequestResponse && Bus.IsFree(Now))
        {
            Write(downlink);
            return;
        }

        downlink.Item = new BusItem
        {
            Asker = downlink.Turn ?? downlink.Source,
            Payload = downlink.Payload,
            WantsAnswer = wantsAnswer,
            Rule = rule,
            Insists = downlink.Poll is { KeepsWarm: true },
            MayBePassed = downlink.Request is not null,
            Holds = downlink.Lease is not null,
            Timeout = timeout ?? _profile.Bus.ResponseTimeout,
            Until = Now + downlink.Send?.Within,
            Tag = downlink,
            Since = Now,
        };
        if (Bus.Enqueue(downlink.Item, Now) is { } refusal)
        {
            Refuse(downlink, refusal);
        }

        // Whoever waits is seen waiting, though nothing else moves.
        PublishSoon();
        ArmBus();
    }

    // ---- what the bus wants done

    void IBusLine.Write(BusItem item)
    {
        var downlink = (Downlink)item.Tag;
        if (downlink.Lease is null)
        {
            Write(downlink);
        }
        else
        {
            BeginLease(downlink);
        }
    }

    void IBusLine.Answered(BusItem item, Frame answer)
    {
        var downlink = (Downlink)item.Tag;
        if (!item.WasSent)
        {
            EndUnwritten(downlink, RelayDrops.Coalesced);
        }

        if (downlink.Request is { } request)
        {
            downlink.IsAnswered = true;
            var told = item.Rule is AnswerRule.Modbus ? answer with { Payload = Modbus.Answer(answer.Payload), Codec = Pairings.ModbusRtu.Codec } : answer;
            TellLast(request.ReplyTo, request.Correlation, new Asking.Answered(request.Correlation, told, item.WrittenAt == default ? TimeSpan.Zero : Now - item.WrittenAt));
        }
        else if (downlink.Delivery is { } delivery)
        {
            _isTaken = Emit(answer, only: delivery.SourceName);
        }
        else if (downlink.Send is { } send)
        {
            downlink.IsAnswered = true;
            if (send.Follows)
            {
                TellLast(send.ReplyTo, send.Correlation, new Asking.Answered(send.Correlation, answer, item.WrittenAt == default ? TimeSpan.Zero : Now - item.WrittenAt));
            }
            else if (!item.WasSent)
            {
                // What it shared was written for it too.
                TellLast(send.ReplyTo, send.Correlation, new Asking.Sent(send.Correlation));
            }

            if (send.AnswerUp)
            {
                _isTaken = Emit(answer, only: send.Asker);
            }
        }
        else if (downlink.Poll is { } poll)
        {
            OnPollAnswered(poll, answer);
        }
    }

    void IBusLine.Refused(BusItem item, RefusalReason reason) => Refuse((Downlink)item.Tag, reason);

    void IBusLine.HandedBack(ReadOnlyMemory<byte> bytes, bool isLate)
    {
        if (isLate)
        {
            CountDroppedUp(bytes.Span, RelayDrops.LateAnswer);
        }
        else
        {
            Emit(new Frame(bytes, FrameDirection.Up, _framer.Codec.Name, At) { Since = Now }, only: null);
        }
    }

    private void OnBusDue()
    {
        Bus.Tick(Now);
        ArmBus();
        PublishSoon();
    }

    private void ArmBus()
    {
        if (_bus?.Due is { } due)
        {
            var wait = due - Now;
            Timers.StartSingleTimer(TimerKey.Bus, BusDue.Instance, wait > TimeSpan.Zero ? wait : TimeSpan.Zero);
        }
        else if (Timers.IsTimerActive(TimerKey.Bus))
        {
            Timers.Cancel(TimerKey.Bus);
        }
    }

    // ---- writing

    private void Write(Downlink downlink)
    {
        downlink.TellBegun();
        if (!downlink.IsProbe)
        {
            // Told as it leaves, not as it is acknowledged: an answer may come before the acknowledgement, and would stand before its question.
            _setup.Events.Offer(new FramePassed(At, _id, FrameDirection.Down, downlink.Payload, _profile.Framing.Codec, downlink.Source));
        }

        var rest = downlink.Payload;
        for (var most = _envelope?.MostPayload ?? rest.Length; rest.Length > most; rest = rest[most..])
        {
            WriteBytes(Wrapped(rest[..most]), null);
        }

        WriteBytes(Wrapped(rest), downlink);
    }

    private ReadOnlyMemory<byte> Wrapped(ReadOnlyMemory<byte> payload) =>
        payload.IsEmpty || _envelope is not { } envelope ? payload : envelope.Wrap(_unitId ?? _presented, payload.Span);

    // The gateway's own words (acknowledgements, heartbeat replies) are the DTU's, not the instrument's: they take no turn on the bus.
    private void Answer(ReadOnlyMemory<byte> bytes)
    {
        if (!bytes.IsEmpty && Pending + bytes.Length <= MostPending)
        {
            WriteBytes(bytes, null);
        }
    }

    private void WriteBytes(ReadOnlyMemory<byte> bytes, Downlink? downlink)
    {
        var wasBusy = IsWriting;
        _bytesDown += bytes.Length;
        _polls?.Sent(Now);
        GatewayMetrics.Bytes.CountDown(bytes.Length);

        // A bus that hears of it while it is writing would not know which of its items that is.
        Writer.Write(bytes, downlink, mayBeAtOnce: downlink?.Item is null);

        // What was acknowledged on the spot is told of by nobody else.
        PublishSoon();
        if (!wasBusy && IsWriting)
        {
            _writingSince = Now;
            if (!Timers.IsTimerActive(TimerKey.Write))
            {
                Timers.StartSingleTimer(TimerKey.Write, WriteOverdue.Instance, WriteLimit);
            }
        }
    }

    // One timer per time limit, not one per write.
    private void OnWriteOverdue()
    {
        if (!IsWriting)
        {
            return;
        }

        var left = WriteLimit - (Now - _writingSince);
        if (left > TimeSpan.Zero)
        {
            Timers.StartSingleTimer(TimerKey.Write, WriteOverdue.Instance, left);
        }
        else
        {
            Close(EndReasons.Silent, "the DTU takes no bytes", abort: true, EvidenceKind.WriteFailed);
        }
    }

    private void OnWritten(Written acknowledgement)
    {
        Writer.Acknowledged(acknowledgement);
        _writingSince = Now;
        PublishSoon();
    }

    private void OnDownlinkWritten(Downlink downlink)
    {
        if (!downlink.IsWritten)
        {
            downlink.IsWritten = true;
            CountWritten(downlink);
        }

        if (downlink.Item is { } item)
        {
            Bus.Written(item, Now);
            ArmBus();
        }
    }

    private void CountWritten(Downlink downlink)
    {
        if (!downlink.IsProbe)
        {
            _framesDown++;
            GatewayMetrics.Frames.CountDown(1);
            _down.Write(downlink.Payload.Length, downlink.Since, Now);
        }

        Take(downlink.Delivery);
        downlink.Holder?.Tell(Leasing.Written.Instance);
        var awaitsAnswer = downlink.Item is { WantsAnswer: true };
        if (downlink.Send is { Follows: true } followed && awaitsAnswer)
        {
            followed.ReplyTo.Tell(new Asking.Sent(followed.Correlation, awaitsAnswer));
        }
        else if (downlink.Send is { } send)
        {
            TellLast(send.ReplyTo, send.Correlation, new Asking.Sent(send.Correlation, awaitsAnswer));
        }
        else if (downlink.Request is { } request && !awaitsAnswer)
        {
            TellLast(request.ReplyTo, request.Correlation, new Asking.Sent(request.Correlation));
        }

        if (downlink.Poll is { } poll)
        {
            OnPollWritten(poll, awaitsAnswer);
        }
    }

    private void Refuse(Downlink downlink, RefusalReason reason)
    {
        if (downlink.Lease is not null)
        {
            LoseLease(downlink, reason);
            return;
        }

        if (!downlink.IsWritten)
        {
            EndUnwritten(downlink, DropReason(reason));
            TellRefused(downlink, reason);
        }
        else if (downlink.Send is { Follows: true })
        {
            // Written, and nobody answered.
            TellRefused(downlink, reason);
        }

        if (downlink is { Request: { } request, IsAnswered: false })
        {
            downlink.IsAnswered = true;
            TellLast(request.ReplyTo, request.Correlation, new Asking.Refused(request.Correlation, reason));
        }

        if (downlink.Poll is { } poll)
        {
            OnPollRefused(poll, reason);
        }
    }

    private void TellRefused(Downlink downlink, RefusalReason reason)
    {
        if (downlink is { Send: { } send, IsAnswered: false })
        {
            downlink.IsAnswered = true;
            TellLast(send.ReplyTo, send.Correlation, new Asking.Refused(send.Correlation, reason, downlink.ToldBegun));
        }
    }

    private void EndUnwritten(Downlink downlink, string reason)
    {
        downlink.IsWritten = true;
        if (!downlink.IsProbe)
        {
            _down.Drop(downlink.Payload.Length, reason);
        }

        Take(downlink.Delivery);
    }

    private static string DropReason(RefusalReason reason) => reason switch
    {
        RefusalReason.QueueFull => RelayDrops.QueueFull,
        RefusalReason.BusBusy => RelayDrops.BusBusy,
        RefusalReason.SlaveSuspended => RelayDrops.SlaveSuspended,
        RefusalReason.TooLong => DropReasons.Oversize,
        RefusalReason.Withdrawn => RelayDrops.Withdrawn,
        RefusalReason.Expired => RelayDrops.Expired,

        // It shared another's transaction, which nobody answered.
        RefusalReason.NoAnswer => RelayDrops.Coalesced,
        _ => RelayDrops.DestinationLost,
    };

    private void GiveBack(Relay.Deliver delivery, string reason)
    {
        if (delivery.Frame is { } frame)
        {
            _down.Accept(frame.Payload.Length);
            _down.Drop(frame.Payload.Length, reason);
        }

        Take(delivery);
    }

    private void Take(Relay.Deliver? delivery)
    {
        if (delivery is { AckWanted: true })
        {
            delivery.Source.Tell(new Flow.Taken(new Destination(Self, 0), delivery.Through));
        }
    }

    /// <summary>Something on its way down: a delivery of a route, a request, a send, or a poll. Its books are closed once, when it is written or refused.</summary>
    private sealed class Downlink(ReadOnlyMemory<byte> payload, string source, DateTimeOffset since)
    {
        public ReadOnlyMemory<byte> Payload => payload;

        public string Source => source;

        public DateTimeOffset Since => since;

        /// <summary>Whose turn it takes on the bus; null: the source's.</summary>
        public object? Turn { get; init; }

        public Relay.Deliver? Delivery { get; init; }

        public Asking.Request? Request { get; init; }

        public Asking.Send? Send { get; init; }

        public ScheduledPoll? Poll { get; init; }

        /// <summary>Who wants the line for himself: it has no bytes, and no place in the books.</summary>
        public Leasing.Take? Lease { get; init; }

        /// <summary>Who has the line, and wrote this.</summary>
        public IActorRef? Holder { get; init; }

        public BusItem? Item { get; set; }

        /// <summary>Written, or refused before it was: its place in the books is settled.</summary>
        public bool IsWritten { get; set; }

        /// <summary>Its asker has been told how it ended.</summary>
        public bool IsAnswered { get; set; }

        public bool IsProbe => Delivery is { Frame: null };

        /// <summary>Whether that asker knows it by that number.</summary>
        public bool Is(IActorRef asker, long correlation) =>
            (Send is { } send && send.Correlation == correlation && send.ReplyTo.Equals(asker))
            || (Request is { } request && request.Correlation == correlation && request.ReplyTo.Equals(asker));

        /// <summary>Who follows it was told that its bytes leave.</summary>
        public bool ToldBegun { get; private set; }

        /// <summary>Tells who follows it, at its first write.</summary>
        public void TellBegun()
        {
            if (Item is { IsRetried: true })
            {
                return;
            }

            if (Send is { Follows: true } send)
            {
                ToldBegun = true;
                send.ReplyTo.Tell(new Asking.Begun(send.Correlation));
            }
            else if (Request is { Follows: true } request)
            {
                request.ReplyTo.Tell(new Asking.Begun(request.Correlation));
            }
        }
    }

    private sealed record BusDue : INoSerializationVerificationNeeded
    {
        public static readonly BusDue Instance = new();
    }
}
