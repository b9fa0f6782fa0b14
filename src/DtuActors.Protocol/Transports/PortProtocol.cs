namespace DtuActors.Protocol.Transports;

/// <summary>Buffers that a client may have emptied, seen from the server; the numbers are RFC 2217's.</summary>
[Flags]
public enum PortBuffers
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>What came from the line and waits for the client.</summary>
    Received = 1,

    /// <summary>What came from the client and waits for the line.</summary>
    ToTransmit = 2,
}

/// <summary>What a client of a port says and wants, in its order.</summary>
public interface IPortSink
{
    /// <summary>Bytes for the line.</summary>
    void OnData(ReadOnlySpan<byte> data);

    /// <summary>
    /// Set this of the line (0 and what no line has: only ask), then <see cref="PortProtocol.Tell"/> what is in force. <see cref="LineSettings.With"/> knows which is which.
    /// </summary>
    void OnLine(LineField field, uint value);

    /// <summary>Empty these buffers, then <see cref="PortProtocol.TellPurged"/>.</summary>
    void OnPurge(PortBuffers buffers);

    /// <summary>Send nothing more, or go on.</summary>
    void OnSuspend(bool isSuspended);

    /// <summary>A unit that the protocol keeps to itself: an answer to what was said before, or a command.</summary>
    void OnKept(ReadOnlySpan<byte> unit, bool isReply);

    /// <summary>Bytes that belong to no unit of the protocol, with the reason (<see cref="DropReasons"/>).</summary>
    void OnDropped(ReadOnlySpan<byte> bytes, string reason);
}

/// <summary>
/// What stands between the bytes of one client's socket and those of the line; pure, one object a client. This one is <c>raw</c>: they are the same.
/// </summary>
public class PortProtocol
{
    /// <summary>Bytes that <see cref="TakeAnswers"/> would give.</summary>
    public virtual int Answers => 0;

    /// <summary>How long the line must be silent until <see cref="Silence"/> is due; null while no unit of the protocol waits for its rest.</summary>
    public virtual TimeSpan? SilenceDue => null;

    /// <summary>What the protocol itself wants said to the client, in order with what <see cref="Encode"/> gives.</summary>
    public virtual ReadOnlyMemory<byte> TakeAnswers() => default;

    /// <summary>Reads what came from the client's socket.</summary>
    public virtual void Feed<T>(ReadOnlySpan<byte> bytes, ref T sink)
        where T : IPortSink => sink.OnData(bytes);

    /// <summary>The socket was silent for <see cref="SilenceDue"/>: decides about what waits.</summary>
    public virtual void Silence<T>(ref T sink)
        where T : IPortSink
    {
    }

    /// <summary>Bytes of the line as the client's socket carries them.</summary>
    public virtual ReadOnlyMemory<byte> Encode(ReadOnlyMemory<byte> data) => data;

    /// <summary>The answer to <see cref="IPortSink.OnLine"/>: what is in force now.</summary>
    public virtual void Tell(LineField field, LineSettings line)
    {
    }

    /// <summary>The answer to <see cref="IPortSink.OnPurge"/>: these are empty.</summary>
    public virtual void TellPurged(PortBuffers buffers)
    {
    }
}
