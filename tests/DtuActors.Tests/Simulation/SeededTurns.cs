using System.Collections.Concurrent;
using Akka.Actor;
using Akka.Configuration;
using Akka.Dispatch;

namespace DtuActors.Tests.Simulation;

/// <summary>
/// The turns of all actors of a simulated gateway: whose is next is drawn from a seed, one message a turn, all on the thread that runs them. What a real dispatcher may do, it does, and
/// does again with the same seed.
/// </summary>
internal sealed class SeededTurns
{
    private static readonly ConcurrentDictionary<string, SeededTurns> ByName = new();
    private readonly Lock _changing = new();
    private readonly List<IRunnable> _waiting = [];
    private Random _chance = new(0);

    /// <summary>That of an actor system whose configuration has <see cref="Hocon"/> with that name.</summary>
    public static SeededTurns Named(string name) => ByName.GetOrAdd(name, static _ => new SeededTurns());

    public static string Hocon(string name) => $$"""
        akka {
          loglevel = OFF
          stdout-loglevel = OFF
          loggers = []
          loggers-dispatcher = akka.actor.internal-dispatcher
          scheduler.implementation = "Akka.TestKit.TestScheduler, Akka.TestKit"
          actor.default-dispatcher {
            type = Dispatcher
            executor = "DtuActors.Tests.Simulation.SeededExecutorConfigurator, DtuActors.Tests"
            throughput = 1
            turns = "{{name}}"
          }
        }
        """;

    /// <summary>A run begins: what was left by the one before is done, and draws are this seed's.</summary>
    public void Begin(int seed)
    {
        Run();
        _chance = new Random(seed);
    }

    public void Add(IRunnable turn)
    {
        lock (_changing)
        {
            _waiting.Add(turn);
        }
    }

    /// <summary>Runs turns, and those that they bring, until none is left or so many have been.</summary>
    public void Run(int most = int.MaxValue)
    {
        while (most-- > 0 && Draw() is { } next)
        {
            next.Run();
        }
    }

    private IRunnable? Draw()
    {
        lock (_changing)
        {
            if (_waiting.Count == 0)
            {
                return null;
            }

            var at = _waiting.Count == 1 ? 0 : _chance.Next(_waiting.Count);
            var drawn = _waiting[at];
            _waiting.RemoveAt(at);
            return drawn;
        }
    }
}

/// <summary>Named in <see cref="SeededTurns.Hocon"/>; Akka makes it.</summary>
public sealed class SeededExecutorConfigurator(Config config, IDispatcherPrerequisites prerequisites) : ExecutorServiceConfigurator(config, prerequisites)
{
    private readonly string _name = config.GetString("turns");

    public override ExecutorService Produce(string id) => new SeededExecutor(id, SeededTurns.Named(_name));

    private sealed class SeededExecutor(string id, SeededTurns turns) : ExecutorService(id)
    {
        public override void Execute(IRunnable run) => turns.Add(run);

        public override void Shutdown()
        {
        }
    }
}
