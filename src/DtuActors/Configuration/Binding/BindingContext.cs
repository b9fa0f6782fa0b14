using System.Collections.Immutable;
using DtuActors.Configuration.Hocon;

namespace DtuActors.Configuration;

/// <summary>What all binders of one load share: the faults, and what paths, platform and byte room are.</summary>
internal sealed class BindingContext(bool isWindows, Func<string, string> folderOf)
{
    /// <summary>More faults than anybody repairs in one go; a file of another program must not fill the memory with them.</summary>
    public const int MaxFaults = 500;

    private readonly List<ConfigurationFault> _faults = [];
    private readonly HashSet<(HoconPosition, string)> _said = [];

    public bool IsWindows => isWindows;

    /// <summary>The node's name, known once <c>node</c> is bound: endpoints name their owner by it.</summary>
    public string NodeName { get; set; } = "gateway";

    /// <summary>Whether there are other nodes, known once <c>cluster</c> is bound.</summary>
    public bool IsClustered { get; set; }

    /// <summary>Every key that was met, as the schema writes it, with the file it stands in: what proves the reference complete.</summary>
    public HashSet<(string File, string Key)> Seen { get; } = [];

    public ImmutableArray<ConfigurationFault> Faults => [.. _faults];

    /// <summary>Whether more faults would not be told: the loops over the user's blocks end then.</summary>
    public bool IsFull => _faults.Count >= MaxFaults;

    /// <summary>Reports a fault once: a value that several profiles inherit is wrong in one place only.</summary>
    public void Fault(string keyPath, HoconPosition position, string problem, string? expected)
    {
        if (_faults.Count < MaxFaults && _said.Add((position, problem)))
        {
            _faults.Add(new ConfigurationFault(keyPath, position.File, position.Line, position.Column, problem, expected));
        }
    }

    /// <summary>A path of the file it is written in, made full.</summary>
    public string FullPath(HoconPosition position, string path) => Path.GetFullPath(path, folderOf(position.File));
}
