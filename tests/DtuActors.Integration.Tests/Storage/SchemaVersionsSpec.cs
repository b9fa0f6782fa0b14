using DtuActors.Commanding;
using DtuActors.Storage;

namespace DtuActors.Integration.Tests.Storage;

public abstract class SchemaVersionsSpec(IStore store) : StorageSpec(store)
{
    private const string First = "create table meters (id integer primary key)";
    private const string Second = "alter table meters add column name text; update meters set name = 'of version 1'";
    private const string Third = "create table readings (meter integer, value text)";

    [SkippableFact]
    public void An_older_version_is_upgraded_step_by_step_and_keeps_its_rows()
    {
        Prepare(First);
        Rows("insert into meters (id) values (7)");
        Prepare(First, Second, Third);
        Assert.Equal(["of version 1"], Rows("select name from meters where id = 7"));
        Assert.Empty(Rows("select value from readings"));
        Assert.Equal("3", Version());

        // Each step once: another start finds nothing to do.
        Prepare(First, Second, Third);
        Assert.Equal("3", Version());
    }

    [SkippableFact]
    public void A_step_that_fails_leaves_the_older_version_as_it_was()
    {
        Prepare(First);
        Rows("insert into meters (id) values (7)");
        Assert.Throws<StorageException>(() => Prepare(First, Second, Third + "; insert into nowhere values (1)"));
        Assert.Equal("1", Version());
        Assert.Throws<StorageException>(() => _ = Database.Run(() => Rows("select name from meters")));
        Assert.Throws<StorageException>(() => _ = Database.Run(() => Rows("select value from readings")));
        Assert.Equal(["7"], Rows("select id from meters"));
        Prepare(First, Second);
        Assert.Equal("2", Version());
    }

    [SkippableFact]
    public void A_newer_version_is_refused_with_a_clear_word_and_stays_as_it_is()
    {
        Prepare(First, Second, Third);
        var refused = Assert.Throws<StorageException>(() => Prepare(First, Second));
        Assert.Equal("the meters in it was written by a newer release of this program (version 3; this one reads up to 2)", refused.Message);
        Assert.Equal("3", Version());
    }

    [SkippableFact]
    public void Parts_have_versions_of_their_own()
    {
        Prepare(First, Second);
        CommandJournal.Open(Database);
        CommandJournal.Open(Database);
        Assert.Equal(["commands 1", "meters 2"], Rows("select part || ' ' || version from schema_versions order by part"));
    }

    [SkippableFact]
    public void A_journal_of_a_newer_release_is_refused()
    {
        CommandJournal.Open(Database);
        Rows("update schema_versions set version = 2 where part = 'commands'");
        Assert.Contains("the journal of commands in it was written by a newer release", Assert.Throws<StorageException>(() => CommandJournal.Open(Database)).Message, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Several_that_start_at_once_make_its_tables_once()
    {
        await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => Task.Factory.StartNew(
            () => Prepare(First, Second, Third), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)));
        Assert.Equal("3", Version());
    }

    private string Version() => Assert.Single(Rows("select version from schema_versions where part = 'meters'"));

    private void Prepare(params string[] steps)
    {
        using var connection = Database.Open();
        SchemaVersions.Prepare(Database, connection, "meters", "the meters", steps);
    }
}

public sealed class SqliteSchemaVersionsTests() : SchemaVersionsSpec(new SqliteStore());

[Collection(OnPostgres.Name)]
public sealed class PostgresSchemaVersionsTests(PostgresServer server) : SchemaVersionsSpec(new PostgresStore(server));
