using DtuActors.Configuration;
using DtuActors.Integration.Tests.Harness;
using DtuActors.Protocol;
using DtuActors.Registering;
using DtuActors.Storage;

namespace DtuActors.Integration.Tests.Storage;

public abstract class RegisterStoreSpec(IStore store) : StorageSpec(store)
{
    // More than one statement takes, and a rest.
    private static readonly RegisteredDtu[] Many = [.. Enumerable.Range(0, 250).Select(i => Dtu($"dtu-{i:000}"))];

    [SkippableFact]
    public void What_was_written_is_there_for_who_opens_it_next()
    {
        RegisteredDtu full = new()
        {
            Id = DtuId.Parse("861234567890123"), Name = "七号泵站", Profile = "pumps", Groups = ["泵", "north"], Secret = "s3'cret", Port = 20001, Aliases = ["13800138000"], Note = "by\r\nthe river",
        };
        using (var register = RegisterStore.Open(Database))
        {
            Assert.Empty(register.Read());
            Assert.True(register.TryWrite([full, .. Many], 0));
            Assert.True(register.TryWrite([full with { Port = 20002 }, Many[7] with { Name = "seven" }], 1));
            Assert.True(register.TryDelete(Many[8].Id, 2));
            Assert.True(register.TryDelete(DtuId.Parse("nobody"), 3));
        }

        using var again = RegisterStore.Open(Database);
        Assert.Equal(4, again.Revision());
        again.Touch();
        Assert.Equal(
            Many.Where(dtu => dtu != Many[8]).Select(dtu => dtu == Many[7] ? dtu with { Name = "seven" } : dtu).Append(full with { Port = 20002 }).OrderBy(dtu => dtu.Id),
            again.Read().OrderBy(dtu => dtu.Id));
    }

    [SkippableFact]
    public void Rows_are_written_all_or_none()
    {
        using var register = RegisterStore.Open(Database);
        Assert.True(register.TryWrite([Many[0]], 0));
        using (var connection = Database.Open())
        using (var narrow = connection.Command("create unique index once on register_dtus (note) where note <> ''"))
        {
            narrow.ExecuteNonQuery();
        }

        Assert.Throws<StorageException>(() => register.TryWrite([.. Many, Dtu("good") with { Note = "x" }, Dtu("bad") with { Note = "x" }], 1));
        Assert.Equal([Many[0]], register.Read(out var revision));
        Assert.Equal(1, revision);
        Assert.False(register.IsLost);
    }

    [SkippableFact]
    public void What_was_checked_against_rows_that_another_node_has_changed_since_is_not_written()
    {
        using var one = RegisterStore.Open(Database);
        using var other = RegisterStore.Open(Database);
        Assert.True(one.TryWrite([Many[0]], 0));
        Assert.False(other.TryWrite([Many[1]], 0));
        Assert.False(other.TryDelete(Many[0].Id, 0));
        Assert.Equal([Many[0]], other.Read(out var revision));
        Assert.True(other.TryDelete(Many[0].Id, revision));
        Assert.Equal(2, one.Revision());
    }

    [SkippableFact]
    public async Task Of_several_that_write_at_once_each_writes_upon_the_other_s_rows()
    {
        const int writers = 4;
        const int each = 10;
        await Task.WhenAll(Enumerable.Range(0, writers).Select(writer => Task.Factory.StartNew(
            () =>
            {
                using var register = RegisterStore.Open(Database);
                for (var written = 0; written < each;)
                {
                    var rows = register.Read(out var revision).Count;
                    written += register.TryWrite([Dtu($"{writer}-{written}") with { Note = $"{rows}" }], revision) ? 1 : 0;
                }
            },
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default)));
        using var all = RegisterStore.Open(Database);
        Assert.Equal(Enumerable.Range(0, writers * each), all.Read().Select(dtu => int.Parse(dtu.Note, System.Globalization.CultureInfo.InvariantCulture)).Order());
        Assert.Equal(writers * each, all.Revision());
    }

    [SkippableFact]
    public void A_newer_release_s_register_is_refused()
    {
        RegisterStore.Open(Database).Dispose();
        Rows("update schema_versions set version = 2 where part = 'register'");
        Assert.Contains("the register in it was written by a newer release", Assert.Throws<StorageException>(() => RegisterStore.Open(Database)).Message, StringComparison.Ordinal);
    }

    protected static RegisteredDtu Dtu(string id) => new() { Id = DtuId.Parse(id), Name = $"DTU {id}" };
}

public sealed class SqliteRegisterStoreTests() : RegisterStoreSpec(new SqliteStore());

[Collection(OnPostgres.Name)]
public sealed class PostgresRegisterStoreTests(PostgresServer server) : RegisterStoreSpec(new PostgresStore(server))
{
    [SkippableFact]
    public async Task A_connection_that_the_server_ended_is_lost_and_another_one_works()
    {
        using var register = RegisterStore.Open(Database);
        await server.StopAsync();
        Assert.Throws<StorageException>(() => register.Revision());
        Assert.True(register.IsLost);
        Assert.Equal("Connection refused", Assert.Throws<StorageException>(() => RegisterStore.Open(Database)).Message);
        await server.StartAsync();
        using var again = RegisterStore.Open(Database);
        Assert.Empty(again.Read());
    }

    [SkippableFact]
    public async Task A_connection_that_was_found_broken_while_nobody_used_it_is_lost_too()
    {
        var connection = await server.CreateDatabaseAsync() + ";Keepalive=1";
        using var register = RegisterStore.Open(Database.Of(new StorageOptions { Provider = StorageProvider.PostgreSql, Connection = connection })!);
        await server.StopAsync();
        using var patience = new CancellationTokenSource(HostProcess.Patience);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (!register.IsLost)
        {
            await timer.WaitForNextTickAsync(patience.Token);
        }

        await server.StartAsync();
        Assert.Throws<StorageException>(() => register.Revision());
        Assert.Throws<StorageException>(() => register.TryWrite([Dtu("a")], 0));
    }
}
