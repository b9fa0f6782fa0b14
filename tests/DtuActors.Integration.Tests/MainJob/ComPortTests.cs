using System.Buffers.Binary;
using System.Diagnostics;
using System.Net.Sockets;
using System.Text;

namespace DtuActors.Integration.Tests.MainJob;

/// <summary>
/// The main job: a DTU on one side, on the other a COM port, for which a pty pair of socat stands. Frames carry their number and a length field; each way they
/// arrive whole and in order, and what a lost port costs is in the books.
/// </summary>
public sealed class ComPortTests : IDisposable
{
    private const int Frames = 10_000;

    private readonly string _folder = System.IO.Directory.CreateTempSubdirectory("dtu-main-job-").FullName;
    private Process? _socat;

    private string Ours => Path.Combine(_folder, "ours");

    private string Theirs => Path.Combine(_folder, "theirs");

    private static string Hocon(string device) => $$"""
        dtu {
          listeners { main { port = 0, profile = framed } }
          profiles { framed { framing { codec = length-field, offset = 0, size = 2 } } }
          endpoints {
            com { kind = serial, device = "{{device}}", baud = 115200, reopen { min = 200ms, max = 1s }, framing { codec = length-field, offset = 0, size = 2 } }
          }
          routes = [{ dtu = dtu-1, to = com }]
        }
        """;

    public void Dispose()
    {
        StopSocat();
        System.IO.Directory.Delete(_folder, recursive: true);
    }

    [SkippableFact]
    public async Task Ten_thousand_frames_each_way_arrive_whole_and_in_order()
    {
        Tools.Need("socat");
        await StartSocatAsync();
        await using var gateway = await RunningGateway.StartAsync(Hocon(Ours), _folder);
        using var dtu = await OnlineAsync(gateway);
        using var instrumentSide = new NetworkStream(dtu);
        await using var softwareSide = OpenTheirs();
        await RunningGateway.UntilAsync(async () => (await gateway.EndpointAsync("com")).State == "up");

        // A COM port can't slow its software down, and the buffer behind it has 64 kB: it sends no faster than the DTU takes.
        var pace = new Pace(32 * 1024);
        await Task.WhenAll(
            SendAsync(instrumentSide, 0, Frames, 'u'),
            SendAsync(softwareSide, 0, Frames, 'd', pace),
            ReadAsync(softwareSide, Frames, 'u'),
            ReadAsync(instrumentSide, Frames, 'd', pace)).WaitAsync(RunningGateway.Patience);

        var up = (await gateway.EndpointAsync("com")).Up;
        Assert.Empty(up.Dropped);
    }

    [SkippableFact]
    public async Task A_port_that_goes_away_says_so_reopens_and_what_it_cost_is_counted()
    {
        Tools.Need("socat");
        await StartSocatAsync();
        await using var gateway = await RunningGateway.StartAsync(Hocon(Ours), _folder);
        using var dtu = await OnlineAsync(gateway);
        using var instrumentSide = new NetworkStream(dtu);
        await RunningGateway.UntilAsync(async () => (await gateway.EndpointAsync("com")).State == "up");
        await using (var before = OpenTheirs())
        {
            await SendAsync(instrumentSide, 0, 10, 'u');
            await ReadAsync(before, 10, 'u').WaitAsync(RunningGateway.Patience);
        }

        StopSocat();
        await RunningGateway.UntilAsync(async () => (await gateway.EndpointAsync("com")).State != "up");
        Assert.NotNull((await gateway.EndpointAsync("com")).LastError);

        // More than the buffer holds: the newest wait, the others are counted.
        await SendAsync(instrumentSide, 10, 5_000, 'u');
        await RunningGateway.UntilAsync(async () => (await gateway.EndpointAsync("com")).Up.Accepted == 5_010);
        await StartSocatAsync();
        await using var after = OpenTheirs();
        var numbers = await NumbersAsync(after, seen => seen[^1] == 5_009, 'u').WaitAsync(RunningGateway.Patience);
        Assert.Equal(Enumerable.Range(5_010 - numbers.Count, numbers.Count), numbers);

        await RunningGateway.UntilAsync(async () => (await gateway.EndpointAsync("com")) is { State: "up", Up.Waiting: 0 });
        var up = (await gateway.EndpointAsync("com")).Up;
        Assert.Equal(10 + numbers.Count, up.Written);
        Assert.Equal(5_000 - numbers.Count, up.Dropped.Values.Sum());
        Assert.InRange(numbers.Count, 1, 4_999);
    }

