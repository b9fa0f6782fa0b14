using System.CommandLine;
using DtuActors.Host.Client;

namespace DtuActors.Host.Commands;

internal static class KickCommand
{
    public static Command Create()
    {
        var id = GatewayCommand.Id();
        return new ExampledCommand("kick", "Close a DTU's connection; it may come back.", "dtu kick 13800138000") { id }
            .Talks(async (client, parsed, json, ended) =>
            {
                var dtu = parsed.GetValue(id)!;
                await client.DeleteAsync(ApiClient.Dtu(dtu, "/connection"), ended);
                Terminal.Line(json ? "{\"closed\":true}" : $"{Terminal.Safe(dtu)}: connection closed");
                return ExitCodes.Done;
            });
    }
}
