using DtuActors.Configuration;

namespace DtuActors.Tests.Configuration;

/// <summary>Other routes in a file, and nothing else in it touched.</summary>
public sealed class RoutesTextTests
{
    private static readonly RouteRow Pump = new("pump-*", "scada", "up");
    private static readonly RouteRow Meter = new("0013800", "dtu:other");

    private static RoutesText Find(params string[] texts) => RoutesText.Find(ConfigurationSources.Of(texts), _ => null);

    private static string With(string text, params RouteRow[] rows) => Find(text).With(rows).Texts[0].Text;

    private static ConfigurationSources Read(ConfigurationSources sources, RouteRow[] rows)
    {
        Assert.True(RoutesText.Find(sources, _ => null).Says(rows));
        return sources;
    }

    [Fact]
    public void A_list_inside_the_block_is_replaced_in_its_own_indentation() => Assert.Equal(
        """
        dtu {
          # before
          routes = [
            { dtu = "pump-*", to = "scada", direction = up }
            { dtu = "0013800", to = "dtu:other" }
          ]   # behind
          polls { }
        }
        """,
        With(
            """
            dtu {
              # before
              routes = [ { dtu = a, to = b } ]   # behind
              polls { }
            }
            """, Pump, Meter));

    [Fact]
    public void A_dotted_key_is_replaced_too() =>
        Assert.Equal("x = 1\ndtu.routes = [\n  { dtu = \"pump-*\", to = \"scada\", direction = up }\n]\ndtu.node.name = n", With("x = 1\ndtu.routes = [{dtu=a,to=b},{dtu=c,to=d}]\ndtu.node.name = n", Pump));

    [Fact]
    public void Without_rows_an_empty_list_stays() => Assert.Equal("dtu { routes = [], polls {} }", With("dtu { routes = [{ dtu = a, to = b }], polls {} }"));

    [Fact]
    public void The_last_of_several_values_counts_and_the_others_stay() =>
        Assert.Equal("dtu.routes = [{ dtu = a, to = b }]\ndtu { routes : [] }", With("dtu.routes = [{ dtu = a, to = b }]\ndtu { routes : [{ dtu = c, to = d }] }"));

    [Theory]
    [InlineData("dtu { }", "dtu { }\n")]
    [InlineData("dtu { }\n# the end", "dtu { }\n# the end\n")]
    [InlineData("{ dtu { } }\n", "{ dtu { } }\n")]
    [InlineData("", "")]
    public void Where_no_text_has_it_it_is_appended(string text, string before)
    {
        var after = Find(text).With([Meter]);
        Assert.Equal(before + "dtu.routes = [\n  { dtu = \"0013800\", to = \"dtu:other\" }\n]\n", after.Texts[0].Text);
        Read(after, [Meter]);
    }

    [Fact]
    public void Of_several_texts_the_last_that_has_it_is_changed()
    {
        var found = Find("dtu.routes = [{ dtu = a, to = b }]", "dtu.routes = [{ dtu = c, to = d }]", "dtu.node.name = n");
        Assert.Equal((1, new RouteRow("c", "d")), (found.Index, found.Rows.Single()));
        var after = Read(found.With([Pump]), [Pump]);
        Assert.Equal(["dtu.routes = [{ dtu = a, to = b }]", "dtu.node.name = n"], [after.Texts[0].Text, after.Texts[2].Text]);
    }

    [Fact]
    public void Where_none_of_several_has_it_the_last_gets_it() => Assert.Equal(1, Find("dtu { }", "dtu { }").Index);

    [Fact]
    public void CRLF_and_a_byte_order_mark_stay() =>
        Assert.Equal("\uFEFFdtu {\r\n\troutes = [\r\n\t  { dtu = \"0013800\", to = \"dtu:other\" }\r\n\t]\r\n}\r\n", With("\uFEFFdtu {\r\n\troutes = [\r\n\t]\r\n}\r\n", Meter));

    [Fact]
    public void What_a_list_holds_beside_its_rows_is_named_with_its_line()
    {
        var found = RoutesText.Find(
            ConfigurationSources.Of(
                """
                # not inside
                dtu.routes = [
                  # the pumps
                  { dtu = ${?PUMP}, to = "a # b" }   // until May
                  { dtu = "c", to = d, note = "${x}" }
                ] # nor this
                """),
            name => name == "PUMP" ? "p1" : null);
        Assert.Equal([new LostText(3, "# the pumps"), new LostText(4, "${?PUMP}"), new LostText(4, "// until May"), new LostText(5, "note")], found.Lost.ToArray());
        Assert.Equal([new RouteRow("p1", "a # b"), new RouteRow("c", "d")], found.Rows.ToArray());
    }

    [Theory]
    [InlineData("dtu.routes = [ { dtu = a, to = b }\ndtu.polls { }\n")]
    [InlineData("dtu { routes = [ { dtu a } ] }")]
    [InlineData("dtu.routes = everything")]
    [InlineData("dtu.routes = { }")]
    public void What_is_no_list_or_does_not_close_is_not_replaced(string text) => Assert.NotEmpty(Find(text).Faults);

    [Theory]
    [InlineData("a\"b\\c", "x")]
    [InlineData("<script>", "group:泵 站")]
    [InlineData("${?HOME}", "a\tb\u2028\u0001")]
    [InlineData("", "]}#//")]
    [InlineData(null, "scada")]
    [InlineData("00138", null)]
    public void Whatever_a_row_says_is_read_back(string? dtu, string? to)
    {
        RouteRow[] rows = [new(dtu, to), new("x", "y", "side ways", "queue]")];
        Read(Find("dtu { routes = [] }").With(rows), rows);
    }

    [Fact]
    public void Defaults_written_or_not_mean_the_same()
    {
        var found = Find("dtu.routes = [{ dtu = a, to = b, direction = both }]");
        Assert.True(found.Says([new RouteRow("a", "b", WhenOffline: "drop")]));
        Assert.False(found.Says([new RouteRow("a", "b", "up")]));
        Assert.False(found.Says([]));
    }

    [Fact]
    public void A_text_changed_by_a_character_is_another_version()
    {
        var version = ConfigurationSources.Of("dtu { }", "a").Version;
        Assert.Equal(version, ConfigurationSources.Of("dtu { }", "a").Version);
        Assert.NotEqual(version, ConfigurationSources.Of("dtu { }a", "").Version);
        Assert.NotEqual(version, ConfigurationSources.Of("dtu {  }", "a").Version);
    }
}
