using System.Collections.Immutable;
using DtuActors.Configuration;

namespace DtuActors.Sessions;

/// <summary>One poll of one session: when it is due, whether it is on its way, and how its runs ended.</summary>
public sealed class ScheduledPoll(PollOptions options)
{
    /// <summary>Others under the same name where a reload changed it.</summary>
    public PollOptions Options { get; internal set; } = options;

    /// <summary>What monitor, history and the bus call it as a source.</summary>
    public string Source { get; } = $"poll:{options.Name}";

    /// <summary>Whether the DTU is kept warm by it.</summary>
    public bool KeepsWarm { get; internal set; }

    /// <summary>Whether it runs by its own schedule here: not where it only keeps warm.</summary>
    internal bool HasSchedule { get; set; }

    /// <summary>When its own schedule wants it next; null: it has none, or it is on its way.</summary>
    internal DateTimeOffset? Next { get; set; }

    /// <summary>From the moment it is due until it ended: it is never on its way twice.</summary>
    internal bool IsRunning { get; set; }

    internal DateTimeOffset BegunAt { get; set; }

    internal long Sent { get; set; }

    internal long Answered { get; set; }

    internal long Failed { get; set; }

    internal string? LastError { get; set; }

    /// <summary>The date of its last end, for people.</summary>
    internal DateTimeOffset? LastAt { get; set; }
}

/// <summary>
/// When a session's polls are due. Pure: times come as arguments, chance as a function. The first run of each is at a random moment within its period, so
/// that a storm of sessions does not ask at once; a next one is armed when the last ended. Keep-warm is due where nothing was sent for most of its time: a
/// random part between <see cref="WarmestPart"/> and the whole, so that a fleet does not fire at once.
/// </summary>
/// <param name="polls">Those with a schedule of their own.</param>
/// <param name="keepWarm">The poll that keeps warm, and the longest that the DTU is to hear nothing; null: none.</param>
/// <param name="chance">A number from 0 to below 1, each time another one.</param>
/// <param name="opened">When the session opened.</param>
public sealed class PollSchedule
{
    /// <summary>The shortest wait of keep-warm, as a part of its <c>every</c>.</summary>
    public const double WarmestPart = 0.8;

    // Between the end of a run and the next one of the same poll: what is refused at once, or slower than its period, must not fill the bus.
    private static readonly TimeSpan LeastRest = TimeSpan.FromSeconds(1);

    private readonly Func<double> _chance;
    private ImmutableArray<ScheduledPoll> _polls = [];
    private ScheduledPoll? _warm;
    private TimeSpan _warmEvery;
    private DateTimeOffset _lastSent;
    private DateTimeOffset _restUntil;
    private TimeSpan _warmWait;

    public PollSchedule(IEnumerable<PollOptions> polls, (PollOptions Poll, TimeSpan Every)? keepWarm, Func<double> chance, DateTimeOffset opened)
    {
        _chance = chance;
        _lastSent = opened;
        _restUntil = opened;
        Use(polls, keepWarm, opened);
    }

    /// <summary>
    /// These from now on. A poll that was there under the same name keeps its counts, and where it is on its way its run; its next run is as it was where it still says
    /// the same, else at a random moment within its period.
    /// </summary>
    public void Use(IEnumerable<PollOptions> polls, (PollOptions Poll, TimeSpan Every)? keepWarm, DateTimeOffset now)
    {
        var before = _polls.ToDictionary(poll => poll.Options.Name, StringComparer.Ordinal);
        _polls = [.. polls.Select(poll => Scheduled(poll, before.GetValueOrDefault(poll.Name), now))];
        _warm = keepWarm is { } warm ? KeptWarmBy(warm.Poll, before) : null;
        foreach (var poll in _polls)
        {
            poll.KeepsWarm = poll == _warm;
        }

        if (keepWarm is { Every: var every } && every != _warmEvery)
        {
            _warmEvery = every;
            DrawWarmWait();
        }
    }

