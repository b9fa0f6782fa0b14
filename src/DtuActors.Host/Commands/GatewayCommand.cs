using System.CommandLine;
using System.Runtime.InteropServices;
using DtuActors.Host.Client;

namespace DtuActors.Host.Commands;

/// <summary>What all commands share that talk to a running gateway: <c>--url</c>, <c>--api-key</c>, <c>--json</c>, and how failure is told.</summary>
internal static class GatewayCommand
{
    private const string DefaultUrl = "http://127.0.0.1:8080";

    private static readonly Option<string?> Url = new("--url") { Description = $"The gateway's address. [default: DTU_URL, else {DefaultUrl}]", HelpName = "URL" };
    private static readonly Option<string?> ApiKey = new("--api-key") { Description = "A key of the gateway's http.api-keys. [default: DTU_API_KEY]", HelpName = "KEY" };
    private static readonly Option<bool> Json = new("--json") { Description = "Print JSON." };

    /// <summary>Gives a command its options and its action.</summary>
    public static Command Talks(this Command command, Func<ApiClient, ParseResult, bool, CancellationToken, Task<int>> action)
    {
        command.Add(Url);
        command.Add(ApiKey);
        command.Add(Json);
        command.SetAction((parsed, _) => RunAsync(parsed, action));
        return command;
    }

    public static Argument<string> Id() => Completed(new Argument<string>("ID") { Description = "The DTU's id." });

    public static Argument<string[]> Ids() => Completed(new Argument<string[]>("ID") { Description = "Only these DTUs.", Arity = ArgumentArity.ZeroOrMore });

    // A shell completes ids from the gateway that the command would talk to.
    private static T Completed<T>(T argument)
        where T : Argument
    {
        argument.CompletionSources.Add(context => DtuIds.Complete(
            context.ParseResult.GetValue(Url) ?? Environment("DTU_URL") ?? DefaultUrl, context.ParseResult.GetValue(ApiKey) ?? Environment("DTU_API_KEY"), context.WordToComplete));
        return argument;
    }

    private static async Task<int> RunAsync(ParseResult parsed, Func<ApiClient, ParseResult, bool, CancellationToken, Task<int>> action)
    {
        var text = parsed.GetValue(Url) ?? Environment("DTU_URL") ?? DefaultUrl;
        if (!Uri.TryCreate(text, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https"))
        {
            Terminal.Fault($"'{text}' is no address of a gateway; right would be {DefaultUrl}");
            return ExitCodes.Usage;
        }

        var json = parsed.GetValue(Json);
        using var signals = new Signals();
        using var reader = new OutputReader(signals.Ended);
        using var client = new ApiClient(url, parsed.GetValue(ApiKey) ?? Environment("DTU_API_KEY"));
        try
        {
            return await action(client, parsed, json, reader.Ended);
        }
        catch (ApiFailureException failure)
        {
            if (json && failure.ProblemJson is { } problem)
            {
                Terminal.Line(problem);
            }

            Terminal.Fault(failure.Message);
            return ExitCodes.Failed;
        }
        catch (OperationCanceledException) when (reader.Ended.IsCancellationRequested)
        {
            // Whoever read the pipe has seen enough.
            return reader.IsGone ? ExitCodes.Done : ExitCodes.Failed;
        }
    }

    private static string? Environment(string name) => System.Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
}

/// <summary>SIGINT and SIGTERM as a token, so that a command ends in its own way.</summary>
internal sealed class Signals : IDisposable
{
    private readonly CancellationTokenSource _ended = new();
    private readonly PosixSignalRegistration _interrupt;
    private readonly PosixSignalRegistration _terminate;

    public Signals()
    {
        _interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, End);
        _terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, End);
    }

    public CancellationToken Ended => _ended.Token;

    public void Dispose()
    {
        _interrupt.Dispose();
        _terminate.Dispose();
        _ended.Dispose();
    }

    private void End(PosixSignalContext context)
    {
        context.Cancel = true;
        _ended.Cancel();
    }
}
