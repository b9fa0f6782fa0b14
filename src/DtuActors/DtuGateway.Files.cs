using System.Collections.Immutable;
using Akka.Actor;
using DtuActors.Protocol;
using DtuActors.Protocol.Files;
using DtuActors.Transfers;

namespace DtuActors;

/// <summary>Files over the serial lines of DTUs and over COM ports. Transfers are the business of the node that was asked for them.</summary>
public sealed partial class DtuGateway
{
    /// <summary>Starts a transfer; null: <see cref="TransfersActor.MostAtOnce"/> are under way.</summary>
    public async Task<TransferStatus?> StartTransferAsync(TransferOrder order, CancellationToken ct) =>
        await (await TransfersAsync().ConfigureAwait(false)).Ask<object>(new Transferring.Start(order), AskLimit, ct).ConfigureAwait(false) as TransferStatus;

    /// <summary>This node's over a DTU's line, or over the COM port of an endpoint, newest first: those that run, and of those that ended the last 200 of all.</summary>
    public async Task<ImmutableArray<TransferStatus>> TransfersAsync(DtuId? dtu, string? port, CancellationToken ct) =>
        (await (await TransfersAsync().ConfigureAwait(false)).Ask<Transferring.Listed>(new Transferring.List(dtu, port), AskLimit, ct).ConfigureAwait(false)).Items;

    /// <summary>One of this node's; null: none is remembered.</summary>
    public async Task<TransferStatus?> FindTransferAsync(string id, CancellationToken ct) =>
        (await (await TransfersAsync().ConfigureAwait(false)).Ask<Transferring.Found>(new Transferring.Get(id), AskLimit, ct).ConfigureAwait(false)).Status;

    /// <summary>Asks one to end, and the instrument with it; as it stood before. Null: none is remembered.</summary>
    public async Task<TransferStatus?> CancelTransferAsync(string id, CancellationToken ct) =>
        (await (await TransfersAsync().ConfigureAwait(false)).Ask<Transferring.Found>(new Transferring.Cancel(id), AskLimit, ct).ConfigureAwait(false)).Status;

    /// <summary>A file that came by a transfer, by its place from 0; null: there is none, or it made room for newer ones.</summary>
    public async Task<IncomingFile?> ReceivedFileAsync(string id, int number, CancellationToken ct) =>
        (await (await TransfersAsync().ConfigureAwait(false)).Ask<Transferring.Content>(new Transferring.GetContent(id, number), AskLimit, ct).ConfigureAwait(false)).File;

    private async Task<IActorRef> TransfersAsync() => (await _parts.ConfigureAwait(false)).Transfers;
}
