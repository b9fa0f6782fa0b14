using System.Diagnostics.Metrics;
using System.Threading.Channels;
using DtuActors.Configuration;
using DtuActors.Storage;

namespace DtuActors.Host.Auditing;

/// <summary>
/// Who did what: kept in the database, and its last thousand entries in memory, which is all where nothing is stored. Whoever writes never waits and never
/// fails: entries go to disk in batches; while the disk takes none, so many wait, what comes on top is counted as lost, and <see cref="StorageHealth"/> says why.
/// </summary>
internal sealed partial class AuditTrail(GatewayOptions options, StorageHealth storage, TimeProvider time, ILogger<AuditTrail> log) : BackgroundService
{
    public const string MeterName = "DtuActors.Host";

    /// <summary>Entries in memory.</summary>
    public const int MostRecent = 1000;

    /// <summary>Characters of a detail: 256 bytes in hexadecimal and some words.</summary>
    public const int LongestDetail = 700;

    private const int LongestText = 128;
    private const int MostWaiting = 10_000;
    private const int MostInOne = 500;

    // Ids are milliseconds, of which each has room for so many; they go on where the clock or a restart would have them go back.
    private const int IdsInOneMillisecond = 1024;

    private static readonly TimeSpan AgainAfter = TimeSpan.FromSeconds(5);
    private static readonly Meter Meter = new(MeterName);
    private static readonly Counter<long> Entries = Meter.CreateCounter<long>("dtu.audit.entries", description: "Entries of the audit trail, by result: kept, lost.");
    private static readonly KeyValuePair<string, object?> Kept = new("result", "kept");
    private static readonly KeyValuePair<string, object?> Lost = new("result", "lost");

    private readonly Channel<object> _queue = Channel.CreateBounded<object>(new BoundedChannelOptions(MostWaiting) { SingleReader = true });
    private readonly Lock _gate = new();
    private readonly Database? _database = Database.Of(options.Storage);
    private readonly LinkedList<AuditEntry> _recent = new();
    private readonly List<AuditEntry> _unwritten = [];
    private Task<bool>? _more;
    private AuditStore? _store;
    private long _lastId;
    private bool _fails;

    /// <summary>Both results are there from the start on: an alert on what is missing can't tell it from a gateway that is gone.</summary>
    public static void Seed()
    {
        Entries.Add(0, Kept);
        Entries.Add(0, Lost);
    }

    /// <summary>Takes an entry; its id is the trail's to give. Never waits, never throws.</summary>
    public void Write(AuditEntry entry)
    {
        lock (_gate)
        {
            _lastId = Math.Max(_lastId + 1, time.GetUtcNow().ToUnixTimeMilliseconds() * IdsInOneMillisecond);
            entry = entry with
            {
                Id = _lastId,
                By = Cut(entry.By, LongestText),
                Remote = Cut(entry.Remote, LongestText)!,
                Action = Cut(entry.Action, LongestText)!,
                Subject = Cut(entry.Subject, LongestText),
                Detail = Cut(entry.Detail, LongestDetail),
                Outcome = Cut(entry.Outcome, LongestText)!,
            };
            _recent.AddFirst(entry);
            if (_recent.Count > MostRecent)
            {
                _recent.RemoveLast();
            }
        }

        if (_database is null)
        {
            Entries.Add(1, Kept);
        }
        else if (!_queue.Writer.TryWrite(entry))
        {
            Entries.Add(1, Lost);
        }
    }

    /// <summary>Entries before <paramref name="before"/>, newest first. While the disk fails: what is in memory.</summary>
    public async Task<IReadOnlyList<AuditEntry>> ReadAsync(int limit, long? before, CancellationToken cancellation)
    {
        if (_database is not null)
        {
            var question = new Question(limit, before);
            try
            {
                await _queue.Writer.WriteAsync(question, cancellation);
                if (await question.Answer.Task.WaitAsync(cancellation) is { } stored)
                {
                    return stored;
                }
            }
            catch (ChannelClosedException)
            {
                // Stopping: memory still knows.
            }
        }

        lock (_gate)
        {
            return [.. _recent.Where(entry => before is null || entry.Id < before).Take(limit)];
        }
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        // What waits is written before the end.
        _queue.Writer.TryComplete();
        await base.StopAsync(cancellationToken);
    }

    public override void Dispose()
    {
        _store?.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // A thread of its own while it writes: the database's calls block.
        await Task.Yield();
        var isOpen = true;
        while (isOpen)
        {
            isOpen = await MoreAsync(stoppingToken);
            var questions = new List<Question>();
            while (_unwritten.Count < MostWaiting && _queue.Reader.TryRead(out var item))
            {
                if (item is Question question)
                {
                    questions.Add(question);
                    if (questions.Count >= MostInOne)
                    {
                        break;
                    }
                }
                else
                {
                    _unwritten.Add((AuditEntry)item);
                }
            }

            var isWritten = TryStore(WriteOut);
            isOpen &= isWritten || !stoppingToken.IsCancellationRequested;
            foreach (var question in questions)
            {
                IReadOnlyList<AuditEntry>? answer = null;
                _ = isWritten && TryStore(store => answer = store.Read(question.Limit, question.Before));
                question.Answer.TrySetResult(answer);
            }
        }

        if (_unwritten.Count > 0)
        {
            Entries.Add(_unwritten.Count, Lost);
        }
    }

    /// <summary>Waits for more, or, where something failed, for its next try; false: nothing comes any more.</summary>
    private async Task<bool> MoreAsync(CancellationToken stopping)
    {
        var more = _more ??= _queue.Reader.WaitToReadAsync(CancellationToken.None).AsTask();
        if (_unwritten.Count == 0 && !_fails)
        {
            _more = null;
            return await more;
        }

        try
        {
            await Task.Delay(AgainAfter, time, stopping);
        }
        catch (OperationCanceledException)
        {
            // One last try.
        }

        if (!more.IsCompleted)
        {
            return true;
        }

        _more = null;
        return await more;
    }

    private void WriteOut(AuditStore store)
    {
        while (_unwritten.Count > 0)
        {
            var batch = _unwritten.GetRange(0, Math.Min(MostInOne, _unwritten.Count));
            store.Write(batch);
            _unwritten.RemoveRange(0, batch.Count);
            Entries.Add(batch.Count, Kept);
        }
    }

    private bool TryStore(Action<AuditStore> work)
    {
        var isNew = _store is null;
        try
        {
            work(_store ??= Open());
            _fails = false;
            storage.Works(AuditStore.Part);
            return true;
        }
        catch (StorageException failure)
        {
            // A connection that failed once may have failed for good: another one is tried at once.
            _store?.Dispose();
            _store = null;
            if (!isNew)
            {
                return TryStore(work);
            }

            if (!_fails)
            {
                LogFailed(failure.Message);
            }

            _fails = true;
            storage.Failed(AuditStore.Part, failure.Message);
            return false;
        }
    }

    private AuditStore Open()
    {
        var store = AuditStore.Open(_database!);
        lock (_gate)
        {
            _lastId = Math.Max(_lastId, store.LastId);
        }

        return store;
    }

    private static string? Cut(string? text, int most) => text is null || text.Length <= most ? text : string.Concat(text.AsSpan(0, most - 1), "…");

    [LoggerMessage(LogLevel.Error, "the audit trail can't be written, and is kept in memory: {Problem}")]
    private partial void LogFailed(string problem);

    /// <summary>Asked in its turn behind all that was written before; null: the disk does not answer.</summary>
    private sealed record Question(int Limit, long? Before)
    {
        public TaskCompletionSource<IReadOnlyList<AuditEntry>?> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
