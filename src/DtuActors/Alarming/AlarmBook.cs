using System.Collections.Immutable;

namespace DtuActors.Alarming;

/// <summary>One trouble that a look found.</summary>
internal readonly record struct Finding(string Subject, string Text);

/// <summary>
/// Which alarms are open, and the last that were cleared. Told what is wrong at each look, it says what changed: a trouble is raised once, and cleared once when
/// it has been away for so long. Beyond so many of one kind those that come are one alarm together, which is cleared when few are left; these are raised one by
/// one then. So there are never more than that many and one more of a kind, however large the field is.
/// </summary>
/// <param name="clearAfter">How long a trouble has to be away.</param>
/// <param name="groupAbove">So many of one kind.</param>
/// <param name="node">This node's name, which each alarm has.</param>
internal sealed class AlarmBook(TimeSpan clearAfter, int groupAbove, string node)
{
    /// <summary>Cleared alarms that are remembered.</summary>
    public const int MostCleared = 500;

    private const int MostNamed = 3;

    private readonly Dictionary<string, Kind> _kinds = new(StringComparer.Ordinal);
    private readonly LinkedList<AlarmStatus> _cleared = new();
    private int _look;

    /// <summary>Several nodes' alarms as one list: open ones first, each newest first, of those that are over the last <see cref="MostCleared"/>.</summary>
    public static ImmutableArray<AlarmStatus> Together(IEnumerable<AlarmStatus> alarms)
    {
        var byState = alarms.ToLookup(alarm => alarm.ClearedAt is null);
        return
        [
            .. byState[true].OrderByDescending(alarm => alarm.RaisedAt).ThenByDescending(alarm => alarm.Id, StringComparer.Ordinal),
            .. byState[false].OrderByDescending(alarm => alarm.ClearedAt).Take(MostCleared),
        ];
    }

    /// <summary>Open ones first, each newest first.</summary>
    public ImmutableArray<AlarmStatus> All =>
        [.. _kinds.Values.SelectMany(kind => kind.Open).OrderByDescending(alarm => alarm.RaisedAt).ThenByDescending(alarm => alarm.Id, StringComparer.Ordinal), .. _cleared];

    /// <summary>Takes what one look found of a kind; the alarms that it raised or cleared, in that order in which they are to be told.</summary>
    /// <param name="name">The kind.</param>
    /// <param name="findings">Each subject once.</param>
    /// <param name="many">What is wrong with many of them, behind their number: "DTUs are offline".</param>
    /// <param name="now">The time, by <see cref="Dispatching.SteadyTime"/>.</param>
    /// <param name="at">The date.</param>
    public List<AlarmStatus> Look(string name, IEnumerable<Finding> findings, string many, DateTimeOffset now, DateTimeOffset at)
    {
        if (!_kinds.TryGetValue(name, out var kind))
        {
            _kinds.Add(name, kind = new Kind(name));
        }

        _look++;
        var changes = new List<AlarmStatus>();
        var fresh = new List<string>();
        foreach (var finding in findings)
        {
            if (!kind.Troubles.TryGetValue(finding.Subject, out var trouble))
            {
                kind.Troubles.Add(finding.Subject, trouble = new Trouble());
                fresh.Add(finding.Subject);
            }

            (trouble.SeenIn, trouble.AwaySince, trouble.Text) = (_look, null, finding.Text);
            trouble.Alarm = trouble.Alarm is { } alarm ? alarm with { Text = finding.Text } : null;
        }

        ClearWhatIsOver(kind, changes, now, at);
        Raise(kind, fresh, changes, at);
        TellGroup(kind, many, changes, at);
        return changes;
    }

