using DtuActors.Host.Auditing;
using DtuActors.Storage;

namespace DtuActors.Integration.Tests.Storage;

public abstract class AuditStoreSpec(IStore store) : StorageSpec(store)
{
    private static readonly DateTimeOffset At = new(2031, 5, 6, 7, 8, 9, 123, TimeSpan.Zero);

    [SkippableFact]
    public void Entries_are_read_page_by_page_newest_first_by_who_opens_it_next()
    {
        RegisterIsThere();
        var entries = Entries("boss", 5);
        using (var audit = AuditStore.Open(Database))
        {
            Assert.Equal(0, audit.LastId);
            audit.Write(entries);
        }

        using var again = AuditStore.Open(Database);
        Assert.Equal(5, again.LastId);
        Assert.Equal([entries[4], entries[3]], again.Read(2, null));
        Assert.Equal([entries[2], entries[1], entries[0]], again.Read(10, 4));
    }

    [SkippableFact]
    public void Nodes_that_give_the_same_ids_lose_no_entry()
    {
        RegisterIsThere();
        using var one = AuditStore.Open(Database);
        using var other = AuditStore.Open(Database);
        one.Write(Entries("one", 3));
        other.Write(Entries("other", 5));
        one.Write([.. Entries("one", 5).Skip(3)]);
        var read = one.Read(100, null);
        Assert.Equal(10, read.Select(entry => entry.Id).Distinct().Count());
        Assert.Equal(
            Entries("one", 5).Concat(Entries("other", 5)).Select(entry => entry.Action).Order(StringComparer.Ordinal), read.Select(entry => entry.Action).Order(StringComparer.Ordinal));
    }

    [SkippableFact]
    public async Task Nodes_that_write_at_the_same_time_lose_no_entry()
    {
        RegisterIsThere();
        await Task.WhenAll(Enumerable.Range(0, 4).Select(node => Task.Factory.StartNew(
            () =>
            {
                using var audit = AuditStore.Open(Database);
                foreach (var some in Entries($"node-{node}", 100).Chunk(10))
                {
                    audit.Write(some);
                }
            },
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default)));
        Assert.Equal(["400"], Rows("select count(distinct action) from audit"));
        Assert.Equal(["400"], Rows("select count(*) from audit"));
    }

    [SkippableFact]
    public void What_is_tried_again_because_its_end_was_not_heard_stands_there_once()
    {
        RegisterIsThere();
        using var audit = AuditStore.Open(Database);
        audit.Write(Entries("boss", 3));
        audit.Write(Entries("boss", 4));
        Assert.Equal(["4"], Rows("select count(*) from audit"));

        // Even where all of it had to move.
        audit.Write(Entries("other", 3));
        audit.Write(Entries("other", 5));
        Assert.Equal(["4", "5"], Rows("select count(*) from audit group by substr(action, 1, 4) order by count(*)"));
    }

    [SkippableFact]
    public void The_oldest_leave_beyond_the_most_that_stay()
    {
        RegisterIsThere();
        using var audit = AuditStore.Open(Database, mostRows: 3);
        audit.Write(Entries("boss", 5));
        Assert.Equal([5, 4, 3], audit.Read(10, null).Select(entry => entry.Id));
    }

    [SkippableFact]
    public void No_text_that_a_caller_sends_stands_in_the_way()
    {
        RegisterIsThere();
        using var audit = AuditStore.Open(Database);
        audit.Write([Entries("boss", 1)[0] with { Subject = "a\0b", Detail = "half \ud83d" }]);
        Assert.Equal(("a\ufffdb", "half \ufffd"), audit.Read(1, null).Select(entry => (entry.Subject, entry.Detail)).Single());
    }

    [SkippableFact]
    public void A_newer_release_s_trail_is_refused()
    {
        RegisterIsThere();
        AuditStore.Open(Database).Dispose();
        Rows("update schema_versions set version = 2 where part = 'audit'");
        Assert.Contains("the audit trail in it was written by a newer release", Assert.Throws<StorageException>(() => AuditStore.Open(Database)).Message, StringComparison.Ordinal);
    }

    protected void RegisterIsThere() => DtuActors.Registering.RegisterStore.Open(Database).Dispose();

    private static AuditEntry[] Entries(string who, int count) =>
        [.. Enumerable.Range(1, count).Select(i => new AuditEntry(i, At.AddMilliseconds(i), null, "admin", "api", "127.0.0.1", $"{who} {i}", null, "七号", "200"))];
}

public sealed class SqliteAuditStoreTests() : AuditStoreSpec(new SqliteStore())
{
    [Fact]
    public void It_makes_no_file() => Assert.Throws<StorageException>(() => AuditStore.Open(Database));
}

[Collection(OnPostgres.Name)]
public sealed class PostgresAuditStoreTests(PostgresServer server) : AuditStoreSpec(new PostgresStore(server));
