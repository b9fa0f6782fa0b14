using System.Collections.Immutable;
using DtuActors.Protocol;
using DtuActors.Protocol.Files;

namespace DtuActors.Transfers;

/// <summary>The transfers of this node, and what came by them, in memory: the oldest that have ended make room.</summary>
public sealed class TransferBook
{
    public const int MostKept = 200;

    /// <summary>The most bytes of received files that are kept: a file that was not fetched makes room for a newer one.</summary>
    public const long MostKeptBytes = 64 * 1024 * 1024;

    // In the order in which they began.
    private readonly LinkedList<Entry> _entries = new();
    private readonly Dictionary<string, Entry> _byId = [];
    private long _bytes;

    public int Running => _entries.Count(entry => !TransferStates.IsEnd(entry.Status.State));

    public TransferStatus? Find(string id) => _byId.GetValueOrDefault(id)?.Status;

    /// <summary>Those over one line, newest first.</summary>
    public ImmutableArray<TransferStatus> Of(DtuId? dtu, string? port) =>
        [.. _entries.Reverse().Select(entry => entry.Status).Where(status => status.Dtu == dtu && status.Port == port)];

    /// <summary>A file that came by one; null where there is none, or none any more.</summary>
    public IncomingFile? Content(string id, int number) =>
        _byId.TryGetValue(id, out var entry) && number >= 0 && number < entry.Files.Count ? entry.Files[number] : null;

    public void Put(TransferStatus status)
    {
        if (_byId.TryGetValue(status.Id, out var known))
        {
            known.Status = status;
            return;
        }

        var entry = new Entry(status);
        _byId.Add(status.Id, entry);
        _entries.AddLast(entry);
        while (_entries.Count > MostKept && _entries.FirstOrDefault(old => TransferStates.IsEnd(old.Status.State)) is { } oldest)
        {
            Forget(oldest);
            _entries.Remove(oldest);
            _byId.Remove(oldest.Status.Id);
        }
    }

    /// <summary>None goes on.</summary>
    public void EndAll(string problem, DateTimeOffset at)
    {
        foreach (var entry in _entries.Where(entry => !TransferStates.IsEnd(entry.Status.State)))
        {
            entry.Status = entry.Status with { State = TransferStates.Failed, Problem = problem, EndedAt = at };
        }
    }

    /// <summary>What came by one that has ended.</summary>
    public void Keep(string id, IReadOnlyList<IncomingFile> files)
    {
        if (!_byId.TryGetValue(id, out var entry))
        {
            return;
        }

        entry.Files = files;
        _bytes += files.Sum(file => (long)file.Content.Length);
        while (_bytes > MostKeptBytes && _entries.FirstOrDefault(old => old != entry && old.Files.Count > 0) is { } oldest)
        {
            Forget(oldest);
        }

        Show(entry, isKept: true);
    }

    private void Forget(Entry entry)
    {
        _bytes -= entry.Files.Sum(file => (long)file.Content.Length);
        Show(entry, isKept: false);
        entry.Files = [];
    }

    private static void Show(Entry entry, bool isKept) =>
        entry.Status = entry.Status with { Received = [.. entry.Files.Select(file => new ReceivedFile(file.Name, file.Content.Length, isKept))] };

    private sealed class Entry(TransferStatus status)
    {
        public TransferStatus Status { get; set; } = status;

        public IReadOnlyList<IncomingFile> Files { get; set; } = [];
    }
}
