using System.Collections.Immutable;
using System.Threading.Channels;
using Akka.Actor;
using DtuActors.Alarming;
using DtuActors.Configuration;
using DtuActors.Directory;
using DtuActors.Protocol;
using DtuActors.Recording;
using DtuActors.Sessions;
using DtuActors.Storage;

namespace DtuActors.Tests.Alarming;

public sealed class AlarmActorSpec : ActorSpec
{
    private readonly Channel<AlarmStatus> _outbox = Channel.CreateUnbounded<AlarmStatus>();
    private readonly EventInlet _events = new();
    private readonly StorageHealth _storage = new();
    private readonly Dictionary<string, DtuLook> _dtus = [];
    private ImmutableArray<EndpointStatus> _endpoints = [];
    private ImmutableArray<ListenerStatus> _listeners = [];
    private IActorRef _alarms = ActorRefs.Nobody;
    private IActorRef _field = ActorRefs.Nobody;

    [Fact]
    public void A_dtu_that_stays_offline_is_raised_once_and_cleared_once()
    {
        Start();
        Offline("pump-1", reason: "silent: no byte for 300 s");
        Pass(TimeSpan.FromMinutes(9));
        Assert.Empty(Changes());

        Pass(TimeSpan.FromMinutes(30));
        var raised = Assert.Single(Changes());
        Assert.Equal((AlarmKinds.DtuOffline, "pump-1", AlarmKinds.Warning, (DateTimeOffset?)null), (raised.Kind, raised.Subject, raised.Severity, raised.ClearedAt));
        Assert.Contains("silent: no byte for 300 s", raised.Text, StringComparison.Ordinal);
        Assert.Equal(raised, Assert.Single(Listed()));

        Online("pump-1");
        Pass(TimeSpan.FromMinutes(30));
        var cleared = Assert.Single(Changes());
        Assert.Equal(raised.Id, cleared.Id);
        Assert.NotNull(cleared.ClearedAt);
        Assert.Equal(cleared, Assert.Single(Listed()));
    }

    [Fact]
    public void Who_is_back_for_a_moment_only_is_neither_cleared_nor_raised_again()
    {
        Start();
        Offline("pump-1");
        Pass(TimeSpan.FromMinutes(11));
        Assert.Single(Changes());
        for (var i = 0; i < 5; i++)
        {
            Online("pump-1");
            Pass(TimeSpan.FromSeconds(40));
            Offline("pump-1", since: Clock.Now.AddMinutes(-10));
            Pass(TimeSpan.FromSeconds(40));
        }

        Assert.Empty(Changes());
        Assert.Null(Assert.Single(Listed()).ClearedAt);
    }

    [Fact]
    public void Who_may_sleep_or_is_in_no_list_is_no_alarm_unless_all_are_asked_for()
    {
        Start();
        _dtus["sleeper"] = Look("sleeper", DtuState.Sleeping) with { EndedAt = Clock.Now };
        _dtus["stranger"] = Look("stranger", DtuState.Offline) with { EndedAt = Clock.Now, IsListed = false };
        Pass(TimeSpan.FromMinutes(20));
        Assert.Empty(Changes());
        _dtus["sleeper"] = _dtus["sleeper"] with { State = DtuState.Offline };
        Pass(TimeSpan.FromSeconds(5));
        Assert.Equal("sleeper", Assert.Single(Changes()).Subject);
    }

    [Fact]
    public void All_that_were_seen_count_where_all_are_asked_for()
    {
        Start(new AlarmOptions { DtuOffline = new OfflineAlarmOptions { For = OfflineAlarmFor.All } });
        _dtus["stranger"] = Look("stranger", DtuState.Offline) with { EndedAt = Clock.Now, IsListed = false };
        Pass(TimeSpan.FromMinutes(20));
        Assert.Equal("stranger", Assert.Single(Changes()).Subject);
    }

