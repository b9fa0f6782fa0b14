using System.Collections.Immutable;

namespace DtuActors.Configuration;

/// <summary>One fault of a configuration: where it stands, what is wrong, and what would be right.</summary>
/// <param name="KeyPath"><c>dtu.listeners.main.port</c>; empty where the text can't be read at all.</param>
/// <param name="File">The file as the user named it, or <c>built-in</c>.</param>
/// <param name="Line">From 1; 0 where the fault has no line (something is missing from the whole).</param>
/// <param name="Column">From 1; 0 where unknown.</param>
/// <param name="Problem">What is wrong, in words, with the value.</param>
/// <param name="Expected">What would be right, or null.</param>
public sealed record ConfigurationFault(string KeyPath, string File, int Line, int Column, string Problem, string? Expected)
{
    /// <summary><c>FILE:LINE:COLUMN: KEYPATH: PROBLEM (expected EXPECTED)</c>.</summary>
    public override string ToString() => $"{File}:{Line}:{Column}: {KeyPath}: {Problem}";
}

/// <summary>Options where there is no fault; faults, all of them, where there is one.</summary>
public sealed record LoadedConfiguration(GatewayOptions? Options, ImmutableArray<ConfigurationFault> Faults);

/// <summary>Reads the files of <c>dtu { }</c>, layers them over the built-in default, checks everything, and reports every fault in one go.</summary>
public static class ConfigurationLoader
{
    /// <summary>
    /// Loads <paramref name="files"/>, the last one winning; none: the built-in default. <paramref name="environment"/> answers <c>${?NAME}</c>.
    /// Never throws for what a user can get wrong: an unreadable file is a fault as well.
    /// </summary>
    public static LoadedConfiguration Load(IReadOnlyList<string> files, Func<string, string?> environment) =>
        throw new NotSupportedException();

    /// <summary>The same for texts that stand in memory: (name, text) in layering order, relative paths against <paramref name="folder"/>.</summary>
    public static LoadedConfiguration LoadTexts(IReadOnlyList<(string Name, string Text)> texts, string folder, Func<string, string?> environment) =>
        throw new NotSupportedException();
}
