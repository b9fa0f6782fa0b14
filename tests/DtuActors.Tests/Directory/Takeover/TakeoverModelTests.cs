using System.Globalization;
using Akka.Actor;
using Akka.Configuration;
using DtuActors.Tests.Simulation;
using FsCheck;
using FsCheck.Fluent;
using Xunit.Abstractions;

namespace DtuActors.Tests.Directory.Takeover;

/// <summary>
/// A DTU's actor beside <see cref="TakeoverModel"/>: whatever its sessions say, in whatever order, and whoever dies, both say the same, and what ought to hold whoever is right holds.
/// <c>DTU_SEEDS=N</c> tries another number of orders, <c>DTU_REPLAY=SEED,GAMMA</c>, which a failure tells, one of them.
/// </summary>
public sealed class TakeoverModelTests : IDisposable
{
    private const int Orders = 800;
    private static int _systems;

    private readonly ITestOutputHelper _output;
    private readonly SeededTurns _turns;
    private readonly ActorSystem _system;
    private readonly IActorRef _stage;

    public TakeoverModelTests(ITestOutputHelper output)
    {
        _output = output;
        var name = string.Create(CultureInfo.InvariantCulture, $"takeover-{Interlocked.Increment(ref _systems)}");
        _turns = SeededTurns.Named(name);
        _system = ActorSystem.Create("takeover", ConfigurationFactory.ParseString(SeededTurns.Hocon(name)));
        _stage = _system.ActorOf(Props.Create<Stage>());
        using var isThere = new ManualResetEventSlim();
        _stage.Tell(new Stage.Make(Props.Empty, _ => isThere.Set()));
        while (!isThere.Wait(TimeSpan.FromMilliseconds(1)))
        {
            _turns.Run();
        }
    }

    public static TheoryData<TakeoverPlant, string> Plants => new()
    {
        { TakeoverPlant.AnyEndIsTheHolders, "the holder is not" }, { TakeoverPlant.EpochStands, "one epoch is granted to two" }, { TakeoverPlant.Generous, "one epoch is granted to two" },
        { TakeoverPlant.ToldTwice, "is told twice" }, { TakeoverPlant.NobodyCounts, "ought to hear 'conflict" }, { TakeoverPlant.NobodyWaits, "ought to hear 'conflict" },
        { TakeoverPlant.NobodyWatches, "the holder is not" },
    };

    [Fact]
    public void Whatever_is_said_in_whatever_order_one_session_holds_the_DTU_and_it_is_the_one_that_the_model_says()
    {
        var seen = new SortedDictionary<string, int>(StringComparer.Ordinal);
        Check.One(Configured(Number("DTU_SEEDS") ?? Orders), Keeps(TakeoverPlant.None, seen));
        _output.WriteLine(string.Join("; ", seen.Select(static word => $"{word.Key}: {word.Value}")));
        if (Environment.GetEnvironmentVariable("DTU_REPLAY") is null && Number("DTU_SEEDS") is null)
        {
            Assert.All(
                ["conflict", "granted", "no conflict", "prove it", "refused", "superseded", "waits"],
                word => Assert.True(seen.GetValueOrDefault(word) >= 4, $"{word} came in {seen.GetValueOrDefault(word)} orders, which proves nothing"));
        }
    }

    [Theory]
    [MemberData(nameof(Plants))]
    public void A_planted_fault_is_found(TakeoverPlant plant, string broken)
    {
        var failure = Assert.ThrowsAny<Exception>(() => Check.One(Configured(300), Keeps(plant, null)));
        _output.WriteLine(failure.Message);
        Assert.Contains(broken, failure.Message, StringComparison.Ordinal);
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

    private Property Keeps(TakeoverPlant plant, SortedDictionary<string, int>? seen) => Prop.ForAll<Step[], bool, bool>((steps, holdFirst, comesLate) =>
    {
        var run = new TakeoverRun(_system, _stage, _turns, holdFirst, comesLate, plant);
        var broken = run.Run(steps);
        foreach (var word in seen is null ? [] : run.Seen)
        {
            seen![word] = seen.GetValueOrDefault(word) + 1;
        }

        return (broken is null).Label(broken ?? "");
    });

    private static FsCheck.Config Configured(int orders)
    {
        var config = FsCheck.Config.QuickThrowOnFailure.WithMaxTest(orders).WithStartSize(10).WithEndSize(60).WithQuietOnSuccess(true);
        if (Environment.GetEnvironmentVariable("DTU_REPLAY")?.Trim('(', ')').Split(',') is not [var seed, var gamma])
        {
            return config;
        }

        var rnd = new Rnd(ulong.Parse(seed, CultureInfo.InvariantCulture), ulong.Parse(gamma, CultureInfo.InvariantCulture));
        return config.WithReplay(new Replay(rnd, null)).WithMaxTest(1);
    }

    private static int? Number(string variable) => int.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out var number) ? number : null;
}
