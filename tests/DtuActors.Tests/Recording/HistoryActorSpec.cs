using System.Data.Common;
using Akka.Actor;
using DtuActors.Configuration;
using DtuActors.Directory;
using DtuActors.Endpoints;
using DtuActors.Protocol;
using DtuActors.Recording;
using DtuActors.Storage;

namespace DtuActors.Tests.Recording;

public sealed class HistoryActorSpec : ActorSpec
{
    private DateTimeOffset Start => Clock.Now;
    private static readonly DtuId Dtu = DtuId.Parse("a");
    private readonly string _folder = System.IO.Directory.CreateTempSubdirectory("dtu-history-").FullName;
    private readonly StorageHealth _health = new();
    private readonly HistoryBuffer _buffer = new();
    private readonly BreakableDatabase _database;

    public HistoryActorSpec()
        : base(EndpointDispatchers.Hocon) => _database = new BreakableDatabase(new SqliteDatabase(Path.Combine(_folder, "history.db"), survivesPowerCut: false));

    private StorageOptions Limits { get; } = new() { Retention = TimeSpan.FromDays(365 * 50), MaxHistory = 1L << 30 };

    protected override void AfterAll()
    {
        base.AfterAll();
        System.IO.Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public void What_waits_is_written_when_its_time_has_come_and_not_before()
    {
        var history = Started();
        Add(3);
        Assert.Equal((3, 0), (_buffer.Waiting, OnDisk()));
        Tick(history);
        Assert.Equal((0, 3), (_buffer.Waiting, OnDisk()));
    }

    [Fact]
    public void A_page_has_what_came_before_it_was_asked_for_and_what_it_shows_is_on_disk()
    {
        var history = Started();
        Add(3);
        Assert.Equal(3, Page(history).Items.Length);
        Assert.Equal(3, OnDisk());
    }

    [Fact]
    public void A_flood_is_written_no_faster_than_a_share_of_a_core_and_a_page_that_hurries_it_is_made_up_for()
    {
        var history = Started();
        Add(15_000);
        Tick(history);
        Assert.Equal(11_000, _buffer.Waiting);
        Tick(history);
        Assert.Equal(7_000, _buffer.Waiting);
        Page(history);
        Assert.Equal(0, _buffer.Waiting);
        Add(4_000);
        Tick(history);
        Assert.Equal(4_000, _buffer.Waiting);
        Tick(history);
        Tick(history);
        Assert.Equal(0, _buffer.Waiting);
    }

    [Fact]
    public void While_the_database_fails_readers_hear_why_and_what_waits_is_written_once_it_works()
    {
        var history = Started();
        _database.Problem = "the disk is full";
        Add(3);
        EventFilter.Error(contains: "the disk is full").ExpectOne(() =>
        {
            Tick(history);
            Assert.Equal("the disk is full", _health.Problems["history"]);

            // Said once, however often it is tried.
            Advance(TimeSpan.FromMinutes(2), TimeSpan.FromSeconds(1));
            Assert.Equal("the disk is full", Ask<Records.NotRead>(history).Problem);
        });
        Assert.Equal((3, 0), (_buffer.Waiting, OnDisk()));

        _database.Problem = null;
        Advance(TimeSpan.FromSeconds(40), TimeSpan.FromSeconds(1));
        Settle(history);
        Assert.Empty(_health.Problems);
        Assert.Equal([0, 1, 2], Page(history).Items.Select(frame => (int)frame.Payload.Span[0]));
    }

    [Fact]
    public void It_is_tried_again_with_back_off()
    {
        _database.Problem = "gone";
        var history = Sys.ActorOf(HistoryActor.Props(_database, Limits, _buffer, _health));
        Settle(history);
        var tried = _database.Tries;
        for (var second = 0; second < 600; second++)
        {
            Clock.Advance(TimeSpan.FromSeconds(1));
            Settle(history);
        }

        // 1, 2, 4, 8, 16, then 30 s, each up to a fifth more.
        Assert.InRange(_database.Tries - tried, 18, 26);
    }

    [Fact]
    public void What_does_not_fit_while_the_database_fails_is_lost_oldest_first_and_counted()
    {
        _database.Problem = "gone";
        var history = Started();
        Add(HistoryBuffer.MostWaiting + 5);
        Assert.Equal(HistoryBuffer.MostWaiting, _buffer.Waiting);
        _database.Problem = null;
        Advance(TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(1));
        Settle(history);
        var page = Page(history);
        Assert.Equal(HistoryBuffer.MostWaiting, OnDisk());
        Assert.Equal(5, page.Items[0].Payload.Span[0]);
    }

    [Fact]
    public void The_buffer_is_bounded_by_bytes_too()
    {
        for (var i = 0; i < 100; i++)
        {
            _buffer.Add(Frame(i) with { Payload = new byte[1024 * 1024] });
        }

        Assert.Equal(HistoryBuffer.MostWaitingBytes / 1024 / 1024, _buffer.Waiting);
        Assert.Equal(100 - _buffer.Waiting, _buffer.TakeLost());
    }

    [Fact]
    public void Its_end_writes_what_waits()
    {
        var history = Started();
        Add(3);
        Watch(history);
        history.Tell(ShutDown.Drain.Instance);
        ExpectTerminated(history);
        Assert.Equal(3, OnDisk());
    }

    [Fact]
    public void Sessions_that_ended_are_told_from_the_disk()
    {
        var history = Started();
        var session = new SessionRecord(Start, Start.AddHours(1), "main", "10.0.0.1:1", "closed", null, 1, 2, 3, 4, 5, null, []);
        _buffer.Add(Dtu, session);
        history.Tell(new Records.GetSessions(Dtu), TestActor);
        Assert.Equal("closed", Assert.Single(ExpectMsg<Records.Sessions>().Items).Reason);
        Assert.Equal(0, _buffer.Waiting);
    }

    [Fact]
    public void Who_was_seen_is_told_to_the_fleet_once_it_can_be_read()
    {
        var history = Started();
        var known = new KnownDtu(Start, Start, Start, null, "main", "10.0.0.1:1", "default", "raw", null, null, null, 1, 2, 3, 4, 5, 6);
        _buffer.Know(Dtu, known);
        Tick(history);
        _database.Problem = "gone";
        _buffer.Know(DtuId.Parse("b"), known);
        Tick(history);
        history.Tell(new Records.TellKnown(TestActor));
        Settle(history);
        _database.Problem = null;
        Advance(TimeSpan.FromSeconds(4), TimeSpan.FromSeconds(1));
        Assert.Equal(["a", "b"], ExpectMsg<Fleet.Recalled>().Rows.Select(row => row.Dtu.Value).Order());
    }

    private FramePassed Frame(int value) => new(Start, Dtu, FrameDirection.Up, new[] { (byte)value }, "raw", "dtu");

    private IActorRef Started()
    {
        var history = Sys.ActorOf(HistoryActor.Props(_database, Limits, _buffer, _health));
        Settle(history);
        return history;
    }

    private void Tick(IActorRef history)
    {
        Clock.Advance(HistoryActor.WriteEvery);
        Settle(history);
    }

    private void Add(int frames)
    {
        for (var i = 0; i < frames; i++)
        {
            _buffer.Add(Frame(i));
        }
    }

    private FramePage Page(IActorRef history) => Ask<FramePage>(history);

    private T Ask<T>(IActorRef history)
    {
        history.Tell(new Records.GetFrames(Dtu, null, null, 1000, null), TestActor);
        return ExpectMsg<T>();
    }

    private int OnDisk()
    {
        using var connection = _database.Inner.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "select count(*) from sqlite_master where name = 'frames_fresh'";
        if ((long)command.ExecuteScalar()! == 0)
        {
            return 0;
        }

        command.CommandText = "select count(*) from frames_fresh";
        return (int)(long)command.ExecuteScalar()!;
    }

    /// <summary>A database that can be made to fail, at opening and at everything else.</summary>
    private sealed class BreakableDatabase(Database inner) : Database
    {
        private DbConnection? _open;
        private string? _problem;

        public Database Inner => inner;

        public string? Problem
        {
            get => _problem;
            set
            {
                _problem = value;
                if (value is not null && _open is not null)
                {
                    using var command = _open.CreateCommand();
                    command.CommandText = "pragma query_only = on";
                    command.ExecuteNonQuery();
                }
            }
        }

        public int Tries { get; private set; }

        public override string KeyPath => inner.KeyPath;

        public override string Place => inner.Place;

        public override string Bytes => inner.Bytes;

        public override string Clustered => inner.Clustered;

        public override string BigInt => inner.BigInt;

        public override string Serial => inner.Serial;

        public override int RowsInOne => inner.RowsInOne;

        internal override string ConnectionString => inner.ConnectionString;

        internal override void Relax(DbConnection connection) => inner.Relax(connection);

        protected override DbConnection OpenConnection(bool make)
        {
            Tries++;
            return Problem is { } problem ? throw new IOException(problem) : _open = inner.Open(make);
        }

        protected override string Words(Exception failure) => Problem ?? failure.Message;
    }
}
