using System.CommandLine;
using DtuActors.Host.Api;
using DtuActors.Host.Client;

namespace DtuActors.Host.Commands;

/// <summary>For whoever supervises the gateway and has no curl, a container's HEALTHCHECK first of all.</summary>
internal static class HealthCommand
{
    public static Command Create() =>
        new ExampledCommand("health", "Whether a gateway is ready to take DTUs: exit code 0, else 1 and why.", "dtu health", "dtu health --url http://10.0.0.5:8080")
            .Talks(AskAsync);

    private static async Task<int> AskAsync(ApiClient client, ParseResult parsed, bool json, CancellationToken ended)
    {
        var answer = await client.GetAsync("/readyz", ended);
        Terminal.Line(json ? answer : ApiClient.Read<HealthModel>(answer).Status);
        return ExitCodes.Done;
    }
}