    private ScheduledPoll Scheduled(PollOptions options, ScheduledPoll? known, DateTimeOffset now)
    {
        var poll = known ?? new ScheduledPoll(options);
        if (!poll.HasSchedule || !SameOptions.Are(poll.Options, options))
        {
            poll.Next = poll.IsRunning ? null : now + (options.Every!.Value * _chance());
        }

        poll.Options = options;
        poll.HasSchedule = true;
        return poll;
    }

    private ScheduledPoll KeptWarmBy(PollOptions options, Dictionary<string, ScheduledPoll> before)
    {
        if (_polls.FirstOrDefault(poll => poll.Options.Name == options.Name) is { } scheduled)
        {
            return scheduled;
        }

        var poll = before.GetValueOrDefault(options.Name) ?? new ScheduledPoll(options);
        (poll.Options, poll.HasSchedule, poll.Next) = (options, false, null);
        _polls = _polls.Add(poll);
        return poll;
    }

    /// <summary>When something is due; null: nothing, until what is on its way ends.</summary>
    public DateTimeOffset? Due
    {
        get
        {
            DateTimeOffset? due = null;
            foreach (var poll in _polls)
            {
                if (DueOf(poll) is { } at && !(due <= at))
                {
                    due = at;
                }
            }

            return due;
        }
    }

    /// <summary>Bytes went to the DTU, whichever they are: keep-warm waits anew.</summary>
    public void Sent(DateTimeOffset now) => _lastSent = now;

    /// <summary>What is due now and begins with this call, the longest overdue first; null: nothing.</summary>
    public ScheduledPoll? Begin(DateTimeOffset now)
    {
        var next = _polls.Where(poll => DueOf(poll) <= now).MinBy(DueOf);
        if (next is not null)
        {
            next.IsRunning = true;
            next.BegunAt = now;
            next.Next = null;
        }

        return next;
    }

    /// <summary>Its bytes are in the socket.</summary>
    public void Written(ScheduledPoll poll) => poll.Sent++;

    /// <summary>It was answered, or expected no answer; <paramref name="at"/>: the date.</summary>
    public void Answered(ScheduledPoll poll, bool hasAnswer, DateTimeOffset now, DateTimeOffset at)
    {
        if (End(poll, now, at))
        {
            poll.Answered += hasAnswer ? 1 : 0;
        }
    }

    /// <summary>It ended without its answer, or was never written; <paramref name="at"/>: the date.</summary>
    public void Failed(ScheduledPoll poll, string error, DateTimeOffset now, DateTimeOffset at)
    {
        if (End(poll, now, at))
        {
            poll.Failed++;
            poll.LastError = error;
        }
    }

    public ImmutableArray<PollStatus> Status() => ImmutableArray.CreateRange(_polls, poll => new PollStatus
    {
        Name = poll.Options.Name,
        Sent = poll.Sent,
        Answered = poll.Answered,
        Failed = poll.Failed,
        LastError = poll.LastError,
        LastAt = poll.LastAt,
    });

    private DateTimeOffset? DueOf(ScheduledPoll poll)
    {
        if (poll.IsRunning)
        {
            return null;
        }

        if (poll != _warm)
        {
            return poll.Next;
        }

        var warm = _lastSent + _warmWait;
        warm = warm < _restUntil ? _restUntil : warm;
        return poll.Next < warm ? poll.Next : warm;
    }

    private bool End(ScheduledPoll poll, DateTimeOffset now, DateTimeOffset at)
    {
        if (!poll.IsRunning)
        {
            return false;
        }

        poll.IsRunning = false;
        poll.LastAt = at;
        if (poll.HasSchedule)
        {
            var next = poll.BegunAt + poll.Options.Every!.Value + (poll.Options.Jitter * ((2 * _chance()) - 1));
            poll.Next = next < now + LeastRest ? now + LeastRest : next;
        }

        if (poll == _warm)
        {
            _restUntil = now + LeastRest;
            DrawWarmWait();
        }

        return true;
    }

    private void DrawWarmWait() => _warmWait = _warmEvery * (WarmestPart + ((1 - WarmestPart) * _chance()));
}
