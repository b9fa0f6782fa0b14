using DtuActors.Protocol.Transports;

namespace DtuActors.Simulator;

/// <summary>What a simulated DTU puts around its instrument's bytes.</summary>
public enum SimulatedEnvelope
{
    /// <summary>Nothing: the bytes pass as they are.</summary>
    None,

    /// <summary>Hongdian's DDP over TCP: uplinks as 0x09, downlinks out of 0x89, registration and heartbeat 0x01.</summary>
    Ddp,
}

/// <summary>One simulated DTU: where it dials, what it says, and how its link misbehaves. The defaults make one that behaves.</summary>
public sealed record SimulatedDtuOptions
{
    /// <summary>The centre's name or address.</summary>
    public string Host { get; init; } = "127.0.0.1";

    /// <summary>The centre's TCP port.</summary>
    public required int Port { get; init; }

    /// <summary>The id it goes by in status and, with an envelope, on the wire; DDP takes 1 to 11 characters of ASCII.</summary>
    public required string Id { get; init; }

    public SimulatedEnvelope Envelope { get; init; }

    /// <summary>Sent first on each link; empty: nothing; null: what the envelope registers with, without an envelope nothing.</summary>
    public ReadOnlyMemory<byte>? Registration { get; init; }

    /// <summary>Sent each <see cref="HeartbeatInterval"/>; null: what the envelope sends, without an envelope nothing.</summary>
    public ReadOnlyMemory<byte>? Heartbeat { get; init; }

    /// <summary>From one heartbeat to the next; null: no heartbeats.</summary>
    public TimeSpan? HeartbeatInterval { get; init; }

    /// <summary>Many DTUs send heartbeats only after the uplink was idle for the interval; false: strictly periodic.</summary>
    public bool HeartbeatOnlyWhenIdle { get; init; }

    /// <summary>DDP: whether each 0x89 is acknowledged with a 0x05.</summary>
    public bool AcknowledgeDownlinks { get; init; }

    public LinkOptions Link { get; init; } = new();

    /// <summary>It closes its own link after this time and dials again; null: never.</summary>
    public TimeSpan? Lifetime { get; init; }

    /// <summary>After this time it neither reads nor writes any more and does not close; null: never. (The system's TCP still acknowledges.)</summary>
    public TimeSpan? HalfOpenAfter { get; init; }

    /// <summary>The part of its links (0 to 1) that go half-open.</summary>
    public double HalfOpenProbability { get; init; } = 1;

    /// <summary>
    /// How long it stays half-open until it dials again, its old socket still unclosed (as after a power cut); null: until it is stopped.
    /// </summary>
    public TimeSpan? HalfOpenFor { get; init; }

    /// <summary>By which part (0 to 1) <see cref="Lifetime"/> and <see cref="HalfOpenAfter"/> vary at random, up and down.</summary>
    public double LifetimeJitter { get; init; }

    /// <summary>Whether its own closing is a reset (RST) instead of a FIN.</summary>
    public bool CloseWithReset { get; init; }

    /// <summary>How long dialling may take.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(10);

    public ReconnectOptions Reconnect { get; init; } = new();

    /// <summary>What the instrument sends unasked; null: nothing.</summary>
    public ReportOptions? Reports { get; init; }

    /// <summary>The seed of everything random about this DTU: the same seed misbehaves the same way.</summary>
    public int Seed { get; init; }

    /// <summary>Throws <see cref="ArgumentException"/> that names the value which is out of range and what would be right.</summary>
    public void Validate()
    {
        Check(!string.IsNullOrEmpty(Host), nameof(Host), Host, "a name or an address");
        Check(Port is > 0 and <= 65535, nameof(Port), Port, "1 to 65535");
        Check(!string.IsNullOrEmpty(Id), nameof(Id), Id, "an id");
        Check(Envelope != SimulatedEnvelope.Ddp || (Id.Length <= Ddp.IdLength && !Id.AsSpan().ContainsAnyExceptInRange(' ', '~')), nameof(Id), Id, "1 to 11 printable characters of ASCII, as DDP has it");
        Check(HeartbeatInterval is null || HeartbeatInterval > TimeSpan.Zero, nameof(HeartbeatInterval), HeartbeatInterval, "more than 0");
        Check(Lifetime is null || Lifetime > TimeSpan.Zero, nameof(Lifetime), Lifetime, "more than 0");
        Check(HalfOpenAfter is null || HalfOpenAfter >= TimeSpan.Zero, nameof(HalfOpenAfter), HalfOpenAfter, "0 or more");
        Check(HalfOpenFor is null || HalfOpenFor > TimeSpan.Zero, nameof(HalfOpenFor), HalfOpenFor, "more than 0");
        Check(HalfOpenProbability is >= 0 and <= 1, nameof(HalfOpenProbability), HalfOpenProbability, "0 to 1");
        Check(LifetimeJitter is >= 0 and <= 1, nameof(LifetimeJitter), LifetimeJitter, "0 to 1");
        Check(ConnectTimeout > TimeSpan.Zero, nameof(ConnectTimeout), ConnectTimeout, "more than 0");
        Check(Reports is null || Reports.Every > TimeSpan.Zero, nameof(ReportOptions.Every), Reports?.Every, "more than 0");
        Link.Validate();
        Reconnect.Validate();
    }

