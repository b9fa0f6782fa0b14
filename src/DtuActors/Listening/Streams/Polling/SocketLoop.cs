using Akka.Actor;
using DtuActors.Dispatching;

namespace DtuActors.Listening.Streams.Polling;

/// <summary>
/// Threads that wait for many sockets at once and, when one is ready, have its connection read it there and then; what that brings (a frame's way to where it leaves) is done on the same
/// thread before the next one is looked at. A thread for each core, in crews that share what they wait for, for as long as the process lives; Linux only.
/// </summary>
/// <remarks>
/// A crew's sockets are anybody's of it: while one thread is at work, or the system has another use for its core, the next one takes what becomes ready. Each change is told once, to one
/// of them (EPOLLET).
/// </remarks>
internal sealed class SocketLoop
{
    // Few, so that others of the crew find something to do; the wait costs less than what one of them brings.
    private const int MostEvents = 4;
    private const int MostTurns = 256;
    private const int MostOfCrew = 4;
    private static readonly Lazy<SocketLoop[]> All = new(Begin);
    private static int _next;

    private readonly int _poll = LinuxSockets.CreatePoll();
    private readonly Lock _changing = new();
    private readonly Stack<int> _free = new();
    private Slot[] _slots = new Slot[64];
    private int _used;

    private SocketLoop(int number, int threads)
    {
        for (var i = 0; i < threads; i++)
        {
            new Thread(Run) { IsBackground = true, Name = $"sockets {number}.{i}" }.Start();
        }
    }

    /// <summary>The next one in turn; null: this system has none, and .NET's own sockets do it.</summary>
    public static SocketLoop? Next() => All.Value is { Length: > 0 } loops ? loops[(uint)Interlocked.Increment(ref _next) % loops.Length] : null;

    /// <summary>From now on the connection is told <see cref="SocketReady"/> of each change of its socket, of what is there already too; until it leaves its place.</summary>
    /// <exception cref="System.Net.Sockets.SocketException">The system can't watch it.</exception>
    public long Enter(int socket, IActorRef connection)
    {
        var place = Take(connection);
        try
        {
            LinuxSockets.Add(_poll, socket, place);
            return place;
        }
        catch
        {
            Leave(place);
            throw;
        }
    }

    /// <summary>Nobody is told anything under that place any more. The socket is closed behind it, and so forgotten.</summary>
    public void Leave(long place)
    {
        lock (_changing)
        {
            ref var slot = ref _slots[(int)place];
            slot.Connection = null;
            slot.Life++;
            _free.Push((int)place);
        }
    }

    private static SocketLoop[] Begin()
    {
        var crews = OperatingSystem.IsLinux() ? (Environment.ProcessorCount + MostOfCrew - 1) / MostOfCrew : 0;
        return [.. Enumerable.Range(0, crews).Select(number => new SocketLoop(number, Math.Min(MostOfCrew, Environment.ProcessorCount - (number * MostOfCrew))))];
    }

    private long Take(IActorRef connection)
    {
        lock (_changing)
        {
            if (!_free.TryPop(out var at))
            {
                at = _used++;
                if (at == _slots.Length)
                {
                    Array.Resize(ref _slots, _slots.Length * 2);
                }
            }

            ref var slot = ref _slots[at];
            slot.Connection = connection;
            return ((long)slot.Life << 32) | (uint)at;
        }
    }

    private void Run()
    {
        var turns = ThreadTurns.OfThisThread();
        var events = new byte[MostEvents * LinuxSockets.EventBytes];
        var ready = new SocketReady();
        while (true)
        {
            var count = LinuxSockets.Wait(_poll, events, turns.IsEmpty ? -1 : 0);
            for (var i = 0; i < count; i++)
            {
                var what = LinuxSockets.EventAt(events, i, out var place);
                if (At(place) is { } connection)
                {
                    ready.What = what;
                    connection.Tell(ready, ActorRefs.NoSender);
                    turns.Run(MostTurns);
                }
            }

            turns.Run(MostTurns);
        }
    }

    // What was told of it may be older than its leaving, and its place another's.
    private IActorRef? At(long place)
    {
        lock (_changing)
        {
            ref var slot = ref _slots[(int)place];
            return slot.Life == (int)(place >> 32) ? slot.Connection : null;
        }
    }

    private struct Slot
    {
        public IActorRef? Connection;
        public int Life;
    }
}

/// <summary>Loop → connection, at once and on the loop's thread: what its socket can do now. The thread's only one, good for this turn.</summary>
internal sealed class SocketReady : INoSerializationVerificationNeeded
{
    public uint What { get; set; }

    public bool CanRead => (What & LinuxSockets.Readable) != 0 || IsEnding;

    public bool CanWrite => (What & (LinuxSockets.Writable | LinuxSockets.Failed)) != 0;

    /// <summary>The peer sends no more, or the socket has failed: a read says which.</summary>
    public bool IsEnding => (What & (LinuxSockets.PeerFinished | LinuxSockets.Failed)) != 0;
}
