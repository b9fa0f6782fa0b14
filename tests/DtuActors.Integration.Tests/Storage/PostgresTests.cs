using System.Net;
using System.Net.Sockets;
using DtuActors.Integration.Tests.Harness;
using static DtuActors.Integration.Tests.Storage.StorageCalls;

namespace DtuActors.Integration.Tests.Storage;

/// <summary>The program on PostgreSQL: what it keeps, and how it bears the server's end.</summary>
[Collection(OnPostgres.Name)]
public sealed class PostgresTests(PostgresServer server)
{
    [SkippableFact]
    public async Task The_register_outlives_the_program_and_the_program_the_server()
    {
        var connection = await server.CreateDatabaseAsync();
        await using (var host = await HostProcess.RunAsync(Text(connection)))
        {
            using var http = Client(host);
            Assert.Equal(200, (await ImportAsync(http, "id,name\r\na1,七号\r\na2,B\r\n")).Status);
            Assert.Equal(0, await host.StopAsync());
            Assert.False(System.IO.Directory.Exists(Path.Combine(host.Folder, "data")), "what belongs into the database is in a file");
        }

        await using var again = await HostProcess.RunAsync(Text(connection));
        using var later = Client(again);
        Assert.Equal("七号", (await GetAsync(later, "/api/v1/dtus/a1")).GetProperty("name").GetString());
        Assert.Equal("import", (await GetAsync(later, "/api/v1/audit")).GetProperty("items")[0].GetProperty("action").GetString());

        await server.StopAsync();
        try
        {
            var refused = await ImportAsync(later, "id,name\r\na3,C\r\n");
            Assert.Equal((503, "storage"), (refused.Status, refused.Type));
            Assert.Contains($"dtu.storage.connection: {server.Address}/", refused.Json.GetProperty("detail").GetString(), StringComparison.Ordinal);

            // What was read holds.
            Assert.Equal("七号", (await GetAsync(later, "/api/v1/dtus/a1")).GetProperty("name").GetString());
            await UntilAsync(later, "/readyz", ready => Check(ready).GetProperty("status").GetString() == "degraded" && Told(ready).Contains("register (", StringComparison.Ordinal) && Told(ready).Contains("audit (", StringComparison.Ordinal));
            await UntilAsync(later, "/api/v1/alarms", alarms => Open(alarms).SequenceEqual(["audit critical", "register critical"]));
        }
        finally
        {
            await server.StartAsync();
        }

        await UntilAsync(later, "/readyz", ready => Check(ready).GetProperty("status").GetString() == "ok");
        Assert.Equal(200, (await ImportAsync(later, "id,name\r\na3,C\r\n")).Status);
        await UntilAsync(later, "/api/v1/alarms", alarms => !Open(alarms).Any());
        Assert.Equal(2, (await GetAsync(later, "/api/v1/alarms?state=all")).GetProperty("items").EnumerateArray().Count(alarm => alarm.GetProperty("kind").GetString() == "storage-failed"));

        // Nothing that was done meanwhile is missing in the trail.
        Assert.Equal(
            ["import 200", "import 503 storage", "import 200"],
            (await GetAsync(later, "/api/v1/audit")).GetProperty("items").EnumerateArray().Select(entry => $"{entry.GetProperty("action").GetString()} {entry.GetProperty("outcome").GetString()}"));
        Assert.DoesNotContain(PostgresServer.Password, string.Join('\n', again.Output) + again.Errors, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task A_server_that_was_started_again_meanwhile_is_noticed_by_nobody_who_asks_afterwards()
    {
        await using var host = await HostProcess.RunAsync(Text(await server.CreateDatabaseAsync()));
        using var http = Client(host);
        Assert.Equal(200, (await ImportAsync(http, "id\r\na1\r\n")).Status);
        await server.StopAsync();
        await server.StartAsync();
        Assert.Equal(200, (await ImportAsync(http, "id\r\na2\r\n")).Status);
    }

    [SkippableFact]
    public async Task A_server_that_is_not_there_ends_the_start_with_key_place_and_reason()
    {
        server.Need();
        using var taken = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        taken.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var port = ((IPEndPoint)taken.LocalEndPoint!).Port;
        await RefusedAsync($"Host=127.0.0.1;Port={port};Database=dtu;Username=dtu;Password={PostgresServer.Password}", $"can't open 127.0.0.1:{port}/dtu: Connection refused");
        await RefusedAsync($"Host=no-such-host.invalid;Username=dtu;Password={PostgresServer.Password}", "can't open no-such-host.invalid:5432/dtu: ");
    }

    [SkippableFact]
    public async Task A_password_that_is_wrong_is_not_shown()
    {
        var connection = await server.CreateDatabaseAsync();
        await RefusedAsync(connection.Replace(PostgresServer.Password, "wr0ng-one", StringComparison.Ordinal), "password authentication failed for user \"dtu\"");
        await RefusedAsync(connection.Replace("Database=dtu_", "Database=no_", StringComparison.Ordinal), "does not exist");
    }

    private static async Task RefusedAsync(string connection, string reason)
    {
        var folder = System.IO.Directory.CreateTempSubdirectory("dtu-postgres-test-").FullName;
        try
        {
            await File.WriteAllTextAsync(Path.Combine(folder, "dtu.conf"), Text(connection));
            var result = await HostProcess.CommandAsync(["run", "-c", "dtu.conf"], folder);
            Assert.Equal(1, result.ExitCode);
            Assert.Contains("dtu: dtu.storage.connection: can't open ", result.Errors, StringComparison.Ordinal);
            Assert.Contains(reason, result.Errors, StringComparison.Ordinal);
            Assert.DoesNotContain("   at ", result.Errors, StringComparison.Ordinal);
            Assert.DoesNotContain(PostgresServer.Password, result.Errors + result.Output, StringComparison.Ordinal);
            Assert.DoesNotContain("wr0ng-one", result.Errors + result.Output, StringComparison.Ordinal);
        }
        finally
        {
            System.IO.Directory.Delete(folder, recursive: true);
        }
    }

    private static string Text(string connection) => $$"""
        dtu {
          listeners { main { transport = tcp, address = "127.0.0.1", port = 0 } }
          http { address = "127.0.0.1", port = 0 }
          storage { provider = postgresql, connection = "{{connection}}" }
          alarms { every = 1s, clear-after = 1s }
        }
        """;
}
