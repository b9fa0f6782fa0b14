using System.Collections.Immutable;
using Akka.Actor;
using DtuActors.Protocol;
using DtuActors.Storage;

namespace DtuActors.Archives;

/// <summary>The gateway's history, of all nodes: an answer that a node's part is missing in is none, for a file that is carried is believed to be whole.</summary>
internal sealed class GatewayHistory(DtuGateway gateway) : IArchiveSource
{
    private const int Page = 1000;

    public Task<(ImmutableArray<DtuId> Ids, string? Next)> DtusAsync(string? after, CancellationToken cancellation) => WholeAsync(async missing =>
    {
        var page = await gateway.ListDtusAsync(new DtuFilter(), Page, after, cancellation, missing).ConfigureAwait(false);
        return (page.Items.Select(dtu => dtu.Id).ToImmutableArray(), page.Next);
    });

    public Task<FramePage> FramesAsync(DtuId dtu, DateTimeOffset from, DateTimeOffset until, string? after, CancellationToken cancellation) =>
        WholeAsync(missing => gateway.FramesAsync(dtu, from, until, Page, after, cancellation, missing));

    private static async Task<T> WholeAsync<T>(Func<MissingNodes, Task<T>> ask)
    {
        var missing = new MissingNodes();
        try
        {
            var answer = await ask(missing).ConfigureAwait(false);
            return missing.NamesOrNull is not { } names ? answer
                : throw new ArchiveException(ArchiveProblems.StorageFailed, $"{(names.Count == 1 ? "node" : "nodes")} {string.Join(", ", names)} did not answer, and what {(names.Count == 1 ? "it" : "they")} stored would be missing");
        }
        catch (StorageException failure)
        {
            throw new ArchiveException(ArchiveProblems.StorageFailed, failure.Message, failure);
        }
        catch (AskTimeoutException failure)
        {
            throw new ArchiveException(ArchiveProblems.StorageFailed, "the history did not answer in time", failure);
        }
    }
}
