using Akka.Actor;
using Akka.IO;

namespace DtuActors.Benchmarks.Systems;

/// <summary>What a relay on Akka.IO costs when it is nothing else: one actor for a client and the socket that is dialled for it.</summary>
internal static class AkkaRelay
{
    public static async Task RunAsync(int farPort)
    {
        using var system = ActorSystem.Create("relay", "akka.loglevel = WARNING");
        system.ActorOf(Props.Create(() => new Listener(farPort)));
        await system.WhenTerminated;
    }

    private sealed class Listener : ReceiveActor
    {
        public Listener(int farPort)
        {
            Context.System.Tcp().Tell(new Tcp.Bind(Self, Loopback.At(0), Loopback.Backlog));
            Receive<Tcp.Bound>(bound =>
            {
                Console.WriteLine($"listening main tcp {bound.LocalAddress}");
                Console.WriteLine("ready");
            });
            Receive<Tcp.Connected>(_ =>
            {
                var near = Sender;
                Context.ActorOf(Props.Create(() => new Pair(near, farPort)));
            });
        }
    }

    private sealed class Pair : ReceiveActor, IWithUnboundedStash
    {
        public Pair(IActorRef near, int farPort)
        {
            near.Tell(new Tcp.Register(Self));
            Context.System.Tcp().Tell(new Tcp.Connect(Loopback.At(farPort)));
            Receive<Tcp.Connected>(_ =>
            {
                var far = Sender;
                far.Tell(new Tcp.Register(Self));
                Become(() =>
                {
                    Receive<Tcp.Received>(received => (Sender.Equals(near) ? far : near).Tell(Tcp.Write.Create(received.Data)));
                    Receive<Tcp.ConnectionClosed>(_ => Context.Stop(Self));
                });
                Stash.UnstashAll();
            });
            Receive<Tcp.ConnectionClosed>(_ => Context.Stop(Self));
            ReceiveAny(_ => Stash.Stash());
        }

        public IStash Stash { get; set; } = null!;
    }
}
