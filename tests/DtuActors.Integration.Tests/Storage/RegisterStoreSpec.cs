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
            register.Write([full, .. Many]);
            register.Write([full with { Port = 20002 }, Many[7] with { Name = "seven" }]);
            register.Delete(Many[8].Id);
            register.Delete(DtuId.Parse("nobody"));
        }

        using var again = RegisterStore.Open(Database);
        again.Look();
        again.Touch();
        Assert.Equal(
            Many.Where(dtu => dtu != Many[8]).Select(dtu => dtu == Many[7] ? dtu with { Name = "seven" } : dtu).Append(full with { Port = 20002 }).OrderBy(dtu => dtu.Id),
            again.Read().OrderBy(dtu => dtu.Id));
    }

    [SkippableFact]
    public void Rows_are_written_all_or_none()
    {
        using var register = RegisterStore.Open(Database);
        register.Write([Many[0]]);
        using (var connection = Database.Open())
        using (var narrow = connection.Command("create unique index once on register_dtus (note) where note <> ''"))
        {
            narrow.ExecuteNonQuery();
        }

        Assert.Throws<StorageException>(() => register.Write([.. Many, Dtu("good") with { Note = "x" }, Dtu("bad") with { Note = "x" }]));
        Assert.Equal([Many[0]], register.Read());
        Assert.False(register.IsLost);
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
        Assert.Throws<StorageException>(register.Look);
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
        Assert.Throws<StorageException>(register.Look);
        Assert.Throws<StorageException>(() => register.Write([Dtu("a")]));
    }
}
