using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.Json.Serialization;
using Akka.Actor;
using DtuActors.Protocol;
using DtuActors.Sessions;

namespace DtuActors;

/// <summary>A DTU's state as <c>GET /dtus</c> names it.</summary>
public enum DtuState
{
    Offline,
    Online,

    /// <summary>Offline, and seen within twice the time in which its profile expects it (<c>heartbeat.expected-every</c>).</summary>
    Sleeping,

    /// <summary>Online, and claimed by several live devices.</summary>
    Conflict,
}

/// <summary>One DTU as it stands. Byte and frame counts are totals over its sessions since the gateway started.</summary>
public sealed record DtuStatus
{
    public required DtuId Id { get; init; }
    public string? Name { get; init; }
    public required DtuState State { get; init; }

    /// <summary>What its registration said, where that is an alias.</summary>
    public string? PresentedId { get; init; }
    public string? Listener { get; init; }
    public string? Remote { get; init; }
    public string? Node { get; init; }
    public string? Profile { get; init; }
    public string? Codec { get; init; }
    public ImmutableArray<string> Groups { get; init; } = [];

    /// <summary>Other ids it presents itself under.</summary>
    public ImmutableArray<string> Aliases { get; init; } = [];

    /// <summary>The register's <c>port</c>, or null.</summary>
    public int? Port { get; init; }

    public string? Note { get; init; }

    /// <summary>Whether it has a row in the register.</summary>
    public bool IsRegistered { get; init; }
    public DateTimeOffset? ConnectedAt { get; init; }
    public DateTimeOffset? FirstSeenAt { get; init; }
    public DateTimeOffset? LastSeenAt { get; init; }
    public long BytesUp { get; init; }
    public long BytesDown { get; init; }
    public long FramesUp { get; init; }
    public long FramesDown { get; init; }
    public long Heartbeats { get; init; }

    /// <summary>Sessions after the first.</summary>
    public long Reconnects { get; init; }

    /// <summary>Requests that wait for the bus, and commands that wait for the DTU.</summary>
    public int Queued { get; init; }

    /// <summary>Slaves behind it that keep timing out, at most 32.</summary>
    public ImmutableArray<SuspendedSlave> SuspendedSlaves { get; init; } = [];

    /// <summary>Downlinks, by the rule that counters add up.</summary>
    public TrafficCounters Down { get; init; } = new();

    /// <summary>Uplink bytes that were no frame, by reason.</summary>
    public ImmutableDictionary<string, long> DroppedUp { get; init; } = ImmutableDictionary<string, long>.Empty;

    /// <summary>What the gateway asks it by itself, as counted in its last session.</summary>
    public ImmutableArray<PollStatus> Polls { get; init; } = [];

    /// <summary>In words: the last thing that went wrong in the session that is open, or why the last one ended.</summary>
    public string? LastError { get; init; }

    /// <summary>Where the other device is that claims the same id; null but in a conflict.</summary>
    public string? ConflictWith { get; init; }

    /// <summary>Why the last session ended, one of <see cref="Sessions.EndReasons"/>; stays when the DTU is back.</summary>
    public string? EndReason { get; init; }

    /// <summary>The same in words, where there are any.</summary>
    public string? EndError { get; init; }
    public DateTimeOffset? EndedAt { get; init; }
}

/// <summary>One poll of one DTU.</summary>
public sealed record PollStatus
{
    public required string Name { get; init; }

    /// <summary>Written to the DTU.</summary>
    public long Sent { get; init; }
    public long Answered { get; init; }

    /// <summary>Without an answer in time, or never written because the bus was not free.</summary>
    public long Failed { get; init; }

    /// <summary>Why the last failed one failed, in words.</summary>
    public string? LastError { get; init; }

    /// <summary>When the last one ended, either way.</summary>
    public DateTimeOffset? LastAt { get; init; }
}

/// <summary>Frames towards one destination: accepted = written + dropped + waiting, at any time.</summary>
public sealed record TrafficCounters
{
    /// <summary>Where nothing came yet.</summary>
    public static readonly TrafficCounters None = new();

    public long Accepted { get; init; }
    public long Written { get; init; }
    public long Waiting { get; init; }
    public long AcceptedBytes { get; init; }
    public long WrittenBytes { get; init; }
    public long WaitingBytes { get; init; }

    /// <summary>Frames by reason.</summary>
    public ImmutableSortedDictionary<string, long> Dropped { get; init; } = ImmutableSortedDictionary<string, long>.Empty;

    /// <summary>Both together.</summary>
    public TrafficCounters Plus(TrafficCounters other) => new()
    {
        Accepted = Accepted + other.Accepted,
        Written = Written + other.Written,
        Waiting = Waiting + other.Waiting,
        AcceptedBytes = AcceptedBytes + other.AcceptedBytes,
        WrittenBytes = WrittenBytes + other.WrittenBytes,
        WaitingBytes = WaitingBytes + other.WaitingBytes,
        Dropped = other.Dropped.Aggregate(Dropped, (sum, row) => sum.SetItem(row.Key, sum.GetValueOrDefault(row.Key) + row.Value)),
    };

    /// <summary>The same where nobody is left to write what waits.</summary>
    public TrafficCounters WithWaitingDropped(string reason) => Waiting == 0 ? this : this with
    {
        Waiting = 0,
        WaitingBytes = 0,
        Dropped = Dropped.SetItem(reason, Dropped.GetValueOrDefault(reason) + Waiting),
    };
}

