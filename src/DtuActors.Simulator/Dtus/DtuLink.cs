using System.Net.Sockets;
using DtuActors.Protocol.Transports;

namespace DtuActors.Simulator;

/// <summary>Why a link is over.</summary>
internal enum LinkEnd
{
    Stopped,
    ClosedByCentre,
    Failed,
    LifetimeOver,
    HalfOpen,
    RestartAsked,
}

/// <summary>
/// One link of a simulated DTU, from the connected socket to its end: registers, heartbeats, reports, carries bytes between the socket and the
/// instrument, and mistreats them as told. Does not close the socket. A handful of small tasks, no thread, 512 bytes of receive buffer.
/// </summary>
internal sealed class DtuLink : IInstrumentLine
{
    private const int ReceiveBuffer = 512;
    private const int MostGarbage = 16;

    private readonly Socket _socket;
    private readonly SimulatedDtuOptions _options;
    private readonly IInstrument _instrument;
    private readonly DtuCounters _counters;
    private readonly TimeProvider _time;
    private readonly DdpTerminal? _ddp;
    private readonly DdpUnits? _units;
    private readonly DelayLine _up;
    private readonly DelayLine? _down;
    private readonly long _start;

    // One source of chance for each task that draws from it: Random is not for two at once.
    private readonly Random _answerChance;
    private readonly Random _downChance;
    private readonly Random _sendChance;
    private readonly Random _clockChance;
    private long _lastUplink;

    public DtuLink(Socket socket, SimulatedDtuOptions options, IInstrument instrument, DtuCounters counters, TimeProvider time, Random seeds)
    {
        _socket = socket;
        _options = options;
        _instrument = instrument;
        _counters = counters;
        _time = time;
        _ddp = options.Envelope == SimulatedEnvelope.Ddp ? new DdpTerminal(options.Id) : null;
        _units = _ddp is null ? null : new DdpUnits(_ddp);
        _answerChance = new Random(seeds.Next());
        _sendChance = new Random(seeds.Next());
        _clockChance = new Random(seeds.Next());
        var link = options.Link;
        _up = new DelayLine(link.UplinkLatency, link.Jitter, time, new Random(seeds.Next()));
        _down = link.DownlinkLatency > TimeSpan.Zero || link.Jitter > TimeSpan.Zero
            ? new DelayLine(link.DownlinkLatency, link.Jitter, time, new Random(seeds.Next()))
            : null;
        _downChance = new Random(seeds.Next());
        _start = time.GetTimestamp();
        _lastUplink = _start;
    }

    /// <summary>How long the link has stood.</summary>
    public TimeSpan Age => _time.GetElapsedTime(_start);

    /// <summary>Runs the link until it is over. Throws nothing; a failure comes with its words.</summary>
    public async Task<(LinkEnd End, string? Error)> RunAsync(CancellationToken stop)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(stop);
        Offer(Registration());
        var tasks = new List<Task<LinkEnd>>(4) { SendAsync(over.Token), ReceiveAsync(over.Token) };
        if (_down is not null)
        {
            tasks.Add(CarryDownAsync(_down, over.Token));
        }

        if ((_options.HeartbeatInterval ?? _options.Lifetime ?? _options.HalfOpenAfter ?? _options.Reports?.Every) is not null)
        {
            tasks.Add(KeepTimeAsync(over.Token));
        }

        if (_instrument is ISpeakingInstrument speaking)
        {
            tasks.Add(SpeakAsync(speaking, over.Token));
        }

        var first = await Task.WhenAny(tasks).ConfigureAwait(false);
        await over.CancelAsync().ConfigureAwait(false);
        await ((Task)Task.WhenAll(tasks)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (stop.IsCancellationRequested)
        {
            return (LinkEnd.Stopped, null);
        }

        return first switch
        {
            { IsCompletedSuccessfully: true, Result: LinkEnd.ClosedByCentre } => (LinkEnd.ClosedByCentre, "the centre closed the link"),
            { IsCompletedSuccessfully: true, Result: var end } => (end, null),
            _ => (LinkEnd.Failed, first.Exception?.GetBaseException().Message ?? "the link was given up"),
        };
    }

    private async Task<LinkEnd> SpeakAsync(ISpeakingInstrument instrument, CancellationToken cancellation)
    {
        await instrument.SpeakAsync(this, cancellation).ConfigureAwait(false);
        await Task.Delay(Timeout.InfiniteTimeSpan, _time, cancellation).ConfigureAwait(false);
        return LinkEnd.Stopped;
    }

