using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using DtuActors.Integration.Tests.Brokers;
using DtuActors.Integration.Tests.Cluster;
using DtuActors.Integration.Tests.Harness;
using DtuActors.Integration.Tests.MainJob;
using DtuActors.Integration.Tests.Storage;

namespace DtuActors.Integration.Tests.Faults;

/// <summary>In what surroundings a run takes place: each seed has one of them.</summary>
internal enum Setting
{
    /// <summary>Nothing but the gateway.</summary>
    Plain,

    /// <summary>Its data lies on a disk that can be full.</summary>
    SmallDisk,

    /// <summary>Its wall clock is moved.</summary>
    MovedClock,

    /// <summary>Everybody comes over a line that loses packets.</summary>
    Network,

    /// <summary>Three nodes.</summary>
    Cluster,
}

/// <summary>
/// One run: the published program between DTUs, programs at their endpoints, Modbus masters, a broker and somebody who sends commands, all of which say numbered frames, while troubles
/// that are drawn from the seed happen. In the end everything heals, and the history tells which promise did not hold.
/// </summary>
internal sealed class FaultRun : IAsyncDisposable
{
    /// <summary>To and from these nothing happens, so that nothing of theirs may be missing.</summary>
    public const int Calm = 1;

    private const int Pumps = 5;
    private const int Buses = 2;
    private const int Masters = 3;
    private const int Commanded = 2;
    private const int OpenCommands = 12;

    // Of all that is planted.
    private const int EnoughArrivals = 500;

    // The program at a COM port, in place of one at a TCP endpoint.
    private const int OnCom = Pumps;

    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan AnswerTime = TimeSpan.FromSeconds(1);

    private readonly int _seed;
    private readonly Random _random;
    private readonly Plants _plants;
    private readonly Action<string>? _tell;
    private readonly string _folder;
    private readonly CancellationTokenSource _healed = new();
    private readonly CancellationTokenSource _over = new();
    private readonly List<Task> _working = [];
    private Socket? _behind;
    private EventEar? _ear;

    // What is planted to stay is not waited for.
    private bool _isPatient = true;
    private int _descriptors;
    private int _dialled;

    private FaultRun(int seed, Setting setting, string folder, Plants plants, Action<string>? tell)
    {
        (_seed, Setting, _folder, _plants, _tell) = (seed, setting, folder, plants, tell);
        _random = new Random(seed);

        // A line that loses packets brings everything later, and an end too.
        var limits = new FaultLimits { Silence = Silence + TimeSpan.FromSeconds(4), BusAtLeast = AnswerTime * 0.3 };
        History = new FaultHistory(setting is Setting.Network
            ? limits with { Silence = Silence + TimeSpan.FromSeconds(15), BusAtLeast = null, LookAfter = Silence + TimeSpan.FromSeconds(12) }
            : limits);
    }

    public FaultHistory History { get; }

    public Setting Setting { get; }

    public Field Field { get; private set; } = null!;

    public SmallDisk? Disk { get; private set; }

    public MovedClock? Clock { get; private set; }

    public FarNetwork? Network { get; private set; }

    public Mosquitto Broker { get; private set; } = null!;

    public ComCable Cable { get; private set; } = null!;

    public IReadOnlyList<Talker> Dtus { get; private set; } = [];

    public IReadOnlyList<Talker> Programs { get; private set; } = [];

    public IReadOnlyList<Line> Instruments { get; private set; } = [];

    public IReadOnlyList<CommandedDtu> Commands { get; private set; } = [];

    /// <summary>A gateway that is killed, or whose system calls fail, takes along what the calm ones have under way.</summary>
    public bool IsRough { get; set; }

    /// <summary>All lines that troubles may befall.</summary>
    public IEnumerable<Line> Lines => [.. Dtus.Skip(Calm), .. Programs.Skip(Calm), .. Instruments];

    private IEnumerable<Line> All => [.. Dtus, .. Programs, .. Instruments];

