using DtuActors.Protocol;
using DtuActors.Recording;
using DtuActors.Storage;
using DtuActors.Tests.Recording;

namespace DtuActors.Integration.Tests.Storage;

[Collection(OnPostgres.Name)]
public sealed class HistoryStoreInPostgresTests(PostgresServer server) : HistoryStoreSpec, IAsyncLifetime
{
    private static readonly DtuId Dtu = DtuId.Parse("a");

    private Database? _database;

    private protected override Database Database => _database!;

    public async Task InitializeAsync() => _database = Database.OfHistory(await new PostgresStore(server).CreateAsync());

    [SkippableFact]
    public async Task Nodes_that_share_a_database_have_histories_of_their_own()
    {
        var storage = await new PostgresStore(server).CreateAsync();
        Database[] databases = [.. new[] { "north", "North.2", new string('n', 64), new string('n', 63) + "m" }.Select(node => Database.OfHistory(storage, node)!)];
        for (var i = 0; i < databases.Length; i++)
        {
            using var history = HistoryStore.Open(databases[i], storage);
            history.Write([.. Enumerable.Range(0, i + 1).Select(_ => new HistoryEntry(Dtu, new FramePassed(DateTimeOffset.UnixEpoch, Dtu, FrameDirection.Up, "a"u8.ToArray(), "raw", "dtu"), null))]);
            Assert.Equal(i + 1, history.LastSequence);
        }

        for (var i = 0; i < databases.Length; i++)
        {
            using var again = HistoryStore.Open(databases[i], storage);
            Assert.Equal(i + 1, again.LastSequence);
        }
    }

    public Task DisposeAsync() => Task.CompletedTask;
}
