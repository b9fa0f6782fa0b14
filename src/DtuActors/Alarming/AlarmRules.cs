using System.Globalization;
using DtuActors.Configuration;
using DtuActors.Endpoints;
using DtuActors.Protocol;
using DtuActors.Sessions;

namespace DtuActors.Alarming;

/// <summary>
/// What of the field is a trouble, by <see cref="AlarmOptions"/>. Remembers between looks what each DTU had counted, and since when endpoints and listeners are
/// not up; nothing of a DTU that the FleetView has forgotten.
/// </summary>
/// <remarks>In a cluster each node looks at its own endpoints and listeners and at the DTUs that it has or had last; so each trouble is one node's.</remarks>
internal sealed class AlarmRules(AlarmOptions options, string node, bool isClustered)
{
    private const string Dialer = "dialer";

    private readonly SlidingCounts<DtuId> _reconnects = new(options.DtuFlapping?.Within ?? TimeSpan.FromMinutes(10));
    private readonly SlidingCounts<DtuId> _wrong = new(options.ChecksumErrors?.Within ?? TimeSpan.FromMinutes(10));
    private readonly SlidingCounts<DtuId> _full = new(options.QueueFull?.Within ?? TimeSpan.FromMinutes(10));
    private readonly Dictionary<DtuId, Counted> _counted = [];
    private readonly Dictionary<string, DateTimeOffset> _notUp = new(StringComparer.Ordinal);
    private (DateTimeOffset Now, DateTimeOffset At)? _since;
    private long _lost;
    private int _look;

    /// <summary>Whether DTUs that no node has are this one's.</summary>
    public bool SpeaksForAll { get; set; } = !isClustered;

    private string OnNode => isClustered ? $" on node {node}" : "";

    /// <summary>One look through all kinds that are on: kind, what is wrong, and what is said of many.</summary>
    /// <param name="field">How the field stands.</param>
    /// <param name="storage">The parts of storage that fail, with the reason.</param>
    /// <param name="lost">Events that monitors and history have missed since the start.</param>
    /// <param name="now">The time, by <see cref="Dispatching.SteadyTime"/>.</param>
    /// <param name="at">The date.</param>
    public IEnumerable<(string Kind, IEnumerable<Finding> Findings, string Many)> Apply(
        FieldLook field, IReadOnlyDictionary<string, string> storage, long lost, DateTimeOffset now, DateTimeOffset at)
    {
        var since = _since ??= (now, at);
        Count(field, now);
        if (options.DtuOffline is { } offline)
        {
            yield return (AlarmKinds.DtuOffline, field.Dtus.Where(dtu => IsOurs(dtu) && IsOffline(dtu, offline, since.Now, now)).Select(dtu => new Finding(dtu.Id.Value, OfflineText(dtu, since.At))),
                "DTUs are offline (GET /api/v1/dtus?state=offline lists them)");
        }

        if (options.DtuFlapping is { } flapping)
        {
            yield return (AlarmKinds.DtuFlapping, Over(_reconnects, flapping, (dtu, count) => $"DTU {dtu} reconnected {count} times within {Words(flapping.Within)}"), "DTUs keep reconnecting");
        }

        if (options.DtuConflict)
        {
            yield return (AlarmKinds.DtuConflict, field.Dtus.Where(dtu => IsOurs(dtu) && dtu.State is DtuState.Conflict)
                .Select(dtu => new Finding(dtu.Id.Value, $"DTU {dtu.Id} is claimed by several live devices; the other is at {dtu.ConflictWith}")), "DTUs are claimed by several live devices each");
        }

        if (options.ChecksumErrors is { } checksum)
        {
            yield return (AlarmKinds.ChecksumErrors, _wrong.Sums.Where(row => row.First >= checksum.AtLeast && row.First * 100 >= checksum.Percent * (row.First + row.Second))
                .Select(row => new Finding(row.Key.Value, $"DTU {row.Key} sent {row.First} pieces with a wrong checksum or no form, and {row.Second} frames, within {Words(checksum.Within)}")),
                "DTUs send much that is no frame");
        }

        if (options.QueueAge is { } age)
        {
            yield return (AlarmKinds.QueueAge, field.Dtus.Where(dtu => IsOurs(dtu) && dtu.WaitsSince is { } waits && now - waits >= age.After)
                .Select(dtu => new Finding(dtu.Id.Value, $"requests wait for the bus of DTU {dtu.Id} longer than {Words(age.After)}")), "DTUs have requests that wait long for their bus");
        }

        if (options.QueueFull is { } full)
        {
            yield return (AlarmKinds.QueueFull, Over(_full, full, (dtu, count) => $"the bus of DTU {dtu} refused {count} downlinks within {Words(full.Within)}: its queue is full"), "DTUs refuse downlinks: their queues are full");
        }

        foreach (var found in Down(field, now))
        {
            yield return found;
        }

        if (options.StorageFailed)
        {
            yield return (AlarmKinds.StorageFailed, storage.Select(part => new Finding(part.Key, $"storing fails, {part.Key}: {part.Value}")), "parts of storage fail (GET /readyz)");
        }

        if (options.EventsLost)
        {
            var more = Math.Max(0, lost - _lost);
            _lost = lost;
            yield return (AlarmKinds.EventsLost, more > 0 ? [new Finding(node, $"{more} events were lost: monitors and history have a gap")] : [], "nodes lost events");
        }
    }

