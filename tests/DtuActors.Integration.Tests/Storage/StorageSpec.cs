using DtuActors.Configuration;
using DtuActors.Storage;

namespace DtuActors.Integration.Tests.Storage;

/// <summary>Where a spec stores: each test has a database of its own, which is empty.</summary>
public interface IStore : IAsyncDisposable
{
    Task<StorageOptions> CreateAsync();
}

/// <summary>A file in a folder of its own.</summary>
public sealed class SqliteStore : IStore
{
    private readonly string _folder = System.IO.Directory.CreateTempSubdirectory("dtu-storage-").FullName;

    public Task<StorageOptions> CreateAsync() => Task.FromResult(new StorageOptions { Provider = StorageProvider.Sqlite, Path = Path.Combine(_folder, "data", "dtu.db") });

    public ValueTask DisposeAsync()
    {
        System.IO.Directory.Delete(_folder, recursive: true);
        return ValueTask.CompletedTask;
    }
}

/// <summary>A database of the one server, which goes with it.</summary>
public sealed class PostgresStore(PostgresServer server) : IStore
{
    public async Task<StorageOptions> CreateAsync() => new() { Provider = StorageProvider.PostgreSql, Connection = await server.CreateDatabaseAsync() };

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}

/// <summary>The same tests for each provider.</summary>
public abstract class StorageSpec(IStore store) : IAsyncLifetime
{
    protected Database Database { get; private set; } = null!;

    public async Task InitializeAsync() => Database = Database.Of(await store.CreateAsync())!;

    public async Task DisposeAsync() => await store.DisposeAsync();

    /// <summary>The first column of what there is.</summary>
    protected string[] Rows(string sql)
    {
        using var connection = Database.Open();
        using var command = connection.Command(sql);
        using var reader = command.ExecuteReader();
        var rows = new List<string>();
        while (reader.Read())
        {
            rows.Add(Convert.ToString(reader.GetValue(0), System.Globalization.CultureInfo.InvariantCulture)!);
        }

        return [.. rows];
    }
}
