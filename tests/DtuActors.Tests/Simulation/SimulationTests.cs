using System.Globalization;
using Akka.Actor;
using Akka.Configuration;
using Xunit.Abstractions;

namespace DtuActors.Tests.Simulation;

/// <summary>
/// The promises of the README, (a) to (f), in simulated runs: each seed is another order of what DTUs, network, time and the gateway's own actors do. <c>DTU_SEED=N</c> runs one of them
/// and tells what happens, <c>DTU_SEEDS=N</c> another number of them.
/// </summary>
public sealed class SimulationTests : IDisposable
{
    private const int Seeds = 10_000;
    private static int _systems;

    private readonly ITestOutputHelper _output;
    private readonly SeededTurns _turns;
    private readonly ActorSystem _system;
    private readonly IActorRef _stage;

    public SimulationTests(ITestOutputHelper output)
    {
        _output = output;
        var name = string.Create(CultureInfo.InvariantCulture, $"simulation-{Interlocked.Increment(ref _systems)}");
        _turns = SeededTurns.Named(name);
        _system = ActorSystem.Create("simulation", ConfigurationFactory.ParseString(SeededTurns.Hocon(name)));
        _stage = _system.ActorOf(Props.Create<Stage>());

        // Its guardian makes it, in its own time.
        using var isThere = new ManualResetEventSlim();
        _stage.Tell(new Stage.Make(Props.Empty, _ => isThere.Set()));
        while (!isThere.Wait(TimeSpan.FromMilliseconds(1)))
        {
            _turns.Run();
        }
    }

    /// <summary>What is planted, and the promise that it breaks.</summary>
    public static TheoryData<string, string> Plants => new()
    {
        { nameof(Plant.DoubledPiece), "(a)" }, { nameof(Plant.CrossedPiece), "(a)" }, { nameof(Plant.CrossedAnswer), "(a)" }, { nameof(Plant.NoAnswerEnds), "(b)" },
        { nameof(Plant.LostEnd), "(c)" }, { nameof(Plant.DoubledEnd), "(c)" }, { nameof(Plant.GenerousDirectory), "(d)" }, { nameof(Plant.NoTimeout), "(e)" }, { nameof(Plant.NoTimeout), "(f)" },
    };

    [Fact]
    public void Every_seed_keeps_every_promise()
    {
        var (first, count) = (1, Number("DTU_SEEDS") ?? Seeds);
        Action<string>? tell = null;
        if (Number("DTU_SEED") is { } only)
        {
            (first, count, tell) = (only, 1, _output.WriteLine);
        }

        long arrivals = 0;
        for (var seed = first; seed < first + count; seed++)
        {
            var history = new World(_system, _stage, _turns, seed, tell: tell).Run();
            Assert.True(history.Broken.Count == 0, $"DTU_SEED={seed}: {string.Join("; ", history.Broken.Take(5))}");
            arrivals += history.Arrivals;
        }

        _output.WriteLine($"{count} runs, {arrivals} frames and answers arrived");
        Assert.True(arrivals > 5 * count, $"{arrivals} arrivals in {count} runs prove nothing");
    }

    [Theory]
    [MemberData(nameof(Plants))]
    public void A_planted_fault_is_found(string plant, string promise)
    {
        var found = Enumerable.Range(1, 60).SelectMany(seed => new World(_system, _stage, _turns, seed, Enum.Parse<Plant>(plant)).Run().Broken);
        Assert.Contains(found, broken => broken.StartsWith(promise, StringComparison.Ordinal));
    }

    [Fact]
    public void A_seed_is_always_the_same_run()
    {
        Assert.Equal(Told(), Told());

        List<string> Told()
        {
            var told = new List<string>();
            new World(_system, _stage, _turns, 7, tell: what => told.Add(what[13..])).Run();
            return told;
        }
    }

    public void Dispose()
    {
        // Its actors end in turns too, and others on threads of their own wait for them.
        var ended = _system.Terminate();
        while (!ended.Wait(TimeSpan.FromMilliseconds(1)))
        {
            _turns.Run();
        }
    }

    private static int? Number(string variable) => int.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out var number) ? number : null;
}
