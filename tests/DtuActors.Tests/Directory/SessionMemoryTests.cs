using Akka.Actor;
using DtuActors.Directory;
using DtuActors.Protocol;
using DtuActors.Sessions;

namespace DtuActors.Tests.Directory;

public sealed class SessionMemoryTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void A_sessions_chain_of_evidence_is_in_order_of_time_and_ends_with_its_end()
    {
        var memory = new SessionMemory();
        memory.Add(
            Report("a", 0) with
            {
                BytesUp = 9,
                LastError = "no byte for 30 s",
                LastSeenAt = Start.AddSeconds(20),
                RegisteredAt = Start.AddSeconds(1),
                LastHeartbeatAt = Start.AddSeconds(15),
                PresentedId = "imei-1",
                Noted = [new(Start.AddSeconds(10), EvidenceKind.Conflict, "x"), new(Start.AddSeconds(50), EvidenceKind.NoUplink, "no byte for 30 s")],
            },
            "silent");
        var session = Assert.Single(memory.Of(DtuId.Parse("a"), []));
        Assert.Equal(("silent", "no byte for 30 s", 9L, Start.AddSeconds(20)), (session.Reason, session.Error, session.BytesUp, session.LastUplinkAt));
        Assert.Equal(
            [EvidenceKind.Connected, EvidenceKind.Registered, EvidenceKind.Conflict, EvidenceKind.LastHeartbeat, EvidenceKind.LastUplink, EvidenceKind.NoUplink],
            session.Evidence.Select(evidence => evidence.Kind));
        Assert.Equal("from 10.0.0.1:1 on main", session.Evidence[0].Detail);
        Assert.Equal("as imei-1", session.Evidence[1].Detail);
    }

    [Fact]
    public void A_registration_alone_is_no_uplink_and_a_frame_that_came_together_with_it_is()
    {
        var memory = new SessionMemory();
        var registered = Report("a", 0) with { BytesUp = 9, RegisteredAt = Start.AddSeconds(1) };
        memory.Add(registered, "closed");
        memory.Add(registered with { Session = new SessionRef(DtuId.Parse("b"), new Epoch(1, 0), ActorRefs.Nobody), FramesUp = 1 }, "closed");
        Assert.Null(memory.Of(DtuId.Parse("a"), []).Single().LastUplinkAt);
        Assert.Equal(Start, memory.Of(DtuId.Parse("b"), []).Single().LastUplinkAt);
    }

    [Fact]
    public void Sessions_are_told_newest_first_the_open_one_among_them_and_without_an_end()
    {
        var memory = new SessionMemory();
        memory.Add(Report("a", 1), "closed");
        memory.Add(Report("a", 2), "reset");
        memory.Add(Report("b", 3), "kicked");
        var sessions = memory.Of(DtuId.Parse("a"), [Report("a", 4)]);
        Assert.Equal([null, "reset", "closed"], sessions.Select(session => session.Reason));
        Assert.Null(sessions[0].EndedAt);
        Assert.NotNull(sessions[1].EndedAt);
    }

    [Fact]
    public void Of_one_DTU_only_so_many_are_kept_and_the_oldest_leave()
    {
        var memory = new SessionMemory();
        for (var i = 0; i < 30; i++)
        {
            memory.Add(Report("a", i), "closed");
        }

        var sessions = memory.Of(DtuId.Parse("a"), []);
        Assert.Equal((SessionMemory.MostPerDtu, SessionMemory.MostPerDtu), (sessions.Length, memory.Count));
        Assert.Equal((Start.AddMinutes(29), Start.AddMinutes(10)), (sessions[0].ConnectedAt, sessions[^1].ConnectedAt));
    }

    [Fact]
    public void Of_all_only_so_many_are_kept_and_those_that_ended_first_leave()
    {
        var memory = new SessionMemory();
        for (var i = 0; i <= SessionMemory.Most; i++)
        {
            memory.Add(Report($"d{i}", 0), "closed");
        }

        Assert.Equal(SessionMemory.Most, memory.Count);
        Assert.Empty(memory.Of(DtuId.Parse("d0"), []));
        Assert.Single(memory.Of(DtuId.Parse("d1"), []));
    }

    [Fact]
    public void What_is_forgotten_takes_its_sessions_along()
    {
        var memory = new SessionMemory();
        memory.Add(Report("a", 1), "closed");
        memory.Forget(DtuId.Parse("a"));
        Assert.Empty(memory.Of(DtuId.Parse("a"), []));
        Assert.Equal(0, memory.Count);
    }

    private static SessionReport Report(string id, int minute) => new()
    {
        Session = new SessionRef(DtuId.Parse(id), new Epoch(minute + 1, 0), ActorRefs.Nobody),
        Listener = "main",
        Remote = "10.0.0.1:1",
        Profile = "default",
        Codec = "raw",
        ConnectedAt = Start.AddMinutes(minute),
        LastSeenAt = Start.AddMinutes(minute),
        EndedAt = Start.AddMinutes(minute + 1),
    };
}
