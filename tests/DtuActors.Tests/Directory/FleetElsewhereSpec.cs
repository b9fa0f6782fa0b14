using System.Collections.Immutable;
using Akka.Actor;
using DtuActors.Clustering.Presence;
using DtuActors.Configuration;
using DtuActors.Directory;
using DtuActors.Protocol;
using DtuActors.Registering;
using DtuActors.Sessions;

namespace DtuActors.Tests.Directory;

/// <summary>The view of one node of several.</summary>
public sealed class FleetElsewhereSpec : ActorSpec
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void A_DTU_is_listed_and_counted_where_it_is_online_and_nowhere_else()
    {
        var view = View();
        view.Tell(new Fleet.SessionEnded(Report("a"), "replaced"));
        view.Tell(new Fleet.SessionSeen(Report("b")));
        Assert.Equal(["a", "b"], Ids(view));
        Hear(view, new PresenceRow(DtuId.Parse("a"), 2, PresenceState.Online));
        Assert.Equal(["b"], Ids(view));
        Assert.Equal((1, 0), States(view));
        Assert.Equal((1, "b"), Search(view));
        Assert.False(Get(view, "a").IsHere);

        // It went there, and is the other's still.
        Hear(view, new PresenceRow(DtuId.Parse("a"), 2, PresenceState.Offline));
        Assert.Equal(["b"], Ids(view));
        view.Tell(new Fleet.SessionSeen(Report("a", epoch: 3)));
        Assert.Equal(["a", "b"], Ids(view));
        Assert.Equal((2, 0), States(view));
    }

    [Fact]
    public void Who_was_never_seen_is_shown_by_the_node_that_is_asked_alone()
    {
        var view = View();
        view.Tell(new Fleet.RegisterSeen([new RegisteredDtu { Id = DtuId.Parse("a") }], []));
        Assert.Equal(["a"], Ids(view));
        Assert.Empty(Ids(view, forPeer: true));
        Assert.Equal((0, 1), States(view));
        Assert.Equal((0, 0), States(view, forPeer: true));
        Hear(view, new PresenceRow(DtuId.Parse("a"), 1, PresenceState.Offline));
        Assert.Empty(Ids(view));
        Hear(view, new PresenceRow(DtuId.Parse("a"), 0, PresenceState.Forgotten));
        Assert.Equal(["a"], Ids(view));
    }

    [Fact]
    public void Who_was_online_at_a_node_that_is_lost_is_offline_until_it_is_heard_of_again()
    {
        var view = View();
        Hear(view, new PresenceRow(DtuId.Parse("a"), 1000, PresenceState.Online), new PresenceRow(DtuId.Parse("b"), 1000, PresenceState.Online), new PresenceRow(DtuId.Parse("c"), 1000, PresenceState.Offline));
        Assert.Empty(Ids(view));
        view.Tell(new Presence.Part("south", EndReasons.NodeLost));
        Assert.Equal(["a", "b"], Ids(view));
        Assert.Empty(Ids(view, forPeer: true));
        var lost = Get(view, "a").Status!;
        Assert.Equal((DtuState.Offline, "node-lost", "node-lost: its node south is lost", null), (lost.State, lost.EndReason, lost.LastError, lost.Node));
        Assert.Equal(DateTimeOffset.FromUnixTimeMilliseconds(1000), lost.LastSeenAt);

        // One came back at another node, one here.
        Hear(view, "north", new PresenceRow(DtuId.Parse("a"), 2000, PresenceState.Online));
        Assert.Null(Get(view, "a").Status);
        view.Tell(new Fleet.SessionSeen(Report("b", epoch: 3000)));
        Assert.Equal((DtuState.Online, null), (Get(view, "b").Status!.State, Get(view, "b").Status!.EndReason));
        view.Tell(new Presence.SayLost("south"), TestActor);
        Assert.Empty(ExpectMsg<Presence.Losses>().Dtus);
    }

    [Fact]
    public void The_end_of_a_session_whose_node_is_lost_is_said_once_and_of_a_node_that_left_never()
    {
        var view = View();
        view.Tell(new Fleet.SessionEnded(Report("a"), "replaced"));
        Hear(view, new PresenceRow(DtuId.Parse("a"), 1000, PresenceState.Online));
        Hear(view, "north", new PresenceRow(DtuId.Parse("b"), 1000, PresenceState.Online));
        view.Tell(new Presence.Part("south", EndReasons.NodeLost));
        view.Tell(new Presence.Part("north", EndReasons.Stopping));
        view.Tell(new Presence.SayLost("south"), TestActor);
        var said = Assert.Single(ExpectMsg<Presence.Losses>().Dtus);
        Assert.Equal(("a", "node-lost", "10.0.0.1:1"), (said.Dtu.Value, said.Reason, said.Remote));
        view.Tell(new Presence.SayLost("south"), TestActor);
        Assert.Empty(ExpectMsg<Presence.Losses>().Dtus);
        view.Tell(new Presence.SayLost("north"), TestActor);
        Assert.Empty(ExpectMsg<Presence.Losses>().Dtus);
        Assert.Equal("stopping", Get(view, "b").Status!.EndReason);
    }

    [Fact]
    public void Those_that_are_lost_are_no_more_than_are_remembered_and_can_be_forgotten()
    {
        var view = View(mostKnown: 2);
        Hear(view, [.. "abcd".Select(id => new PresenceRow(DtuId.Parse($"{id}"), 1, PresenceState.Online))]);
        Hear(view, "north", [.. "efgh".Select(id => new PresenceRow(DtuId.Parse($"{id}"), 1, PresenceState.Online))]);
        view.Tell(new Presence.Part("south", EndReasons.NodeLost));
        view.Tell(new Presence.Part("north", EndReasons.NodeLost));
        var ids = Ids(view);
        Assert.Equal(2, ids.Length);
        view.Tell(new Fleet.Forget(DtuId.Parse(ids[0])), TestActor);
        Assert.True(ExpectMsg<Fleet.Forgotten>().WasKnown);
        Assert.Single(Ids(view));
    }

    [Fact]
    public void Others_hear_what_changed_and_who_joins_hears_all_of_those_that_were_seen()
    {
        var view = View();
        view.Tell(new Fleet.RegisterSeen([new RegisteredDtu { Id = DtuId.Parse("never") }], []));
        view.Tell(new Fleet.SessionSeen(Report("a", epoch: 5)));
        view.Tell(new Fleet.SessionSeen(Report("b", epoch: 6)));
        view.Tell(new Fleet.SessionEnded(Report("b", epoch: 6), "closed"));
        Assert.Equal(["a 5 Online", "b 6 Offline"], Changes(view, 10));
        Assert.Empty(Changes(view, 10));
        view.Tell(new Fleet.SessionSeen(Report("a", epoch: 5)));
        Assert.Empty(Changes(view, 10));
        view.Tell(new Fleet.Forget(DtuId.Parse("b")), TestActor);
        ExpectMsg<Fleet.Forgotten>();
        Assert.Equal(["b 0 Forgotten"], Changes(view, 10));

        Hear(view, new PresenceRow(DtuId.Parse("c"), 7, PresenceState.Online));
        view.Tell(new Presence.Part("south", EndReasons.NodeLost));
        view.Tell(new Presence.GetWhole(null, 1), TestActor);
        var first = ExpectMsg<Presence.Whole>();
        view.Tell(new Presence.GetWhole(first.Next, 1), TestActor);
        var second = ExpectMsg<Presence.Whole>();
        Assert.Equal(["a 5 Online", "c 7 Lost"], first.Rows.Concat(second.Rows).Select(Show));
        Assert.Null(second.Next);

        var joined = View();
        joined.Tell(new Presence.Heard("middle", second.Rows));
        Assert.Equal("node-lost", Get(joined, "c").Status!.EndReason);
    }

    [Fact]
    public void Samples_are_at_even_distances()
    {
        var view = View();
        view.Tell(new Fleet.RegisterSeen([.. Enumerable.Range(0, 20).Select(i => new RegisteredDtu { Id = DtuId.Parse($"{i:00}") })], []));
        view.Tell(new Fleet.SampleDtus(new DtuFilter(), 5), TestActor);
        var samples = ExpectMsg<Fleet.Samples>();
        Assert.Equal((20, 4, "00 04 08 12 16"), (samples.Total, samples.Step, string.Join(' ', samples.Ids.Select(id => id.Value))));
        view.Tell(new Fleet.SearchDtus(new DtuFilter(), 0, 2, DtuId.Parse("12")), TestActor);
        var found = ExpectMsg<DtuSearch>();
        Assert.Equal((20, 12, "12 13"), (found.Total, found.Before, string.Join(' ', found.Items.Select(item => item.Id.Value))));
    }

    private IActorRef View(int mostKnown = 100) => Sys.ActorOf(FleetView.Props(Options.Gateway() with
    {
        Node = new NodeOptions { Name = "middle" },
        Cluster = new ClusterOptions { Enabled = true },
        Storage = new StorageOptions { MaxKnown = mostKnown },
    }));

    private static void Hear(IActorRef view, params PresenceRow[] rows) => Hear(view, "south", rows);

    private static void Hear(IActorRef view, string node, params PresenceRow[] rows) => view.Tell(new Presence.Heard(node, [.. rows]));

    private static SessionReport Report(string id, long epoch = 1) => new()
    {
        Session = new SessionRef(DtuId.Parse(id), new Epoch(epoch, 0), ActorRefs.Nobody),
        Listener = "main",
        Remote = "10.0.0.1:1",
        Profile = "default",
        Codec = "raw",
        ConnectedAt = Start,
        LastSeenAt = DateTimeOffset.UnixEpoch,
    };

    private string[] Ids(IActorRef view, bool forPeer = false)
    {
        view.Tell(new Fleet.ListDtus(new DtuFilter(), 100, null, forPeer), TestActor);
        return [.. ExpectMsg<DtuPage>().Items.Select(item => item.Id.Value)];
    }

    private (int Total, string Ids) Search(IActorRef view)
    {
        view.Tell(new Fleet.SearchDtus(new DtuFilter(), 0, 100), TestActor);
        var search = ExpectMsg<DtuSearch>();
        return (search.Total, string.Join(' ', search.Items.Select(item => item.Id.Value)));
    }

    private (int Online, int Offline) States(IActorRef view, bool forPeer = false)
    {
        view.Tell(new Fleet.GetCounts(forPeer), TestActor);
        var counts = ExpectMsg<FleetCounts>();
        return (counts.Online, counts.Offline);
    }

    private Fleet.FoundDtu Get(IActorRef view, string id)
    {
        view.Tell(new Fleet.GetDtu(DtuId.Parse(id)), TestActor);
        return ExpectMsg<Fleet.FoundDtu>();
    }

    private string[] Changes(IActorRef view, int most)
    {
        view.Tell(new Presence.TakeChanges(most), TestActor);
        return [.. ExpectMsg<Presence.Changes>().Rows.Select(Show)];
    }

    private static string Show(PresenceRow row) => $"{row.Id} {row.Number} {row.State}";
}
