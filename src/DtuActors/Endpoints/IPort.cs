namespace DtuActors.Endpoints;

/// <summary>What became of a write to a port.</summary>
public enum PortWrite
{
    /// <summary>The kernel has all bytes.</summary>
    Written,

    /// <summary>No program has the other side open: nothing was written.</summary>
    NoReader,

    /// <summary>The port did not take everything in time; some of it may be out.</summary>
    TimedOut,
}

/// <summary>
/// An open port. Any call may throw <see cref="IOException"/> once the device is gone. Writing and reading are called from different threads, each by one
/// at a time; <see cref="IDisposable.Dispose"/> by any, and it ends what is pending.
/// </summary>
public interface IPort : IDisposable
{
    /// <summary>Whether bytes that are not read wait at the other side, so that not reading slows the sender; else they would be lost.</summary>
    bool CanPause { get; }

    /// <summary>The most bytes for one write, so that a write to a slow line ends in about a second. A single longer frame is written all the same.</summary>
    int MostPerWrite { get; }

    /// <summary>Writes all bytes, blocking for a bounded time; <paramref name="stop"/> ends it early.</summary>
    PortWrite Write(ReadOnlyMemory<byte> bytes, CancellationToken stop);

    /// <summary>Waits for bytes, however long; 0 where the device is gone.</summary>
    ValueTask<int> ReadAsync(Memory<byte> buffer);

    /// <summary>In words why this is not the device any more that was opened, or null; asked each second.</summary>
    string? Lost();
}

/// <summary>Opens a port, again and again.</summary>
public interface IPortOpener
{
    /// <summary>The device or link, for status and messages.</summary>
    string Where { get; }

    /// <summary>Opens it, blocking; throws <see cref="IOException"/> with a message for the user where that is not possible now.</summary>
    IPort Open();
}
