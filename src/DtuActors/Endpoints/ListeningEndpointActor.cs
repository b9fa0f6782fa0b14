using System.Net;
using Akka.Actor;
using Akka.Event;
using DtuActors.Configuration;
using DtuActors.Directory;
using DtuActors.Listening;
using DtuActors.Listening.Streams;

namespace DtuActors.Endpoints;

/// <summary>
/// The shell of an endpoint that listens: its child, the ListenerActor, owns the port, and an actor of its own each client. All of them outlive a failure
/// of the endpoint; clients join again then.
/// </summary>
public abstract class ListeningEndpointActor : EndpointActor
{
    private const string ListenerName = "listener";

    private readonly ListenerSetup _setup;
    private IActorRef _listener = ActorRefs.Nobody;
    private string? _address;
    private long _refusedByListener;

    protected ListeningEndpointActor(
        EndpointOptions options, EndpointSurroundings surroundings, EndpointBooks books, bool exclusive, IPEndPoint address, int maxClients)
        : base(options, surroundings, books, exclusive)
    {
        _setup = new ListenerSetup
        {
            Name = options.Name,
            KeyPath = options.KeyPath,
            Transport = options.Kind,
            Address = address,
            MaxConnections = maxClients,
            Handler = Handler(Self),
            Observer = Self,

            // A client whose machine is gone would hold an exclusive port for ever.
            Binder = new StreamBinder(new StreamSetup { SocketOptions = [new Keepalive(new KeepaliveOptions())], Doors = 1 }),
        };

        Receive<Terminated>(ended => Context.Stop(Self), ended => ended.ActorRef.Equals(_listener));
        Receive<Terminated>(ended => OnClientEnded(ended.ActorRef));
        Receive<Fleet.ListenerSeen>(OnListenerSeen);
        Receive<Binding.SocketBound>(Context.Parent.Tell);
        Receive<Binding.BindFailed>(Context.Parent.Tell);
    }

    protected override string? Where => _address;

    protected override long Refused => Books.Refused + _refusedByListener;

    protected override void PreStart()
    {
        base.PreStart();
        _listener = Context.Child(ListenerName);
        if (_listener.IsNobody())
        {
            _listener = Context.ActorOf(ListenerActor.Props(_setup), ListenerName);
        }
        else
        {
            _listener.Tell(Fleet.TellAgain.Instance);
        }

        Context.Watch(_listener);
    }

    // Akka restarts an actor's surviving children along with it, and a listener that is restarted resets every client. So what went wrong in one message
    // ends this life of the endpoint, not the actor: a new one begins in its place, and the clients join it.
    protected override bool AroundReceive(Receive receive, object message)
    {
        try
        {
            return base.AroundReceive(receive, message);
        }
        catch (Exception failure) // whatever it is: this is the supervisor's decision, taken here
        {
            Log.Error(failure, "{0} failed and begins anew; its clients stay", Options.KeyPath);
            Renew();
            return true;
        }
    }

    // A listener that stopped would reset every client (see ListenerActor).
    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(_ => Directive.Resume);

    /// <summary>Makes the actor of one client; <paramref name="self"/> is this endpoint. Called from the base constructor: it may use <see cref="EndpointActor.Options"/> only.</summary>
    protected abstract Func<IActorRef, Peer, Props> Handler(IActorRef self);

    /// <summary>A watched client is gone.</summary>
    protected abstract void OnClientEnded(IActorRef client);

    /// <summary>Closes clients, then the port; the endpoint stops when that is done.</summary>
    protected void CloseListener() => _listener.Tell(ShutDown.Drain.Instance);

    private void OnListenerSeen(Fleet.ListenerSeen seen)
    {
        _address = seen.Status.Address;
        _refusedByListener = seen.Status.Refused;
        CountersMoved();
        ChangeState(seen.Status.State, seen.Status.LastError);
    }
}
