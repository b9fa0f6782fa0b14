using System.Collections.Immutable;

namespace DtuActors.Routing;

/// <summary>
/// The books of one destination: every accepted frame is written, dropped under a reason, or waiting, at any time. Kept by one actor; it may outlive
/// a restart of that actor, so that totals do.
/// </summary>
public sealed class TrafficLedger
{
    private ImmutableSortedDictionary<string, long> _dropped = ImmutableSortedDictionary<string, long>.Empty;
    private long _accepted;
    private long _written;
    private long _acceptedBytes;
    private long _writtenBytes;
    private long _droppedFrames;
    private long _droppedBytes;

    public long Waiting => _accepted - _written - _droppedFrames;

    public long WaitingBytes => _acceptedBytes - _writtenBytes - _droppedBytes;

    /// <summary>A frame arrived.</summary>
    public void Accept(int bytes)
    {
        _accepted++;
        _acceptedBytes += bytes;
    }

    /// <summary>An accepted frame was written; its way through the gateway took <paramref name="since"/> until <paramref name="now"/>.</summary>
    public void Write(int bytes, DateTimeOffset since, DateTimeOffset now)
    {
        _written++;
        _writtenBytes += bytes;

        // The wall clock may jump; a negative time says nothing about the relay.
        GatewayMetrics.RelaySeconds.Record(Math.Max(0, (now - since).TotalSeconds));
    }

    /// <summary>An accepted frame ends here, under a reason of a closed set.</summary>
    public void Drop(int bytes, string reason) => Drop(1, bytes, reason);

    /// <summary>Frames that were not even looked at: how many bytes they had, nobody knows.</summary>
    public void Refuse(int frames, string reason)
    {
        _accepted += frames;
        Drop(frames, 0, reason);
    }

    /// <summary>Everything that waits ends here: the resource or the actor that held it is gone.</summary>
    public void DropWaiting(string reason)
    {
        if (Waiting > 0)
        {
            Drop(Waiting, WaitingBytes, reason);
        }
    }

    public TrafficCounters Snapshot() => _accepted == 0 ? TrafficCounters.None : new()
    {
        Accepted = _accepted,
        Written = _written,
        Waiting = Waiting,
        AcceptedBytes = _acceptedBytes,
        WrittenBytes = _writtenBytes,
        WaitingBytes = WaitingBytes,
        Dropped = _dropped,
    };

    private void Drop(long frames, long bytes, string reason)
    {
        _droppedFrames += frames;
        _droppedBytes += bytes;
        _dropped = _dropped.SetItem(reason, _dropped.GetValueOrDefault(reason) + frames);
        GatewayMetrics.FramesDropped.Add(frames, new KeyValuePair<string, object?>("reason", reason));
    }
}

/// <summary>Why an accepted frame was not written; beside <see cref="Protocol.DropReasons"/>, the closed set of metric labels.</summary>
public static class RelayDrops
{
    /// <summary>No session of the DTU.</summary>
    public const string DtuOffline = "dtu-offline";

    /// <summary>No route leads from this endpoint to any DTU.</summary>
    public const string NoRoute = "no-route";

    /// <summary>Its Modbus address stands for no slave (<c>select = unit-map</c>).</summary>
    public const string NoUnit = "no-unit";

    /// <summary>The session it was meant for is superseded, and the new one could not be found.</summary>
    public const string StaleSession = "stale-session";

    /// <summary>The DTU said it while its session was closing, or it waited when the session ended.</summary>
    public const string SessionEnded = "session-ended";

    /// <summary>The destination's buffer is full.</summary>
    public const string BufferFull = "buffer-full";

    /// <summary>It waited longer than the buffer's age.</summary>
    public const string TooOld = "too-old";

    /// <summary>The destination went away with it, written in part or not at all.</summary>
    public const string DestinationLost = "destination-lost";

    /// <summary>The actor that held it was restarted.</summary>
    public const string Restarted = "restarted";

    /// <summary>Nobody reads at the other side (no client, no program on the pty).</summary>
    public const string NoReader = "no-reader";

    /// <summary>The destination did not take anything for longer than 30 s.</summary>
    public const string DestinationSlow = "destination-slow";

    /// <summary>Another client holds the right to write.</summary>
    public const string NotTheWriter = "not-the-writer";

    /// <summary>The client of an RFC 2217 port had its buffers emptied while it waited there.</summary>
    public const string Purged = "purged";

    /// <summary>A request's answer that came after its time-out.</summary>
    public const string LateAnswer = "late-answer";

    /// <summary>Another centre's answer to a station that the gateway answered itself (<c>application.answer-by</c>), or to what was replayed of a DTU.</summary>
    public const string AnsweredHere = "answered-here";

    /// <summary>A datagram of another device with the same id, while the DTU is in conflict and its address is held.</summary>
    public const string Conflict = "conflict";

    /// <summary>A datagram from an address that nobody registered from.</summary>
    public const string Unregistered = "unregistered";

    /// <summary>A datagram without the PROXY header that its listener's balancer writes.</summary>
    public const string ProxyHeader = "proxy-header";

    /// <summary>A datagram that the system would not send: no way leads to its address.</summary>
    public const string Unreachable = "unreachable";

    /// <summary>A unit of the DTU's own (a reply to a setting), or of its second port: in the monitor, for no endpoint. Also what an endpoint can't replay.</summary>
    public const string NotCarried = "not-carried";

    /// <summary>The bus queue is full.</summary>
    public const string QueueFull = "queue-full";

    /// <summary>The bus did not become free in time.</summary>
    public const string BusBusy = "bus-busy";

    /// <summary>The slave it is for keeps timing out and is not asked for a while.</summary>
    public const string SlaveSuspended = "slave-suspended";

    /// <summary>A downlink that a broker had stored (retained), or should store: never written.</summary>
    public const string Retained = "retained";

    /// <summary>The broker did not take the message; its reason is the endpoint's last error.</summary>
    public const string Rejected = "rejected";

    /// <summary>A command that was taken back while it waited.</summary>
    public const string Withdrawn = "withdrawn";

    /// <summary>The time to live of a command was over before the bus was free.</summary>
    public const string Expired = "expired";

    /// <summary>A read that shared the transaction of another that read the same: not written, and answered or not as that one was.</summary>
    public const string Coalesced = "coalesced";
}
