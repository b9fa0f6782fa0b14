using System.Collections.Immutable;
using System.Text.Json;
using DtuActors.Clustering.Desks;
using DtuActors.Clustering.Presence;
using DtuActors.Directory;
using DtuActors.Protocol;
using DtuActors.Recording;
using DtuActors.Sessions;

namespace DtuActors.Tests.Clustering.Merging;

/// <summary>What nodes answer each other comes through as it was: written again it is the same text, and the text has every member.</summary>
public sealed class DeskJsonTests
{
    private static readonly DateTimeOffset At = new(2026, 1, 2, 3, 4, 5, 678, TimeSpan.FromHours(8));
    private static readonly DtuId Id = DtuId.Parse("七号 1");
    private static readonly TrafficCounters Counters = new() { Accepted = 6, Written = 3, Waiting = 1, AcceptedBytes = 60, WrittenBytes = 30, WaitingBytes = 10, Dropped = ImmutableSortedDictionary<string, long>.Empty.Add("no-route", 2) };

    private static readonly DtuStatus Dtu = new()
    {
        Id = Id, Name = "泵站", State = DtuState.Conflict, PresentedId = "p", Listener = "main", Remote = "1.2.3.4:5", Node = "north", Profile = "default", Codec = "raw", Groups = ["g"], Aliases = ["x", "y"],
        Port = 7, Note = "n", IsRegistered = true, ConnectedAt = At, FirstSeenAt = At, LastSeenAt = At, BytesUp = 1, BytesDown = 2, FramesUp = 3, FramesDown = 4, Heartbeats = 5, Reconnects = 6, Queued = 7,
        SuspendedSlaves = [new SuspendedSlave("1", At)], Down = Counters, DroppedUp = ImmutableDictionary<string, long>.Empty.Add("garbage", 8),
        Polls = [new PollStatus { Name = "poll", Sent = 1, Answered = 2, Failed = 3, LastError = "e", LastAt = At }], LastError = "l", ConflictWith = "c", EndReason = "closed", EndError = "e", EndedAt = At,
    };

    private static readonly Dictionary<string, object> Samples = new()
    {
        ["page"] = new DtuPage([Dtu], "next"),
        ["found"] = new Fleet.FoundDtu(Dtu, IsHere: false),
        ["filter"] = new DtuFilter("t", DtuState.Online, "g", "c"),
        ["samples"] = new Fleet.Samples(9, 2, [Id]),
        ["counts"] = new FleetCounts(1, 2, 3, 4, 5, 6, 7, 8, 9, ["g"], ["c"]),
        ["session"] = new SessionRecord(At, At, "main", "r", "closed", "e", 1, 2, 3, 4, 5, At, [new Evidence(At, EvidenceKind.PeerClosed, "d")]),
        ["get frames"] = new Records.GetFrames(Id, At, At, 5, "after", Newest: true),
        ["frames"] = new FramePage([new RecordedFrame(1, At, FrameDirection.Down, new byte[] { 0, 255 }, "raw", "api", "garbage")], "1"),
        ["unknown"] = new RefusedConnection(At, "main", "r", new byte[] { 1, 2 }, "why") { Node = "n" },
        ["endpoint"] = new EndpointStatus
        {
            Name = "e", Node = "n", Kind = "serial", State = "up", LastError = "l", Since = At, Where = "w", Clients = 1, Refused = 2, Up = Counters, Down = Counters,
            Branches = [new BranchStatus { Dtu = "d", State = "up", LastError = "l", Where = "w", Clients = 1 }],
        },
        ["listener"] = new ListenerStatus
        {
            Name = "l", Node = "n", Kind = "udp", State = "up", LastError = "e", Address = "a", Profile = "p", Connections = 1, Accepted = 2, Refused = 3, Dropped = ImmutableSortedDictionary<string, long>.Empty.Add("x", 1),
        },
        ["route"] = new RouteStatus { Name = "r", Kind = "route", State = "up", LastError = "e", Dtu = "*", To = "e", Direction = "both", Online = 1, FramesUp = 2, FramesDown = 3, DroppedUp = 4, DroppedDown = 5 },
        ["command"] = new CommandStatus("c", CommandStates.Answered, At, "by", "api", new byte[] { 1 }, 1, "r", new byte[] { 2 }, At) { Until = At, Key = "k" },
        ["withdrawn"] = WithdrawOutcome.NotWaiting,
        ["process"] = new NodeProcess(1, At, TimeSpan.FromSeconds(1.5), TimeSpan.FromSeconds(2), 3, "net", "os"),
        ["presence"] = new PresenceRow(Id, 1, PresenceState.Lost) { With = "south", AgoMs = 5 },
    };

    public static TheoryData<string> Names => [.. Samples.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void What_is_written_is_read_as_it_was(string name)
    {
        var sample = Samples[name];
        var text = JsonSerializer.Serialize(sample, sample.GetType(), DeskJson.Options);
        var read = JsonSerializer.Deserialize(text, sample.GetType(), DeskJson.Options)!;
        Assert.Equal(text, JsonSerializer.Serialize(read, sample.GetType(), DeskJson.Options));
        using var document = JsonDocument.Parse(text);
        if (document.RootElement.ValueKind is JsonValueKind.Object)
        {
            // A member that is left out was null in the sample, and would be tested by nothing.
            Assert.Equal(
                sample.GetType().GetProperties().Where(property => !property.IsDefined(typeof(System.Text.Json.Serialization.JsonIgnoreAttribute), false)).Select(property => property.Name).Order(StringComparer.Ordinal),
                document.RootElement.EnumerateObject().Select(member => member.Name).Order(StringComparer.Ordinal));
        }
    }

    [Fact]
    public void Bytes_are_the_same_and_an_empty_status_is_read_as_empty()
    {
        var frame = Again(new RecordedFrame(1, At, FrameDirection.Up, new byte[] { 7, 8 }, "raw", "dtu", null));
        Assert.Equal([7, 8], frame.Payload.ToArray());
        Assert.Equal("1", frame.Next);
        var bare = Again(new DtuStatus { Id = Id, State = DtuState.Offline });
        Assert.Equal((0, 0, 0), (bare.Groups.Length, bare.Polls.Length, bare.DroppedUp.Count));
        Assert.Null(Again(new CommandStatus("c", "queued", At, null, "api", default, 0, null, null, At)).Answer);

        static T Again<T>(T what) => JsonSerializer.Deserialize<T>(JsonSerializer.Serialize(what, DeskJson.Options), DeskJson.Options)!;
    }
}
