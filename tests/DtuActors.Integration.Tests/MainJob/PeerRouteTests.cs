using System.Diagnostics;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using DtuActors.Integration.Tests.Harness;

namespace DtuActors.Integration.Tests.MainJob;

public sealed class PeerGateway : GatewayFixture
{
    protected override string Configuration => """
        dtu {
          listeners { main { transport = tcp, address = "127.0.0.1", port = 0 } }
          dtus { "m1" { groups = [pumps] } }
          routes = [{ dtu = panel, to = "dtu:motor" }, { dtu = one, to = "group:pumps" }]
          http { address = "127.0.0.1", port = 0 }
        }
        """;
}

/// <summary>DTUs that talk to each other through the real program: two ends of a cable, and one with many.</summary>
public sealed class PeerRouteTests(PeerGateway gateway) : IClassFixture<PeerGateway>
{
    private const int Megabyte = 1024 * 1024;

    // More than every buffer of the kernel on the way holds together.
    private const int Much = 32 * Megabyte;

    // Two segments of loopback: less makes TCP wait by its timers.
    private const int ReceiveBuffer = 128 * 1024;

    // What windows and writers may hold, and what the runtime's own heap breathes by.
    private const long MostGrowth = 96L * Megabyte;

    [Fact]
    public async Task Two_DTUs_joined_by_a_route_hear_each_other_to_the_byte_though_one_reads_slowly()
    {
        using var a = await OnlineAsync("panel");
        using var b = await OnlineAsync("motor");
        var route = await RouteAsync("panel -> dtu:motor", row => row.GetProperty("state").GetString() == "up" && row.GetProperty("online").GetInt32() == 1);
        Assert.Equal("both", route.GetProperty("direction").GetString());

        // All of the one way is sent while nobody reads it at the other end; the other way is free meanwhile.
        var (down, up) = (RandomNumberGenerator.GetBytes(Much), RandomNumberGenerator.GetBytes(Megabyte));
        var before = WorkingSet();
        var sending = a.SendAsync(down, SocketFlags.None);
        var (back, backSent) = (new byte[Megabyte], b.SendAsync(up, SocketFlags.None));
        await ReadAsync(a, back);
        await backSent;
        Assert.True(up.AsSpan().SequenceEqual(back), "what b said is not what a read");
        Assert.False(sending.IsCompleted, "all was sent, though nobody read any of it");

        var (taken, growth) = (new byte[Much], 0L);
        for (var at = 0; at < Much; at += 4 * Megabyte)
        {
            growth = Math.Max(growth, WorkingSet() - before);
            await ReadAsync(b, taken.AsMemory(at, 4 * Megabyte));
        }

        await sending;
        Assert.True(down.AsSpan().SequenceEqual(taken), "what a said is not what b read");
        Assert.InRange(growth, long.MinValue, MostGrowth);
        Assert.Equal(0, (await RouteAsync("panel -> dtu:motor", _ => true)).GetProperty("droppedUp").GetInt64());

        // The end of one leaves the other as it is; what it says then is counted.
        b.Close();
        await RouteAsync("panel -> dtu:motor", row => row.GetProperty("state").GetString() == "down");
        await a.SendAsync("anybody?"u8.ToArray());
        await RouteAsync("panel -> dtu:motor", row => row.GetProperty("droppedUp").GetInt64() == 1 && row.GetProperty("lastError").GetString() == "the DTU is offline");
    }

    [Fact]
    public async Task A_group_hears_the_one_its_members_answer_and_one_that_hangs_slows_nobody()
    {
        using var one = await OnlineAsync("one");
        using var hangs = await OnlineAsync("m1");
        using var late = await OnlineAsync("m2");
        await RouteAsync("one -> group:pumps", row => row.GetProperty("state").GetString() == "up");
        await TalkAsync(one, hangs, "who is there?");
        await TalkAsync(hangs, one, "it is m1");

        // A row of the register takes a DTU in that is online already.
        Assert.Equal(201, (await gateway.PutAsync("/api/v1/dtus/m2", """{"groups":["pumps"]}""")).Status);
        var piece = RandomNumberGenerator.GetBytes(64 * 1024);
        var heard = new byte[piece.Length];
        var clock = Stopwatch.StartNew();
        while (!(await gateway.Http.GetStringAsync("/metrics")).Contains("reason=\"queue-full\"", StringComparison.Ordinal))
        {
            Assert.True(clock.Elapsed < HostProcess.Patience, "nothing was ever dropped");
            for (var i = 0; i < 16; i++)
            {
                await one.SendAsync(piece);
                await ReadAsync(late, heard);
                Assert.True(piece.AsSpan().SequenceEqual(heard), "what the one said is not what the member read");
            }
        }

        await TalkAsync(late, one, "it is m2");
        Assert.Equal(204, (await gateway.DeleteAsync("/api/v1/dtus/m2")).Status);
    }

    private async Task<Socket> OnlineAsync(string id)
    {
        await using var events = await EventReader.OpenAsync(gateway.Http, $"/api/v1/events?dtu={id}");
        var dtu = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, ReceiveBufferSize = ReceiveBuffer };
        await dtu.ConnectAsync(gateway.Host.EndPointOf("main"));
        await dtu.SendAsync(Encoding.ASCII.GetBytes(id + "\r\n"));
        await events.NextAsync("online");
        return dtu;
    }

    private async Task<JsonElement> RouteAsync(string name, Predicate<JsonElement> fits)
    {
        using var patience = new CancellationTokenSource(HostProcess.Patience);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        while (true)
        {
            var rows = (await gateway.GetAsync("/api/v1/routes")).Json.GetProperty("items").EnumerateArray();
            if (rows.FirstOrDefault(row => row.GetProperty("name").GetString() == name && fits(row)) is { ValueKind: JsonValueKind.Object } found)
            {
                return found;
            }

            await timer.WaitForNextTickAsync(patience.Token);
        }
    }

    private static async Task TalkAsync(Socket from, Socket to, string text)
    {
        await from.SendAsync(Encoding.ASCII.GetBytes(text));
        var heard = new byte[text.Length];
        await ReadAsync(to, heard);
        Assert.Equal(text, Encoding.ASCII.GetString(heard));
    }

    private static async Task ReadAsync(Socket socket, Memory<byte> into)
    {
        using var patience = new CancellationTokenSource(HostProcess.Patience);
        for (var at = 0; at < into.Length;)
        {
            var read = await socket.ReceiveAsync(into[at..], patience.Token);
            Assert.True(read > 0, "the gateway closed");
            at += read;
        }
    }

    private long WorkingSet()
    {
        using var process = Process.GetProcessById(gateway.Host.Id);
        return process.WorkingSet64;
    }
}
