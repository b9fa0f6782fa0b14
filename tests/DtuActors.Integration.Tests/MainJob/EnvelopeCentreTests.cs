using System.Text;
using System.Text.Json;
using DtuActors.Integration.Tests.Harness;
using DtuActors.Protocol.Transports;

namespace DtuActors.Integration.Tests.MainJob;

/// <summary>Two gateways, each a process of its own; the second is the centre at which the first plays DTUs that speak a maker's transport.</summary>
public sealed class EnvelopeCentreTests
{
    private const string Profiles = """
        profiles { hongdian { preset = hongdian }, fourfaith { envelope = four-faith-prot }, zg { envelope = zg }, jbt { envelope = jbt } }
        """;

    private const string Listeners = """
        listeners {
          hongdian { port = 0, profile = hongdian, engine = sockets }, fourfaith { port = 0, profile = fourfaith, engine = sockets }
          zg { port = 0, profile = zg, engine = sockets }, jbt { port = 0, profile = jbt, engine = sockets }
        }
        """;

    /// <summary>A DTU of one make: what it says first, what is answered to it at once, and how an exchange with its instrument looks on its own wire.</summary>
    private sealed record Make(string Listener, string Id, byte[] Register, byte[] Registered, byte[] Heartbeat, Func<byte[], byte[]> Down, Func<byte[], byte[]> Up);

    private static readonly Make[] Makes =
    [
        new("hongdian", "13800138001", Ddp.Build(DdpType.Register, "13800138001", [10, 27, 190, 45, 0x0F, 0xA0]), Ddp.Build(DdpType.Registered, "13800138001", []),
            Ddp.Build(DdpType.Register, "13800138001", [10, 27, 190, 45, 0x0F, 0xA0]),
            data => Ddp.Build(DdpType.CentreData, "13800138001", data), data => Ddp.Build(DdpType.Data, "13800138001", data)),
        new("fourfaith", "13800138002", FourFaithProt.BuildLogin([0x78, 0x56, 0x34, 0x12], "13800138002", [192, 168, 1, 66]), [], [FourFaithProt.Heartbeat],
            data => FourFaithProt.Escape(data), data => FourFaithProt.Escape(data)),
        new("zg", "13800138003", Zg.BuildNumbered(ZgType.Register, "13800138003", []), [], Zg.BuildNumbered(ZgType.Heartbeat, "13800138003", []),
            data => Zg.BuildNumbered(ZgType.Data, "13800138003", data), data => Zg.BuildNumbered(ZgType.Data, "13800138003", data)),
        new("zg", "13800138004", Zg.Build(ZgType.Register, "13800138004"u8), [], Zg.Build(ZgType.Heartbeat, []),
            data => Zg.Build(ZgType.Data, data), data => Zg.Build(ZgType.Data, data)),
        new("jbt", "13800138005", Jbt.Build(JbtFunction.Register, "13800138005", []), Jbt.Build(JbtFunction.Registered, "13800138005", []),
            Jbt.Build(JbtFunction.Register, "13800138005", []), data => data, data => Jbt.Build(JbtFunction.Data, "13800138005", data)),
    ];

    [Fact]
    public async Task The_centre_sees_each_DTU_in_its_own_transport_and_its_request_reaches_the_instrument_and_comes_back()
    {
        await using var centre = await HostProcess.RunAsync($$"""
            dtu {
              {{Listeners}}
              {{Profiles}}
              http { address = "127.0.0.1", port = 0 }
            }
            """);
        string Endpoint(string name) => $$"""to-{{name}} { kind = tcp-client, host = "127.0.0.1", port = {{centre.EndPointOf(name).Port}} }""";
        await using var gateway = await HostProcess.RunAsync($$"""
            dtu {
              {{Listeners}}
              {{Profiles}}
              endpoints { {{Endpoint("hongdian")}}, {{Endpoint("fourfaith")}}, {{Endpoint("zg")}}, {{Endpoint("jbt")}} }
              routes = [
                { dtu = "13800138001", to = to-hongdian }, { dtu = "13800138002", to = to-fourfaith }
                { dtu = "13800138003", to = to-zg }, { dtu = "13800138004", to = to-zg }, { dtu = "13800138005", to = to-jbt }
              ]
              http { address = "127.0.0.1", port = 0 }
            }
            """);
        using var http = new HttpClient { BaseAddress = new Uri(centre.Url), Timeout = HostProcess.Patience };
        foreach (var make in Makes)
        {
            await using var dtu = await DtuClient.ConnectAsync(gateway.EndPointOf(make.Listener));
            await dtu.SendAsync(make.Register);
            Assert.Equal(make.Registered, await dtu.ReadAsync(make.Registered.Length));
            await RunningGateway.UntilAsync(async () => (await DtuAsync(http, make.Id)) is { ValueKind: JsonValueKind.Object } seen && seen.GetProperty("state").GetString() == "online");

            // What the gateways answer to a heartbeat of zg is the DTU's own.
            var before = (await DtuAsync(http, make.Id)).GetProperty("heartbeats").GetInt64();
            await dtu.SendAsync(make.Heartbeat);
            byte[] answer = make.Listener == "zg" ? make.Heartbeat : make.Registered;
            Assert.Equal(answer, await dtu.ReadAsync(answer.Length));
            await RunningGateway.UntilAsync(async () => (await DtuAsync(http, make.Id)).GetProperty("heartbeats").GetInt64() > before);

            // Marks and escapes of every transport among the data.
            foreach (var data in (byte[][])[[0x01, 0x03, 0x00, 0xFE, 0xFD, 0x7B], [0x7D, 0xA8, 0x55], [0xFD, 0xED, 0xFE]])
            {
                var asked = RequestAsync(http, make.Id, data);
                var down = make.Down(data);
                Assert.Equal(down, await dtu.ReadAsync(down.Length));
                await dtu.SendAsync(make.Up([.. data, 0x33]));
                Assert.Equal(Convert.ToHexString([.. data, 0x33]), await asked);
            }
        }

        foreach (var make in Makes)
        {
            await RunningGateway.UntilAsync(async () => (await DtuAsync(http, make.Id)).GetProperty("state").GetString() == "offline");
        }
    }

    private static async Task<JsonElement> DtuAsync(HttpClient http, string id)
    {
        var answer = await Answer.OfAsync(await http.GetAsync($"/api/v1/dtus/{id}"));
        return answer.Status == 200 ? answer.Json : default;
    }

    private static async Task<string?> RequestAsync(HttpClient http, string id, byte[] data)
    {
        using var body = new StringContent($$"""{"hex":"{{Convert.ToHexString(data)}}"}""", Encoding.UTF8, "application/json");
        var answer = await Answer.OfAsync(await http.PostAsync($"/api/v1/dtus/{id}/request", body));
        Assert.Equal(200, answer.Status);
        return answer.Json.GetProperty("hex").GetString();
    }
}
