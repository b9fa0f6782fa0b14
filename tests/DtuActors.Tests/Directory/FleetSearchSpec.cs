using Akka.Actor;
using DtuActors.Configuration;
using DtuActors.Directory;
using DtuActors.Protocol;
using DtuActors.Registering;
using DtuActors.Sessions;

namespace DtuActors.Tests.Directory;

public sealed class FleetSearchSpec() : ActorSpec(SetClock.Hocon)
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("PUMP", "a1")]
    [InlineData("泵站", "b2")]
    [InlineData("B", "b2 c3")]
    [InlineData("imei-7", "c3")]
    [InlineData("old-c", "c3")]
    [InlineData("", "a1 b2 c3 d4")]
    [InlineData("nothing says so", "")]
    public void A_text_is_found_in_ids_names_presented_ids_and_aliases_whatever_its_case(string text, string found)
    {
        var (total, ids) = Search(Known(), new DtuFilter(text));
        Assert.Equal(found.Split(' ', StringSplitOptions.RemoveEmptyEntries), ids);
        Assert.Equal(ids.Length, total);
    }

    [Fact]
    public void Every_part_of_a_filter_must_hold_and_online_means_those_in_conflict_too()
    {
        var view = Known();
        Assert.Equal(["a1", "b2"], Search(view, new DtuFilter(State: DtuState.Online)).Ids);
        Assert.Equal(["b2"], Search(view, new DtuFilter(State: DtuState.Conflict)).Ids);
        Assert.Equal(["a1", "c3"], Search(view, new DtuFilter(Group: "pumps")).Ids);
        Assert.Equal(["a1"], Search(view, new DtuFilter(State: DtuState.Online, Group: "pumps")).Ids);
        Assert.Equal(["b2", "c3"], Search(view, new DtuFilter(Codec: "modbus-rtu")).Ids);
        Assert.Equal(["c3"], Search(view, new DtuFilter(Group: "pumps", Codec: "modbus-rtu")).Ids);
    }

    [Fact]
    public void A_search_shows_its_part_by_id_and_counts_the_whole()
    {
        var view = Known();
        Assert.Equal((4, "b2 c3"), Joined(Search(view, new DtuFilter(), skip: 1, take: 2)));
        Assert.Equal((4, "d4"), Joined(Search(view, new DtuFilter(), skip: 3, take: 2)));
        Assert.Equal((4, ""), Joined(Search(view, new DtuFilter(), skip: 9, take: 2)));
        Assert.Equal((2, ""), Joined(Search(view, new DtuFilter(Group: "pumps"), take: 0)));
    }

    [Fact]
    public void Pages_of_a_list_hold_what_the_filter_means_only()
    {
        var view = Known();
        view.Tell(new Fleet.ListDtus(new DtuFilter(Group: "pumps"), 1, null), TestActor);
        var first = ExpectMsg<DtuPage>();
        Assert.Equal(("a1", "a1"), (Assert.Single(first.Items).Id.Value, first.Next));
        view.Tell(new Fleet.ListDtus(new DtuFilter(Group: "pumps"), 1, first.Next), TestActor);
        var second = ExpectMsg<DtuPage>();
        Assert.Equal(("c3", null), (Assert.Single(second.Items).Id.Value, second.Next));
    }

    [Fact]
    public void Counts_add_up_states_traffic_groups_and_codecs()
    {
        var view = Known();
        var counts = Counts(view);
        Assert.Equal((2, 1, 0, 2), (counts.Online, counts.Conflict, counts.Sleeping, counts.Offline));
        Assert.Equal((6L, 60L), (counts.FramesUp, counts.BytesUp));
        Assert.Equal(2, counts.Sessions);
        Assert.Equal(["meters", "pumps"], counts.Groups.ToArray());
        Assert.Equal(["modbus-rtu", "raw"], counts.Codecs.ToArray());
    }

    [Fact]
    public void Frames_of_a_displaced_session_are_counted_before_and_after_its_end()
    {
        var view = Known();
        view.Tell(new Fleet.SessionSeen(Report("a1", 10, epoch: 2)));
        Assert.Equal(16, Counts(view).FramesUp);
        view.Tell(new Fleet.SessionEnded(Report("a1", 2), "replaced"));
        Assert.Equal(17, Counts(view).FramesUp);
        Assert.Equal(3, Counts(view).Sessions);
    }

    [Fact]
    public void A_DTU_that_is_expected_back_is_counted_as_sleeping()
    {
        var profile = Options.Profile(heartbeat: new HeartbeatOptions { ExpectedEvery = TimeSpan.FromMinutes(30) });
        var view = Sys.ActorOf(FleetView.Props(Options.Gateway(profile)));
        view.Tell(new Fleet.SessionEnded(Report("a", 1) with { LastSeenAt = Clock.Now }, "closed"));
        Assert.Equal((0, 1, 0), (Counts(view).Online, Counts(view).Sleeping, Counts(view).Offline));
    }

    [Fact]
    public void Who_is_expected_back_sleeps_as_long_as_that_though_the_clock_is_set_back()
    {
        var profile = Options.Profile(heartbeat: new HeartbeatOptions { ExpectedEvery = TimeSpan.FromMinutes(30) });
        var view = Sys.ActorOf(FleetView.Props(Options.Gateway(profile)));
        view.Tell(new Fleet.SessionEnded(Report("a", 1) with { LastSeenAt = Clock.Now, LastSeen = Clock.Now }, "closed"));
        ((SetClock)Sys.Scheduler).IsOffBy = -TimeSpan.FromHours(10);
        Advance(TimeSpan.FromMinutes(59), TimeSpan.FromMinutes(1));
        Assert.Equal(1, Counts(view).Sleeping);
        Advance(TimeSpan.FromMinutes(2), TimeSpan.FromMinutes(1));
        Assert.Equal((0, 1), (Counts(view).Sleeping, Counts(view).Offline));
    }

    // a1 is online and configured; b2 in conflict and registered; c3 offline and both seen and registered; d4 registered only.
    private IActorRef Known()
    {
        var view = Sys.ActorOf(FleetView.Props(Options.Gateway().With(new DtuOptions { Id = DtuId.Parse("a1"), Name = "Pump 7", Groups = ["pumps"] })));
        view.Tell(new Fleet.RegisterSeen(
            [
                new RegisteredDtu { Id = DtuId.Parse("b2"), Name = "泵站 2", Groups = ["meters"] },
                new RegisteredDtu { Id = DtuId.Parse("c3"), Groups = ["pumps"], Aliases = ["OLD-C", "Bx"] },
                new RegisteredDtu { Id = DtuId.Parse("d4") },
            ],
            []));
        view.Tell(new Fleet.SessionSeen(Report("a1", 1)));
        view.Tell(new Fleet.SessionSeen(Report("b2", 2) with { Codec = "modbus-rtu", ConflictWith = "10.0.0.2:2" }));
        view.Tell(new Fleet.SessionEnded(Report("c3", 3) with { Codec = "modbus-rtu", PresentedId = "IMEI-77" }, "closed"));
        return view;
    }

    private static SessionReport Report(string id, long frames, long epoch = 1) => new()
    {
        Session = new SessionRef(DtuId.Parse(id), new Epoch(epoch, 0), ActorRefs.Nobody),
        Listener = "main",
        Remote = "10.0.0.1:1",
        Profile = "default",
        Codec = "raw",
        ConnectedAt = Start,
        LastSeenAt = Start,
        FramesUp = frames,
        BytesUp = frames * 10,
    };

    private (int Total, string[] Ids) Search(IActorRef view, DtuFilter filter, int skip = 0, int take = 100)
    {
        view.Tell(new Fleet.SearchDtus(filter, skip, take), TestActor);
        var search = ExpectMsg<DtuSearch>();
        return (search.Total, [.. search.Items.Select(item => item.Id.Value)]);
    }

    private static (int Total, string Ids) Joined((int Total, string[] Ids) found) => (found.Total, string.Join(' ', found.Ids));

    private FleetCounts Counts(IActorRef view)
    {
        view.Tell(new Fleet.GetCounts(), TestActor);
        return ExpectMsg<FleetCounts>();
    }
}
