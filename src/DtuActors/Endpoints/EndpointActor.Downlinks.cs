using DtuActors.Configuration;
using DtuActors.Protocol;
using DtuActors.Protocol.Transports;
using DtuActors.Routing;

namespace DtuActors.Endpoints;

/// <summary>Endpoint → DTUs: what was read goes to the router while the windows of the DTUs are open, and waits, bounded, while one is not.</summary>
public abstract partial class EndpointActor
{
    /// <summary>Frames that were read already when the windows closed; what comes beyond is dropped as <c>buffer-full</c>.</summary>
    public const int MostHeld = 64 * 1024;

    private readonly Queue<Held> _held = new();
    private OutboundWindows _windows = new();
    private WindowPause _pause = new();
    private int _heldBytes;

    /// <summary>Whether the resource may be read: every window is open, or reading stood still for longer than <see cref="WindowPause.Longest"/>.</summary>
    protected bool MayRead => !Draining && _pause.MayRead(Now);

    /// <summary>
    /// Bytes from the endpoint's side, a whole frame: they go to the router now, or when its windows open. <paramref name="to"/>: for that DTU; null: for whom
    /// <c>select</c> means, or the branch's own.
    /// </summary>
    protected void Emit(ReadOnlyMemory<byte> payload, string codec, DtuId? to = null)
    {
        if (_units is null || to is not null)
        {
            EmitTo(payload, codec, to);
            return;
        }

        var meant = _units.Down(payload);
        if (meant.Count == 0)
        {
            DropDown(payload.Length, RelayDrops.NoUnit);
        }

        foreach (var (dtu, request) in meant)
        {
            EmitTo(request, codec, dtu);
        }
    }

    private void EmitTo(ReadOnlyMemory<byte> payload, string codec, DtuId? to)
    {
        Books.Down.Accept(payload.Length);
        CountersMoved();
        if (_pause.IsOver(Now))
        {
            Books.Down.Drop(payload.Length, RelayDrops.DestinationSlow);
        }
        else if (!_pause.IsOn)
        {
            HandOn(new Held(new Frame(payload, FrameDirection.Down, codec, At) { Since = Now }, null, to));
        }
        else if (_heldBytes + payload.Length > MostHeld)
        {
            Books.Down.Drop(payload.Length, RelayDrops.BufferFull);
        }
        else
        {
            _heldBytes += payload.Length;
            _held.Enqueue(new Held(new Frame(payload, FrameDirection.Down, codec, At) { Since = Now }, null, to));
        }
    }

    /// <summary>The endpoint's line is set otherwise from here on: its DTUs hear of it, or the one, in order with what <see cref="Emit"/> gives.</summary>
    protected void EmitLine(LineSettings line, DtuId? to = null)
    {
        if (_held.Count > 0)
        {
            _held.Enqueue(new Held(null, line, to));
        }
        else
        {
            HandOn(new Held(null, line, to));
        }
    }

    /// <summary>Drops what waits for the windows to open.</summary>
    protected void PurgeHeld()
    {
        foreach (var held in _held.ToArray())
        {
            _held.Dequeue();
            if (held.Frame is { } frame)
            {
                Books.Down.Drop(frame.Payload.Length, RelayDrops.Purged);
            }
            else
            {
                _held.Enqueue(held);
            }
        }

        _heldBytes = 0;
        CountersMoved();
    }

    /// <summary>A DTU's session can be written to; again when the router was restarted.</summary>
    protected virtual void OnReachable(DtuId dtu)
    {
    }

    /// <summary>Bytes from the endpoint's side that go nowhere.</summary>
    protected void DropDown(int bytes, string reason)
    {
        Books.Down.Accept(bytes);
        Books.Down.Drop(bytes, reason);
        CountersMoved();
    }

    private void OnTaken(Flow.Taken taken)
    {
        _windows.Take(taken.Destination, taken.Through);
        LookAtWindows();
    }

    private void OnPathAdded(Flow.PathAdded added)
    {
        _windows.Add(added.Destination);
        LookAtWindows();
        if (added.Dtu is { } dtu)
        {
            OnReachable(dtu);
        }
    }

    private void OnPathRemoved(Flow.PathRemoved removed)
    {
        _windows.Remove(removed.Destination);
        LookAtWindows();
    }

    private void HandOn(Held held)
    {
        var to = held.To ?? _surroundings.Branch?.Dtu;
        if (held.Frame is not { } frame)
        {
            Router.Tell(new Relay.Downlink(Options.Name, Self, null, _windows.Emitted, false, to, held.Line), Self);
            return;
        }

        var bytes = frame.Payload.Length;
        var through = _windows.Emit(bytes, out var ackWanted);
        Books.Down.Write(bytes, frame.Since, Now);
        Router.Tell(new Relay.Downlink(Options.Name, Self, frame, through, ackWanted, to), Self);
        if (ackWanted && _surroundings.Branch is null && (to is not null || Options.Select is DownlinkSelect.LastSpeaker))
        {
            // Only one of its DTUs got it; the others have come as far, and say so before their windows seem full.
            Probe();
        }

        LookAtWindows();
    }

    private void LookAtWindows()
    {
        switch (_pause.Look(_windows.IsOpen, Now))
        {
            case WindowTurn.Closed:
                Probe();
                Timers.StartPeriodicTimer(Tick.Probe, Tick.Probe, WindowPause.ProbeEvery);
                break;
            case WindowTurn.Opened:
                Timers.Cancel(Tick.Probe);
                HandOnHeld();
                break;
        }
    }

    private void HandOnHeld()
    {
        while (!_pause.IsOn && _held.TryDequeue(out var held))
        {
            _heldBytes -= held.Frame?.Payload.Length ?? 0;
            HandOn(held);
        }

        if (!_pause.IsOn)
        {
            OnMayReadAgain();
        }
    }

    private void Probe() => Router.Tell(new Relay.Downlink(Options.Name, Self, null, _windows.Emitted, true, _surroundings.Branch?.Dtu), Self);

    private void DropHeld()
    {
        while (_held.TryDequeue(out var held))
        {
            if (held.Frame is { } frame)
            {
                Books.Down.Drop(frame.Payload.Length, RelayDrops.DestinationSlow);
                CountersMoved();
            }
            else
            {
                HandOn(held);
            }
        }

        _heldBytes = 0;
    }

    /// <summary>What waits for the windows to open: a frame, or settings of the line.</summary>
    private readonly record struct Held(Frame? Frame, LineSettings? Line, DtuId? To);
}