    /// <summary>Runs a seed and tells its history.</summary>
    /// <param name="seed">All that is drawn, of what happens; not how fast a machine is.</param>
    /// <param name="time">For how long troubles happen; a run with plants goes on until it has seen enough.</param>
    /// <param name="database">Makes a database on a PostgreSQL server, for a cluster: HOCON of its storage.</param>
    /// <param name="plants">What is wrong on purpose.</param>
    /// <param name="tell">Hears each thing that happens.</param>
    public static async Task<FaultHistory> RunAsync(
        int seed, TimeSpan time, Func<Task<string>> database, Plants? plants = null, Action<string>? tell = null)
    {
        var folder = System.IO.Directory.CreateTempSubdirectory("dtu-faults-").FullName;
        await using var run = new FaultRun(seed, SettingOf(seed), folder, plants ?? Plants.None, tell);
        try
        {
            await run.StartAsync(database);
            await run.GoOnAsync(time);
            await run.EndAsync();
        }
        finally
        {
            if (Environment.GetEnvironmentVariable("DTU_FAULT_LOGS") is { Length: > 0 } logs && run.Field is not null)
            {
                System.IO.Directory.CreateDirectory(logs);
                await File.WriteAllTextAsync(Path.Combine(logs, string.Create(CultureInfo.InvariantCulture, $"faults-{seed}.log")), run.Field.Errors);
            }
        }

        return run.History;
    }

    /// <summary>One in ten is a cluster, which takes three processes.</summary>
    public static Setting SettingOf(int seed) => (seed % 10) switch
    {
        0 => Setting.Cluster,
        1 or 2 => Setting.Network,
        3 or 4 => Setting.MovedClock,
        5 or 6 => Setting.SmallDisk,
        _ => Setting.Plain,
    };

    public void Note(string what) => _tell?.Invoke(string.Create(CultureInfo.InvariantCulture, $"{Line.Now:mm\\:ss\\.fff} {_seed} {what}"));

    public async ValueTask DisposeAsync()
    {
        await LeaveAsync();
        await _healed.CancelAsync();
        await Task.WhenAll(_working);
        if (Field is not null)
        {
            await Field.DisposeAsync();
        }

        foreach (var part in (IAsyncDisposable?[])[Cable, Broker, Network, Disk])
        {
            if (part is not null)
            {
                await part.DisposeAsync();
            }
        }

        System.IO.Directory.Delete(_folder, recursive: true);
        _behind?.Dispose();
        _healed.Dispose();
        _over.Dispose();
    }

    // ---- who is there

