using Akka.Actor;
using Akka.Event;
using Akka.IO;
using DtuActors.Directory;
using DtuActors.Protocol.Registration;
using DtuActors.Recording;
using DtuActors.Routing;

namespace DtuActors.Sessions;

/// <summary>
/// Closing, for one reason, the first: nothing is taken any more, what waits is written, the socket's end is waited for, not for ever. A session that a newer one
/// displaced says at once that it is none any more, and finds out whether somebody was still there. Where the socket has ended, the router is told, and what it had
/// sent before it heard of that is answered: nobody waits for a word that never comes.
/// </summary>
public sealed partial class ConnectionActor
{
    // Akka.IO's Close waits for ever for a peer that does not read, and its ConfirmedClose for one that does not close.
    private static readonly TimeSpan AbortAfter = TimeSpan.FromSeconds(2);

    // What was on its way when a newer session took over comes within this time, and proves nothing: neither bytes nor the FIN of a DTU that had hung up itself.
    private static readonly TimeSpan StragglersLimit = TimeSpan.FromMilliseconds(500);

    // A router answers at once, unless it is gone, or has much to do: what it had sent is lost with a session that does not wait for it. It is asked again each time, so that a process
    // that stood still has waited once, however long that was.
    private static readonly TimeSpan LeaveAgainAfter = TimeSpan.FromSeconds(1);
    private const int MostLeaveAsks = 30;

    // Of one that only claimed: there is nobody to ask.
    private const int MostLeaveWaits = 3;

    private string? _endReason;
    private DateTimeOffset? _endedAt;
    private DateTimeOffset? _ended;
    private Tcp.CloseCommand _close = Tcp.Close.Instance;
    private bool _isResigned;
    private bool _hasLeft;
    private int _leaveWaits;
    private bool _listensForLife;

    private void Close(string reason, string? error, bool abort = false, EvidenceKind? evidence = null)
    {
        if (_endReason is not null)
        {
            return;
        }

        EndAs(reason, error, evidence);
        _bus?.Close();
        Context.Become(Closing);
        Timers.StartSingleTimer(TimerKey.Abort, AbortNow.Instance, AbortAfter);
        if (abort)
        {
            _socket.Tell(Tcp.Abort.Instance);
        }
        else
        {
            CloseWhenWritten();
        }
    }

    private void CloseWhenWritten()
    {
        if (!IsWriting)
        {
            _socket.Tell(_close);
        }
    }

    private bool Closing(object message)
    {
        switch (message)
        {
            case Written acknowledgement:
                OnWritten(acknowledgement);
                CloseWhenWritten();
                return true;
            case AbortNow:
                _socket.Tell(Tcp.Abort.Instance);
                return true;
            case Tcp.Received received:
                Count(received.Data.ToReadOnlySpan());
                CountDroppedUp(received.Data.ToReadOnlySpan(), RelayDrops.SessionEnded);
                return true;
            default:
                _ = RefusesWhatComes(message) || Always(message);
                return true;
        }
    }

    /// <summary>Without its socket: until the router has heard of it, and sends no more; or, where it only claimed, until what came by its claim has come.</summary>
    private bool Leaving(object message)
    {
        switch (message)
        {
            case Registry.SessionForgotten:
                Context.Stop(Self);
                return true;
            case LeaveDue:
                OnLeaveDue();
                return true;
            default:
                _ = RefusesWhatComes(message) || Replays(message);
                return true;
        }
    }

    private void OnLeaveDue()
    {
        if (++_leaveWaits >= (_session is null ? MostLeaveWaits : MostLeaveAsks))
        {
            Context.Stop(Self);
            return;
        }

        if (_session is not null)
        {
            _setup.Router.Tell(new Registry.SessionClosed(_session));
        }

        Timers.StartSingleTimer(TimerKey.Abort, LeaveDue.Instance, LeaveAgainAfter);
    }

    private bool RefusesWhatComes(object message)
    {
        switch (message)
        {
            case Holding.Superseded:
                Resign();
                return true;
            case Holding.Granted granted:
                OnGrantedTooLate(granted);
                return true;
            case Relay.Deliver delivery when _endReason is EndReasons.Replaced:
                Sender.Tell(new Relay.StaleSession(_session! with { Epoch = delivery.Epoch }, delivery));
                return true;
            case Relay.Deliver delivery:
                GiveBack(delivery, RelayDrops.DestinationLost);
                return true;
            case Asking.Request request:
                request.ReplyTo.Tell(new Asking.Refused(request.Correlation, RefusalReason.SessionEnded));
                return true;
            case Asking.Send send:
                send.ReplyTo.Tell(new Asking.Refused(send.Correlation, RefusalReason.SessionEnded));
                return true;
            case Leasing.Take take:
                take.Holder.Tell(new Asking.Refused(take.Correlation, RefusalReason.SessionEnded));
                return true;
            case Asking.Withdraw withdraw:
                withdraw.ReplyTo.Tell(new Asking.WithdrawEnded(WasWaiting: false, withdraw.For, withdraw.Correlation));
                return true;
            case Asking.AreHeld question:
                OnAreHeld(question);
                return true;
            case Asking.Kick kick:
                kick.ReplyTo.Tell(new Asking.Sent(kick.Correlation));
                return true;
            default:
                return false;
        }
    }

    private void OnGrantedTooLate(Holding.Granted granted)
    {
        if (_session is null)
        {
            _setup.Directory.Tell(new Holding.Released(_id, granted.Epoch));
        }
        else
        {
            Resign();
        }
    }

