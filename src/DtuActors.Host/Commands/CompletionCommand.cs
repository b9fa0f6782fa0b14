using System.CommandLine;

namespace DtuActors.Host.Commands;

/// <summary>Prints what makes a shell complete commands, options and the ids of a running gateway's DTUs; it asks <c>dtu [suggest]</c> at each word.</summary>
internal static class CompletionCommand
{
    private static readonly string[] Shells = ["bash", "zsh", "fish", "pwsh"];

    public static Command Create()
    {
        var shell = new Argument<string>("SHELL") { Description = "The shell that completes." };
        shell.AcceptOnlyFromAmong(Shells);
        var command = new ExampledCommand(
            "completion", "Print the script that makes a shell complete words of dtu.", "source <(dtu completion bash)", "dtu completion fish | source", "dtu completion pwsh | Out-String | Invoke-Expression")
        {
            shell,
        };
        command.SetAction(async (parsed, ended) =>
        {
            await using var script = typeof(CompletionCommand).Assembly.GetManifestResourceStream($"dtu.{parsed.GetValue(shell)}")!;
            using var text = new StreamReader(script);
            await Console.Out.WriteAsync(await text.ReadToEndAsync(ended));
            return ExitCodes.Done;
        });
        return command;
    }
}
