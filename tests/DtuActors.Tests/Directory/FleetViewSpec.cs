using Akka.Actor;
using DtuActors.Configuration;
using DtuActors.Directory;
using DtuActors.Protocol;
using DtuActors.Recording;
using DtuActors.Registering;
using DtuActors.Sessions;

namespace DtuActors.Tests.Directory;

public sealed class FleetViewSpec : ActorSpec
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Dtus_are_listed_by_id_in_pages_that_join_without_gap_or_repetition()
    {
        var view = View();
        foreach (var id in new[] { "c", "a", "e", "b", "d" })
        {
            view.Tell(new Fleet.SessionSeen(Report(id)));
        }

        var first = Page(view, limit: 2);
        Assert.Equal(["a", "b"], Ids(first));
        var second = Page(view, limit: 2, after: first.Next);
        Assert.Equal(["c", "d"], Ids(second));
        var third = Page(view, limit: 2, after: second.Next);
        Assert.Equal(["e"], Ids(third));
        Assert.Null(third.Next);
    }

    [Fact]
    public void An_ended_session_leaves_its_dtu_offline_with_a_reason_and_its_totals()
    {
        var view = View();
        view.Tell(new Fleet.SessionSeen(Report("a", frames: 3)));
        view.Tell(new Fleet.SessionEnded(Report("a", frames: 5), "silent"));
        var offline = Get(view, "a")!;
        Assert.Equal((DtuState.Offline, 5L, "silent"), (offline.State, offline.FramesUp, offline.LastError));

        view.Tell(new Fleet.SessionSeen(Report("a", epoch: 2, frames: 1)));
        var again = Get(view, "a")!;
        Assert.Equal((DtuState.Online, 6L, 1L), (again.State, again.FramesUp, again.Reconnects));
    }

    [Fact]
    public void The_late_end_of_an_older_session_does_not_take_the_newer_one_offline()
    {
        var view = View();
        view.Tell(new Fleet.SessionSeen(Report("a", epoch: 1)));
        view.Tell(new Fleet.SessionSeen(Report("a", epoch: 2)));
        view.Tell(new Fleet.SessionEnded(Report("a", epoch: 1), "replaced"));
        Assert.Equal(DtuState.Online, Get(view, "a")!.State);
    }

    [Fact]
    public void The_reason_of_the_last_end_stays_when_the_dtu_is_back()
    {
        var view = View();
        view.Tell(new Fleet.SessionSeen(Report("a")));
        view.Tell(new Fleet.SessionEnded(Report("a") with { LastError = "no byte for 300 s", EndedAt = Start.AddMinutes(5) }, "silent"));
        var offline = Get(view, "a")!;
        Assert.Equal(("silent", "no byte for 300 s", Start.AddMinutes(5)), (offline.EndReason, offline.EndError, offline.EndedAt));
        Assert.Equal("silent: no byte for 300 s", offline.LastError);

        view.Tell(new Fleet.SessionSeen(Report("a", epoch: 2) with { LastError = "something newer" }));
        var again = Get(view, "a")!;
        Assert.Equal(("silent", "no byte for 300 s", Start.AddMinutes(5)), (again.EndReason, again.EndError, again.EndedAt));
        Assert.Equal("something newer", again.LastError);
    }

    [Fact]
    public void What_a_displaced_session_counted_last_is_part_of_the_totals()
    {
        var view = View();
        view.Tell(new Fleet.SessionSeen(Report("a", epoch: 1, frames: 3)));
        view.Tell(new Fleet.SessionSeen(Report("a", epoch: 2, frames: 10)));
        Assert.Equal(13, Get(view, "a")!.FramesUp);
        view.Tell(new Fleet.SessionEnded(Report("a", epoch: 1, frames: 5), "replaced"));
        Assert.Equal(15, Get(view, "a")!.FramesUp);
        view.Tell(new Fleet.SessionEnded(Report("a", epoch: 2, frames: 11), "closed"));
        Assert.Equal(16, Get(view, "a")!.FramesUp);
    }

    [Fact]
    public void Of_two_ends_the_newer_sessions_is_the_last_in_whichever_order_they_are_told()
    {
        var view = View();
        view.Tell(new Fleet.SessionSeen(Report("a", epoch: 1)));
        view.Tell(new Fleet.SessionSeen(Report("a", epoch: 2)));
        view.Tell(new Fleet.SessionEnded(Report("a", epoch: 2), "kicked"));
        view.Tell(new Fleet.SessionEnded(Report("a", epoch: 1), "replaced"));
        Assert.Equal((DtuState.Offline, "kicked"), (Get(view, "a")!.State, Get(view, "a")!.EndReason));
    }

    [Fact]
    public void A_dtu_whose_profile_expects_it_sleeps_for_twice_that_time_and_is_offline_then()
    {
        var profile = Options.Profile(heartbeat: new HeartbeatOptions { ExpectedEvery = TimeSpan.FromMinutes(30) });
        var view = View(Options.Gateway(profile));
        foreach (var id in new[] { "sleeps", "online" })
        {
            view.Tell(new Fleet.SessionSeen(Report(id) with { LastSeenAt = Clock.Now }));
        }

        view.Tell(new Fleet.SessionEnded(Report("sleeps") with { LastSeenAt = Clock.Now }, "closed"));
        Assert.Equal(["sleeps"], Ids(Page(view, state: DtuState.Sleeping)));
        Assert.Empty(Ids(Page(view, state: DtuState.Offline)));
        Advance(TimeSpan.FromMinutes(59), TimeSpan.FromMinutes(59));
        Assert.Equal(DtuState.Sleeping, Get(view, "sleeps")!.State);
        Advance(TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(1));
        Assert.Equal(["sleeps"], Ids(Page(view, state: DtuState.Offline)));
        Assert.Empty(Ids(Page(view, state: DtuState.Sleeping)));
    }

    [Fact]
    public void A_dtu_in_conflict_counts_as_online_and_shows_both_addresses()
    {
        var view = View();
        view.Tell(new Fleet.SessionSeen(Report("a")));
        view.Tell(new Fleet.SessionSeen(Report("twin") with { ConflictWith = "10.0.0.2:2" }));
        Assert.Equal(["a", "twin"], Ids(Page(view, state: DtuState.Online)));
        Assert.Equal(["twin"], Ids(Page(view, state: DtuState.Conflict)));
        var twin = Get(view, "twin")!;
        Assert.Equal((DtuState.Conflict, "10.0.0.1:1", "10.0.0.2:2"), (twin.State, twin.Remote, twin.ConflictWith));
        view.Tell(new Fleet.SessionEnded(Report("twin") with { ConflictWith = "10.0.0.2:2" }, "closed"));
        Assert.Equal((DtuState.Offline, null), (Get(view, "twin")!.State, Get(view, "twin")!.ConflictWith));
    }

    [Fact]
    public void Of_dtus_that_are_offline_only_so_many_are_remembered_and_the_configured_always()
    {
        var options = Options.Gateway().With(Options.Dtu("configured"));
        var view = View(options with { Storage = new StorageOptions { MaxKnown = 2 } });
        foreach (var id in new[] { "configured", "old", "b", "c" })
        {
            view.Tell(new Fleet.SessionSeen(Report(id)));
            view.Tell(new Fleet.SessionEnded(Report(id), "closed"));
        }

        Assert.Equal(["b", "c", "configured"], Ids(Page(view)));
    }

    [Fact]
    public void A_registered_dtu_is_listed_before_it_was_ever_seen_and_gone_with_its_row()
    {
        var view = View();
        var row = new RegisteredDtu { Id = DtuId.Parse("b"), Name = "泵站", Groups = ["pumps"], Aliases = ["x"], Port = 20001, Note = "left" };
        view.Tell(new Fleet.RegisterSeen([row], []));
        var dtu = Assert.Single(Page(view).Items);
        Assert.Equal((DtuState.Offline, "泵站", 20001, "left", true), (dtu.State, dtu.Name, dtu.Port, dtu.Note, dtu.IsRegistered));
        Assert.Equal(("pumps", "x"), (dtu.Groups.Single(), dtu.Aliases.Single()));
        view.Tell(new Fleet.RegisterSeen([], [row.Id]));
        Assert.Empty(Page(view).Items);
    }

    [Fact]
    public void Of_a_dtu_that_was_seen_its_row_goes_alone_and_what_is_remembered_when_it_is_forgotten()
    {
        var view = View();
        view.Tell(new Fleet.RegisterSeen([new RegisteredDtu { Id = DtuId.Parse("a"), Name = "泵站" }], []));
        view.Tell(new Fleet.SessionSeen(Report("a")));
        view.Tell(new Fleet.RegisterSeen([], [DtuId.Parse("a")]));
        Assert.Equal((DtuState.Online, null, false), (Get(view, "a")!.State, Get(view, "a")!.Name, Get(view, "a")!.IsRegistered));
        Assert.True(Forget(view, "a"));
        Assert.NotNull(Get(view, "a"));
        view.Tell(new Fleet.SessionEnded(Report("a"), "closed"));
        Assert.True(Forget(view, "a"));
        Assert.Null(Get(view, "a"));
        Assert.False(Forget(view, "a"));
    }

    [Fact]
    public void A_restarted_view_asks_everybody_to_tell_again()
    {
        var view = ActorOfAsTestActorRef<FleetView>(FleetView.Props(Options.Gateway()), TestActor);
        ExpectMsg<Fleet.TellAgain>();
        _ = view;
    }

    [Fact]
    public void Who_was_seen_before_the_start_is_listed_as_it_ended_and_its_counts_go_on()
    {
        var before = new HistoryBuffer();
        var view = Sys.ActorOf(FleetView.Props(Options.Gateway(), before));
        view.Tell(new Fleet.Recalled([]));
        view.Tell(new Fleet.SessionSeen(Report("a")));
        view.Tell(new Fleet.SessionEnded(Report("a", frames: 5) with { EndedAt = Start.AddMinutes(5) }, "silent"));
        view.Tell(new Fleet.SessionSeen(Report("b")));
        Settle(view);
        var stored = before.TakeKnown(100);
        Assert.Equal(["a", "b"], stored.Select(row => row.Key.Value).Order());

        var buffer = new HistoryBuffer();
        var again = Sys.ActorOf(FleetView.Props(Options.Gateway(), buffer));
        again.Tell(new Fleet.SessionSeen(Report("b", frames: 1)));
        again.Tell(new Fleet.Recalled([.. stored.Select(row => (row.Key, row.Value!))]));
        var offline = Get(again, "a")!;
        Assert.Equal((DtuState.Offline, "silent", 5L, 0L, Start), (offline.State, offline.EndReason, offline.FramesUp, offline.Reconnects, offline.FirstSeenAt));
        Assert.Equal((DtuState.Online, 1L), (Get(again, "b")!.State, Get(again, "b")!.Reconnects));
        again.Tell(new Fleet.SessionSeen(Report("a", epoch: 7, frames: 2)));
        Assert.Equal((DtuState.Online, 7L, 1L), (Get(again, "a")!.State, Get(again, "a")!.FramesUp, Get(again, "a")!.Reconnects));
        Assert.Equal(2, buffer.TakeKnown(100).Single(row => row.Key.Value == "a").Value!.Sessions);
        again.Tell(new Fleet.SessionEnded(Report("a", epoch: 7), "closed"));
        again.Tell(new Fleet.Forget(DtuId.Parse("a")));
        ExpectMsg<Fleet.Forgotten>();
        Assert.Null(buffer.TakeKnown(100).Single(row => row.Key.Value == "a").Value);
    }

    private IActorRef View(GatewayOptions? options = null) => Sys.ActorOf(FleetView.Props(options ?? Options.Gateway()));

    private static SessionReport Report(string id, long epoch = 1, long frames = 0) => new()
    {
        Session = new SessionRef(DtuId.Parse(id), new Epoch(epoch, 0), ActorRefs.Nobody),
        Listener = "main",
        Remote = "10.0.0.1:1",
        Profile = "default",
        Codec = "raw",
        ConnectedAt = Start,
        LastSeenAt = Start,
        FramesUp = frames,
    };

    private DtuPage Page(IActorRef view, int limit = 100, string? after = null, DtuState? state = null)
    {
        view.Tell(new Fleet.ListDtus(new DtuFilter(State: state), limit, after), TestActor);
        return ExpectMsg<DtuPage>();
    }

    private DtuStatus? Get(IActorRef view, string id)
    {
        view.Tell(new Fleet.GetDtu(DtuId.Parse(id)), TestActor);
        return ExpectMsg<Fleet.FoundDtu>().Status;
    }

    private bool Forget(IActorRef view, string id)
    {
        view.Tell(new Fleet.Forget(DtuId.Parse(id)), TestActor);
        return ExpectMsg<Fleet.Forgotten>().WasKnown;
    }

    private static IEnumerable<string> Ids(DtuPage page) => page.Items.Select(item => item.Id.Value);
}