/// <summary>An endpoint as it stands.</summary>
public sealed record EndpointStatus
{
    public required string Name { get; init; }

    /// <summary>The node that has it; null: there is no cluster.</summary>
    public string? Node { get; init; }
    public required string Kind { get; init; }

    /// <summary><c>up</c>, <c>down</c> or <c>connecting</c>.</summary>
    public required string State { get; init; }
    public string? LastError { get; init; }
    public DateTimeOffset? Since { get; init; }

    /// <summary>The device, link or address.</summary>
    public string? Where { get; init; }
    public int Clients { get; init; }

    /// <summary>Clients that were turned away.</summary>
    public long Refused { get; init; }

    /// <summary>DTU → endpoint.</summary>
    public TrafficCounters Up { get; init; } = new();

    /// <summary>Endpoint → DTUs: accepted from the endpoint's side; dropped where no DTU could take it.</summary>
    public TrafficCounters Down { get; init; } = new();

    /// <summary>One row a DTU, by id, where each has a port or a connection of its own; else empty.</summary>
    public ImmutableArray<BranchStatus> Branches { get; init; } = [];
}

/// <summary>One DTU's part of an endpoint.</summary>
public sealed record BranchStatus
{
    public required string Dtu { get; init; }
    public required string State { get; init; }
    public string? LastError { get; init; }

    /// <summary>Its port's or connection's address.</summary>
    public string? Where { get; init; }
    public int Clients { get; init; }
}

public sealed record ListenerStatus
{
    public required string Name { get; init; }

    /// <summary>The node that has it; null: there is no cluster.</summary>
    public string? Node { get; init; }
    public string Kind { get; init; } = "tcp";
    public required string State { get; init; }
    public string? LastError { get; init; }
    public string? Address { get; init; }
    public string? Profile { get; init; }
    public int Connections { get; init; }
    public long Accepted { get; init; }
    public long Refused { get; init; }

    /// <summary>Datagrams that reached no session or no DTU, by reason.</summary>
    public ImmutableSortedDictionary<string, long> Dropped { get; init; } = ImmutableSortedDictionary<string, long>.Empty;
}

public sealed record RouteStatus
{
    public required string Name { get; init; }
    public string Kind { get; init; } = "route";

    /// <summary>That of the endpoint; of a DTU or a group <c>up</c> while it, or any member, is online, else <c>down</c>.</summary>
    public required string State { get; init; }
    public string? LastError { get; init; }
    public required string Dtu { get; init; }
    public required string To { get; init; }
    public required string Direction { get; init; }

    /// <summary>DTUs online that it leads from.</summary>
    public int Online { get; init; }

    /// <summary>Frames from its DTUs; one that goes to three members of a group counts three times.</summary>
    public long FramesUp { get; init; }

    /// <summary>Frames to its DTUs; one that goes to three of them counts three times.</summary>
    public long FramesDown { get; init; }

    /// <summary>Uplinks that found the other DTU, or every member of the group, offline, dropped as <c>dtu-offline</c>.</summary>
    public long DroppedUp { get; init; }

    /// <summary>Downlinks that found no DTU online, dropped as <c>dtu-offline</c>.</summary>
    public long DroppedDown { get; init; }
}

/// <summary>A connection that was refused or never registered.</summary>
public sealed record RefusedConnection(DateTimeOffset At, string Listener, string Remote, ReadOnlyMemory<byte> FirstBytes, string Reason)
    : INoSerializationVerificationNeeded
{
    /// <summary>Bytes of its beginning that are kept.</summary>
    public const int MostFirstBytes = 64;

    /// <summary>The node that refused it; null: there is no cluster.</summary>
    public string? Node { get; init; }

    /// <summary>
    /// What is kept of how it began. Who may look at that need not know secrets: each byte of the <paramref name="secret"/>, where it presented the right one, is <c>*</c>.
    /// </summary>
    public static byte[] Keep(ReadOnlySpan<byte> began, string? secret)
    {
        var kept = began[..Math.Min(began.Length, MostFirstBytes)].ToArray();
        if (secret is not { Length: > 0 })
        {
            return kept;
        }

        var hidden = Encoding.UTF8.GetBytes(secret);
        for (var at = 0; at < kept.Length; at++)
        {
            // The last one may be cut.
            var rest = kept.AsSpan(at);
            var most = Math.Min(hidden.Length, rest.Length);
            if (rest[..most].SequenceEqual(hidden.AsSpan(0, most)))
            {
                rest[..most].Fill((byte)'*');
            }
        }

        return kept;
    }
}

/// <summary>One frame of a DTU's memory. <paramref name="Sequence"/> orders and pages.</summary>
public sealed record RecordedFrame(
    long Sequence, DateTimeOffset At, FrameDirection Direction, ReadOnlyMemory<byte> Payload, string Codec, string Source, string? Verdict)
{
    /// <summary>The <c>after</c> of a page that begins behind it.</summary>
    [JsonIgnore]
    public string Next
    {
        get => field ?? Sequence.ToString(CultureInfo.InvariantCulture);
        init;
    }
}

public sealed record DtuPage(ImmutableArray<DtuStatus> Items, string? Next) : INoSerializationVerificationNeeded;

public sealed record FramePage(ImmutableArray<RecordedFrame> Items, string? Next) : INoSerializationVerificationNeeded;
