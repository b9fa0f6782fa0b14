using System.CommandLine;
using DtuActors.Configuration;

namespace DtuActors.Host.Commands;

/// <summary>The option <c>-c FILE</c>, and how faults of a configuration are told.</summary>
internal static class ConfigurationFiles
{
    public static Option<string[]> Option() => new("--config", "-c")
    {
        Description = "A configuration file; several layer, the last wins. Without one: the built-in default.",
        HelpName = "FILE",
        Arity = ArgumentArity.OneOrMore,
    };

    public static LoadedConfiguration Load(IReadOnlyList<string>? files) => ConfigurationLoader.Load(files ?? [], Environment.GetEnvironmentVariable);

    /// <summary>All of them, one a line.</summary>
    public static void Say(LoadedConfiguration loaded, TextWriter output)
    {
        foreach (var fault in loaded.Faults)
        {
            output.WriteLine(Terminal.Safe(fault.ToString()));
        }
    }
}
