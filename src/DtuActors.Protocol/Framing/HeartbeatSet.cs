namespace DtuActors.Protocol.Framing;

/// <summary>What stands at the head of a stream, as far as heartbeats go.</summary>
internal enum HeartbeatStanding
{
    None,
    Whole,
    Beginning,
}

/// <summary>The profile's heartbeats, longest first.</summary>
internal sealed class HeartbeatSet(byte[][] longestFirst)
{
    private static readonly HeartbeatSet Empty = new([]);

    public int Longest { get; } = longestFirst.Length > 0 ? longestFirst[0].Length : 0;

    public static HeartbeatSet Of(IReadOnlyList<byte[]>? heartbeats)
    {
        if (heartbeats is not { Count: > 0 })
        {
            return Empty;
        }

        // By hand, for each session has its own: two that are equally long never stand at one place, unless they are the same.
        byte[][] longestFirst = [.. heartbeats];
        Array.Sort(longestFirst, static (one, other) => other.Length - one.Length);
        var kept = Array.FindIndex(longestFirst, static heartbeat => heartbeat.Length == 0);
        return kept switch
        {
            < 0 => new HeartbeatSet(longestFirst),
            0 => Empty,
            _ => new HeartbeatSet(longestFirst[..kept]),
        };
    }

    public bool Equals(ReadOnlySpan<byte> burst)
    {
        foreach (var heartbeat in longestFirst)
        {
            if (burst.SequenceEqual(heartbeat))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether a heartbeat stands at the head, the longest that can; one that is not whole yet counts until the line is silent.</summary>
    public HeartbeatStanding At(ReadOnlySpan<byte> head, bool silent, out int length)
    {
        length = 0;
        foreach (var heartbeat in longestFirst)
        {
            if (head.StartsWith(heartbeat))
            {
                length = heartbeat.Length;
                return HeartbeatStanding.Whole;
            }

            if (!silent && heartbeat.AsSpan().StartsWith(head))
            {
                return HeartbeatStanding.Beginning;
            }
        }

        return HeartbeatStanding.None;
    }

    /// <summary>The length of the longest heartbeat that <paramref name="burst"/> ends with, else 0.</summary>
    public int AtEnd(ReadOnlySpan<byte> burst)
    {
        foreach (var heartbeat in longestFirst)
        {
            if (burst.EndsWith(heartbeat))
            {
                return heartbeat.Length;
            }
        }

        return 0;
    }
}
