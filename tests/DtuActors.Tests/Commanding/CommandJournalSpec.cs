using Akka.Actor;
using Akka.Actor.Setup;
using DtuActors.Commanding;
using DtuActors.Protocol;
using DtuActors.Recording;
using DtuActors.Sessions;
using DtuActors.Storage;

namespace DtuActors.Tests.Commanding;

/// <summary>One journal on disk that two processes' queues write to, one after the other: what a cluster does with a DTU whose shard moves.</summary>
public sealed class CommandJournalSpec : IAsyncLifetime
{
    private static readonly DtuId Dtu = DtuId.Parse("dtu-1");
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly string _folder = System.IO.Directory.CreateTempSubdirectory("dtu-journal-").FullName;
    private readonly SqliteDatabase _database;
    private readonly ActorSystem[] _nodes;

    public CommandJournalSpec()
    {
        _database = new SqliteDatabase(Path.Combine(_folder, "commands.db"), survivesPowerCut: false);
        CommandJournal.Open(_database);
        _nodes = [Node("a"), Node("b")];
    }

    [Fact]
    public async Task A_queue_that_comes_back_to_a_node_loses_nothing_of_what_either_accepted()
    {
        for (var turn = 0; turn < 6; turn++)
        {
            var queue = Queue(turn);
            await TakeAsync<Queueing.Taken>(queue, $"c{turn}");
            await queue.GracefulStop(Patience);
        }

        Assert.Equal(["c0", "c1", "c2", "c3", "c4", "c5"], await IdsAsync(Queue(0)));
    }

    [Fact]
    public async Task Of_two_that_write_at_once_the_second_one_stops_and_what_the_first_accepted_stays()
    {
        var (first, second) = (Queue(0), Queue(1));
        Assert.Empty(await IdsAsync(second));
        await TakeAsync<Queueing.Taken>(first, "c1");
        var refused = await TakeAsync<Queueing.Refused>(second, "c2");
        Assert.Equal(RefusalReason.StorageFailed, refused.Reason);
        await TakeAsync<Queueing.Taken>(first, "c3");
        Assert.Equal(["c1", "c3"], await IdsAsync(Queue(1)));
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        await Task.WhenAll(_nodes.Select(node => node.Terminate()));
        _database.ClosePool();
        System.IO.Directory.Delete(_folder, recursive: true);
    }

    private static Task<TAnswer> TakeAsync<TAnswer>(IActorRef queue, string id) =>
        queue.Ask<TAnswer>(new Queueing.Take(Dtu, id, null, "api", new byte[] { 1 }, TimeSpan.FromHours(1)), Patience);

    private static async Task<IEnumerable<string>> IdsAsync(IActorRef queue) =>
        (await queue.Ask<Commands.Listed>(new Queueing.List(Dtu), Patience)).Items.Select(item => item.Id).Order(StringComparer.Ordinal);

    private ActorSystem Node(string name) => ActorSystem.Create(
        name,
        ActorSystemSetup.Create(BootstrapSetup.Create().WithConfig(CommandJournal.Hocon(_database) + CommandJournal.SerializerHocon), CommandJournal.Connections(_database)));

    // Each on the other node than the one before.
    private IActorRef Queue(int turn)
    {
        var node = _nodes[turn % _nodes.Length];
        return node.ActorOf(CommandQueueActor.Props(new CommandStorage { Events = new EventInlet(), Fleet = node.DeadLetters, Health = new StorageHealth() }, Dtu));
    }
}
