using Akka.Actor;
using Akka.IO;
using DtuActors.Configuration;
using DtuActors.Directory;
using DtuActors.Sessions;

namespace DtuActors.Tests.Sessions;

/// <summary>What a session notes of its life and its end.</summary>
public sealed class EvidenceSpec : SessionSpec
{
    [Theory]
    [InlineData("peer-closed", EvidenceKind.PeerClosed)]
    [InlineData("connection reset by peer", EvidenceKind.PeerReset)]
    [InlineData("Connection timed out", EvidenceKind.TimedOut)]
    [InlineData("write", EvidenceKind.WriteFailed)]
    public void The_way_a_socket_ended_is_noted(string how, EvidenceKind kind)
    {
        var session = Online();
        session.Tell(how switch
        {
            "peer-closed" => Tcp.PeerClosed.Instance,
            "write" => new Tcp.CommandFailed(Tcp.Write.Create(ByteString.FromString("x"))),
            _ => new Tcp.ErrorClosed(how),
        });
        Assert.Equal(kind, Ended().Noted.Single().Kind);
    }

    [Fact]
    public void Silence_is_noted_with_the_time_that_was_allowed()
    {
        var session = Online(profile: Options.Profile(heartbeat: new HeartbeatOptions { Timeout = TimeSpan.FromSeconds(30) }));
        Advance(TimeSpan.FromSeconds(31), TimeSpan.FromSeconds(1));
        session.Tell(Tcp.Aborted.Instance);
        var end = Ended().Noted.Single();
        Assert.Equal(EvidenceKind.NoUplink, end.Kind);
        Assert.EndsWith("of 30 s allowed", end.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void A_conflict_and_who_took_over_are_noted_in_order()
    {
        var session = Online();
        session.Tell(new Holding.Contested("10.8.0.9:1"));
        session.Tell(new Holding.Contested("10.8.0.9:1"));
        session.Tell(new Holding.Superseded("10.8.0.9:1"));
        Advance(TimeSpan.FromSeconds(1), TimeSpan.FromMilliseconds(100));
        session.Tell(Tcp.Closed.Instance);
        var noted = Ended().Noted;
        Assert.Equal([EvidenceKind.Conflict, EvidenceKind.TakenOver], noted.Select(evidence => evidence.Kind));
        Assert.All(noted, evidence => Assert.StartsWith("10.8.0.9:1", evidence.Detail, StringComparison.Ordinal));
    }

    [Fact]
    public void Conflicts_without_end_leave_room_for_the_end()
    {
        var session = Online();
        for (var rival = 1; rival <= 20; rival++)
        {
            session.Tell(new Holding.Contested($"10.8.0.{rival}:1"));
        }

        session.Tell(Tcp.PeerClosed.Instance);
        var noted = Ended().Noted;
        Assert.Equal(8, noted.Length);
        Assert.Equal(EvidenceKind.PeerClosed, noted[^1].Kind);
    }

    [Fact]
    public void The_last_heartbeat_is_known_by_its_time()
    {
        var session = Online(profile: Options.Profile(heartbeat: new HeartbeatOptions { Match = ["$HB"u8.ToArray()] }));
        Advance(TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(5));
        Receive(session, "$HB");
        Settle(session);
        var at = Clock.Now;
        Advance(TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(5));
        session.Tell(Tcp.PeerClosed.Instance);
        var ended = Ended();
        Assert.Equal((1L, at), (ended.Heartbeats, ended.LastHeartbeatAt));
        Assert.True(ended.RegisteredAt < at);
    }

    private SessionReport Ended() => Fleet.FishForMessage<Fleet.SessionEnded>(_ => true).Report;
}
