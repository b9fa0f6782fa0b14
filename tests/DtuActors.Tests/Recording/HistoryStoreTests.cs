using DtuActors.Configuration;
using DtuActors.Storage;

namespace DtuActors.Tests.Recording;

public sealed class HistoryStoreTests : HistoryStoreSpec
{
    private readonly string _folder = System.IO.Directory.CreateTempSubdirectory("dtu-history-").FullName;

    private protected override Database Database => Database.OfHistory(new() { Provider = StorageProvider.Sqlite, Path = Path.Combine(_folder, "data", "dtu.db") })!;

    [Fact]
    public void It_is_a_file_of_its_own() => Assert.Equal("dtu-history.db", Path.GetFileName(Database.Place));

    protected override void Clean() => System.IO.Directory.Delete(_folder, recursive: true);
}