    private async Task StartSocatAsync()
    {
        _socat = Tools.Start("socat", $"pty,raw,echo=0,link={Ours}", $"pty,raw,echo=0,link={Theirs}");
        await RunningGateway.UntilAsync(() => Task.FromResult(File.Exists(Ours) && File.Exists(Theirs)));
    }

    private void StopSocat()
    {
        if (_socat is { } socat)
        {
            socat.Kill();
            socat.WaitForExit();
            socat.Dispose();
            _socat = null;

            // Killed, it leaves its links behind, and they would pass for those of the next one.
            File.Delete(Ours);
            File.Delete(Theirs);
        }
    }

    private FileStream OpenTheirs() => new(Theirs, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite, bufferSize: 0);

    private static async Task<Socket> OnlineAsync(RunningGateway gateway)
    {
        var dtu = await gateway.ConnectAsync("main");
        await dtu.SendAsync(Encoding.ASCII.GetBytes("dtu-1\r\n"));
        await RunningGateway.UntilAsync(async () => (await gateway.Gateway.ListDtusAsync(DtuState.Online, 10, null, default)).Items.Length == 1);
        return dtu;
    }

    private static Task SendAsync(Stream to, int first, int count, char way, Pace? pace = null) => Task.Run(async () =>
    {
        // Cut and glued at odd places, as DTUs do.
        var random = new Random(7);
        using var glued = new MemoryStream();
        for (var number = first; number < first + count; number++)
        {
            glued.Write(Frame(number, way));
        }

        var bytes = glued.ToArray();
        for (var at = 0; at < bytes.Length;)
        {
            var piece = Math.Min(bytes.Length - at, random.Next(1, 1000));
            await (pace?.WaitAsync(at + piece) ?? Task.CompletedTask);
            await to.WriteAsync(bytes.AsMemory(at, piece));
            at += piece;
        }
    });

    private static async Task ReadAsync(Stream from, int count, char way, Pace? pace = null) =>
        Assert.Equal(Enumerable.Range(0, count), await NumbersAsync(from, seen => seen.Count == count, way, pace));

    private static Task<List<int>> NumbersAsync(Stream from, Func<List<int>, bool> isEnough, char way, Pace? pace = null) => Task.Run(async () =>
    {
        var numbers = new List<int>();
        var head = new byte[6];
        while (numbers.Count == 0 || !isEnough(numbers))
        {
            await from.ReadExactlyAsync(head);
            var number = BinaryPrimitives.ReadInt32BigEndian(head.AsSpan(2));
            var expected = Frame(number, way);
            Assert.Equal(expected[..6], head);
            var rest = new byte[expected.Length - 6];
            await from.ReadExactlyAsync(rest);
            Assert.Equal(expected[6..], rest);
            numbers.Add(number);
            pace?.Arrived(expected.Length);
        }

        return numbers;
    });

    /// <summary>Keeps a sender at most so many bytes ahead of its reader.</summary>
    private sealed class Pace(int most)
    {
        private long _arrived;

        public void Arrived(int bytes) => Interlocked.Add(ref _arrived, bytes);

        public async Task WaitAsync(long sent)
        {
            while (sent - Interlocked.Read(ref _arrived) > most)
            {
                await Task.Delay(1);
            }
        }
    }

    /// <summary><c>length (2) | number (4) | text</c>; the text's length and letters follow from number and way, so that no frame passes for another.</summary>
    private static byte[] Frame(int number, char way)
    {
        var text = new string(way, 1 + (number % 37));
        var frame = new byte[6 + text.Length];
        BinaryPrimitives.WriteUInt16BigEndian(frame, (ushort)(frame.Length - 2));
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(2), number);
        Encoding.ASCII.GetBytes(text, frame.AsSpan(6));
        return frame;
    }
}
