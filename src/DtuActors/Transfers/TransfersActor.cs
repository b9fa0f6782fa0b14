using System.Collections.Immutable;
using Akka.Actor;
using DtuActors.Protocol;
using DtuActors.Protocol.Files;

namespace DtuActors.Transfers;

/// <summary>The TransfersActor's conversation.</summary>
public static class Transferring
{
    /// <summary>One <see cref="TransferStatus"/>, or <see cref="Refused"/>.</summary>
    public sealed record Start(TransferOrder Order) : INoSerializationVerificationNeeded;

    /// <summary>Too many are under way.</summary>
    public sealed record Refused : INoSerializationVerificationNeeded
    {
        public static readonly Refused Instance = new();
    }

    /// <summary>One <see cref="Listed"/>: those over that line, newest first.</summary>
    public sealed record List(DtuId? Dtu, string? Port) : INoSerializationVerificationNeeded;

    public sealed record Listed(ImmutableArray<TransferStatus> Items) : INoSerializationVerificationNeeded;

    /// <summary>One <see cref="Found"/>.</summary>
    public sealed record Get(string Id) : INoSerializationVerificationNeeded;

    public sealed record Found(TransferStatus? Status) : INoSerializationVerificationNeeded;

    /// <summary>One <see cref="Content"/>: a file that came, by its place.</summary>
    public sealed record GetContent(string Id, int Number) : INoSerializationVerificationNeeded;

    public sealed record Content(IncomingFile? File) : INoSerializationVerificationNeeded;

    /// <summary>One <see cref="Found"/>, as it stood when it was asked to end; it ends soon.</summary>
    public sealed record Cancel(string Id) : INoSerializationVerificationNeeded;

    /// <summary>TransferActor → TransfersActor: it is so far; <paramref name="Received"/> at its end.</summary>
    public sealed record Stands(TransferStatus Status, IReadOnlyList<IncomingFile> Received) : INoSerializationVerificationNeeded;
}

/// <summary>Starts the file transfers of this node, and knows how they stand and stood. Its book outlives its restarts, not the process.</summary>
public sealed class TransfersActor : ReceiveActor
{
    /// <summary>Each has a file in memory.</summary>
    public const int MostAtOnce = 16;

    private readonly TransferBook _book;
    private readonly IActorRef _router;

    public TransfersActor(TransferBook book, IActorRef router)
    {
        _book = book;
        _router = router;
        Receive<Transferring.Start>(OnStart);
        Receive<Transferring.List>(list => Sender.Tell(new Transferring.Listed(_book.Of(list.Dtu, list.Port))));
        Receive<Transferring.Get>(get => Sender.Tell(new Transferring.Found(_book.Find(get.Id))));
        Receive<Transferring.GetContent>(get => Sender.Tell(new Transferring.Content(_book.Content(get.Id, get.Number))));
        Receive<Transferring.Cancel>(OnCancel);
        Receive<Transferring.Stands>(OnStands);
        Receive<Terminated>(OnTerminated);
    }

    public static Props Props(IActorRef router) => Akka.Actor.Props.Create<TransfersActor>(new TransferBook(), router);

    // Those of a life before: a restart ends the children.
    protected override void PreStart() => _book.EndAll("the part of the gateway that moves files failed; the log says why", Context.System.Scheduler.Now);

    // A throw ends the transfer, and its line is free.
    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(_ => Directive.Stop);

    private void OnStart(Transferring.Start start)
    {
        if (_book.Running >= MostAtOnce)
        {
            Sender.Tell(Transferring.Refused.Instance);
            return;
        }

        var status = TransferActor.StatusOf(start.Order, Context.System.Scheduler.Now);
        _book.Put(status);
        Context.Watch(Context.ActorOf(TransferActor.Props(start.Order, status, _router), start.Order.Id));
        Sender.Tell(status);
    }

    private void OnCancel(Transferring.Cancel cancel)
    {
        if (!Context.Child(cancel.Id).IsNobody())
        {
            Context.Child(cancel.Id).Tell(cancel);
        }

        Sender.Tell(new Transferring.Found(_book.Find(cancel.Id)));
    }

    private void OnStands(Transferring.Stands stands)
    {
        _book.Put(stands.Status);
        if (stands.Received.Count > 0)
        {
            _book.Keep(stands.Status.Id, stands.Received);
        }
    }

    private void OnTerminated(Terminated terminated)
    {
        if (_book.Find(terminated.ActorRef.Path.Name) is { } status && !TransferStates.IsEnd(status.State))
        {
            _book.Put(status with { State = TransferStates.Failed, Problem = "it failed; the log says why", EndedAt = Context.System.Scheduler.Now });
        }
    }
}
