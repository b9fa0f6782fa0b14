using System.Collections.Concurrent;
using System.Collections.Immutable;
using DtuActors.Archives;
using DtuActors.Archives.Targets;
using DtuActors.Protocol;

namespace DtuActors.Tests.Archives;

/// <summary>A history in memory.</summary>
internal sealed class FakeSource : IArchiveSource
{
    private readonly SortedDictionary<DtuId, List<RecordedFrame>> _frames = [];
    private long _sequence;

    /// <summary>The next question fails so.</summary>
    public ArchiveException? Failure { get; set; }

    public int PageSize { get; set; } = 1000;

    /// <summary>Which DTUs' frames were asked for, in order.</summary>
    public List<string> Asked { get; } = [];

    public void Know(string dtu) => _frames.TryAdd(DtuId.Parse(dtu), []);

    public void Forget(string dtu) => _frames.Remove(DtuId.Parse(dtu));

    public void Add(string dtu, string at, string hex, string codec = "raw", string source = "dtu")
    {
        Know(dtu);
        _frames[DtuId.Parse(dtu)].Add(new RecordedFrame(++_sequence, DateTimeOffset.Parse(at, System.Globalization.CultureInfo.InvariantCulture), FrameDirection.Up, Convert.FromHexString(hex), codec, source, null));
    }

    public Task<(ImmutableArray<DtuId> Ids, string? Next)> DtusAsync(string? after, CancellationToken cancellation)
    {
        ThrowIfFails();
        var ids = _frames.Keys.Where(id => after is null || string.CompareOrdinal(id.Value, after) > 0).Take(PageSize + 1).ToImmutableArray();
        return Task.FromResult(ids.Length > PageSize ? (ids[..PageSize], ids[PageSize - 1].Value) : (ids, (string?)null));
    }

    public Task<FramePage> FramesAsync(DtuId dtu, DateTimeOffset from, DateTimeOffset until, string? after, CancellationToken cancellation)
    {
        ThrowIfFails();
        Asked.Add(dtu.Value);
        var fit = _frames.GetValueOrDefault(dtu, [])
            .Where(frame => frame.At >= from && frame.At < until && (after is null || frame.Sequence > long.Parse(after, System.Globalization.CultureInfo.InvariantCulture))).Take(PageSize + 1).ToImmutableArray();
        return Task.FromResult(fit.Length > PageSize ? new FramePage(fit[..PageSize], fit[PageSize - 1].Next) : new FramePage(fit, null));
    }

    private void ThrowIfFails()
    {
        if (Failure is { } failure)
        {
            throw failure;
        }
    }
}

/// <summary>A server in memory, which outlives its connections. What is done there is told, in order; what a test wants to fail fails.</summary>
internal sealed class FakeServer
{
    public ConcurrentDictionary<string, byte[]> Files { get; } = new(StringComparer.Ordinal);

    public List<string> Log { get; } = [];

    /// <summary>Asked before each thing that is done: write PATH, rename PATH, folder PATH, length PATH.</summary>
    public Func<string, ArchiveTargetException?> Fails { get; set; } = _ => null;

    /// <summary>A write breaks off once so many bytes of it are there; null: it does not.</summary>
    public int? BreaksAfter { get; set; }

    /// <summary>What is done there waits for this.</summary>
    public Task Gate { get; set; } = Task.CompletedTask;

    /// <summary>Whole files, without those that are not whole yet.</summary>
    public IEnumerable<string> Whole => Files.Keys.Where(path => !path.EndsWith(".part", StringComparison.Ordinal)).Order(StringComparer.Ordinal);

    public string Text(string path) => System.Text.Encoding.UTF8.GetString(Files[path]);

    public IArchiveTarget Connect() => new Connection(this);

    private void Do(string what)
    {
        Log.Add(what);
        if (Fails(what) is { } failure)
        {
            throw failure;
        }
    }

    private sealed class Connection(FakeServer server) : IArchiveTarget
    {
        private bool _isBroken;

        public Task<long?> LengthAsync(string path, CancellationToken cancellation)
        {
            Do($"length {path}");
            return Task.FromResult(server.Files.TryGetValue(path, out var bytes) ? bytes.Length : (long?)null);
        }

        public async Task WriteAsync(string path, long offset, Stream content, CancellationToken cancellation)
        {
            Do($"write {path} {offset}");
            using var sent = new MemoryStream();
            await content.CopyToAsync(sent, cancellation);
            var bytes = sent.ToArray();
            var kept = server.BreaksAfter is { } most && most < bytes.Length ? bytes[..most] : bytes;
            server.Files[path] = [.. offset == 0 ? [] : server.Files[path].AsSpan(0, (int)offset), .. kept];
            if (kept.Length < bytes.Length)
            {
                _isBroken = true;
                throw new ArchiveTargetException(ArchiveProblem.Broken, "the connection broke off");
            }
        }

        public Task RenameAsync(string from, string to, CancellationToken cancellation)
        {
            Do($"rename {to}");
            server.Files[to] = server.Files[from];
            server.Files.TryRemove(from, out _);
            return Task.CompletedTask;
        }

        public async Task MakeFolderAsync(string folder, CancellationToken cancellation)
        {
            await server.Gate.WaitAsync(cancellation);
            Do($"folder {folder}");
        }

        public ValueTask DisposeAsync()
        {
            server.Log.Add("end");
            return ValueTask.CompletedTask;
        }

        private void Do(string what)
        {
            Assert.False(_isBroken, "one that failed is disposed of");
            try
            {
                server.Do(what);
            }
            catch
            {
                _isBroken = true;
                throw;
            }
        }
    }
}
