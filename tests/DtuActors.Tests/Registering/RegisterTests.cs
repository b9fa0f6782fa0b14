using DtuActors.Configuration;
using DtuActors.Protocol;
using DtuActors.Registering;

namespace DtuActors.Tests.Registering;

public sealed class RegisterTests
{
    [Fact]
    public void Rows_may_exchange_ports_and_aliases_in_one_go()
    {
        var register = Rows.Of("id,port,aliases\na,1,x\nb,2,y\n").Import("id,port,aliases\na,2,y\nb,1,x\n");
        Assert.Equal([2, 1], register.Rows.Select(dtu => dtu.Port));
        Assert.Equal(("b", "a"), (register.FindByName("x")!.Id.Value, register.FindByName("y")!.Id.Value));
    }

    [Theory]
    [InlineData("id,port\nc,1\n", "2/port: '1' belongs to 'a' of the register")]
    [InlineData("id,aliases\nc,x\n", "2/aliases: 'x' belongs to 'a' of the register")]
    [InlineData("id\nx\n", "2/id: 'x' belongs to 'a' of the register")]
    [InlineData("id,aliases\nc,a\n", "2/aliases: 'a' belongs to 'a' of the register")]
    public void What_another_row_of_the_register_has_already_is_a_fault(string text, string begins) =>
        Assert.StartsWith(begins, Assert.Single(Rows.Faults(text, Rows.Of("id,port,aliases\na,1,x\n"))), StringComparison.Ordinal);

    [Theory]
    [InlineData("id\nwtp-07\n", "2/id: 'wtp-07' is configured under dtu.dtus.wtp-07;")]
    [InlineData("id,aliases\na,wtp-07\n", "2/aliases: 'wtp-07' is configured under dtu.dtus.wtp-07;")]
    [InlineData("id\n13800138000\n", "2/id: '13800138000' is configured under dtu.dtus.wtp-07.ids;")]
    [InlineData("id,aliases\na,13800138000\n", "2/aliases: '13800138000' is configured under dtu.dtus.wtp-07.ids;")]
    public void What_the_configuration_has_already_is_a_fault_that_names_its_key(string text, string begins)
    {
        var options = Options.Gateway().With(Options.Dtu("wtp-07", aliases: "13800138000"));
        Assert.StartsWith(begins, Assert.Single(Rows.Faults(text, options: options)), StringComparison.Ordinal);
    }

    [Fact]
    public void The_register_never_has_more_rows_than_it_may()
    {
        var options = Options.Gateway() with { Storage = new StorageOptions { MaxKnown = 2 } };
        Assert.Contains("max-known", Assert.Single(Rows.Faults("id\nb\nc\n", Rows.Of("id\na\n"), options)), StringComparison.Ordinal);
        Assert.Empty(Rows.Faults("id\na\nb\n", Rows.Of("id\na\n"), options));
    }

    [Fact]
    public void Added_changed_and_unchanged_rows_are_told_apart_and_only_the_first_two_are_written()
    {
        var change = Rows.Of("id,name\na,1\nb,1\n").Apply(Rows.Read("id,name\na,1\nb,2\nc,3\n"), Rows.NoRules, new RowFaults())!;
        Assert.Equal((1, 1, 1), (change.Added, change.Changed, change.Unchanged));
        Assert.Equal(["b", "c"], change.Written.Select(dtu => dtu.Id.Value));
    }

    [Fact]
    public void A_row_that_is_gone_leaves_its_id_aliases_and_port_to_others()
    {
        var register = Rows.Of("id,port,aliases\na,1,x\n").Without(DtuId.Parse("a"));
        Assert.Equal(0, register.Count);
        Assert.Null(register.FindByName("x"));
        Assert.Equal(1, register.Import("id,port,aliases\nb,1,a;x\n").Count);
    }
}