    private async Task StartAsync(Func<Task<string>> database)
    {
        if (Setting is Setting.Plain)
        {
            Tools.Need("strace");
        }

        var data = System.IO.Directory.CreateDirectory(Path.Combine(_folder, "data")).FullName;
        Disk = Setting is Setting.SmallDisk ? await SmallDisk.MountAsync(data, "24m") : null;
        Clock = Setting is Setting.MovedClock ? MovedClock.In(_folder) : null;
        Network = Setting is Setting.Network ? await FarNetwork.MakeAsync(_seed) : null;
        Cable = ComCable.Plug(Path.Combine(_folder, "com"));
        Broker = await Mosquitto.StartAsync(_folder);
        var configuration = new FaultConfiguration(Network?.Address ?? "127.0.0.1", Cable.Device, Network is null ? Broker.Port : null)
        {
            Pumps = Pumps, OnCom = OnCom, Buses = Buses, AnswerTime = AnswerTime, Silence = _plants.SilenceIsForEver ? null : Silence,
        };
        Field = Setting is Setting.Cluster
            ? new ManyGateways(await ClusterOf.StartAsync(3, new ClusterWishes { Shared = configuration.Shared, Storage = await database(), Links = true }))
            : new OneGateway(_folder, configuration.Alone(_random.Next(2) == 0 ? "sockets" : "akka-io"), Clock, Network);
        if (Setting is not Setting.Cluster)
        {
            await Field.StartAsync(Field.Nodes[0]);

            // Once the COM port and the broker are there too.
            await Task.Delay(TimeSpan.FromSeconds(1));
            _descriptors = Leftovers.DescriptorsOf(Field.Running.Values.Single());
        }

        Dtus = [.. Enumerable.Range(1, Pumps).Select(number => new Talker(
            History, number, Way.Up, Own(number), end => DialAsync("main", number, end), Hello($"pump-{number}"), _plants.LieAt(Talker.PlaceOf(Way.Up, number))))];
        Programs = [.. Enumerable.Range(1, Pumps).Select(number => new Talker(
            History, number, Way.Down, Own(100 + number), end => number == OnCom ? Cable.OpenAsync(end) : DialAsync($"line-{number}", number, end), [],
            _plants.LieAt(Talker.PlaceOf(Way.Down, number))))];
        Instruments =
        [
            .. Enumerable.Range(1, Buses).Select(number => new Instrument(History, Pumps + number, Own(200 + number), end => DialAsync("bus", number, end), Hello($"bus-{number}"))
            {
                HearsTwice = _plants.SlavesHearTwice,
            }),
            .. Enumerable.Range(1, Masters).Select(number => new Master(History, number, Buses, Own(300 + number), end => DialAsync("masters", number, end))
            {
                IsCrossed = _plants.AnswersCross,
            }),
        ];
        Commands = [.. Enumerable.Range(1, Commanded).Select(number => new CommandedDtu(number, History.End) { ComesBack = true, HearsTwice = _plants.CommandsComeTwice, Refusals = [409, 429, 503, 507] })];
        foreach (var line in All)
        {
            line.Start();
        }

        if (_plants.OneStaysBehind)
        {
            _behind = await DialAsync("command", 0, _over.Token);
            await _behind.SendAsync(Hello("behind"));
        }

        string[] buses = [.. Enumerable.Range(1, Buses).Select(number => $"bus-{number}")];
        _working.Add(new Asker(History, 1, Own(400), () => Field.Http).RunAsync(buses, _healed.Token));
        _ear = new EventEar(History, () => Setting is Setting.Cluster ? null : Field.Http, _plants.OnlineComesTwice);
        _working.Add(_ear.RunAsync(_over.Token));
        _working.AddRange(Commands.Select((dtu, number) => dtu.ListenAsync(() => Field.Where("command", number), 300, _over.Token)));
        Note($"{Setting}: {_folder}");
    }

    // The same in every process, as a hash code is not.
    private Random Own(int number) => new((_seed * 1000) + number);

    private static byte[] Hello(string id) => Encoding.ASCII.GetBytes(id + "\r\n");

