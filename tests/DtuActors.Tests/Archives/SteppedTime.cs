namespace DtuActors.Tests.Archives;

/// <summary>Time that passes when a test says so, and that tells when somebody waits: one waiter at a time, as an archive's loop is.</summary>
internal sealed class SteppedTime(DateTimeOffset now) : ManualTime(now)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private TaskCompletionSource _waits = New();
    private int _registrations;

    /// <summary>How often somebody began to wait.</summary>
    public int Registrations => Volatile.Read(ref _registrations);

    /// <summary>How long the loop wants to wait, once it does.</summary>
    /// <param name="behind">So many waits are over, though nobody may have said so yet.</param>
    public async Task<TimeSpan> WaitedForAsync(int behind = 0)
    {
        while (true)
        {
            Task waits;
            lock (Gate)
            {
                if (_registrations > behind && NextDue is { } due)
                {
                    return due;
                }

                waits = _waits.Task;
            }

            await waits.WaitAsync(Patience);
        }
    }

    /// <summary>Lets so much pass, step by step, each once the loop waits again; it waits at the end.</summary>
    public async Task PassAsync(TimeSpan time)
    {
        for (var until = GetUtcNow() + time; ;)
        {
            var due = await WaitedForAsync();
            if (GetUtcNow() + due > until)
            {
                Advance(until - GetUtcNow());
                return;
            }

            Advance(due);
        }
    }

    protected override void OnWait()
    {
        _registrations++;
        _waits.TrySetResult();
        _waits = New();
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
