using DtuActors.Configuration;

namespace DtuActors.Tests.Configuration;

public sealed class OptionsChangeTests
{
    private const string Rich = """
        dtu {
          node { name = "n1" }
          listeners {
            main { transport = tcp, port = 9000, profiles = [text, json, template, frame] }
            fleet { transport = tcp, ports = "9100-9102", dtu = "site-{port}", profile = none }
            web { transport = unix, path = "data/s.sock" }
          }
          dialers { d1 { host = "10.0.0.7", port = 8899, dtu = "pump-7", profile = none } }
          profiles {
            text { registration { kind = text, pattern = "DTU(?<id>[0-9]+),(?<secret>.+)", reject = ["DTU0"] }, heartbeat { match = [ping, "hex:FE01"], reply = "hex:06" } }
            json { registration { kind = json } }
            template { registration { kind = template, pattern = "{imei},{csq}" } }
            frame { registration { kind = frame, codec = hj212, id = "{mn}" }, framing { codec = hj212 } }
            none { registration { kind = none }, keep-warm { every = 1m, poll = p2 }, framing { codec = delimiter, delimiter = ";" } }
            enveloped { envelope = ddp, registration { kind = envelope } }
          }
          admission = open
          dtus { "d-1" { name = "one", ids = ["a1", "a2"], groups = [g], secret = s1, remote = "10.0.0.1" }, "d-2" { } }
          endpoints {
            com { kind = serial, device = "/dev/ttyX", framing { codec = delimiter, delimiter = "hex:0D0A" } }
            scada { kind = tcp, port = 20001, buffer = 64kB }
            bus { kind = modbus-tcp, port = 1502, units { 1 { dtu = "d-1", slave = 1 }, 2 { dtu = "d-2", slave = 5 } } }
          }
          routes = [{ dtu = "d-1", to = com }, { dtu = "d-2", to = scada, direction = up }]
          polls { p1 { dtu = "d-*", hex = "01 03 00 00 00 0A", crc = modbus, every = 60s }, p2 { hex = "0102" } }
          http { port = 8080, api-keys = [{ name = a, key = k1, role = read }] }
          storage { provider = sqlite, path = "data/x.db" }
        }
        akka { loglevel = INFO }
        """;

    private static OptionsChange Change(string before, string after) => OptionsChange.Between(Conf.Options(before), Conf.Options(after));

    private static OptionsChange Edited(string from, string to)
    {
        Assert.Contains(from, Rich, StringComparison.Ordinal);
        return Change(Rich, Rich.Replace(from, to, StringComparison.Ordinal));
    }

    [Fact]
    public void A_file_that_is_read_again_says_the_same()
    {
        var change = Change(Rich, Rich);
        Assert.Empty(change.NeedRestart);
        Assert.True(change.IsEmpty);
        Assert.Equal((2, 2, 2, 3), (change.Routes.Unchanged, change.Dtus.Unchanged, change.Polls.Unchanged, change.Endpoints.Unchanged));
    }

    [Fact]
    public void Every_preset_says_the_same_when_it_is_read_again()
    {
        foreach (var preset in Presets.Names)
        {
            var text = $"dtu {{ profiles {{ p {{ preset = {preset} }} }} }}";
            Assert.True(Change(text, text).IsEmpty, preset);
        }
    }

    [Theory]
    [InlineData("every = 60s", "every = 1m")]
    [InlineData("buffer = 64kB", "buffer = 65536")]
    [InlineData("admission = open", "admission = \"open\"")]
    [InlineData("dialers { d1", "# moved down\n dialers { d1")]
    [InlineData("{ kind = serial, device = \"/dev/ttyX\"", "{ device = \"/dev/ttyX\", kind = serial")]
    [InlineData("\"hex:0D0A\"", "\"\\r\\n\"")]
    public void The_same_in_other_words_is_no_change(string from, string to)
    {
        Assert.True(Edited(from, to).IsEmpty);
    }

