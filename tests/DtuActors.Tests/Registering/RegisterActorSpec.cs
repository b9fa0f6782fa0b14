using Akka.Actor;
using Akka.TestKit;
using DtuActors.Clustering.Desks;
using DtuActors.Configuration;
using DtuActors.Directory;
using DtuActors.Endpoints;
using DtuActors.Protocol;
using DtuActors.Registering;
using DtuActors.Routing;
using DtuActors.Sessions;
using DtuActors.Storage;
using Microsoft.Data.Sqlite;

namespace DtuActors.Tests.Registering;

public sealed class RegisterActorSpec : ActorSpec
{
    private readonly string _folder = System.IO.Directory.CreateTempSubdirectory("dtu-register-").FullName;
    private readonly StorageHealth _health = new();
    private readonly TestProbe _fleet;
    private readonly TestProbe _router;
    private readonly TestProbe _above;

    public RegisterActorSpec()
        : base(EndpointDispatchers.Hocon)
    {
        _fleet = CreateTestProbe("fleet");
        _router = CreateTestProbe("router");
        _above = CreateTestProbe("above");
        Database = Path.Combine(_folder, "data", "dtu.db");
    }

    private string Database { get; set; }

    protected override void AfterAll()
    {
        base.AfterAll();
        System.IO.Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public void Two_nodes_that_edit_one_register_never_give_a_port_or_an_alias_twice_and_know_each_other_s_rows_at_once()
    {
        var (here, there) = (new Admission(Listed), new Admission(Listed));
        var desk = CreateTestProbe("desk");
        var one = Opened(here);
        var other = Opened(there);
        Assert.Equal(new Editing.Applied(1, 0, 0), Ask(one, Apply("id,aliases,port\na,x,20001\n")));
        Assert.Equal(["a"], _fleet.ExpectMsg<Fleet.RegisterSeen>().Rows.Select(dtu => dtu.Id.Value));

        // Nobody has told it yet.
        Assert.Equal("not-listed", there.Decide("", "x", null, null).Refusal);
        Assert.Equal(2, Assert.IsType<Editing.Faulty>(Ask(other, Apply("id,aliases,port\nb,x,20001\n"))).Faults.Count);
        Assert.Equal(["a"], _fleet.ExpectMsg<Fleet.RegisterSeen>().Rows.Select(dtu => dtu.Id.Value));
        Assert.Null(there.Decide("", "x", null, null).Refusal);
        Assert.Equal(new Editing.Applied(1, 0, 0), Ask(other, Apply("id,port\nb,20002\n")));
        Assert.Equal(["b"], _fleet.ExpectMsg<Fleet.RegisterSeen>().Rows.Select(dtu => dtu.Id.Value));
        Assert.Equal(new Editing.Removed(WasThere: true), Ask(one, new Editing.Remove(DtuId.Parse("b"))));

        // It hears of what is gone, before it finds out by itself.
        other.Tell(Editing.Changed.Instance);
        Settle(other);
        Assert.Equal("not-listed", there.Decide("", "b", null, null).Refusal);
        Assert.Null(there.Decide("", "a", null, null).Refusal);

        Ask(one, Apply("id\nc\n"));
        Advance(TimeSpan.FromSeconds(5));
        Settle(other);
        Assert.Null(there.Decide("", "c", null, null).Refusal);
        desk.ExpectNoMsg(TimeSpan.Zero);
    }

    [Fact]
    public void Other_nodes_hear_that_the_register_is_another_one()
    {
        var desk = CreateTestProbe("desk");
        var register = _above.ChildActorOf(RegisterActor.Props(Stored, _health, new Admission(Listed), _fleet, _router, desk));
        Ask(register, Apply("id\na\n"));
        Assert.Equal("register-changed", desk.ExpectMsg<Desk.TellOthers>().Topic);
        Ask(register, new Editing.Apply(Rows.Read("id\nb\n"), DryRun: true));
        Ask(register, Apply("id\na\n"));
        Ask(register, new Editing.Remove(DtuId.Parse("a")));
        desk.ExpectMsg<Desk.TellOthers>();
        Assert.Equal(new Editing.Removed(WasThere: false), Ask(register, new Editing.Remove(DtuId.Parse("a"))));
        desk.ExpectNoMsg(TimeSpan.FromMilliseconds(100));
    }

    [Fact]
    public void Whether_a_configuration_would_collide_is_told_and_nothing_changes()
    {
        var admission = new Admission(Listed);
        var register = Opened(admission);
        Ask(register, Apply("id,aliases\na,x\n"));
        var options = Listed.With(Options.Dtu("a"), Options.Dtu("b"));
        register.Tell(new Editing.WouldCollide(options), TestActor);
        Assert.Equal("a", Assert.Single(ExpectMsg<Editing.Collides>().Names));
        Assert.Equal("not-listed", admission.Decide("", "b", null, null).Refusal);
        register.Tell(new Editing.WouldCollide(Listed.With(Options.Dtu("b"))), TestActor);
        Assert.Empty(ExpectMsg<Editing.Collides>().Names);
        Assert.Equal("not-listed", admission.Decide("", "b", null, null).Refusal);
    }

    [Fact]
    public void What_was_answered_is_known_to_admission_to_the_fleet_and_to_the_next_start()
    {
        var admission = new Admission(Listed);
        var register = Opened(admission);
        Assert.Equal("not-listed", admission.Decide("", "1001", null, null).Refusal);
        Assert.Equal(new Editing.Applied(2, 0, 0), Ask(register, Apply("id,name,aliases,secret,profile\n1001,泵站,x,s3cret,default\n1002,b,,,\n")));
        Assert.Equal(["1001", "1002"], _fleet.ExpectMsg<Fleet.RegisterSeen>().Rows.Select(dtu => dtu.Id.Value));
        Assert.Empty(_router.ExpectMsg<Registry.MembershipsChanged>().Dtus);
        Assert.Equal(["1001", "1002"], _router.ExpectMsg<Registry.MembershipsChanged>().Dtus.Select(id => id.Value));
        var verdict = admission.Decide("", "x", "s3cret", null);
        Assert.Equal(("1001", "x", "default", null), (verdict.Id.Value, verdict.PresentedId, verdict.Dtu!.Profile, verdict.Refusal));
        Assert.Equal("wrong-secret", admission.Decide("", "1001", "other", null).Refusal);
        Stop(register);

        var anew = new Admission(Listed);
        Opened(anew, "1001", "1002");
        Assert.Equal("1001", anew.Decide("", "x", "s3cret", null).Id.Value);
    }

    [Fact]
    public void Configured_DTUs_that_the_register_has_already_change_nothing()
    {
        var admission = new Admission(Listed);
        var register = Opened(admission);
        Ask(register, Apply("id,aliases\n1001,x\n"));
        var both = Listed.With(Options.Dtu("1002", null, null, "x"), Options.Dtu("1001"));
        Assert.Equal(["1001", "x"], Assert.IsType<Editing.Collides>(Reconfigure(register, new Editing.Reconfigure(both))).Names.ToArray());
        Assert.Equal("not-listed", admission.Decide("", "1002", null, null).Refusal);

        var other = Listed.With(Options.Dtu("1003", null, null, "y"));
        Assert.Same(other, Assert.IsType<Editing.Reconfigured>(Reconfigure(register, new Editing.Reconfigure(other))).Options);
        Assert.Equal("1003", admission.Decide("", "y", null, null).Id.Value);
        Assert.IsType<Editing.Faulty>(Ask(register, Apply("id\n1003\n")));
        Assert.IsType<Editing.Reconfigured>(Reconfigure(register, new Editing.Reconfigure(Listed)));
        Assert.Equal("not-listed", admission.Decide("", "1003", null, null).Refusal);
        Assert.Equal(new Editing.Applied(1, 0, 0), Ask(register, Apply("id\n1003\n")));
    }

    [Fact]
    public void An_empty_id_is_none_whatever_stands_before_it()
    {
        var admission = new Admission(Options.Gateway(Options.Profile()));
        Assert.Equal("bad-id", admission.DecideProven("cert/", "", null).Refusal);
        Assert.Null(admission.DecideProven("cert/", "pump-7", null).Refusal);
    }

    [Fact]
    public void A_row_that_was_removed_is_gone_everywhere()
    {
        var admission = new Admission(Listed);
        var register = Opened(admission);
        Ask(register, Apply("id\n1001\n"));
        _fleet.ExpectMsg<Fleet.RegisterSeen>();
        Assert.Equal(new Editing.Removed(true), Ask(register, new Editing.Remove(DtuId.Parse("1001"))));
        Assert.Equal(["1001"], _fleet.ExpectMsg<Fleet.RegisterSeen>().Removed.Select(id => id.Value));
        Assert.Equal("1001", _router.FishForMessage<Registry.MembershipsChanged>(changed => changed.Dtus.Length == 1).Dtus[0].Value);
        Assert.Equal(new Editing.Removed(false), Ask(register, new Editing.Remove(DtuId.Parse("1001"))));
        Assert.Equal("not-listed", admission.Decide("", "1001", null, null).Refusal);
        Stop(register);
        Opened(admission);
    }

    [Fact]
    public void A_dry_run_and_a_file_with_a_fault_change_nothing()
    {
        var register = Opened(new Admission(Listed));
        Assert.Equal(new Editing.Applied(1, 0, 0), Ask(register, Apply("id\n1001\n") with { DryRun = true }));
        var faulty = Assert.IsType<Editing.Faulty>(Ask(register, Apply("id,profile\n1001,\n1002,nosuch\n")));
        Assert.Equal((3, "profile"), (faulty.Faults.Told[0].Row, faulty.Faults.Told[0].Column));
        Assert.Equal(0, Assert.IsType<Editing.Listed>(Ask(register, new Editing.List())).Register.Count);
        _fleet.ExpectNoMsg(TimeSpan.Zero);
    }

    [Fact]
    public void A_fleet_s_view_that_asks_hears_every_row_again()
    {
        var register = Opened(new Admission(Listed));
        Ask(register, Apply("id\n1001\n"));
        _fleet.ExpectMsg<Fleet.RegisterSeen>();
        register.Tell(Fleet.TellAgain.Instance);
        Assert.Equal("1001", Assert.Single(_fleet.ExpectMsg<Fleet.RegisterSeen>().Rows).Id.Value);
    }

    [Fact]
    public void Who_follows_the_register_hears_the_rows_at_once_and_at_each_change()
    {
        var register = Opened(new Admission(Listed));
        Ask(register, Apply("id,port\n1001,20001\n"));
        var follower = CreateTestProbe();
        register.Tell(new Editing.Follow(follower));
        Assert.Equal(["20001 1001"], Ports());
        Ask(register, Apply("id,port\n1001,20002\n1002,20001\n1003,30000\n"));
        Assert.Equal(["20001 1002", "20002 1001"], Ports());
        Ask(register, new Editing.Remove(DtuId.Parse("1002")));
        Assert.Equal(["20002 1001"], Ports());

        // Nothing changed, nothing said.
        Ask(register, Apply("id,port\n1001,20002\n"));
        Ask(register, Apply("id,port\n1001,20003\n") with { DryRun = true });
        follower.ExpectNoMsg(TimeSpan.Zero);

        IEnumerable<string> Ports() => follower.ExpectMsg<Editing.Rows>().Register.PortsIn(new PortRange(20001, 22000)).Select(row => $"{row.Key} {row.Value}");
    }

    [Fact]
    public void A_register_that_fails_reads_its_rows_again_and_admission_never_misses_them()
    {
        var admission = new Admission(Listed);
        var register = Opened(admission);
        Ask(register, Apply("id\n1001\n"));
        _fleet.ExpectMsg<Fleet.RegisterSeen>();
        register.Tell(Kill.Instance);
        _above.ExpectMsg<Editing.Opened>();
        Assert.Single(_fleet.ExpectMsg<Fleet.RegisterSeen>().Rows);
        Assert.Null(admission.Decide("", "1001", null, null).Refusal);
        Assert.Equal(new Editing.Applied(0, 0, 1), Ask(register, Apply("id\n1001\n")));
    }

    [Fact]
    public void Without_storage_the_register_is_empty_and_refuses_writes()
    {
        var register = Start(new Admission(Listed), Listed);
        _above.ExpectMsg<Editing.Opened>();
        Assert.Equal(new Editing.Refused(null), Ask(register, Apply("id\n1001\n")));
        Assert.Equal(new Editing.Refused(null), Ask(register, new Editing.Remove(DtuId.Parse("1001"))));
        Assert.Equal(0, Assert.IsType<Editing.Listed>(Ask(register, new Editing.List())).Register.Count);
    }

    [Fact]
    public void A_database_that_is_none_is_told_and_opened_as_soon_as_it_is_one()
    {
        System.IO.Directory.CreateDirectory(Path.GetDirectoryName(Database)!);
        File.WriteAllText(Database, new string('x', 5000));
        var register = Start(new Admission(Listed), Stored);
        var failed = _above.ExpectMsg<Editing.OpenFailed>();
        Assert.Equal(("dtu.storage.path", Database, "file is not a database"), (failed.KeyPath, failed.Place, failed.Problem));
        Assert.Equal("file is not a database", _health.Problems[RegisterStore.Part]);
        Assert.Equal(new Editing.Refused("file is not a database"), Ask(register, Apply("id\n1001\n")));
        Assert.Equal(new Editing.Refused("file is not a database"), Ask(register, new Editing.List()));
        File.Delete(Database);
        Advance(TimeSpan.FromSeconds(6), TimeSpan.FromSeconds(1));
        _above.ExpectMsg<Editing.Opened>();
        Assert.Empty(_health.Problems);
        Assert.Equal(new Editing.Applied(1, 0, 0), Ask(register, Apply("id\n1001\n")));
    }

    [Fact]
    public void A_folder_in_the_database_s_place_is_said_to_be_one()
    {
        System.IO.Directory.CreateDirectory(Database);
        Start(new Admission(Listed), Stored);
        Assert.Equal("it is a folder", _above.ExpectMsg<Editing.OpenFailed>().Problem);
    }

    [Fact]
    public void A_database_of_a_later_release_is_not_written()
    {
        Stop(Opened(new Admission(Listed)));
        Sql("update schema_versions set version = 2 where part = 'register'");
        Start(new Admission(Listed), Stored);
        Assert.Contains("newer release", _above.ExpectMsg<Editing.OpenFailed>().Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_write_that_the_database_refuses_is_the_asker_s_answer_and_changes_nothing()
    {
        var admission = new Admission(Listed);
        var register = Opened(admission);
        Sql("create trigger full before insert on register_dtus when new.id = '1002' begin select raise(abort, 'database or disk is full'); end");
        EventFilter.Error(contains: "disk is full").ExpectOne(() =>
            Assert.Equal(new Editing.Refused("database or disk is full"), Ask(register, Apply("id\n1001\n1002\n"))));
        Assert.Equal("not-listed", admission.Decide("", "1001", null, null).Refusal);
        _fleet.ExpectNoMsg(TimeSpan.Zero);
        Assert.Equal("database or disk is full", _health.Problems[RegisterStore.Part]);
        Assert.Equal(new Editing.Applied(1, 0, 0), Ask(register, Apply("id\n1001\n")));
        Assert.Empty(_health.Problems);
    }

    [Fact]
    public void A_database_that_can_t_be_written_is_looked_after_until_it_can_and_what_was_read_holds()
    {
        var admission = new Admission(Listed);
        var register = Opened(admission);
        Ask(register, Apply("id\n1001\n"));
        _fleet.ExpectMsg<Fleet.RegisterSeen>();
        Sql("create trigger full before insert on register_dtus begin select raise(abort, 'database or disk is full'); end");
        Sql("create trigger fuller before update on schema_versions begin select raise(abort, 'database or disk is full'); end");
        Assert.Equal(new Editing.Refused("database or disk is full"), Ask(register, Apply("id\n1002\n")));
        Advance(TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(1));
        Assert.Equal(1, Assert.IsType<Editing.Listed>(Ask(register, new Editing.List())).Register.Count);
        Assert.Null(admission.Decide("", "1001", null, null).Refusal);
        Assert.Single(_health.Problems);
        _above.ExpectNoMsg(TimeSpan.Zero);

        Sql("drop trigger full; drop trigger fuller");
        Sql("insert into register_dtus select '1003', name, profile, groups, secret, port, aliases, note from register_dtus; delete from register_dtus where id = '1001'");
        Advance(TimeSpan.FromSeconds(6), TimeSpan.FromSeconds(1));

        // What it finds then may be other than what it had.
        var seen = _fleet.ExpectMsg<Fleet.RegisterSeen>();
        Assert.Equal(("1003", "1001"), (Assert.Single(seen.Rows).Id.Value, Assert.Single(seen.Removed).Value));
        Assert.Equal("not-listed", admission.Decide("", "1001", null, null).Refusal);
        Assert.Equal(new Editing.Applied(1, 0, 0), Ask(register, Apply("id\n1002\n")));
        Assert.Empty(_health.Problems);
    }

    [Fact]
    public void A_row_that_the_configuration_has_got_meanwhile_is_kept_and_the_configuration_wins()
    {
        var register = Opened(new Admission(Listed));
        Ask(register, Apply("id,secret\n1001,old\n"));
        _fleet.ExpectMsg<Fleet.RegisterSeen>();
        Stop(register);
        var options = Stored.With(Options.Dtu("1001", secret: "new"));
        var admission = new Admission(options);
        EventFilter.Warning(contains: "dtu.dtus.1001").ExpectOne(() => Start(admission, options));
        _above.ExpectMsg<Editing.Opened>();
        Assert.Null(admission.Decide("", "1001", "new", null).Refusal);
    }

    [SkippableFact]
    public void Nobody_but_its_owner_may_read_the_database()
    {
        Opened(new Admission(Listed));
        Skip.If(OperatingSystem.IsWindows(), "no file modes on Windows");
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Database));
        }
    }