    private IEnumerable<(string Kind, IEnumerable<Finding> Findings, string Many)> Down(FieldLook field, DateTimeOffset now)
    {
        if (options.EndpointDown is { } endpoints)
        {
            var down = DownFor(field.Endpoints.Select(endpoint => (endpoint.Name, endpoint.State, $"endpoint {endpoint.Name} ({endpoint.Kind}){OnNode} is {endpoint.State}{Because(endpoint.LastError)}")), endpoints.After, now);
            yield return (AlarmKinds.EndpointDown, down, "endpoints are down (GET /api/v1/endpoints)");
        }

        if (options.ListenerDown is { } listeners)
        {
            var down = DownFor(
                field.Listeners.Select(listener => (
                    listener.Name, listener.State, $"{(listener.Kind == Dialer ? Dialer : "listener")} {listener.Name} ({listener.Address}){OnNode} is {listener.State}{Because(listener.LastError)}")),
                listeners.After,
                now);
            yield return (AlarmKinds.ListenerDown, down, "listeners are down (GET /api/v1/listeners)");
        }

        foreach (var gone in _notUp.Keys.Except(field.Endpoints.Select(endpoint => endpoint.Name).Concat(field.Listeners.Select(listener => listener.Name))).ToList())
        {
            _notUp.Remove(gone);
        }
    }

    // Listeners, dialers and endpoints share one namespace. What goes to and fro between down and connecting is not up all that time.
    private List<Finding> DownFor(IEnumerable<(string Name, string State, string Text)> those, TimeSpan after, DateTimeOffset now)
    {
        var findings = new List<Finding>();
        foreach (var (name, state, text) in those)
        {
            if (state == EndpointStates.Up)
            {
                _notUp.Remove(name);
                continue;
            }

            _notUp.TryAdd(name, now);
            if (now - _notUp[name] >= after)
            {
                findings.Add(new Finding(name, text));
            }
        }

        return findings;
    }

    private void Count(FieldLook field, DateTimeOffset now)
    {
        _reconnects.Advance(now);
        _wrong.Advance(now);
        _full.Advance(now);
        _look++;
        foreach (var dtu in field.Dtus.Where(dtu => dtu.Sessions > 0 && IsOurs(dtu)))
        {
            if (!_counted.TryGetValue(dtu.Id, out var counted))
            {
                _counted.Add(dtu.Id, counted = new Counted { Sessions = 1 });
            }

            counted.Look = _look;

            // Fewer than before: the FleetView has begun anew, and counts from there.
            _reconnects.Add(dtu.Id, Math.Max(0, dtu.Sessions - counted.Sessions));
            counted.Sessions = dtu.Sessions;
            if (dtu.Epoch == default)
            {
                continue;
            }

            if (counted.Epoch != dtu.Epoch)
            {
                (counted.Epoch, counted.Frames, counted.Wrong, counted.Full) = (dtu.Epoch, 0, 0, 0);
            }

            _wrong.Add(dtu.Id, dtu.WrongUp - counted.Wrong, dtu.FramesUp - counted.Frames);
            _full.Add(dtu.Id, dtu.QueueFull - counted.Full);
            (counted.Frames, counted.Wrong, counted.Full) = (dtu.FramesUp, dtu.WrongUp, dtu.QueueFull);
        }

        if (_counted.Count > field.Dtus.Count)
        {
            foreach (var gone in _counted.Where(row => row.Value.Look != _look).Select(row => row.Key).ToList())
            {
                _counted.Remove(gone);
            }
        }
    }

    private static IEnumerable<Finding> Over(SlidingCounts<DtuId> counts, CountAlarmOptions limit, Func<DtuId, long, string> text) =>
        counts.Sums.Where(row => row.First > limit.MoreThan).Select(row => new Finding(row.Key.Value, text(row.Key, row.First)));

    private bool IsOurs(DtuLook dtu) => !dtu.IsElsewhere && (!dtu.IsNowhere || SpeaksForAll);

    private static bool IsOffline(DtuLook dtu, OfflineAlarmOptions offline, DateTimeOffset since, DateTimeOffset now) =>
        dtu.State is DtuState.Offline && (dtu.IsListed || offline.For is OfflineAlarmFor.All) && now - (dtu.Ended ?? since) >= offline.After;

    private static string OfflineText(DtuLook dtu, DateTimeOffset since) => dtu.EndedAt is { } ended
        ? $"DTU {dtu.Id} is offline since {Instant(ended)}{Because(dtu.EndReason)}"
        : $"DTU {dtu.Id} has not come online since the gateway looks for it ({Instant(since)})";

    private static string Because(string? reason) => reason is { Length: > 0 } ? $": {reason}" : "";

    private static string Instant(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private static string Words(TimeSpan time) => Scalars.Show(time);

    private sealed class Counted
    {
        public long Sessions { get; set; }

        public Epoch Epoch { get; set; }

        public long Frames { get; set; }

        public long Wrong { get; set; }

        public long Full { get; set; }

        public int Look { get; set; }
    }
}
