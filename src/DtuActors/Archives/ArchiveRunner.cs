using System.Text.Json;
using DtuActors.Archives.Targets;
using DtuActors.Configuration;
using Microsoft.Extensions.Logging;

namespace DtuActors.Archives;

/// <summary>
/// One archive's loop: what is due is carried, day by day in order; what fails is tried again, with back-off, until it works; what was carried is remembered on the disk. One file at a
/// time, and never two days at once.
/// </summary>
/// <remarks>
/// <code>
/// idle ──a day's turn, or somebody asks──▶ running ──all files there──▶ idle
///                                          ▲    │
///                            retry, or asked    failure
///                                          │    ▼
///                                          waiting
/// </code>
/// </remarks>
internal sealed partial class ArchiveRunner(
    ArchiveOptions options, string folder, IArchiveSource source, Func<ArchiveTargetOptions, IArchiveTarget> targets, TimeProvider time, ILogger log)
{
    // The wall clock may be set, and a suspended machine comes back hours later.
    private static readonly TimeSpan LookEvery = TimeSpan.FromMinutes(1);

    // Behind a start all DTUs come back at once; what waited for a day can wait for that.
    private static readonly TimeSpan SettleFor = TimeSpan.FromSeconds(10);

    private readonly ArchiveStateFile _file = new(folder);
    private readonly ArchiveSpool _spool = new(folder);
    private readonly Backoff _backoff = new(new ReopenOptions { Min = options.RetryMin, Max = options.RetryMax });
    private readonly Lock _gate = new();
    private readonly string _where = options.Target.Where();
    private TaskCompletionSource _asked = NewSignal();
    private DateOnly? _wanted;
    private string _state = ArchiveStates.Idle;
    private (string Word, string Text)? _problem;
    private DateTimeOffset? _retryAt;
    private DateOnly? _begun;
    private long _offset;
    private ArchiveState _kept = ArchiveState.New;

    public ArchiveOptions Options => options;

    public ArchiveStatus Status
    {
        get
        {
            lock (_gate)
            {
                return StatusOf(options, _state) with
                {
                    Problem = _problem?.Word ?? (_kept.Lost is null ? null : ArchiveProblems.StateLost),
                    LastError = _problem is { Text: var text } ? (_kept.Lost is null ? text : $"{text}; {_kept.Lost}") : _kept.Lost,
                    Day = _wanted ?? _kept.Run?.Day,
                    Done = _kept.Run?.Done ?? 0,
                    NextAt = ArchiveCalendar.NextTurn(time.GetUtcNow(), options.At, options.TimeZone),
                    LastFinishedDay = _kept.Finished,
                    RetryAt = _retryAt,
                    Missed = _kept.Missed,
                    Files = _kept.Files,
                    Bytes = _kept.Bytes,
                };
            }
        }
    }

    /// <summary>What is known of an archive that does not run here.</summary>
    public static ArchiveStatus StatusOf(ArchiveOptions options, string state) => new()
    {
        Name = options.Name,
        Kind = options.Target.Kind,
        Where = options.Target.Where(),
        Dtu = options.Dtu,
        Format = options.Format.Word(),
        On = options.On,
        State = state,
    };

    /// <summary>Somebody wants a day carried now, again where it was; null: yesterday, or the day that waits to be tried again.</summary>
    public ArchiveAnswer Ask(DateOnly? day)
    {
        lock (_gate)
        {
            if (_state == ArchiveStates.Waiting && _kept.Run is { } run && (day is null || day == run.Day))
            {
                _asked.TrySetResult();
                return new ArchiveAnswer.Begun(run.Day);
            }

            // Where not even the state could be read yet, the wish waits for that.
            if ((_state != ArchiveStates.Idle && !(_state == ArchiveStates.Waiting && _kept.Run is null)) || _wanted is not null)
            {
                return new ArchiveAnswer.Busy(_wanted ?? _kept.Run?.Day);
            }

            var today = ArchiveCalendar.DayOf(time.GetUtcNow(), options.TimeZone);
            if (day > today)
            {
                return new ArchiveAnswer.NotYet(today);
            }

            _wanted = day ?? today.AddDays(-1);
            _state = _state == ArchiveStates.Idle ? ArchiveStates.Running : _state;
            _asked.TrySetResult();
            return new ArchiveAnswer.Begun(_wanted.Value);
        }
    }

    /// <summary>Runs until it is cancelled.</summary>
    public async Task RunAsync(CancellationToken stopping)
    {
        SetFailing(false);

        // A counter that was never moved is not exported.
        GatewayMetrics.ArchiveFiles.Add(0, GatewayMetrics.Archive(options.Name), GatewayMetrics.Delivered);
        GatewayMetrics.ArchiveFiles.Add(0, GatewayMetrics.Archive(options.Name), GatewayMetrics.Failed);
        await TryOnAsync(() => LoadAsync(stopping), stopping).ConfigureAwait(false);
        await PauseAsync(SettleFor, stopping).ConfigureAwait(false);
        while (true)
        {
            var isDue = false;
            await TryOnAsync(async () => isDue = await BeginAsync(stopping).ConfigureAwait(false), stopping).ConfigureAwait(false);
            if (!isDue)
            {
                var now = time.GetUtcNow();
                var turn = ArchiveCalendar.NextTurn(now, options.At, options.TimeZone) - now;
                await PauseAsync(turn < LookEvery ? turn : LookEvery, stopping).ConfigureAwait(false);
                continue;
            }

            await TryOnAsync(() => CarryAsync(stopping), stopping).ConfigureAwait(false);
            await TryOnAsync(() => EndAsync(stopping), stopping).ConfigureAwait(false);
        }
    }

    private async Task LoadAsync(CancellationToken stopping)
    {
        ArchiveState state;
        try
        {
            state = await _file.ReadAsync(stopping).ConfigureAwait(false) ?? ArchiveState.New;
        }
        catch (JsonException unreadable)
        {
            // From nothing would be yesterday alone: whatever may not have been carried is due.
            await _file.SetAsideAsync().ConfigureAwait(false);
            var words = $"what was carried is not known any more: the state could not be read ({unreadable.Message}) and is moved to {_file.Aside}; the last {options.CatchUp + 1} days are carried again";
            LogStateLost(options.Name, words);
            state = ArchiveState.New with { Lost = words, LostAt = LastDue(), Finished = LastDue().AddDays(-options.CatchUp - 1) };
            await _file.WriteAsync(state, CancellationToken.None).ConfigureAwait(false);
        }

        lock (_gate)
        {
            _kept = state;
        }
    }

    /// <summary>Whether a day is to be carried: the one under way, the one whose turn it is, or the one that somebody asked for.</summary>
    private async Task<bool> BeginAsync(CancellationToken stopping)
    {
        ArchiveState state;
        DateOnly? wanted;
        lock (_gate)
        {
            (state, wanted) = (_kept, _wanted);
        }

        if (state.Run is null)
        {
            var before = state;
            (state, var due) = state.NextDue(LastDue(), options.CatchUp);
            if (state.Finished is { } upTo && before.Finished is { } from && upTo > from)
            {
                LogMissed(options.Name, upTo.DayNumber - from.DayNumber, options.CatchUp);
            }

            if ((wanted ?? due) is { } day)
            {
                var now = time.GetUtcNow();
                var end = ArchiveCalendar.SpanOf(day, options.TimeZone).Until;
                state = state with { Run = new ArchiveRun { Day = day, Until = end < now ? end : now, IsInTurn = day == due } };
            }

            if (state != before)
            {
                await KeepAsync(state).ConfigureAwait(false);
            }
        }

        lock (_gate)
        {
            // Who asked meanwhile is served by the next look.
            _wanted = wanted == _wanted && state.Run?.Day == wanted ? null : _wanted;
            _state = state.Run is null && _wanted is null ? ArchiveStates.Idle : ArchiveStates.Running;
        }

        if (state.Run is { } run && _begun != run.Day)
        {
            _begun = run.Day;
            LogBegun(options.Name, run.Day, _where);
        }

        return state.Run is not null;
    }

    private async Task CarryAsync(CancellationToken stopping)
    {
        await using var carrier = new ArchiveCarrier(options, source, targets(options.Target), _spool, KeepAsync, Resumed, Carried);
        await carrier.CarryAsync(_kept, stopping).ConfigureAwait(false);
    }

    private async Task EndAsync(CancellationToken stopping)
    {
        var run = _kept.Run!;
        await KeepAsync(_kept.WithFinished(run.Until >= ArchiveCalendar.SpanOf(run.Day, options.TimeZone).Until)).ConfigureAwait(false);
        _begun = null;
        LogEnded(options.Name, run.Day, run.Done);
        lock (_gate)
        {
            _state = _wanted is null ? ArchiveStates.Idle : _state;
        }
    }

    // A link that breaks again and again, and carries something each time, is not waited for longer and longer.
    private void Resumed(long offset)
    {
        if (offset > _offset)
        {
            _backoff.Reset();
        }

        _offset = offset;
    }

    // A file that arrived shows that it works, and the next failure is a new one.
    private void Carried()
    {
        _offset = 0;
        GatewayMetrics.ArchiveFiles.Add(1, GatewayMetrics.Archive(options.Name), GatewayMetrics.Delivered);
        Works();
    }

    // Whatever ends meanwhile: what has arrived is remembered.
    private async Task KeepAsync(ArchiveState state)
    {
        await _file.WriteAsync(state, CancellationToken.None).ConfigureAwait(false);
        lock (_gate)
        {
            _kept = state;
        }
    }

    /// <summary>Does it until it does not fail.</summary>
    private async Task TryOnAsync(Func<Task> work, CancellationToken stopping)
    {
        while (true)
        {
            try
            {
                await work().ConfigureAwait(false);
                Works();
                return;
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                throw;
            }
            catch (Exception failure)
            {
                await WaitAsync(failure, stopping).ConfigureAwait(false);
            }
        }
    }

    private async Task WaitAsync(Exception failure, CancellationToken stopping)
    {
        var words = ArchiveWords.Shown(failure.Message);
        var problem = failure switch
        {
            ArchiveTargetException there => (ArchiveProblems.Word(there.Problem), words),
            ArchiveException here => (here.Problem, words),
            _ => (ArchiveProblems.Failed, words),
        };
        if (_problem?.Word != problem.Item1)
        {
            LogFailed(options.Name, problem.Item1, problem.Item2, problem.Item1 == ArchiveProblems.Failed ? failure : null);
        }

        GatewayMetrics.ArchiveFiles.Add(1, GatewayMetrics.Archive(options.Name), GatewayMetrics.Failed);
        SetFailing(true);
        var wait = _backoff.Next();
        lock (_gate)
        {
            (_state, _problem, _retryAt) = (ArchiveStates.Waiting, problem, time.GetUtcNow() + wait);
        }

        await PauseAsync(wait, stopping).ConfigureAwait(false);
        lock (_gate)
        {
            (_state, _retryAt) = (ArchiveStates.Running, null);
        }
    }

    private void Works()
    {
        if (_problem is null)
        {
            return;
        }

        LogGoesOn(options.Name);
        _backoff.Reset();
        SetFailing(false);
        lock (_gate)
        {
            _problem = null;
        }
    }

    /// <summary>Until somebody asks, or so long.</summary>
    private async Task PauseAsync(TimeSpan most, CancellationToken stopping)
    {
        Task asked;
        lock (_gate)
        {
            asked = _asked.Task;
        }

        await asked.WaitAsync(most, time, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        stopping.ThrowIfCancellationRequested();
        lock (_gate)
        {
            _asked = _asked.Task.IsCompleted ? NewSignal() : _asked;
        }
    }

    private void SetFailing(bool fails) => GatewayMetrics.ArchiveFailing.Set(options.Name, fails);

    private DateOnly LastDue() => ArchiveCalendar.LastDue(time.GetUtcNow(), options.At, options.TimeZone);

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    [LoggerMessage(LogLevel.Information, "archive {Name}: {Day:yyyy-MM-dd} is carried to {Where}")]
    private partial void LogBegun(string name, DateOnly day, string where);

    [LoggerMessage(LogLevel.Information, "archive {Name}: {Day:yyyy-MM-dd} is carried: {Files} files")]
    private partial void LogEnded(string name, DateOnly day, int files);

    [LoggerMessage(LogLevel.Error, "archive {Name}: {Problem}: {Text}; it is tried again until it works")]
    private partial void LogFailed(string name, string problem, string text, Exception? failure);

    [LoggerMessage(LogLevel.Information, "archive {Name}: it goes on")]
    private partial void LogGoesOn(string name);

    [LoggerMessage(LogLevel.Error, "archive {Name}: {Text}")]
    private partial void LogStateLost(string name, string text);

    [LoggerMessage(LogLevel.Error, "archive {Name}: {Days} days are missed, for they are further back than catch-up = {CatchUp}; dtu archives run carries one that the history still has")]
    private partial void LogMissed(string name, int days, int catchUp);
}
