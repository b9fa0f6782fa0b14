using System.Net;
using System.Net.Sockets;
using System.Text;
using Akka.Actor;
using Akka.IO;
using Akka.TestKit;
using DtuActors.Directory;
using DtuActors.Listening;
using ListenerSeen = DtuActors.Directory.Fleet.ListenerSeen;

namespace DtuActors.Tests.Listening.Transports;

/// <summary>A listener on a real socket, and clients. <see cref="Forwarder"/> plays the session: it registers, and hands what it hears to the test.</summary>
public abstract class TransportHarness : ActorSpec, IDisposable
{
    protected static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>What does not come by then is taken not to come.</summary>
    protected static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(150);
    private readonly List<IDisposable> _clients = [];

    protected TransportHarness()
        : base("akka.actor.serialize-messages = off")
    {
        Above = CreateTestProbe("above");
        Fleet = CreateTestProbe("fleet");
        Inbox = CreateTestProbe("inbox");
        Session = CreateTestProbe("session");
    }

    protected TestProbe Above { get; }

    protected TestProbe Fleet { get; }

    protected TestProbe Inbox { get; }

    protected TestProbe Session { get; }

    protected abstract string Transport { get; }

    protected abstract Binder Binder { get; }

    protected virtual EndPoint Address => new IPEndPoint(IPAddress.Loopback, 0);

    protected virtual Task<Stream> OpenAsync(Socket socket) => Task.FromResult<Stream>(new NetworkStream(socket));

    /// <summary>Stands for the listener of a gateway.</summary>
    protected string Listen(bool keepOpen = false, Func<ListenerSetup, ListenerSetup>? change = null)
    {
        var session = Session.Ref;
        var setup = new ListenerSetup
        {
            Name = "main",
            KeyPath = "dtu.listeners.main",
            Transport = Transport,
            Address = Address,
            MaxConnections = 1000,
            Observer = Fleet,
            Inbox = Inbox,
            Binder = Binder,
            Handler = (socket, peer) => Props.Create<Forwarder>(socket, peer, session, keepOpen),
        };
        _ = Above.ChildActorOf(ListenerActor.Props(change?.Invoke(setup) ?? setup));
        return Above.FishForMessage<Binding.SocketBound>(_ => true, Patience).Address;
    }

    protected async Task<(Client Client, Started Session)> ConnectAsync(bool keepOpen = false)
    {
        var client = await DialAsync(Listen(keepOpen));
        var session = Session.ExpectMsg<Started>(Patience);
        Watch(session.Socket);
        return (client, session);
    }

    protected async Task<Client> DialAsync(string address)
    {
        var client = new Client(await SocketAsync(address), null!);
        _clients.Add(client.Socket);
        return client with { Stream = await OpenAsync(client.Socket).WaitAsync(Patience) };
    }

    protected static async Task<Socket> SocketAsync(string address, string? from = null)
    {
        var isIp = IPEndPoint.TryParse(address, out var ip);
        var socket = isIp
            ? new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true }
            : new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        if (from is not null)
        {
            socket.Bind(new IPEndPoint(IPAddress.Parse(from), 0));
        }

        await socket.ConnectAsync(isIp ? ip! : new UnixDomainSocketEndPoint(address)).WaitAsync(Patience);
        return socket;
    }

    protected static void Write(Started session, string text, Tcp.Event? ack = null) => session.Socket.Tell(
        ack is null ? Tcp.Write.Create(ByteString.FromString(text)) : Tcp.Write.Create(ByteString.FromString(text), ack), session.Self);

    /// <summary>So many bytes, in as many reads as they take; with <paramref name="resume"/> the first is asked for, too.</summary>
    protected Task<string> ReceivedAsync(int count, Started session, bool resume = false)
    {
        var text = "";
        for (var ask = resume; text.Length < count; ask = true)
        {
            if (ask)
            {
                session.Socket.Tell(Tcp.ResumeReading.Instance, session.Self);
            }

            text += Session.ExpectMsg<Tcp.Received>(Patience).Data.ToString(Encoding.ASCII);
        }

        return Task.FromResult(text);
    }

    /// <summary>Writes until the peer, which does not read, takes no more: a write of 64 kB is under way.</summary>
    protected void Fill(Started session)
    {
        for (var i = 0; i < 1000; i++)
        {
            session.Socket.Tell(Tcp.Write.Create(ByteString.FromBytes(new byte[64 * 1024]), new Ack(i)), session.Self);
            if (Session.ReceiveOne(TimeSpan.FromMilliseconds(300)) is null)
            {
                return;
            }
        }
    }

    protected void ExpectEnd(Started session) => FishForMessage<Terminated>(ended => ended.ActorRef.Equals(session.Socket), Patience);

    /// <summary>Waits for the listener's last error, which is shown once a second.</summary>
    protected void ErrorBecomes(Predicate<string?> right) => AwaitAssert(() =>
    {
        Advance(TimeSpan.FromSeconds(2));
        var seen = Fleet.ReceiveWhile<ListenerSeen>(TimeSpan.FromSeconds(1), TimeSpan.FromMilliseconds(50), message => (message as ListenerSeen)!);
        Assert.NotEmpty(seen);
        Assert.True(right(seen[^1].Status.LastError), seen[^1].Status.LastError);
    }, Patience, TimeSpan.FromMilliseconds(20));

    void IDisposable.Dispose()
    {
        foreach (var client in _clients)
        {
            client.Dispose();
        }

        GC.SuppressFinalize(this);
        Shutdown();
    }

    protected sealed record Started(IActorRef Self, IActorRef Socket, Peer Peer) : INoSerializationVerificationNeeded;

    protected sealed class Ack(int number) : Tcp.Event
    {
        public int Number => number;
    }

    protected sealed record Client(Socket Socket, Stream Stream)
    {
        public async Task SendAsync(string text) => await Stream.WriteAsync(Encoding.ASCII.GetBytes(text)).AsTask().WaitAsync(Patience);

        public async Task<string> ReadAsync(int count)
        {
            var buffer = new byte[count];
            await Stream.ReadExactlyAsync(buffer).AsTask().WaitAsync(Patience);
            return Encoding.ASCII.GetString(buffer);
        }

        public async Task<string> ReadToEndAsync()
        {
            using var all = new MemoryStream();
            await Stream.CopyToAsync(all).WaitAsync(Patience);
            return Encoding.ASCII.GetString(all.ToArray());
        }

        /// <summary>Whether the connection ends in a reset; false: in a FIN.</summary>
        public async Task<bool> IsResetAsync()
        {
            try
            {
                await ReadToEndAsync();
                return false;
            }
            catch (IOException reset) when (reset.InnerException is SocketException { SocketErrorCode: SocketError.ConnectionReset })
            {
                return true;
            }
        }

        public void Finish() => Socket.Shutdown(SocketShutdown.Send);

        public void Reset()
        {
            Socket.LingerState = new LingerOption(true, 0);
            Socket.Close();
        }

        public void Urgent(char letter) => Assert.Equal(1, Socket.Send([(byte)letter], SocketFlags.OutOfBand));
    }

    protected sealed class Forwarder : ReceiveActor
    {
        public Forwarder(IActorRef socket, Peer peer, IActorRef test, bool keepOpen)
        {
            socket.Tell(new Tcp.Register(Self, keepOpen));
            test.Tell(new Started(Self, socket, peer));
            ReceiveAny(test.Forward);
        }
    }
}
