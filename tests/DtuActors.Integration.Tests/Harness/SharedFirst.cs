using Xunit.Abstractions;

[assembly: TestCollectionOrderer("DtuActors.Integration.Tests.Harness.SharedFirst", "DtuActors.Integration.Tests")]

namespace DtuActors.Integration.Tests.Harness;

/// <summary>Tests that share a browser, a database or the machine's room for a cluster run one after the other, for minutes: they begin first, so that nothing waits for them in the end.</summary>
public sealed class SharedFirst : ITestCollectionOrderer
{
    public IEnumerable<ITestCollection> OrderTestCollections(IEnumerable<ITestCollection> testCollections) =>
        testCollections.OrderBy(collection => collection.CollectionDefinition is null);
}
