using Akka.Dispatch;

namespace DtuActors.Dispatching;

/// <summary>
/// The turns of actors that wait for one thread: those that something which runs on it has told something. They are taken in order, until none is left: a frame's whole way. What
/// would make others wait long goes to the pool instead.
/// </summary>
internal sealed class ThreadTurns
{
    // A frame for a hundred observers is work for all cores; a frame's way through the gateway is not.
    private const int MostStaying = 16;

    [ThreadStatic]
    private static ThreadTurns? _ofThread;

    private readonly Queue<IRunnable> _waiting = new(MostStaying);

    public bool IsEmpty => _waiting.Count == 0;

    /// <summary>From here on, for ever: this thread's turns stay on it, and it takes them itself.</summary>
    public static ThreadTurns OfThisThread() => _ofThread = new ThreadTurns();

    /// <summary>It runs here, or on the pool, soon.</summary>
    public static void Take(IRunnable run)
    {
        if (_ofThread is { } turns && turns._waiting.Count < MostStaying)
        {
            turns._waiting.Enqueue(run);
        }
        else
        {
            ThreadPool.UnsafeQueueUserWorkItem(new OnPool(run), preferLocal: true);
        }
    }

    /// <summary>Takes those that wait, and those that they bring, but no more than <paramref name="most"/>.</summary>
    public void Run(int most)
    {
        while (most-- > 0 && _waiting.TryDequeue(out var next))
        {
            next.Run();
        }
    }

    /// <summary>One that came from somewhere else, and what it brings.</summary>
    private sealed class OnPool(IRunnable first) : IThreadPoolWorkItem
    {
        // Then others of the pool's have their turn.
        private const int MostInOneGo = 64;

        [ThreadStatic]
        private static ThreadTurns? _ofPoolThread;

        public void Execute()
        {
            var turns = _ofThread = _ofPoolThread ??= new ThreadTurns();
            try
            {
                first.Run();
                turns.Run(MostInOneGo);
            }
            finally
            {
                _ofThread = null;
                while (turns._waiting.TryDequeue(out var left))
                {
                    ThreadPool.UnsafeQueueUserWorkItem(new OnPool(left), preferLocal: true);
                }
            }
        }
    }
}
