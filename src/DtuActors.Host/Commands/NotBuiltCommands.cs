using System.CommandLine;

namespace DtuActors.Host.Commands;

/// <summary>Commands that are agreed but not built yet: each says so and fails, whatever it is given.</summary>
internal static class NotBuiltCommands
{
    private static readonly (string Name, string What)[] Commands =
    [
        ("attach", "A terminal on a DTU's serial line"),
        ("capture", "What passes, for Wireshark"),
        ("history", "Stored frames"),
    ];

    public static IEnumerable<Command> Create() => Commands.Select(Create);

    private static Command Create((string Name, string What) row)
    {
        var command = new Command(row.Name, $"{row.What} (not built yet).") { TreatUnmatchedTokensAsErrors = false };
        command.SetAction(_ =>
        {
            Terminal.Fault($"'dtu {row.Name}' is not built yet");
            return ExitCodes.Failed;
        });
        return command;
    }
}