    public ValueTask AnswerAsync(ReadOnlyMemory<byte> answer, CancellationToken cancellation)
    {
        var link = _options.Link;
        if (Happens(_answerChance, link.DropProbability))
        {
            _counters.Add(ref _counters.Dropped);
            return ValueTask.CompletedTask;
        }

        _counters.Add(ref _counters.Answered);
        if (!Happens(_answerChance, link.GarbageProbability))
        {
            return PutUplinkAsync(Wrap(Damaged(answer, _answerChance).Span), cancellation);
        }

        var noisy = new byte[_answerChance.Next(1, MostGarbage + 1) + answer.Length];
        _answerChance.NextBytes(noisy.AsSpan(..^answer.Length));
        answer.Span.CopyTo(noisy.AsSpan(noisy.Length - answer.Length));
        return PutUplinkAsync(Wrap(noisy), cancellation);
    }

    // As noise on a serial line does it: one byte is another, or is missing.
    private ReadOnlyMemory<byte> Damaged(ReadOnlyMemory<byte> piece, Random chance)
    {
        if (piece.IsEmpty || !Happens(chance, _options.Link.DamageProbability))
        {
            return piece;
        }

        _counters.Add(ref _counters.Damaged);
        var bytes = piece.ToArray();
        var place = chance.Next(bytes.Length);
        if (chance.Next(2) == 0)
        {
            return (byte[])[.. bytes[..place], .. bytes[(place + 1)..]];
        }

        bytes[place] ^= (byte)chance.Next(1, 256);
        return bytes;
    }

    private ValueTask PutUplinkAsync(byte[] bytes, CancellationToken cancellation)
    {
        Volatile.Write(ref _lastUplink, _time.GetTimestamp());
        return _up.PutAsync(bytes, cancellation);
    }

    // Heartbeats and reports are not worth waiting for: a DTU whose way up is full leaves them out.
    private bool Offer(byte[] bytes) => bytes.Length > 0 && _up.TryPut(bytes);

    private byte[] Wrap(ReadOnlySpan<byte> payload) => _ddp is null ? payload.ToArray() : _ddp.Wrap(payload);

    private byte[] Registration() => _options.Registration?.ToArray() ?? _ddp?.BuildRegistration(_socket.LocalEndPoint) ?? [];

    private byte[] Heartbeat() => _options.Heartbeat?.ToArray() ?? _ddp?.BuildRegistration(_socket.LocalEndPoint) ?? [];

    private async Task<LinkEnd> ReceiveAsync(CancellationToken cancellation)
    {
        var buffer = new byte[ReceiveBuffer];
        while (true)
        {
            var received = await _socket.ReceiveAsync(buffer, SocketFlags.None, cancellation).ConfigureAwait(false);
            if (received == 0)
            {
                return LinkEnd.ClosedByCentre;
            }

            _counters.Add(ref _counters.BytesDown, received);
            if (_down is not null)
            {
                await _down.PutAsync(buffer[..received], cancellation).ConfigureAwait(false);
            }
            else if (await HandleAsync(buffer.AsMemory(0, received), cancellation).ConfigureAwait(false) is { } end)
            {
                return end;
            }
        }
    }

    private async Task<LinkEnd> CarryDownAsync(DelayLine down, CancellationToken cancellation)
    {
        while (true)
        {
            var piece = await down.TakeAsync(cancellation).ConfigureAwait(false);
            if (await HandleAsync(piece, cancellation).ConfigureAwait(false) is { } end)
            {
                return end;
            }
        }
    }

    private async ValueTask<LinkEnd?> HandleAsync(ReadOnlyMemory<byte> piece, CancellationToken cancellation)
    {
        if (_ddp is null || _units is null)
        {
            await _instrument.ReceiveAsync(Damaged(piece, _downChance), this, cancellation).ConfigureAwait(false);
            return null;
        }

        var (units, discarded) = _units.Cut(piece.Span);
        _counters.Add(ref _counters.Discarded, discarded);
        foreach (var unit in units)
        {
            if (await HandleAsync(unit, _ddp, cancellation).ConfigureAwait(false) is { } end)
            {
                return end;
            }
        }

        return null;
    }

    private async ValueTask<LinkEnd?> HandleAsync(DdpUnit unit, DdpTerminal ddp, CancellationToken cancellation)
    {
        switch (unit.Type)
        {
            case DdpType.Registered:
                _counters.Add(ref _counters.Acknowledged);
                break;
            case DdpType.Unregistered:
                return LinkEnd.RestartAsked;
            case DdpType.RegisterAgain:
                await PutUplinkAsync(Registration(), cancellation).ConfigureAwait(false);
                break;
            case DdpType.CentreData:
                if (_options.AcknowledgeDownlinks)
                {
                    await PutUplinkAsync(ddp.Build(DdpType.CentreDataTaken), cancellation).ConfigureAwait(false);
                }

                await _instrument.ReceiveAsync(Damaged(unit.Data, _downChance), this, cancellation).ConfigureAwait(false);
                break;
            case DdpType.ReadParameters or DdpType.SetParameters or DdpType.ReadLog or DdpType.StartUpgrade:
                await PutUplinkAsync(ddp.Build(DdpType.Invalid), cancellation).ConfigureAwait(false);
                break;
        }

        return null;
    }

