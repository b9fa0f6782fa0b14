using System.CommandLine;

namespace DtuActors.Host.Commands;

/// <summary>Commands that are agreed but not built yet: each says so and fails, whatever it is given.</summary>
internal static class NotBuiltCommands
{
    private static readonly (string Name, string What, string Example)[] Commands =
    [
        ("service", "Install as a systemd unit or Windows service", "dtu service install"),
    ];

    public static IEnumerable<Command> Create() => Commands.Select(Create);

    private static Command Create((string Name, string What, string Example) row)
    {
        var command = new ExampledCommand(row.Name, $"{row.What} (not built yet).", row.Example) { TreatUnmatchedTokensAsErrors = false };
        command.SetAction(_ =>
        {
            Terminal.Fault($"'dtu {row.Name}' is not built yet");
            return ExitCodes.Failed;
        });
        return command;
    }
}
