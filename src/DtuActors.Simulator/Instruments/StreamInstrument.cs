namespace DtuActors.Simulator;

/// <summary>
/// Whatever is at the other end of a stream, such as a real instrument on a serial port, or a program on a pseudo-terminal: its bytes go up as they come, and those that
/// come down go to it.
/// </summary>
public sealed class StreamInstrument(Stream stream) : ISpeakingInstrument
{
    private readonly byte[] _buffer = new byte[512];

    public async ValueTask ReceiveAsync(ReadOnlyMemory<byte> bytes, IInstrumentLine line, CancellationToken cancellation)
    {
        await stream.WriteAsync(bytes, cancellation).ConfigureAwait(false);
        await stream.FlushAsync(cancellation).ConfigureAwait(false);
    }

    public async Task SpeakAsync(IInstrumentLine line, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(line);
        for (int count; (count = await stream.ReadAsync(_buffer, cancellation).ConfigureAwait(false)) > 0;)
        {
            await line.AnswerAsync(_buffer.AsMemory(0, count), cancellation).ConfigureAwait(false);
        }
    }
}
