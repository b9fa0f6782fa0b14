namespace DtuActors.Protocol.Framing;

/// <summary>Where a <see cref="Framer"/> puts what it cut. The spans are valid during the call only.</summary>
public interface IFrameSink
{
    /// <summary>A whole frame of the codec.</summary>
    void OnFrame(ReadOnlySpan<byte> frame);

    /// <summary>A heartbeat of the profile stood between frames.</summary>
    void OnHeartbeat(ReadOnlySpan<byte> heartbeat);

    /// <summary>Bytes that belong to no frame, with the reason (<see cref="DropReasons"/>).</summary>
    void OnDropped(ReadOnlySpan<byte> bytes, string reason);
}

/// <summary>
/// The incremental decoder of one stream: keeps what is not decided yet in a buffer of at most <c>max-frame</c> bytes and one read, asks the
/// <see cref="Codec"/> about its head, and resynchronises where bytes belong to no frame. Never throws, whatever comes in.
/// </summary>
public sealed class Framer
{
    /// <param name="codec">How the stream is cut.</param>
    /// <param name="maxFrame">The longest frame in bytes; a longer head is dropped as <see cref="DropReasons.Oversize"/>.</param>
    /// <param name="heartbeats">Byte strings that are heartbeats where they stand between frames.</param>
    public Framer(Codec codec, int maxFrame, IReadOnlyList<byte[]>? heartbeats = null)
    {
        Codec = codec;
        _ = maxFrame;
        _ = heartbeats;
    }

    /// <summary>The codec that cuts this stream.</summary>
    public Codec Codec { get; }

    /// <summary>Bytes that wait for their rest.</summary>
    public int Pending => 0;

    /// <summary>How long the line must be silent until <see cref="Silence"/> is due; null while nothing waits for silence.</summary>
    public TimeSpan? SilenceDue => null;

    /// <summary>Takes one received piece and hands every frame, heartbeat and dropped byte that is decided by it to <paramref name="sink"/>, in order.</summary>
    public void Feed<TSink>(ReadOnlySpan<byte> piece, ref TSink sink)
        where TSink : IFrameSink, allows ref struct => throw new NotSupportedException();

    /// <summary>The line was silent for <see cref="SilenceDue"/>: decides about everything that is pending.</summary>
    public void Silence<TSink>(ref TSink sink)
        where TSink : IFrameSink, allows ref struct => throw new NotSupportedException();

    /// <summary>Forgets what is pending (the stream begins anew) and says how many bytes that were.</summary>
    public int Reset() => 0;
}
