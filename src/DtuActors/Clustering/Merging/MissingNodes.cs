using System.Collections.Concurrent;

namespace DtuActors;

/// <summary>Of one question to the whole cluster: which nodes' part of the answer is missing, because they did not answer in time or can't be reached. Safe from any thread.</summary>
public sealed class MissingNodes
{
    private readonly ConcurrentDictionary<string, bool> _names = new(StringComparer.Ordinal);

    /// <summary>By name; empty: the answer is whole.</summary>
    public IReadOnlyList<string> Names => [.. _names.Keys.Order(StringComparer.Ordinal)];

    /// <summary>The same, null where it is empty.</summary>
    public IReadOnlyList<string>? NamesOrNull => _names.IsEmpty ? null : Names;

    internal void Add(string node) => _names[node] = true;
}
