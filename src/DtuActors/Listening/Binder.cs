using System.Net;
using Akka.Actor;
using Akka.IO;
using DtuActors.Listening.Streams;

namespace DtuActors.Listening;

/// <summary>
/// What carries a listener's connections. The bind handler, in whose context it binds, hears <see cref="Tcp.Bound"/> from whoever owns the socket then, or
/// <see cref="Tcp.CommandFailed"/>, and <see cref="Tcp.Connected"/> from each connection.
/// </summary>
public abstract record Binder
{
    /// <param name="context">The bind handler's.</param>
    /// <param name="address">What to bind.</param>
    /// <param name="registerTimeout">A connection to which nobody registered by then is reset.</param>
    internal abstract void Bind(IUntypedActorContext context, EndPoint address, TimeSpan registerTimeout);

    /// <summary>Why a connection that came just now can't stay, in words, or null. Only what accepts without asking has to be asked.</summary>
    internal virtual string? Objection() => null;
}

/// <summary>Akka.IO's own TCP.</summary>
public sealed record AkkaIoBinder : Binder
{
    /// <summary>The read buffer that Akka.IO holds for each connection's life, in bytes.</summary>
    public int ReadBuffer { get; init; } = 4096;

    /// <summary>Set on each accepted socket.</summary>
    public IEnumerable<Inet.SocketOption> SocketOptions { get; init; } = [];

    /// <summary>Of which accepted sockets leave some free; but Akka.IO may have accepted dozens more before the first of them is refused.</summary>
    internal Descriptors Descriptors { get; init; } = Descriptors.OfProcess;

    internal override string? Objection() => Descriptors.Shortage();

    internal override void Bind(IUntypedActorContext context, EndPoint address, TimeSpan registerTimeout) => context.System.Tcp().Tell(
        new Tcp.Bind(context.Self, address, StreamListener.Backlog, SocketOptions, pullMode: true)
        {
            TcpSettings = TcpSettings.Create(context.System) with { MaxFrameSizeBytes = ReadBuffer, RegisterTimeout = registerTimeout },
        },
        context.Self);
}

/// <summary>The stream transport of this project: TCP, TLS, Unix sockets.</summary>
internal sealed record StreamBinder(StreamSetup Setup) : Binder
{
    internal override void Bind(IUntypedActorContext context, EndPoint address, TimeSpan registerTimeout) => context
        .ActorOf(StreamListener.Props(Setup with { RegisterTimeout = registerTimeout }, context.Self))
        .Tell(new Tcp.Bind(context.Self, address, pullMode: true), context.Self);
}