    private void ClearWhatIsOver(Kind kind, List<AlarmStatus> changes, DateTimeOffset now, DateTimeOffset at)
    {
        foreach (var (subject, trouble) in kind.Troubles.Where(row => row.Value.SeenIn != _look).ToList())
        {
            trouble.AwaySince ??= now;
            if (now - trouble.AwaySince < clearAfter)
            {
                continue;
            }

            kind.Troubles.Remove(subject);
            if (trouble.Alarm is { } alarm)
            {
                kind.Single--;
                changes.Add(Cleared(alarm, at));
            }
        }
    }

    private void Raise(Kind kind, List<string> fresh, List<AlarmStatus> changes, DateTimeOffset at)
    {
        if (kind.Group is null && kind.Troubles.Count > groupAbove && fresh.Count > 0)
        {
            kind.Group = New(kind.Name, AlarmKinds.Several, "", at);
            kind.IsGroupNew = true;
        }

        if (kind.Group is null)
        {
            fresh.ForEach(subject => RaiseOne(kind, subject, changes, at));
        }
    }

    private void TellGroup(Kind kind, string many, List<AlarmStatus> changes, DateTimeOffset at)
    {
        if (kind.Group is not { } group)
        {
            return;
        }

        var members = kind.Troubles.Where(row => row.Value.Alarm is null);
        var count = kind.Troubles.Count - kind.Single;
        if (count > 0)
        {
            var named = string.Join(", ", members.Take(MostNamed).Select(row => row.Key));
            kind.Group = group = group with { Text = $"{count} {many}: {named}{(count > MostNamed ? $" and {count - MostNamed} more" : "")}" };
        }

        // It is told whole or not at all: it never stands for one that it could have named.
        if (kind.IsGroupNew)
        {
            kind.IsGroupNew = false;
            changes.Add(group);
        }
        else if (count <= groupAbove / 2 && kind.Troubles.Count <= groupAbove)
        {
            kind.Group = null;
            changes.Add(Cleared(group, at));
            foreach (var (subject, trouble) in members.ToList())
            {
                if (trouble.AwaySince is null)
                {
                    RaiseOne(kind, subject, changes, at);
                }
                else
                {
                    kind.Troubles.Remove(subject);
                }
            }
        }
    }

    private void RaiseOne(Kind kind, string subject, List<AlarmStatus> changes, DateTimeOffset at)
    {
        var trouble = kind.Troubles[subject];
        var alarm = New(kind.Name, subject, trouble.Text, at);
        trouble.Alarm = alarm;
        kind.Single++;
        changes.Add(alarm);
    }

    private AlarmStatus New(string kind, string subject, string text, DateTimeOffset at) =>
        new(Guid.CreateVersion7(at).ToString("n"), kind, subject, AlarmKinds.SeverityOf(kind), text, at, null, node);

    private AlarmStatus Cleared(AlarmStatus alarm, DateTimeOffset at)
    {
        var cleared = alarm with { ClearedAt = at };
        _cleared.AddFirst(cleared);
        if (_cleared.Count > MostCleared)
        {
            _cleared.RemoveLast();
        }

        return cleared;
    }

    private sealed class Kind(string name)
    {
        public string Name => name;

        /// <summary>What is wrong, or was a moment ago, by subject.</summary>
        public Dictionary<string, Trouble> Troubles { get; } = new(StringComparer.Ordinal);

        /// <summary>The alarm of those that have none of their own.</summary>
        public AlarmStatus? Group { get; set; }

        public bool IsGroupNew { get; set; }

        /// <summary>Those that have one of their own.</summary>
        public int Single { get; set; }

        public IEnumerable<AlarmStatus> Open => Troubles.Values.Where(trouble => trouble.Alarm is not null).Select(trouble => trouble.Alarm!).Concat(Group is { } group ? [group] : []);
    }

    private sealed class Trouble
    {
        public AlarmStatus? Alarm { get; set; }

        public string Text { get; set; } = "";

        public int SeenIn { get; set; }

        /// <summary>Null while it is there.</summary>
        public DateTimeOffset? AwaySince { get; set; }
    }
}
