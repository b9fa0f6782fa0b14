namespace DtuActors.Simulator;

/// <summary>The serial line as an instrument sees it: what it writes goes up through the DTU.</summary>
public interface IInstrumentLine
{
    /// <summary>
    /// Writes one answer. The bytes are copied before the call returns; it waits while the DTU has too much to send already, and throws
    /// <see cref="OperationCanceledException"/> where the link ends meanwhile.
    /// </summary>
    ValueTask AnswerAsync(ReadOnlyMemory<byte> answer, CancellationToken cancellation);
}

/// <summary>
/// What hangs on a DTU's serial line. A DTU calls it with one piece at a time and waits for it, as a half-duplex line does; the instrument outlives the
/// links of its DTU, as real ones do.
/// </summary>
public interface IInstrument
{
    /// <summary>
    /// Takes the bytes of one received piece, which may be half a request or several of them. They are valid during the call only.
    /// </summary>
    ValueTask ReceiveAsync(ReadOnlyMemory<byte> bytes, IInstrumentLine line, CancellationToken cancellation);
}

/// <summary>An instrument that says more than answers.</summary>
public interface ISpeakingInstrument : IInstrument
{
    /// <summary>Speaks for as long as a link of its DTU stands. Where it returns by itself it has nothing more to say; where it throws, the link is over.</summary>
    Task SpeakAsync(IInstrumentLine line, CancellationToken cancellation);
}

/// <summary>Sends every piece back as it came.</summary>
public sealed class EchoInstrument : IInstrument
{
    public ValueTask ReceiveAsync(ReadOnlyMemory<byte> bytes, IInstrumentLine line, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(line);
        return line.AnswerAsync(bytes, cancellation);
    }
}

/// <summary>Takes everything and never answers: an instrument without power, or a line cut through.</summary>
public sealed class SilentInstrument : IInstrument
{
    private long _received;

    /// <summary>Bytes that came down the line so far.</summary>
    public long Received => Interlocked.Read(ref _received);

    public ValueTask ReceiveAsync(ReadOnlyMemory<byte> bytes, IInstrumentLine line, CancellationToken cancellation)
    {
        Interlocked.Add(ref _received, bytes.Length);
        return ValueTask.CompletedTask;
    }
}
