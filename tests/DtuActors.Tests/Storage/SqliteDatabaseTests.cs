using DtuActors.Configuration;
using DtuActors.Storage;

namespace DtuActors.Tests.Storage;

/// <summary>What is refused stays, byte for byte.</summary>
public sealed class SqliteDatabaseTests : IDisposable
{
    private readonly string _folder = System.IO.Directory.CreateTempSubdirectory("dtu-storage-").FullName;

    private string File => Path.Combine(_folder, "dtu.db");

    private Database Database => Database.Of(new StorageOptions { Provider = StorageProvider.Sqlite, Path = File })!;

    [Fact]
    public void A_file_of_a_newer_release_stays_as_it_is_to_the_last_byte()
    {
        Prepare("create table meters (id integer)", "create table readings (id integer)");
        var before = System.IO.File.ReadAllBytes(File);
        Assert.Contains("newer release", Assert.Throws<StorageException>(() => Prepare("create table meters (id integer)")).Message, StringComparison.Ordinal);
        Assert.Equal(before, System.IO.File.ReadAllBytes(File));
        Assert.Equal(["dtu.db"], System.IO.Directory.EnumerateFileSystemEntries(_folder).Select(Path.GetFileName));
    }

    [Fact]
    public void A_file_that_is_no_database_is_refused_and_stays_as_it_is()
    {
        var before = Enumerable.Range(0, 5000).Select(i => (byte)i).ToArray();
        System.IO.File.WriteAllBytes(File, before);
        Assert.Equal("file is not a database", Assert.Throws<StorageException>(() => Prepare("create table meters (id integer)")).Message);
        Assert.Equal(before, System.IO.File.ReadAllBytes(File));
    }

    [Fact]
    public void History_has_a_file_of_its_own_beside_the_other()
    {
        var options = new StorageOptions { Provider = StorageProvider.Sqlite, Path = File };
        Assert.Equal((File, Path.Combine(_folder, "dtu-history.db")), (Database.Of(options)!.Place, Database.OfHistory(options)!.Place));
        var server = new StorageOptions { Provider = StorageProvider.PostgreSql, Connection = "Host=db;Port=5433;Database=dtu;Username=me;Password=s3cret" };
        Assert.Equal(("db:5433/dtu", "db:5433/dtu"), (Database.Of(server)!.Place, Database.OfHistory(server)!.Place));
        Assert.Null(Database.Of(new StorageOptions()));
        Assert.Null(Database.OfHistory(new StorageOptions()));
    }

    [Fact]
    public async Task Parts_that_begin_at_once_find_one_file()
    {
        string[] parts = ["register", "commands", "audit", "history"];
        for (var round = 0; round < 40; round++)
        {
            var file = Path.Combine(_folder, $"round-{round}", "dtu.db");
            using var start = new Barrier(parts.Length);
            await Task.WhenAll(parts.Select(part => Task.Factory.StartNew(
                () =>
                {
                    var database = Database.Of(new StorageOptions { Provider = StorageProvider.Sqlite, Path = file })!;
                    start.SignalAndWait();
                    using var connection = database.Open();
                    SchemaVersions.Prepare(database, connection, part, "its tables", [$"create table of_{part} (id integer)"]);
                },
                TaskCreationOptions.LongRunning)));
        }
    }

    [Fact]
    public void Who_waits_for_a_server_waits_five_seconds_unless_the_connection_says_otherwise()
    {
        Assert.Contains("Timeout=5", Connection("Host=db"), StringComparison.Ordinal);
        Assert.Contains("Timeout=15", Connection("Host=db;Timeout=15"), StringComparison.Ordinal);
    }

    [Fact]
    public void What_fails_is_told_by_its_part_until_it_works()
    {
        var health = new StorageHealth();
        health.Works("history");
        health.Failed("register", "disk full");
        health.Failed("audit", "gone");
        health.Failed("audit", "still gone");
        Assert.Equal(["audit: still gone", "register: disk full"], health.Problems.Select(part => $"{part.Key}: {part.Value}"));
        health.Works("audit");
        health.Works("audit");
        Assert.Equal(["register"], health.Problems.Keys);
    }

    public void Dispose() => System.IO.Directory.Delete(_folder, recursive: true);

    private static string Connection(string text) => Database.Of(new StorageOptions { Provider = StorageProvider.PostgreSql, Connection = text })!.ConnectionString;

    private void Prepare(params string[] steps)
    {
        using var connection = Database.Open();
        SchemaVersions.Prepare(Database, connection, "meters", "the meters", steps);
    }
}