    internal static void Check(bool holds, string name, object? value, string expected)
    {
        if (!holds)
        {
            throw new ArgumentException($"{name} {value}: expected {expected}", name);
        }
    }
}

/// <summary>How the radio link and the serial line behind it treat bytes. Probabilities are parts of 1.</summary>
public sealed record LinkOptions
{
    /// <summary>From the instrument to the socket.</summary>
    public TimeSpan UplinkLatency { get; init; }

    /// <summary>From the socket to the instrument.</summary>
    public TimeSpan DownlinkLatency { get; init; }

    /// <summary>Up to so much is added to either latency at random, piece by piece; the order of bytes stays.</summary>
    public TimeSpan Jitter { get; init; }

    /// <summary>How likely a piece is cut at random places on its way up.</summary>
    public double CutProbability { get; init; }

    /// <summary>Into how many parts a piece is cut at most, from 2.</summary>
    public int CutParts { get; init; } = 4;

    /// <summary>The pause between two parts of a cut piece.</summary>
    public TimeSpan CutGap { get; init; } = TimeSpan.FromMilliseconds(20);

    /// <summary>How likely a piece waits on its way up, to be glued to what comes behind it.</summary>
    public double GlueProbability { get; init; }

    /// <summary>How long such a piece waits at most.</summary>
    public TimeSpan GlueWindow { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>How likely an answer is lost: the instrument stays silent.</summary>
    public double DropProbability { get; init; }

    /// <summary>How likely up to 16 random bytes stand in front of an answer, as noise on the line.</summary>
    public double GarbageProbability { get; init; }

    /// <summary>How likely a piece has one byte that is another, or is missing, on the serial line, either way.</summary>
    public double DamageProbability { get; init; }

    internal void Validate()
    {
        SimulatedDtuOptions.Check(DamageProbability is >= 0 and <= 1, nameof(DamageProbability), DamageProbability, "0 to 1");
        SimulatedDtuOptions.Check(UplinkLatency >= TimeSpan.Zero, nameof(UplinkLatency), UplinkLatency, "0 or more");
        SimulatedDtuOptions.Check(DownlinkLatency >= TimeSpan.Zero, nameof(DownlinkLatency), DownlinkLatency, "0 or more");
        SimulatedDtuOptions.Check(Jitter >= TimeSpan.Zero, nameof(Jitter), Jitter, "0 or more");
        SimulatedDtuOptions.Check(CutProbability is >= 0 and <= 1, nameof(CutProbability), CutProbability, "0 to 1");
        SimulatedDtuOptions.Check(CutParts >= 2, nameof(CutParts), CutParts, "2 or more");
        SimulatedDtuOptions.Check(CutGap >= TimeSpan.Zero, nameof(CutGap), CutGap, "0 or more");
        SimulatedDtuOptions.Check(GlueProbability is >= 0 and <= 1, nameof(GlueProbability), GlueProbability, "0 to 1");
        SimulatedDtuOptions.Check(GlueWindow >= TimeSpan.Zero, nameof(GlueWindow), GlueWindow, "0 or more");
        SimulatedDtuOptions.Check(DropProbability is >= 0 and <= 1, nameof(DropProbability), DropProbability, "0 to 1");
        SimulatedDtuOptions.Check(GarbageProbability is >= 0 and <= 1, nameof(GarbageProbability), GarbageProbability, "0 to 1");
    }
}

/// <summary>
/// When a DTU dials again: after <see cref="Delay"/>, doubling up to <see cref="Longest"/> while dialling fails or links end sooner than the delay before
/// them.
/// </summary>
public sealed record ReconnectOptions
{
    public TimeSpan Delay { get; init; } = TimeSpan.FromSeconds(1);

    public TimeSpan Longest { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>By which part (0 to 1) each delay varies at random, up and down; 0: all DTUs of a fleet come back at once, as many in the field do.</summary>
    public double Jitter { get; init; } = 0.2;

    internal void Validate()
    {
        SimulatedDtuOptions.Check(Delay >= TimeSpan.Zero, nameof(Delay), Delay, "0 or more");
        SimulatedDtuOptions.Check(Longest >= Delay, nameof(Longest), Longest, $"{nameof(Delay)} ({Delay}) or more");
        SimulatedDtuOptions.Check(Jitter is >= 0 and <= 1, nameof(Jitter), Jitter, "0 to 1");
    }
}

/// <summary>Uplinks that nobody asked for.</summary>
/// <param name="Every">From one to the next.</param>
/// <param name="Payload">Makes the instrument's bytes of the n-th report of this DTU, from 1, counted over all its links.</param>
public sealed record ReportOptions(TimeSpan Every, Func<long, ReadOnlyMemory<byte>> Payload);