    private async Task<LinkEnd> SendAsync(CancellationToken cancellation)
    {
        var link = _options.Link;
        while (true)
        {
            var piece = await _up.TakeAsync(cancellation).ConfigureAwait(false);
            if (Happens(_sendChance, link.GlueProbability) && await _up.TakeWithinAsync(link.GlueWindow, cancellation).ConfigureAwait(false) is { } next)
            {
                piece = [.. piece, .. next];
            }

            var parts = Happens(_sendChance, link.CutProbability) ? _sendChance.Next(2, link.CutParts + 1) : 1;
            await SendInPartsAsync(piece, parts, link.CutGap, cancellation).ConfigureAwait(false);
        }
    }

    private async ValueTask SendInPartsAsync(ReadOnlyMemory<byte> piece, int parts, TimeSpan gap, CancellationToken cancellation)
    {
        for (; parts > 1 && piece.Length > 1; parts--)
        {
            var length = _sendChance.Next(1, piece.Length);
            await SendAllAsync(piece[..length], cancellation).ConfigureAwait(false);
            piece = piece[length..];
            await Waiting.ForAsync(gap, _time, cancellation).ConfigureAwait(false);
        }

        await SendAllAsync(piece, cancellation).ConfigureAwait(false);
    }

    private async ValueTask SendAllAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellation)
    {
        while (!bytes.IsEmpty)
        {
            var sent = await _socket.SendAsync(bytes, SocketFlags.None, cancellation).ConfigureAwait(false);
            _counters.Add(ref _counters.BytesUp, sent);
            bytes = bytes[sent..];
        }
    }

    /// <summary>All that happens by the clock, in one task: heartbeats, reports, going half-open, the end of the link's life.</summary>
    private async Task<LinkEnd> KeepTimeAsync(CancellationToken cancellation)
    {
        var never = TimeSpan.MaxValue;
        var lifetime = _options.Lifetime is { } l ? Vary(l) : never;
        var halfOpen = _options.HalfOpenAfter is { } h && Happens(_clockChance, _options.HalfOpenProbability) ? Vary(h) : never;
        var heartbeat = _options.HeartbeatInterval ?? never;
        var report = _options.Reports?.Every ?? never;
        while (true)
        {
            var next = new[] { lifetime, halfOpen, heartbeat, report }.Min();
            await Waiting.UntilAsync(next, _start, _time, cancellation).ConfigureAwait(false);
            if (next == lifetime)
            {
                return LinkEnd.LifetimeOver;
            }

            if (next == halfOpen)
            {
                return LinkEnd.HalfOpen;
            }

            if (next == heartbeat && _options.HeartbeatInterval is { } interval)
            {
                heartbeat = SendHeartbeat(heartbeat, interval);
            }

            if (next == report && _options.Reports is { } reports)
            {
                report = Following(report, reports.Every);
                SendReport(reports);
            }
        }
    }

    private TimeSpan SendHeartbeat(TimeSpan due, TimeSpan interval)
    {
        var idleSince = _time.GetElapsedTime(_start, Volatile.Read(ref _lastUplink));
        if (_options.HeartbeatOnlyWhenIdle && idleSince + interval > due)
        {
            return idleSince + interval;
        }

        if (Offer(Heartbeat()))
        {
            _counters.Add(ref _counters.Heartbeats);
        }

        return Following(due, interval);
    }

    private void SendReport(ReportOptions reports)
    {
        var payload = reports.Payload(Interlocked.Read(ref _counters.Reports) + 1);
        if (Offer(Wrap(payload.Span)))
        {
            Volatile.Write(ref _lastUplink, _time.GetTimestamp());
            _counters.Add(ref _counters.Reports);
        }
    }

    // A machine that was asleep does not make up for what it missed.
    private TimeSpan Following(TimeSpan due, TimeSpan interval) => due + interval > Age ? due + interval : Age + interval;

    private TimeSpan Vary(TimeSpan span) => span * (1 + (_options.LifetimeJitter * ((2 * _clockChance.NextDouble()) - 1)));

    private static bool Happens(Random chance, double probability) => probability > 0 && chance.NextDouble() < probability;
}