    private async Task<Socket> DialAsync(string name, int any, CancellationToken end)
    {
        var where = Field.Where(name, Setting is Setting.Cluster ? any + (Interlocked.Increment(ref _dialled) & 0xFFFF) : any) ?? throw new IOException("no gateway runs");
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(where, end);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    // ---- what happens

    private async Task GoOnAsync(TimeSpan time)
    {
        await using var heard = Network is null ? await Broker.SubscribeAsync("dtu/+/up") : null;
        using var until = new CancellationTokenSource(_plants == Plants.None ? time : HostProcess.Patience);
        using var troubles = new Troubles(this, _random, until.Token);
        await Task.WhenAll(CommandAsync(until.Token), _plants == Plants.None ? troubles.RunAsync() : FallSilentAsync(until));
        Note("healed");
        await _healed.CancelAsync();
        foreach (var line in All)
        {
            line.BeQuiet();
        }

        await SettleAsync();
        if (heard is not null)
        {
            Hear(heard);
        }
    }

    // What is wrong in a run with plants is planted, and nothing else happens but what shows one of them; it goes on until something came by each way, however busy the machine is.
    private async Task FallSilentAsync(CancellationTokenSource until)
    {
        await UntilAsync(() => Task.FromResult(Dtus[^1].Connections > 0 && Dtus[^2].Connections > 0 && _ear is { Hears: true }), static areThere => areThere);
        await Task.Delay(TimeSpan.FromSeconds(2));
        Dtus[^1].GoSilent(HostProcess.Patience);
        Dtus[^2].Cut(reset: true);
        await UntilAsync(
            () => Task.FromResult(Dtus[^2].Connections > 1 && History.Arrivals > EnoughArrivals && Commands.All(static dtu => !dtu.Received.IsEmpty)), static isEnough => isEnough);
        await until.CancelAsync();
    }

    private async Task CommandAsync(CancellationToken until)
    {
        var chance = Own(500);
        while (!until.IsCancellationRequested)
        {
            foreach (var dtu in Commands)
            {
                try
                {
                    if (Field.Http is { } http && await dtu.CheckAsync(http) < OpenCommands)
                    {
                        await dtu.CommandAsync(http, chance, 3, until);
                    }
                }
                catch (Exception killed) when (killed is HttpRequestException or IOException or TaskCanceledException or ObjectDisposedException)
                {
                    // It comes back.
                }
            }

            await Task.Delay(300, CancellationToken.None);
        }
    }

    /// <summary>What is under way arrives, and every command ends.</summary>
    private async Task SettleAsync()
    {
        var (frames, quietSince) = (-1, Line.Now);
        await UntilAsync(
            async () =>
            {
                await Task.Delay(1000);
                if (frames != History.Frames)
                {
                    (frames, quietSince) = (History.Frames, Line.Now);
                }

                return Line.Now - quietSince;
            },
            static quiet => quiet > Silence);

        Note("quiet");
        foreach (var dtu in Commands)
        {
            var open = await UntilAsync(async () => await dtu.CheckAsync(Field.Http!), static open => open == 0);
            History.End(open == 0, $"{dtu.Id}: {open} commands have not ended");
            dtu.CheckOrder();
        }

        if (!IsRough && Setting is not Setting.Cluster)
        {
            for (var number = 1; number <= Calm; number++)
            {
                History.Complete(Talker.PlaceOf(Way.Up, number), Way.Down, number);
                History.Complete(Talker.PlaceOf(Way.Down, number), Way.Up, number);
            }
        }
    }

    private void Hear(Subscriber broker)
    {
        foreach (var (topic, payload) in broker.Heard)
        {
            var number = int.Parse(topic.Split('/')[1].Split('-')[1], CultureInfo.InvariantCulture);
            History.Arrive($"broker of DTU {number}", 1, number, StreamFrame.Of(payload), atLeastOnce: true);
        }
    }

    // ---- what is left

    private async Task LeaveAsync()
    {
        await _over.CancelAsync();
        foreach (var line in All)
        {
            await line.DisposeAsync();
        }
    }

    private async Task EndAsync()
    {
        Note("commands have ended");
        _isPatient = _plants == Plants.None;
        if (Field is OneGateway { Running.Count: 1 })
        {
            await new Leftovers(this, Field.Running.Values.Single(), _descriptors).CheckAsync(LeaveAsync);
        }

        History.CheckSilent(Line.Now);
        foreach (var failure in Leftovers.Failures(Field.Errors))
        {
            History.Hold(false, $"an actor failed: {failure}");
        }

        Note($"{History.Arrivals} arrivals, {Commands.Sum(static dtu => dtu.Delivered)} commands delivered, {Commands.Sum(static dtu => dtu.Unknown)} of unknown outcome, "
            + $"{History.DeadNoticed} dead noticed{(IsRough ? ", rough" : "")}");
    }

    /// <summary>Asks until it fits, for a while that only something broken needs; the last answer.</summary>
    internal async Task<T> UntilAsync<T>(Func<Task<T>> ask, Predicate<T> fits)
    {
        using var patience = new CancellationTokenSource(_isPatient ? HostProcess.Patience : Silence + Silence);
        while (true)
        {
            var answer = await ask();
            if (fits(answer) || patience.IsCancellationRequested)
            {
                return answer;
            }

            await Task.Delay(200, CancellationToken.None);
        }
    }
}
