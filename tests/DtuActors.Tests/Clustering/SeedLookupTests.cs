using DtuActors.Clustering;
using DtuActors.Configuration;

namespace DtuActors.Tests.Clustering;

public sealed class SeedLookupTests
{
    private static readonly SeedNode Nine = new("10.0.0.9", 4053);
    private static readonly SeedNode Ten = new("10.0.0.10", 4053);
    private static readonly SeedNode Other = new("10.0.0.10", 4054);

    [Fact]
    public void The_lowest_address_is_first_on_every_node()
    {
        Assert.Equal([Nine, Ten, Other], SeedLookup.InOrder([Other, Ten, Nine, Ten], Ten, 3, []).ToArray());
        Assert.Equal([Nine, Ten, Other], SeedLookup.InOrder([Nine, Other, Ten], Nine, 3, []).ToArray());
    }

    [Fact]
    public void A_node_that_sees_too_few_asks_others_and_begins_nothing()
    {
        Assert.Equal([Ten], SeedLookup.InOrder([Nine, Ten], Nine, 3, []).ToArray());
        Assert.Empty(SeedLookup.InOrder([Nine], Nine, 3, []));
        Assert.Equal([Nine], SeedLookup.InOrder([Nine], Nine, 1, []).ToArray());
    }

    [Fact]
    public void Written_ones_come_before_found_ones() =>
        Assert.Equal([Other, Nine, Ten], SeedLookup.InOrder([Nine, Ten], Ten, 3, [Other]).ToArray());
}
