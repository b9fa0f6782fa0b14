using System.Collections.Immutable;

namespace DtuActors.Storage;

/// <summary>
/// How storing goes, part by part (<c>register</c>, <c>commands</c>, <c>history</c>, <c>audit</c>): whoever writes says so here, readiness and alarms read it. One
/// object per gateway; safe from any thread.
/// </summary>
public sealed class StorageHealth
{
    private ImmutableSortedDictionary<string, string> _problems = ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal);

    /// <summary>The parts that can't be read or written now, each with the reason in words.</summary>
    public ImmutableSortedDictionary<string, string> Problems => Volatile.Read(ref _problems);

    /// <summary>This part can't be read or written.</summary>
    public void Failed(string part, string problem) => ImmutableInterlocked.Update(ref _problems, (problems, one) => problems.SetItem(one.part, one.problem), (part, problem));

    /// <summary>It can, as of now.</summary>
    public void Works(string part) => ImmutableInterlocked.Update(ref _problems, (problems, one) => problems.Remove(one), part);
}
