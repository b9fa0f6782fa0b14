using System.Runtime.InteropServices;
using Akka.Actor;
using Akka.IO;
using DtuActors.Directory;
using DtuActors.Listening;

namespace DtuActors.Endpoints;

/// <summary>
/// Owns the socket of a client of a listening endpoint: one read at a time and only on demand, one acknowledged write in flight, a close that ends.
/// States: open → closing.
/// </summary>
internal abstract class ClientSocketActor : ReceiveActor, IWithTimers
{
    /// <summary>A peer that does not read would keep a graceful close waiting for ever.</summary>
    private static readonly TimeSpan CloseTime = TimeSpan.FromMilliseconds(500);

    private readonly IActorRef _connection;

    protected ClientSocketActor(IActorRef connection)
    {
        _connection = connection;
        Receive<Tcp.Received>(OnReceived);
        Receive<Written>(_ => OnAcknowledged());
        Receive<Tcp.PeerClosed>(_ => OnFin());
        Receive<Fleet.TellAgain>(_ => OnEndpointRestarted());
        Receive<ClientTalk.Leave>(_ => Close());
        Receive<ShutDown.Drain>(_ => Close());
        Ends();
    }

    public ITimerScheduler Timers { get; set; } = null!;

    /// <summary>Whether a read is outstanding.</summary>
    protected bool IsReading { get; private set; }

    protected bool IsWriting { get; private set; }

    /// <summary>The peer sends no more.</summary>
    protected bool IsFinished { get; private set; }

    protected override void PreStart()
    {
        Context.Watch(_connection);

        // Kept open on the peer's FIN, so that what a client sent before it is carried before the client's end is.
        _connection.Tell(new Tcp.Register(Self, keepOpenOnPeerClosed: true));
    }

    protected abstract void OnBytes(ReadOnlySpan<byte> bytes);

    protected abstract void OnWritten();

    /// <summary>The endpoint knows nothing of this client any more.</summary>
    protected abstract void OnEndpointRestarted();

    /// <summary>The peer sends no more; what it sent is read.</summary>
    protected abstract void OnPeerFinished();

    protected void Read()
    {
        if (!IsReading && !IsFinished)
        {
            IsReading = true;
            _connection.Tell(Tcp.ResumeReading.Instance);
        }
    }

    /// <param name="bytes">Its own from here on.</param>
    /// <param name="mayBeAtOnce">Whether <see cref="OnWritten"/> may come before this returns, where the kernel takes all at once.</param>
    protected void Write(ReadOnlyMemory<byte> bytes, bool mayBeAtOnce = false)
    {
        IsWriting = true;
        var data = MemoryMarshal.TryGetArray(bytes, out var array) ? ByteString.FromBytes(array) : ByteString.FromBytes(bytes.ToArray());
        var written = new Written(mayBeAtOnce);
        _connection.Tell(Tcp.Write.Create(data, written));
        if (written.IsGiven)
        {
            OnAcknowledged();
        }
    }

    protected void Close()
    {
        Become(Closing);
        _connection.Tell(Tcp.Close.Instance);
        Timers.StartSingleTimer(TimeUp.Instance, TimeUp.Instance, CloseTime);
    }

    private void Closing()
    {
        Receive<TimeUp>(_ => Abort());
        Receive<Tcp.PeerClosed>(_ => { });
        Ends();
        ReceiveAny(_ => { });
    }

    private void Ends()
    {
        Receive<Tcp.ConnectionClosed>(_ => Context.Stop(Self));
        Receive<Terminated>(_ => Context.Stop(Self));

        // A write that failed leaves a hole in the stream.
        Receive<Tcp.CommandFailed>(_ => Abort());
    }

    private void OnReceived(Tcp.Received received)
    {
        IsReading = false;
        OnBytes(received.Data.ToArray());
    }

    private void OnAcknowledged()
    {
        IsWriting = false;
        OnWritten();
    }

    private void OnFin()
    {
        IsReading = false;
        IsFinished = true;
        OnPeerFinished();
    }

    private void Abort()
    {
        _connection.Tell(Tcp.Abort.Instance);
        Context.Stop(Self);
    }

    private sealed record TimeUp : INoSerializationVerificationNeeded
    {
        public static readonly TimeUp Instance = new();
    }

    /// <summary>A write's acknowledgement.</summary>
    private sealed class Written(bool mayBeAtOnce) : AckAtOnce(mayBeAtOnce), INoSerializationVerificationNeeded;
}
