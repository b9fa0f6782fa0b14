namespace DtuActors.Simulator;

/// <summary>What a simulated DTU is doing.</summary>
public enum SimulatedDtuState
{
    /// <summary>It is not running.</summary>
    Stopped,

    /// <summary>It dials.</summary>
    Connecting,

    /// <summary>Its link stands, and its registration is on its way.</summary>
    Online,

    /// <summary>Its link stands, and it neither reads nor writes.</summary>
    HalfOpen,

    /// <summary>It waits until it dials again.</summary>
    Waiting,
}

/// <summary>Where a simulated DTU stands, with its counters since it was made.</summary>
public sealed record SimulatedDtuStatus
{
    public required string Id { get; init; }

    public required SimulatedDtuState State { get; init; }

    /// <summary>Links that came about.</summary>
    public long Connects { get; init; }

    /// <summary>Dials that failed.</summary>
    public long ConnectFailures { get; init; }

    /// <summary>Bytes written to sockets, envelopes included.</summary>
    public long BytesUp { get; init; }

    /// <summary>Bytes read from sockets, envelopes included.</summary>
    public long BytesDown { get; init; }

    /// <summary>Answers of the instrument that went on their way up.</summary>
    public long Answered { get; init; }

    /// <summary>Answers of the instrument that were lost on purpose.</summary>
    public long Dropped { get; init; }

    /// <summary>Pieces with a byte that is another, or is missing, either way.</summary>
    public long Damaged { get; init; }

    public long Heartbeats { get; init; }

    public long Reports { get; init; }

    /// <summary>DDP: acknowledgements (0x81) of registrations and heartbeats.</summary>
    public long Acknowledged { get; init; }

    /// <summary>DDP: bytes from the centre that belonged to no unit.</summary>
    public long Discarded { get; init; }

    /// <summary>Why the last dial or link failed, in words; null while nothing did.</summary>
    public string? LastError { get; init; }
}

/// <summary>The counters behind a <see cref="SimulatedDtuStatus"/>, written from several tasks.</summary>
internal sealed class DtuCounters
{
    public long Connects;
    public long ConnectFailures;
    public long BytesUp;
    public long BytesDown;
    public long Answered;
    public long Dropped;
    public long Damaged;
    public long Heartbeats;
    public long Reports;
    public long Acknowledged;
    public long Discarded;

    private TaskCompletionSource? _changed;

    /// <summary>Done when something counts next.</summary>
    public Task Changed()
    {
        while (true)
        {
            if (Volatile.Read(ref _changed) is { } waiting)
            {
                return waiting.Task;
            }

            Interlocked.CompareExchange(ref _changed, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously), null);
        }
    }

    public void Add(ref long counter, long count = 1)
    {
        Interlocked.Add(ref counter, count);
        Signal();
    }

    public void Signal()
    {
        // Without somebody who waits this costs a look, not a write: it stands on the path of every byte.
        if (Volatile.Read(ref _changed) is not null)
        {
            Interlocked.Exchange(ref _changed, null)?.TrySetResult();
        }
    }
}
