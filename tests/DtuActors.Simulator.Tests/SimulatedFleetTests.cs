namespace DtuActors.Simulator.Tests;

public sealed class SimulatedFleetTests : IDisposable
{
    private readonly Centre _centre = new();
    private readonly CancellationTokenSource _stop = new();

    public void Dispose()
    {
        _stop.Dispose();
        _centre.Dispose();
    }

    [Fact]
    public async Task Every_DTU_of_a_fleet_registers_under_its_own_number()
    {
        const int count = 200;
        await using var fleet = new SimulatedFleet(new SimulatedFleetOptions { Port = _centre.Port, Count = count, IdPrefix = "w-", ConnectsPerSecond = 10_000 });
        var run = fleet.RunAsync(_stop.Token);
        var ids = new HashSet<string>();
        var links = new List<Link>();
        for (var i = 0; i < count; i++)
        {
            links.Add(await _centre.AcceptAsync());
            ids.Add(await links[^1].ReadTextAsync(6));
        }

        Assert.Equal(Enumerable.Range(1, count).Select(n => $"w-{n:0000}").ToHashSet(), ids);
        await fleet.WaitUntilConnectedAsync().WaitAsync(Centre.Limit);
        foreach (var dtu in fleet.Dtus)
        {
            await dtu.WaitForAsync(s => s.BytesUp == 6).WaitAsync(Centre.Limit);
        }

        Assert.Equal((count, count, 6L * count), (fleet.Status.Started, fleet.Status.Online, fleet.Status.BytesUp));

        await _stop.CancelAsync();
        await run.WaitAsync(Centre.Limit);
        Assert.Equal((0, 0), (fleet.Status.Online, fleet.Status.Dialling));
        Assert.All(links, l => Assert.True(l.IsClosed));
        links.ForEach(l => l.Dispose());
    }

    [Fact]
    public async Task A_fleet_that_is_stopped_while_it_still_starts_ends()
    {
        await using var fleet = new SimulatedFleet(new SimulatedFleetOptions { Port = _centre.Port, Count = 1000, ConnectsPerSecond = 0.001 });
        var run = fleet.RunAsync(_stop.Token);
        using var link = await _centre.AcceptAsync();
        await _stop.CancelAsync();
        await run.WaitAsync(Centre.Limit);
        Assert.Equal(1, fleet.Status.Started);
    }

    [Fact]
    public async Task A_disposed_fleet_ends_its_run()
    {
        var fleet = new SimulatedFleet(new SimulatedFleetOptions { Port = _centre.Port, Count = 3 });
        var run = fleet.RunAsync(_stop.Token);
        using var link = await _centre.AcceptAsync();
        await fleet.DisposeAsync().AsTask().WaitAsync(Centre.Limit);
        await run.WaitAsync(Centre.Limit);
        Assert.Equal(0, fleet.Status.Online);
    }

    [Fact]
    public void The_hongdian_preset_numbers_its_DTUs_like_telephones()
    {
        var fleet = new SimulatedFleet(new SimulatedFleetOptions { Port = _centre.Port, Count = 2, FirstNumber = 41, Preset = SimulatorPreset.Hongdian });
        Assert.Equal(["13900000041", "13900000042"], fleet.Dtus.Select(d => d.Options.Id));
    }

    [Fact]
    public void A_prefix_that_leaves_no_room_for_the_numbers_is_refused_by_name()
    {
        var options = new SimulatedFleetOptions { Port = _centre.Port, Count = 1000, Preset = SimulatorPreset.Hongdian, IdPrefix = "1390000000" };
        Assert.Contains("'1390000000'", Assert.Throws<ArgumentException>(() => new SimulatedFleet(options)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("usr")]
    [InlineData("hongdian")]
    [InlineData("none")]
    public void A_preset_is_found_by_its_name(string name) => Assert.Equal(name, SimulatorPreset.Find(name)?.Name);

    [Fact]
    public void The_same_seed_gives_each_DTU_the_same_seed_and_its_neighbour_another()
    {
        var once = Seeds(5);
        Assert.Equal(once, Seeds(5));
        Assert.NotEqual(once, Seeds(6));
        Assert.Equal(once.Count, once.Distinct().Count());
    }

    private List<int> Seeds(int seed) =>
        [.. new SimulatedFleet(new SimulatedFleetOptions { Port = _centre.Port, Count = 100, Seed = seed }).Dtus.Select(d => d.Options.Seed)];
}