    private static GatewayOptions Listed => Options.Gateway() with { Admission = AdmissionMode.Listed };

    private GatewayOptions Stored => Listed with { Storage = new StorageOptions { Provider = StorageProvider.Sqlite, Path = Database } };

    private static Editing.Apply Apply(string file) => new(Rows.Read(file), DryRun: false);

    private IActorRef Start(Admission admission, GatewayOptions options) =>
        _above.ChildActorOf(RegisterActor.Props(options, _health, admission, _fleet, _router), new OneForOneStrategy(_ => Directive.Restart));

    private IActorRef Opened(Admission admission, params string[] rows)
    {
        var register = Start(admission, Stored);
        Assert.Equal(rows, _fleet.ExpectMsg<Fleet.RegisterSeen>().Rows.Select(dtu => dtu.Id.Value));
        _above.ExpectMsg<Editing.Opened>();
        return register;
    }

    private object Reconfigure(IActorRef register, Editing.Reconfigure question)
    {
        register.Tell(question, TestActor);
        return ReceiveOne(TimeSpan.FromSeconds(5));
    }

    private Editing.Answer Ask(IActorRef register, object question)
    {
        register.Tell(question, TestActor);
        return ExpectMsg<Editing.Answer>();
    }

    private void Stop(IActorRef register)
    {
        Watch(register);
        Sys.Stop(register);
        ExpectTerminated(register);
    }

    private void Sql(string sql)
    {
        using var connection = new SqliteConnection($"Data Source={Database};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
