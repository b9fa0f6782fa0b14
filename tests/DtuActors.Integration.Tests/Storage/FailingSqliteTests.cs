using DtuActors.Integration.Tests.Harness;
using Microsoft.Data.Sqlite;
using static DtuActors.Integration.Tests.Storage.StorageCalls;

namespace DtuActors.Integration.Tests.Storage;

public sealed class FailingSqliteTests
{
    private const string Text = """
        dtu {
          listeners { main { transport = tcp, address = "127.0.0.1", port = 0 } }
          endpoints { scada { kind = tcp, address = "127.0.0.1", port = 0 } }
          routes = [{ dtu = a1, to = scada }]
          http { address = "127.0.0.1", port = 0 }
          alarms { every = 1s, clear-after = 1s }
        }
        """;

    [Fact]
    public async Task A_database_that_takes_no_write_stops_no_relay_and_is_told_until_it_takes_them_again()
    {
        await using var host = await HostProcess.RunAsync(Text);
        using var http = Client(host);
        Assert.Equal(200, (await ImportAsync(http, "id\r\na1\r\n")).Status);
        Sql(host, """
            create trigger full before insert on register_dtus begin select raise(abort, 'database or disk is full'); end;
            create trigger fuller before update on schema_versions begin select raise(abort, 'database or disk is full'); end;
            """);
        var refused = await ImportAsync(http, "id\r\na2\r\n");
        Assert.Equal((503, "storage"), (refused.Status, refused.Type));
        Assert.Contains("dtu.storage.path: ", refused.Json.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.EndsWith("database or disk is full", refused.Json.GetProperty("detail").GetString(), StringComparison.Ordinal);
        await UntilAsync(http, "/readyz", ready => Told(ready) == "can't be read or written: register (database or disk is full)");
        await UntilAsync(http, "/api/v1/alarms", alarms => Open(alarms).SequenceEqual(["register critical"]));

        await using (var events = await EventReader.OpenAsync(http, "/api/v1/events?dtu=a1"))
        {
            await using var dtu = await DtuClient.RegisterAsync(host.EndPointOf("main"), "a1");
            await events.NextAsync("online");
            using var scada = new System.Net.Sockets.TcpClient();
            await scada.ConnectAsync(host.EndPointOf("scada"));
            await scada.GetStream().WriteAsync(new byte[] { 1, 2, 3 });
            Assert.Equal([1, 2, 3], await dtu.ReadAsync(3));
        }

        Sql(host, "drop trigger full; drop trigger fuller");
        await UntilAsync(http, "/readyz", ready => Check(ready).GetProperty("status").GetString() == "ok");
        await UntilAsync(http, "/api/v1/alarms", alarms => !Open(alarms).Any());
        Assert.Equal(200, (await ImportAsync(http, "id\r\na2\r\n")).Status);
    }

    private static void Sql(HostProcess host, string sql)
    {
        using var connection = new SqliteConnection($"Data Source={Path.Combine(host.Folder, "data", "dtu.db")};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
