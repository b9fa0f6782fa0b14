using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace DtuActors.Simulator;

/// <summary>
/// A DTU with an instrument behind it: dials the centre, registers, keeps its link alive, carries the instrument's bytes, and dials again for as long as
/// it runs. What goes wrong on the way to the centre is counted and shown in <see cref="Status"/>, never thrown.
/// </summary>
public sealed class SimulatedDtu : IAsyncDisposable
{
    private readonly IInstrument _instrument;
    private readonly TimeProvider _time;
    private readonly Random _random;
    private readonly DtuCounters _counters = new();
    private readonly CancellationTokenSource _disposed = new();
    private readonly Lock _lock = new();
    private Task _run = Task.CompletedTask;
    private volatile SimulatedDtuState _state;
    private volatile string? _lastError;

    // A socket that went half-open and is not closed although the DTU dials again; one at most, for the system's sake.
    private Socket? _abandoned;

    /// <summary>Makes a DTU that does not run yet; throws <see cref="ArgumentException"/> for an option out of range.</summary>
    public SimulatedDtu(SimulatedDtuOptions options, IInstrument instrument, TimeProvider? time = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(instrument);
        options.Validate();
        Options = options;
        _instrument = instrument;
        _time = time ?? TimeProvider.System;
        _random = new Random(options.Seed);
    }

    /// <summary>Raised, on the DTU's own task, whenever its state changes; a handler must be quick and must not throw.</summary>
    public event EventHandler<SimulatedDtuStatus>? StateChanged;

    public SimulatedDtuOptions Options { get; }

    /// <summary>Where it stands now.</summary>
    public SimulatedDtuStatus Status => new()
    {
        Id = Options.Id,
        State = _state,
        Connects = Interlocked.Read(ref _counters.Connects),
        ConnectFailures = Interlocked.Read(ref _counters.ConnectFailures),
        BytesUp = Interlocked.Read(ref _counters.BytesUp),
        BytesDown = Interlocked.Read(ref _counters.BytesDown),
        Answered = Interlocked.Read(ref _counters.Answered),
        Dropped = Interlocked.Read(ref _counters.Dropped),
        Damaged = Interlocked.Read(ref _counters.Damaged),
        Heartbeats = Interlocked.Read(ref _counters.Heartbeats),
        Reports = Interlocked.Read(ref _counters.Reports),
        Acknowledged = Interlocked.Read(ref _counters.Acknowledged),
        Discarded = Interlocked.Read(ref _counters.Discarded),
        LastError = _lastError,
    };

    /// <summary>
    /// Runs until cancelled or disposed, then ends without an exception, its sockets closed. Throws <see cref="InvalidOperationException"/> where it runs
    /// already; it may run again afterwards.
    /// </summary>
    public Task RunAsync(CancellationToken cancellation)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed.IsCancellationRequested, this);
            if (!_run.IsCompleted)
            {
                throw new InvalidOperationException($"the simulated DTU {Options.Id} runs already");
            }

            return _run = RunLinksAsync(cancellation);
        }
    }

    /// <summary>Waits until its status is as <paramref name="condition"/> asks; looked at again whenever something counts or changes.</summary>
    public async Task WaitForAsync(Func<SimulatedDtuStatus, bool> condition, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(condition);
        while (true)
        {
            var changed = _counters.Changed();
            if (condition(Status))
            {
                return;
            }

            await changed.WaitAsync(cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>Stops it and waits until its sockets are closed.</summary>
    public async ValueTask DisposeAsync()
    {
        Task run;
        lock (_lock)
        {
            run = _run;
            if (_disposed.IsCancellationRequested)
            {
                return;
            }

            _disposed.Cancel();
        }

        await run.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _disposed.Dispose();
    }

    private async Task RunLinksAsync(CancellationToken cancellation)
    {
        // Away from the caller's thread and lock: a fleet starts thousands one after the other.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation, _disposed.Token);
        try
        {
            await DialForEverAsync(stop.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The one way this ends.
        }
        finally
        {
            _abandoned?.Dispose();
            _abandoned = null;
            Become(SimulatedDtuState.Stopped);
        }
    }

    private async Task DialForEverAsync(CancellationToken stop)
    {
        var reconnect = Options.Reconnect;
        var delay = reconnect.Delay;
        while (true)
        {
            stop.ThrowIfCancellationRequested();
            Become(SimulatedDtuState.Connecting);
            var lived = TimeSpan.Zero;
            var dialsAtOnce = false;
            if (await DialAsync(stop).ConfigureAwait(false) is { } socket)
            {
                (lived, dialsAtOnce) = await UseAsync(socket, stop).ConfigureAwait(false);
            }

            if (lived > delay || dialsAtOnce)
            {
                delay = reconnect.Delay;
            }

            if (dialsAtOnce)
            {
                continue;
            }

            Become(SimulatedDtuState.Waiting);
            var varied = delay * (1 + (reconnect.Jitter * ((2 * _random.NextDouble()) - 1)));
            await Waiting.ForAsync(varied, _time, stop).ConfigureAwait(false);
            delay = delay * 2 < reconnect.Longest ? delay * 2 : reconnect.Longest;
        }
    }

    private async Task<Socket?> DialAsync(CancellationToken stop)
    {
        using var timer = new CancellationTokenSource(Options.ConnectTimeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, stop);
        Socket? socket = null;
        try
        {
            // A literal address takes a socket of its own family; a name may turn out to be either.
            socket = IPAddress.TryParse(Options.Host, out var address)
                ? new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp)
                : new Socket(SocketType.Stream, ProtocolType.Tcp);
            socket.NoDelay = true;
            await socket.ConnectAsync(Options.Host, Options.Port, either.Token).ConfigureAwait(false);
            return socket;
        }
        catch (Exception e)
        {
            socket?.Dispose();
            stop.ThrowIfCancellationRequested();
            var why = e is OperationCanceledException
                ? string.Create(CultureInfo.InvariantCulture, $"no answer within {Options.ConnectTimeout.TotalSeconds} s")
                : e.Message;
            _lastError = $"{Options.Host}:{Options.Port}: {why}";
            _counters.Add(ref _counters.ConnectFailures);
            return null;
        }
    }

    private async Task<(TimeSpan Lived, bool DialsAtOnce)> UseAsync(Socket socket, CancellationToken stop)
    {
        _counters.Add(ref _counters.Connects);
        Become(SimulatedDtuState.Online);
        var link = new DtuLink(socket, Options, _instrument, _counters, _time, _random);
        var (end, error) = await link.RunAsync(stop).ConfigureAwait(false);
        var lived = link.Age;
        if (error is not null)
        {
            _lastError = $"{Options.Host}:{Options.Port}: {error}";
        }

        if (end != LinkEnd.HalfOpen)
        {
            Close(socket);
            return (lived, false);
        }

        _abandoned?.Dispose();
        _abandoned = socket;
        Become(SimulatedDtuState.HalfOpen);
        await (Options.HalfOpenFor is { } time ? Waiting.UntilAsync(time, _time.GetTimestamp(), _time, stop) : Task.Delay(Timeout.Infinite, stop)).ConfigureAwait(false);
        return (lived, true);
    }

    private void Close(Socket socket)
    {
        if (Options.CloseWithReset)
        {
            socket.LingerState = new LingerOption(true, 0);
        }

        socket.Dispose();
    }

    private void Become(SimulatedDtuState state)
    {
        _state = state;
        _counters.Signal();
        StateChanged?.Invoke(this, Status);
    }
}
