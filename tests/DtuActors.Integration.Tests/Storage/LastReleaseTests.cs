using DtuActors.Configuration;
using DtuActors.Host.Auditing;
using DtuActors.Registering;
using DtuActors.Storage;
using Microsoft.Data.Sqlite;

namespace DtuActors.Integration.Tests.Storage;

/// <summary>A database as the release wrote it that knew SQLite only, register and audit trail, each of version 1.</summary>
public sealed class LastReleaseTests : IDisposable
{
    private readonly string _folder = System.IO.Directory.CreateTempSubdirectory("dtu-storage-").FullName;

    private string File => Path.Combine(_folder, "dtu.db");

    [Fact]
    public void It_is_read_and_written_as_it_is()
    {
        using (var old = new SqliteConnection($"Data Source={File};Pooling=False"))
        {
            old.Open();
            using var make = old.CreateCommand();
            make.CommandText = """
                pragma journal_mode = wal;
                create table schema_versions (part text primary key, version integer not null) without rowid;
                insert into schema_versions (part, version) values ('register', 1), ('audit', 1);
                create table register_dtus (
                  id text primary key, name text not null, profile text not null, groups text not null, secret text not null, port integer not null,
                  aliases text not null, note text not null) without rowid;
                insert into register_dtus values ('13800138000', '泵站 7', '', 'pumps;north', '', 20001, '861234567890123', 'by the river');
                create table audit (
                  id integer primary key, at text not null, by text, role text not null, via text not null, remote text not null, action text not null, subject text, detail text,
                  outcome text not null);
                insert into audit values (1951234567890000, '2031-10-31T01:02:03.0000000Z', 'boss', 'admin', 'api', '10.0.0.7', 'import', null, '1 rows', '200');
                """;
            make.ExecuteNonQuery();
        }

        var before = Schema();
        var database = Database.Of(new StorageOptions { Provider = StorageProvider.Sqlite, Path = File })!;
        using (var register = RegisterStore.Open(database))
        using (var audit = AuditStore.Open(database))
        {
            var dtu = Assert.Single(register.Read());
            Assert.Equal(("13800138000", "泵站 7", "pumps;north", 20001, "861234567890123"), (dtu.Id.Value, dtu.Name, RegisterColumns.Join(dtu.Groups), dtu.Port, dtu.Aliases[0]));
            var entry = Assert.Single(audit.Read(10, null));
            Assert.Equal(("boss", "import", "1 rows", 1951234567890000), (entry.By, entry.Action, entry.Detail, audit.LastId));
            Assert.True(register.TryWrite([dtu with { Name = "new" }], register.Revision()));
            audit.Write([entry with { Id = audit.LastId + 1 }]);
            Assert.Equal(2, audit.Read(10, null).Count);
        }

        // The release before can have it back: of what is beside it, it knows nothing.
        Assert.Equal(before, Schema());
    }

    public void Dispose() => System.IO.Directory.Delete(_folder, recursive: true);

    private string Schema()
    {
        using var connection = new SqliteConnection($"Data Source={File};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "select group_concat(sql, ';') || (select group_concat(part || version) from schema_versions where part <> 'register-revision') from sqlite_master where name <> 'register_revision'";
        return (string)command.ExecuteScalar()!;
    }
}
