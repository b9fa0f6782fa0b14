using DtuActors.Storage;
using DtuActors.Tests.Recording;

namespace DtuActors.Integration.Tests.Storage;

[Collection(OnPostgres.Name)]
public sealed class HistoryStoreInPostgresTests(PostgresServer server) : HistoryStoreSpec, IAsyncLifetime
{
    private Database? _database;

    private protected override Database Database => _database!;

    public async Task InitializeAsync() => _database = Database.OfHistory(await new PostgresStore(server).CreateAsync());

    public Task DisposeAsync() => Task.CompletedTask;
}
