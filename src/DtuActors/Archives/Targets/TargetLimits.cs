using System.Buffers;
using System.Net;
using System.Net.Sockets;
using DtuActors.Configuration;

namespace DtuActors.Archives.Targets;

/// <summary>What every step of a talk with a server is held to.</summary>
internal static class TargetLimits
{
    /// <summary>Bytes that are taken from a stream at a time.</summary>
    private const int Block = 64 * 1024;

    /// <summary>Runs a step; throws <see cref="TimeoutException"/> where it takes longer than the limit.</summary>
    public static async Task<T> WithinAsync<T>(TimeSpan limit, Func<CancellationToken, ValueTask<T>> step, CancellationToken cancellation)
    {
        using var until = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        until.CancelAfter(limit);
        try
        {
            return await step(until.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new TimeoutException(FormattableString.Invariant($"nothing within {limit.TotalSeconds} s"));
        }
    }

    /// <summary>
    /// Writes a stream from where it stands to its end, block by block: how many bytes they were. What the stream throws goes through as it is, for it is no fault of the target's.
    /// </summary>
    public static async Task<long> CopyAsync(Stream content, Func<ReadOnlyMemory<byte>, ValueTask> write, CancellationToken cancellation)
    {
        var block = ArrayPool<byte>.Shared.Rent(Block);
        try
        {
            long sum = 0;
            while (true)
            {
                var count = await content.ReadAsync(block.AsMemory(0, Block), cancellation).ConfigureAwait(false);
                if (count == 0)
                {
                    return sum;
                }

                await write(block.AsMemory(0, count)).ConfigureAwait(false);
                sum += count;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(block);
        }
    }

    /// <summary>Why nobody could be reached there.</summary>
    public static ArchiveTargetException NotReached(ServerTargetOptions server, Exception cause) => cause switch
    {
        SocketException { SocketErrorCode: SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain or SocketError.NoRecovery } =>
            new(ArchiveProblem.UnknownHost, $"{server.Host}: {TargetWords.Of(cause.Message)}", cause),
        _ => new(ArchiveProblem.Unreachable, $"{server.Host}:{server.Port}: {TargetWords.Of(cause.Message)}", cause),
    };

    /// <summary>A host's addresses, or the one that it is. Throws <see cref="SocketException"/> where nobody has that name.</summary>
    public static async ValueTask<IPAddress[]> FindAsync(string host, CancellationToken cancellation) =>
        IPAddress.TryParse(host, out var address) ? [address] : await Dns.GetHostAddressesAsync(host, cancellation).ConfigureAwait(false);
}