    [Theory]
    [InlineData("port = 9000", "port = 9001", "dtu.listeners.main")]
    [InlineData("\"9100-9102\"", "\"9100-9101\"", "dtu.listeners.fleet")]
    [InlineData("web { transport = unix, path = \"data/s.sock\" }", "", "dtu.listeners.web")]
    [InlineData("port = 8899", "port = 8898", "dtu.dialers.d1")]
    [InlineData("DTU(?<id>[0-9]+)", "DTU(?<id>[0-9]{3,})", "dtu.profiles.text")]
    [InlineData("\"DTU0\"", "\"DTU1\"", "dtu.profiles.text")]
    [InlineData("\"hex:FE01\"", "\"hex:FE02\"", "dtu.profiles.text")]
    [InlineData("reply = \"hex:06\"", "reply = \"hex:07\"", "dtu.profiles.text")]
    [InlineData("{imei},{csq}", "{imei};{csq}", "dtu.profiles.template")]
    [InlineData("delimiter = \";\"", "delimiter = \",\"", "dtu.profiles.none")]
    [InlineData("envelope = ddp", "envelope = zg", "dtu.profiles.enveloped")]
    [InlineData("name = \"n1\"", "name = \"n2\"", "dtu.node.name")]
    [InlineData("admission = open", "admission = listed", "dtu.admission")]
    [InlineData("http { port = 8080", "http { port = 8081", "dtu.http.port")]
    [InlineData("key = k1", "key = k2", "dtu.http.api-keys")]
    [InlineData("data/x.db", "data/y.db", "dtu.storage.path")]
    [InlineData("loglevel = INFO", "loglevel = DEBUG", "akka")]
    public void What_needs_a_restart_is_named_by_its_key(string from, string to, string key)
    {
        Assert.Equal([key], Edited(from, to).NeedRestart.ToArray());
    }

    [Fact]
    public void Listeners_that_stand_in_another_order_are_the_same()
    {
        const string one = "a { transport = tcp, port = 1001 }";
        const string two = "b { transport = tcp, port = 1002 }";
        Assert.True(Change($"dtu {{ listeners {{ {one}, {two} }} }}", $"dtu {{ listeners {{ {two}, {one} }} }}").IsEmpty);
    }

    [Theory]
    [InlineData("device = \"/dev/ttyX\"", "device = \"/dev/ttyY\"", "com")]
    [InlineData("\"hex:0D0A\"", "\"hex:0D\"", "com")]
    [InlineData("port = 20001", "port = 20002", "scada")]
    [InlineData("slave = 5", "slave = 6", "bus")]
    public void An_endpoint_that_says_something_else_is_changed_and_no_other(string from, string to, string name)
    {
        var change = Edited(from, to);
        Assert.Equal([name], change.Endpoints.Changed.ToArray());
        Assert.Equal((0, 0, 2), (change.Endpoints.Added.Length, change.Endpoints.Removed.Length, change.Endpoints.Unchanged));
        Assert.True(change.Routes.IsEmpty && change.Dtus.IsEmpty && change.Polls.IsEmpty && change.NeedRestart.IsEmpty);
    }

    [Theory]
    [InlineData("name = \"one\"", "name = \"eins\"")]
    [InlineData("ids = [\"a1\", \"a2\"]", "ids = [\"a1\"]")]
    [InlineData("groups = [g]", "groups = [h]")]
    [InlineData("secret = s1", "secret = s2")]
    [InlineData("10.0.0.1", "10.0.0.2")]
    public void A_DTU_that_says_something_else_is_changed(string from, string to)
    {
        Assert.Equal(["d-1"], Edited(from, to).Dtus.Changed.ToArray());
    }

    [Fact]
    public void Routes_are_told_by_DTU_and_endpoint()
    {
        var change = Edited("{ dtu = \"d-2\", to = scada, direction = up }", "{ dtu = \"d-2\", to = scada }, { dtu = \"d-3\", to = scada, direction = up }");
        Assert.Equal(["d-3 -> scada"], change.Routes.Added.ToArray());
        Assert.Equal(["d-2 -> scada"], change.Routes.Changed.ToArray());
        Assert.Equal(["d-2 -> scada"], Edited(", { dtu = \"d-2\", to = scada, direction = up }", "").Routes.Removed.ToArray());
        var moved = Change("dtu { endpoints { e { kind = tcp, port = 1 } }, routes = [{ dtu = \"a*\", to = e, direction = up }, { dtu = \"*b\", to = e, direction = up }] }",
            "dtu { endpoints { e { kind = tcp, port = 1 } }, routes = [{ dtu = \"*b\", to = e, direction = up }, { dtu = \"a*\", to = e, direction = up }] }");
        Assert.True(moved is { RoutesMoved: true, IsEmpty: false, Routes.IsEmpty: true });
    }

    [Theory]
    [InlineData("00 0A\"", "00 0B\"")]
    [InlineData("every = 60s", "every = 61s")]
    public void A_poll_that_says_something_else_is_changed(string from, string to)
    {
        Assert.Equal(["p1"], Edited(from, to).Polls.Changed.ToArray());
    }

    [Fact]
    public void A_fault_about_a_DTU_stands_where_the_file_names_it()
    {
        var loaded = Conf.Load("dtu {\n  dtus {\n    \"d-1\" { ids = [x,\n  \"y\"] }\n  }\n}");
        Assert.Equal(("dtu.dtus.d-1", 3), (loaded.AtDtu("d-1", "p", null).KeyPath, loaded.AtDtu("d-1", "p", null).Line));
        Assert.Equal(("dtu.dtus.d-1.ids[1]", 4), (loaded.AtDtu("y", "p", null).KeyPath, loaded.AtDtu("y", "p", null).Line));
    }
}
