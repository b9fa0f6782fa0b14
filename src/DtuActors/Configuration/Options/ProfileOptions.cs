using System.Collections.Immutable;
using System.Text;
using DtuActors.Protocol.Answers;
using DtuActors.Protocol.Framing;
using DtuActors.Protocol.Registration;
using DtuActors.Protocol.Transports;

namespace DtuActors.Configuration;

/// <summary>How a kind of DTU behaves: one block of <c>profiles</c>, with its preset and the default profile already applied.</summary>
public sealed record ProfileOptions
{
    public required string Name { get; init; }

    /// <summary>Makes the vendor's transport around the instrument's bytes for one connection; null: there is none.</summary>
    public Func<Envelope>? Envelope { get; init; }

    public required RegistrationOptions Registration { get; init; }

    public HeartbeatOptions Heartbeat { get; init; } = new();

    /// <summary>TCP's own keepalive; null: off.</summary>
    public KeepaliveOptions? Keepalive { get; init; } = new();

    /// <summary>Null: off.</summary>
    public KeepWarmOptions? KeepWarm { get; init; }

    public FramingOptions Framing { get; init; } = new();

    public BusOptions Bus { get; init; } = new();

    public DuplicatesOptions Duplicates { get; init; } = new();

    public ApplicationOptions Application { get; init; } = new();

    /// <summary>How the DTU is told that its serial line is to be set otherwise.</summary>
    public LineControl LineControl { get; init; } = LineControl.Off;

    /// <summary>How <c>text</c> of a downlink becomes bytes where the call names no encoding.</summary>
    public Encoding TextEncoding { get; init; } = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
}

/// <summary>How a DTU takes new settings of its serial line.</summary>
public enum LineControl
{
    /// <summary>It is told nothing.</summary>
    Off,

    /// <summary>As USR's in-band frame (<see cref="UsrBaudFrame"/>).</summary>
    Usr,
}

public sealed record RegistrationOptions
{
    /// <summary>What the registration looks like.</summary>
    public required RegistrationForm Form { get; init; }

    /// <summary>Sent on success in place of what the form itself answers; empty: that.</summary>
    public ReadOnlyMemory<byte> Reply { get; init; }

    /// <summary>Whether the registration precedes every packet; its form has a fixed length then.</summary>
    public bool EveryPacket { get; init; }

    /// <summary>No valid registration by then: closed.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(60);
}

/// <summary>Who answers a station's protocol as its centre.</summary>
public sealed record ApplicationOptions
{
    /// <summary>A name of <see cref="CentreAnswers.Names"/>; null: the gateway answers nothing.</summary>
    public string? Answer { get; init; }

    /// <summary>Whether another centre, to which the DTU is forwarded, answers in the gateway's place.</summary>
    public bool ByCentre { get; init; }

    /// <summary>Whether an SL 651 station is told to stay online (ESC) or that the centre is done with it (EOT).</summary>
    public bool KeepOnline { get; init; } = true;

    /// <summary>What answers one session, or null.</summary>
    public CentreAnswers? Create() => Answer is null || ByCentre ? null : CentreAnswers.Create(Answer, KeepOnline);
}

public sealed record HeartbeatOptions
{
    /// <summary>Byte strings that are heartbeats where they stand between frames.</summary>
    public ImmutableArray<byte[]> Match { get; init; } = [];

    /// <summary>Sent for each heartbeat; empty for nothing.</summary>
    public ReadOnlyMemory<byte> Reply { get; init; }

    /// <summary>Whether each heartbeat is sent back as it came.</summary>
    public bool Echo { get; init; }

    /// <summary>No uplink byte for so long: closed as <c>silent</c>; null: never.</summary>
    public TimeSpan? Timeout { get; init; } = TimeSpan.FromSeconds(300);

    /// <summary>How often a DTU that sleeps in between calls in: offline for less than twice as long, it is sleeping; null: it never sleeps.</summary>
    public TimeSpan? ExpectedEvery { get; init; }
}

public enum DuplicatesPolicy
{
    /// <summary>In a conflict each takeover waits.</summary>
    Newest,

    /// <summary>In a conflict the holder keeps the DTU, and others are refused.</summary>
    HoldFirst,
}

/// <summary>When devices that share one id are in conflict, and what becomes of the newer one then. Before it the newest always wins.</summary>
public sealed record DuplicatesOptions
{
    public DuplicatesPolicy Policy { get; init; } = DuplicatesPolicy.Newest;

    /// <summary>So many takeovers between live sockets are a conflict, <see cref="Within"/> so much time.</summary>
    public int ConflictAfter { get; init; } = 3;

    public TimeSpan Within { get; init; } = TimeSpan.FromSeconds(60);
}

/// <summary>TCP keepalive: first probe after <see cref="Idle"/>, then each <see cref="Interval"/>, dead after <see cref="Count"/> without answer.</summary>
public sealed record KeepaliveOptions
{
    public TimeSpan Idle { get; init; } = TimeSpan.FromSeconds(120);

    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(15);

    public int Count { get; init; } = 3;
}

public enum BusMode
{
    /// <summary>Downlinks are written as they come; every uplink goes to every route. A request takes the bus for itself all the same.</summary>
    Transparent,

    /// <summary>Every downlink is a request: one on the wire at a time, its answer to its asker only.</summary>
    RequestResponse,
}

public sealed record BusOptions
{
    public BusMode Mode { get; init; } = BusMode.Transparent;

    /// <summary>How long an answer may take, from the write.</summary>
    public TimeSpan ResponseTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The most requests that wait for the bus.</summary>
    public int Queue { get; init; } = 16;

    /// <summary>The longest a request waits for the bus.</summary>
    public TimeSpan QueueWait { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Silence on the bus between an answer and the next request.</summary>
    public TimeSpan RequestGap { get; init; } = TimeSpan.Zero;

    /// <summary>After a time-out: how long an answer that comes late is still expected, and requests it could be mistaken for wait.</summary>
    public TimeSpan LateWindow { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How often a request without an answer is written again.</summary>
    public int Retries { get; init; }

    /// <summary>When a slave that keeps timing out is asked no more for a while; null: never.</summary>
    public SuspendOptions? SuspendSlave { get; init; } = new();

    /// <summary>How long an answer to a read is good for others who read the same; null: each is asked for itself.</summary>
    public TimeSpan? Coalesce { get; init; }
}

/// <summary>After <see cref="After"/> time-outs in a row a slave is not asked for <see cref="For"/>.</summary>
public sealed record SuspendOptions
{
    public int After { get; init; } = 3;

    public TimeSpan For { get; init; } = TimeSpan.FromSeconds(30);
}