    [Fact]
    public void A_registered_dtu_that_never_came_counts_from_the_first_look_on()
    {
        Start();
        _dtus["new"] = Look("new", DtuState.Offline);
        Pass(TimeSpan.FromMinutes(9));
        Assert.Empty(Changes());
        Pass(TimeSpan.FromMinutes(2));
        Assert.Contains("has not come online", Assert.Single(Changes()).Text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_storm_is_one_alarm_and_one_end()
    {
        Start();
        for (var i = 0; i < 20_000; i++)
        {
            Offline($"dtu-{i:00000}");
        }

        Pass(TimeSpan.FromMinutes(12), TimeSpan.FromSeconds(30));
        var storm = Assert.Single(Changes());
        Assert.Equal((AlarmKinds.DtuOffline, AlarmKinds.Several), (storm.Kind, storm.Subject));
        Assert.StartsWith("20000 DTUs are offline", storm.Text, StringComparison.Ordinal);
        Assert.Equal(storm.Id, Assert.Single(Listed()).Id);

        for (var i = 0; i < 20_000; i++)
        {
            Online($"dtu-{i:00000}");
        }

        Pass(TimeSpan.FromMinutes(3), TimeSpan.FromSeconds(30));
        var over = Assert.Single(Changes());
        Assert.Equal((storm.Id, true), (over.Id, over.ClearedAt is not null));
    }

    [Fact]
    public void What_is_left_of_a_storm_is_named_one_by_one()
    {
        Start();
        for (var i = 0; i < 100; i++)
        {
            Offline($"dtu-{i:00}");
        }

        Pass(TimeSpan.FromMinutes(11));
        var storm = Assert.Single(Changes());
        for (var i = 0; i < 97; i++)
        {
            Online($"dtu-{i:00}");
        }

        Pass(TimeSpan.FromMinutes(2));
        var changes = Changes();
        Assert.Equal((storm.Id, true), (changes[0].Id, changes[0].ClearedAt is not null));
        Assert.Equal(["dtu-97", "dtu-98", "dtu-99"], changes.Skip(1).Select(alarm => alarm.Subject).Order(StringComparer.Ordinal));
        Assert.Equal(3, Listed().Count(alarm => alarm.ClearedAt is null));
    }

    [Fact]
    public void Reconnects_beyond_the_limit_are_flapping_until_the_window_has_passed()
    {
        Start();
        Online("shaky");
        Pass(TimeSpan.FromSeconds(5));
        for (var i = 2; i <= 7; i++)
        {
            _dtus["shaky"] = Look("shaky", DtuState.Online) with { Sessions = i, Epoch = new Epoch(i, 0) };
            Pass(TimeSpan.FromSeconds(30));
        }

        var raised = Assert.Single(Changes());
        Assert.Equal((AlarmKinds.DtuFlapping, "shaky"), (raised.Kind, raised.Subject));
        Pass(TimeSpan.FromMinutes(15));
        Assert.Equal((raised.Id, true), Assert.Single(Changes().Select(alarm => (alarm.Id, alarm.ClearedAt is not null))));
    }

    [Fact]
    public void A_share_of_wrong_pieces_counts_only_where_there_are_enough_of_them()
    {
        Start();
        _dtus["noisy"] = Look("noisy", DtuState.Online) with { Sessions = 1, Epoch = new Epoch(1, 0), WrongUp = 19 };
        _dtus["busy"] = Look("busy", DtuState.Online) with { Sessions = 1, Epoch = new Epoch(1, 0), WrongUp = 50, FramesUp = 5000 };
        Pass(TimeSpan.FromSeconds(10));
        Assert.Empty(Changes());
        _dtus["noisy"] = _dtus["noisy"] with { WrongUp = 20 };
        Pass(TimeSpan.FromSeconds(10));
        Assert.Equal((AlarmKinds.ChecksumErrors, "noisy"), Assert.Single(Changes().Select(alarm => (alarm.Kind, alarm.Subject))));
    }

    [Fact]
    public void Conflicts_long_waits_and_full_queues_are_alarms_of_their_own()
    {
        Start();
        _dtus["twin"] = Look("twin", DtuState.Conflict) with { Sessions = 1, Epoch = new Epoch(1, 0), ConflictWith = "10.0.0.9:4000" };
        _dtus["slow"] = Look("slow", DtuState.Online) with { Sessions = 1, Epoch = new Epoch(1, 0), WaitsSince = Clock.Now };
        _dtus["full"] = Look("full", DtuState.Online) with { Sessions = 1, Epoch = new Epoch(1, 0), QueueFull = 11 };
        Pass(TimeSpan.FromSeconds(30));
        Assert.Equal(
            [(AlarmKinds.DtuConflict, "twin", AlarmKinds.Critical), (AlarmKinds.QueueAge, "slow", AlarmKinds.Warning), (AlarmKinds.QueueFull, "full", AlarmKinds.Warning)],
            Changes().Select(alarm => (alarm.Kind, alarm.Subject, alarm.Severity)).Order());
    }

    [Fact]
    public void An_endpoint_that_goes_between_down_and_connecting_is_down_all_that_time()
    {
        Start();
        for (var i = 0; i < 8; i++)
        {
            _endpoints = [new EndpointStatus { Name = "com", Kind = "serial", State = i % 2 == 0 ? "down" : "connecting", LastError = "no such device" }];
            _listeners = [new ListenerStatus { Name = "main", State = "up" }];
            Pass(TimeSpan.FromSeconds(10));
        }

        var raised = Assert.Single(Changes());
        Assert.Equal((AlarmKinds.EndpointDown, "com", AlarmKinds.Critical), (raised.Kind, raised.Subject, raised.Severity));

        // Removed by a reload: nothing is down any more.
        _endpoints = [];
        Pass(TimeSpan.FromMinutes(2));
        Assert.Equal(raised.Id, Assert.Single(Changes()).Id);
    }

    [Fact]
    public void A_listener_that_is_down_is_an_alarm()
    {
        Start();
        _listeners = [new ListenerStatus { Name = "main", State = "down", LastError = "address in use", Address = "127.0.0.1:9000" }];
        Pass(TimeSpan.FromSeconds(20));
        Assert.Equal((AlarmKinds.ListenerDown, "main"), Assert.Single(Changes().Select(alarm => (alarm.Kind, alarm.Subject))));
    }

    [Fact]
    public void Lost_events_are_an_alarm_that_ends_when_no_more_are_lost()
    {
        Start(isHeard: false);

        // Nobody is attached: what is offered is lost.
        _events.Offer(new EventsLost(Clock.Now, 1));
        _events.Attach(CreateTestProbe());
        Pass(TimeSpan.FromSeconds(5));
        var raised = Assert.Single(Changes());
        Assert.Equal((AlarmKinds.EventsLost, "gateway"), (raised.Kind, raised.Subject));
        Pass(TimeSpan.FromMinutes(2));
        Assert.Equal((raised.Id, true), Assert.Single(Changes().Select(alarm => (alarm.Id, alarm.ClearedAt is not null))));
    }

    [Fact]
    public void A_part_of_storage_that_fails_is_raised_once_and_cleared_once()
    {
        Start();
        _storage.Failed("history", "No space left on device");
        Pass(TimeSpan.FromSeconds(5));
        var raised = Assert.Single(Changes());
        Assert.Equal((AlarmKinds.StorageFailed, "history", AlarmKinds.Critical), (raised.Kind, raised.Subject, raised.Severity));
        Assert.Contains("No space left on device", raised.Text, StringComparison.Ordinal);
        _storage.Failed("history", "database is locked");
        Pass(TimeSpan.FromMinutes(2));
        Assert.Empty(Changes());
        _storage.Works("history");
        Pass(TimeSpan.FromMinutes(2));
        Assert.Equal((raised.Id, true), Assert.Single(Changes().Select(alarm => (alarm.Id, alarm.ClearedAt is not null))));
    }

    [Fact]
    public void A_kind_that_is_off_is_never_raised()
    {
        Start(new AlarmOptions { DtuOffline = null });
        Offline("pump-1");
        Pass(TimeSpan.FromMinutes(20));
        Assert.Empty(Changes());
    }

    [Fact]
    public void A_fleet_view_that_took_a_look_along_is_asked_again()
    {
        var fleet = CreateTestProbe();
        _alarms = Sys.ActorOf(AlarmActor.Props(Options.Gateway(), fleet, _events, _storage, _outbox.Writer));
        Settle(_alarms);
        Clock.Advance(TimeSpan.FromSeconds(5));
        fleet.ExpectMsg<Fleet.Look>();
        for (var i = 0; i < 3; i++)
        {
            Clock.Advance(TimeSpan.FromSeconds(5));
            Settle(_alarms);
        }

        fleet.ExpectMsg<Fleet.Look>();
    }

    [Fact]
    public void In_a_cluster_a_dtu_is_the_trouble_of_the_node_that_had_it_last_and_one_node_speaks_for_those_that_none_has()
    {
        Start(isClustered: true);
        Offline("here");
        Offline("there");
        Offline("never");
        _dtus["there"] = _dtus["there"] with { IsElsewhere = true };
        _dtus["never"] = _dtus["never"] with { EndedAt = null, IsNowhere = true };
        _dtus["busy"] = Look("busy", DtuState.Conflict) with { IsElsewhere = true, WaitsSince = Clock.Now };
        _endpoints = [new EndpointStatus { Name = "com1", Kind = "serial", State = "down" }];
        Pass(TimeSpan.FromMinutes(20));
        var changes = Changes();
        Assert.Equal(["com1", "here"], changes.Select(change => change.Subject).Order(StringComparer.Ordinal));
        Assert.All(changes, change => Assert.Equal("gateway", change.Node));
        Assert.Contains("on node gateway", changes.Single(change => change.Subject == "com1").Text, StringComparison.Ordinal);

        _alarms.Tell(new Alarms.SpeakForAll(Does: true));
        Pass(TimeSpan.FromSeconds(10));
        Assert.Equal("never", Assert.Single(Changes()).Subject);
        _alarms.Tell(new Alarms.SpeakForAll(Does: false));
        Pass(TimeSpan.FromMinutes(2));
        Assert.NotNull(Assert.Single(Changes()).ClearedAt);
    }

    private void Start(AlarmOptions? options = null, bool isHeard = true, bool isClustered = false)
    {
        if (isHeard)
        {
            _events.Attach(CreateTestProbe());
        }

        _field = Sys.ActorOf(Props.Create(() => new FieldStub(Fill)));
        var gateway = Options.Gateway() with { Alarms = options ?? new AlarmOptions(), Cluster = new ClusterOptions { Enabled = isClustered } };
        _alarms = Sys.ActorOf(AlarmActor.Props(gateway, _field, _events, _storage, _outbox.Writer));
        Settle(_alarms);
        Pass(gateway.Alarms.Every);
    }

    private void Pass(TimeSpan time, TimeSpan? step = null)
    {
        // A timer that is due several times fires once.
        var by = step ?? TimeSpan.FromSeconds(time > TimeSpan.FromMinutes(5) ? 30 : 5);
        for (var left = time; left > TimeSpan.Zero; left -= by)
        {
            Clock.Advance(by);

            // There and back: the look is asked for, filled and judged.
            Settle(_alarms);
            Settle(_field);
            Settle(_alarms);
        }
    }

    private void Fill(FieldLook field)
    {
        field.Dtus.Clear();
        field.Dtus.AddRange(_dtus.Values);
        (field.Endpoints, field.Listeners) = (_endpoints, _listeners);
    }

    private void Offline(string id, string? reason = null, DateTimeOffset? since = null) =>
        _dtus[id] = Look(id, DtuState.Offline) with { EndedAt = since ?? Clock.Now, EndReason = reason };

    private void Online(string id) => _dtus[id] = Look(id, DtuState.Online) with { Sessions = 1, Epoch = new Epoch(1, 0) };

    private static DtuLook Look(string id, DtuState state) => new(DtuId.Parse(id), state, IsListed: true, null, null, null, 0, default, 0, 0, 0, null);

    private List<AlarmStatus> Changes()
    {
        var changes = new List<AlarmStatus>();
        while (_outbox.Reader.TryRead(out var change))
        {
            changes.Add(change);
        }

        return changes;
    }

    private ImmutableArray<AlarmStatus> Listed()
    {
        var probe = CreateTestProbe();
        _alarms.Tell(new Alarms.List(), probe);
        return probe.ExpectMsg<Alarms.Listed>().Items;
    }

    /// <summary>Fills looks as the FleetView does.</summary>
    private sealed class FieldStub : ReceiveActor
    {
        public FieldStub(Action<FieldLook> fill) => Receive<Fleet.Look>(look =>
        {
            fill(look.Field);
            Sender.Tell(new Fleet.Looked(look.Field));
        });
    }
}