    // ---- displaced: what was on its way is let pass; then our half of the socket is closed, and the other is read. Whoever closes it in return, or says
    // anything, was there after the newer session took over; a half-open socket is silent or answers with a reset.

    private void OnDisplaced(Holding.Superseded superseded)
    {
        EndAs(EndReasons.Replaced, $"{superseded.By} registered as {_id} and took over");
        _bus?.Close();
        Resign();
        Context.Become(Displaced);
        Timers.StartSingleTimer(TimerKey.Abort, StragglersOver.Instance, StragglersLimit);
        ReadOnce();
    }

    private void OnStragglersOver()
    {
        _listensForLife = true;
        _close = Tcp.ConfirmedClose.Instance;
        Timers.StartSingleTimer(TimerKey.Abort, AbortNow.Instance, AbortAfter);
        CloseWhenWritten();
    }

    private bool Displaced(object message)
    {
        switch (message)
        {
            case Tcp.Received received:
                OnBytesWhileDisplaced(received.Data.ToReadOnlySpan());
                return true;
            case Tcp.ConfirmedClosed:
                TellAlive();
                End(EndReasons.Closed, null);
                return true;
            case StragglersOver:
                OnStragglersOver();
                return true;
            case Written acknowledgement when _close is not Tcp.ConfirmedClose:
                OnWritten(acknowledgement);
                return true;
            case ShutDown.Drain:
                _socket.Tell(Tcp.Abort.Instance);
                return true;
            default:
                return Closing(message);
        }
    }

    private void OnBytesWhileDisplaced(ReadOnlySpan<byte> bytes)
    {
        Count(bytes);
        CountDroppedUp(bytes, RelayDrops.StaleSession);
        TellAlive();
        ReadOnce();
    }

    private void TellAlive()
    {
        if (_listensForLife)
        {
            _listensForLife = false;
            _setup.Directory.Tell(new Holding.StillAlive(_id, _session!.Epoch, Remote));
        }
    }

    // ---- the end

    private void End(string reason, string? error, EvidenceKind? evidence = null)
    {
        if (_session is null)
        {
            EndAs(reason, error, evidence);
            DropWhatWasEarly();
        }
        else
        {
            // Nothing follows, as after a silence: what is a frame then goes its way, where the session was still open, and what is none is counted.
            EndBurst();
            EndAs(reason, error, evidence);
            Leave();
        }

        // A claim that is on its way may still be granted, and what a router looked up the DTU for comes here then: it is answered, and the router sees this one end.
        if (_session is null && !_isClaiming)
        {
            Context.Stop(Self);
            return;
        }

        Context.Become(Leaving);
        Timers.CancelAll();
        Timers.StartSingleTimer(TimerKey.Abort, LeaveDue.Instance, LeaveAgainAfter);
    }

    // What came with or behind a registration that led to no session.
    private void DropWhatWasEarly()
    {
        if (_race is { State: RegistrationState.Registered, Registrar.Rest: { IsEmpty: false } rest })
        {
            CountDroppedUp(rest.Span, RelayDrops.SessionEnded);
        }

        foreach (var piece in _early ?? [])
        {
            CountDroppedUp(piece, RelayDrops.SessionEnded);
        }
    }

    private void EndAs(string reason, string? error, EvidenceKind? evidence = null)
    {
        if (_endReason is null)
        {
            _endReason = reason;
            (_endedAt, _ended) = (At, Now);
            _lastError = error ?? _lastError;
            NoteEnd(reason, error, evidence);
        }
    }

    // The one place where a session is taken off the books, whether it ended in good order or by a throw.
    protected override void PostStop()
    {
        EndAs(EndReasons.Failed, null);
        if (_session is not null)
        {
            Leave();
            _setup.Fleet.Tell(new Fleet.SessionEnded(Report(), _endReason!));
        }
    }

    // The directory first: a router that looks for the DTU once it has forgotten this session must not find it again.
    private void Leave()
    {
        if (_hasLeft)
        {
            return;
        }

        _hasLeft = true;
        _bus?.Close();
        foreach (var unwritten in _writer?.Abandon() ?? [])
        {
            Refuse(unwritten, RefusalReason.SessionEnded);
        }

        Resign();
        _setup.Router.Tell(new Registry.SessionClosed(_session!));
    }

    // The DTU is not this session's any more. A newer one is granted only then, so that the end of the old is told before the begin of the new.
    private void Resign()
    {
        if (_session is null || _isResigned)
        {
            return;
        }

        _isResigned = true;
        _setup.Events.Offer(new DtuOffline(At, _id, _endReason!, Remote));
        _setup.Directory.Tell(new Holding.Released(_id, _session.Epoch));
        GatewayMetrics.Connections.Add(-1);
        if (_setup.Lines.Next(Now) is { } note)
        {
            Log.Info("DTU {0} offline: {1}{2}{3}", _id, _endReason, _lastError is null ? "" : $" ({_lastError})", note);
        }
    }

    private sealed record StragglersOver : INoSerializationVerificationNeeded
    {
        public static readonly StragglersOver Instance = new();
    }

    private sealed record LeaveDue : INoSerializationVerificationNeeded
    {
        public static readonly LeaveDue Instance = new();
    }

    private sealed record AbortNow : INoSerializationVerificationNeeded
    {
        public static readonly AbortNow Instance = new();
    }
}
