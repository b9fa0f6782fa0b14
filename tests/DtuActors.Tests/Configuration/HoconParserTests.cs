using DtuActors.Configuration.Hocon;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;

namespace DtuActors.Tests.Configuration;

public sealed class HoconParserTests
{
    private static HoconDocument Parse(string text, Func<string, string?>? environment = null) => HoconParser.Parse("a.conf", text, environment ?? (_ => null));

    private static HoconValue Get(HoconDocument document, params string[] path)
    {
        Assert.True(document.Faults.IsEmpty, string.Join("\n", document.Faults));
        HoconValue value = document.Root;
        foreach (var key in path)
        {
            Assert.True(((HoconObject)value).TryGet(key, out var member), key);
            value = member!.Value;
        }

        return value;
    }

    private static string Text(HoconDocument document, params string[] path) => Assert.IsType<HoconScalar>(Get(document, path)).Text;

    [Theory]
    [InlineData("a = 1", "1")]
    [InlineData("a : 1 # comment", "1")]
    [InlineData("a = one two  three // comment", "one two  three")]
    [InlineData("a = \"x # y\"", "x # y")]
    [InlineData("a = \"q\\\"\\\\\\n\\u0041\"", "q\"\\\nA")]
    [InlineData("a = \"\"\"raw \\d \"quoted\" \n line\"\"\"", "raw \\d \"quoted\" \n line")]
    [InlineData("a = 013800138000", "013800138000")]
    [InlineData("{ a = 1, a = 2 }", "2")]
    [InlineData("\uFEFFa = 1\r\n", "1")]
    [InlineData("a = pre\"fix\"", "prefix")]
    [InlineData("a = \"C:\\\\new\\\\dir\"", "C:\\new\\dir")]
    public void A_value_is_read_as_it_was_meant(string text, string expected) => Assert.Equal(expected, Text(Parse(text), "a"));

    [Fact]
    public void Dotted_keys_blocks_and_quoted_keys_make_one_tree()
    {
        var document = Parse("a.b = 1\na { c = 2 }\na\n{\n \"x.y\" = 3 }");
        Assert.Equal("1", Text(document, "a", "b"));
        Assert.Equal("2", Text(document, "a", "c"));
        Assert.Equal("3", Text(document, "a", "x.y"));
    }

    [Fact]
    public void A_list_takes_commas_or_lines()
    {
        var list = Assert.IsType<HoconList>(Get(Parse("a = [1, two\n \"3\"\n { b = 4 }, [5]\n]"), "a"));
        Assert.Equal(5, list.Items.Count);
        Assert.Equal(new HoconPosition("a.conf", 2, 2), list.Items[2].Position);
    }

    [Fact]
    public void Environment_variables_are_put_in_and_what_is_optional_and_missing_leaves_the_earlier_value()
    {
        var document = Parse("a = 1\na = ${?NOT}\nb = ${HOST}\":\"${PORT}\nc = x${?NOT}y\nd = [1, ${?NOT}]", name => name switch { "HOST" => "h", "PORT" => "007", _ => null });
        Assert.Equal("1", Text(document, "a"));
        Assert.Equal("h:007", Text(document, "b"));
        Assert.Equal("xy", Text(document, "c"));
        Assert.Single(Assert.IsType<HoconList>(Get(document, "d")).Items);
    }

    [Theory]
    [InlineData("a = 1\nb = ${NOT}", 2, 5, "b", "environment variable NOT is not set")]
    [InlineData("a {\n b = 1\n", 1, 3, "a", "never closed")]
    [InlineData("a = [1, 2\n", 1, 5, "a", "never closed")]
    [InlineData("a { b = 1 }\n}", 2, 1, "", "closes nothing")]
    [InlineData("a = 1\n b = \"open\nc = 1", 2, 6, "b", "not closed on its line")]
    [InlineData("a = \"\"\"open", 1, 5, "a", "never closed")]
    [InlineData("a = \"C:\\new\"", 1, 8, "a", "Windows path")]
    [InlineData("a = \"\\d+\"", 1, 6, "a", "is no escape")]
    [InlineData("include \"other.conf\"\na = 1", 1, 1, "", "include is not supported")]
    [InlineData("a = [1]\na += 2", 2, 3, "a", "+= is not supported")]
    [InlineData("a = b c = 2", 1, 9, "a", "'=' in a value without quotes")]
    [InlineData("a = http://x", 1, 9, "a", "':' in a value without quotes")]
    [InlineData("a =\nb = 1", 1, 4, "a", "no value")]
    [InlineData("a\nb = 1", 1, 2, "a", "no value")]
    [InlineData("= 1", 1, 1, "", "where a key should stand")]
    [InlineData("a..b = 1", 1, 3, "", "where a key should stand")]
    [InlineData("a { } b = 1", 1, 7, "a", "behind a block")]
    [InlineData("a = ${x.y}", 1, 5, "a", "only environment variables")]
    [InlineData("akka.loglevel = INFO", 1, 1, "akka.loglevel", "one block")]
    [InlineData("akka { a = [ } ]", 1, 14, "akka", "should stand")]
    [InlineData("akka { a = \"}\"", 1, 6, "akka", "never closed")]
    public void What_cannot_be_read_says_where_and_why(string text, int line, int column, string key, string words)
    {
        var faults = Parse(text).Faults;
        Assert.True(faults.Length > 0);
        Assert.Contains(words, faults[0].Problem, StringComparison.Ordinal);
        Assert.Equal((key, line, column), (faults[0].KeyPath, faults[0].Line, faults[0].Column));
    }

    [Fact]
    public void One_broken_member_does_not_hide_the_next_faults()
    {
        var document = Parse("a = b = c\nd { e = \"\\q\"\n f = ${NOT}, g = 1 }\nh = 2");
        Assert.Equal(["a", "d.e", "d.f"], document.Faults.Select(fault => fault.KeyPath));
        Assert.True(document.Root.TryGet("h", out _));
        Assert.True(document.Balanced);
    }

    [Fact]
    public void Akka_is_kept_as_written_and_not_read()
    {
        const string Akka = "akka {\n  loglevel = ${?X} // }\n  a += \"}\" # {\n}";
        var document = Parse($"dtu {{ }}\n{Akka}\nb = 1");
        Assert.Empty(document.Faults);
        Assert.Equal(Akka, document.Akka.Trim());
        Assert.False(document.Root.TryGet("akka", out _));
    }

    [Fact]
    public void Depth_and_size_are_bounded()
    {
        Assert.NotEmpty(Parse(string.Concat(Enumerable.Repeat("a {", 100_000))).Faults);
        Assert.NotEmpty(Parse("a = " + new string('[', 1_000_000)).Faults);
        Assert.NotEmpty(Parse(string.Concat(Enumerable.Repeat("a.", 1_000_000)) + "b = 1").Faults);
        Assert.NotEmpty(Parse("akka " + new string('{', 1_000_000)).Faults);
        Assert.NotEmpty(Parse(new string(' ', HoconParser.MaxLength + 1)).Faults);
        Assert.InRange(Parse(string.Concat(Enumerable.Repeat("}", 10_000))).Faults.Length, 1, HoconParser.MaxFaults);
    }

    [Property(MaxTest = 500)]
    public bool Any_text_ends_in_values_or_faults(string? text) => Parse(text ?? "").Root is not null;

    [Fact]
    public void Any_text_of_the_languages_own_pieces_ends_in_values_or_faults()
    {
        var piece = Gen.Elements("{", "}", "[", "]", "\"", "\"\"\"", "\\", "=", ":", "+=", ",", "\n", "\r\n", " ", ".", "$", "${", "${?A}", "${B}", "#", "//", "/", "a", "akka", "include", "dtu", "1", "\0", "\ud800", "\"x\"");
        var text = piece.ListOf().Select(string.Concat);
        Prop.ForAll(text.ToArbitrary(), source => Parse(source, name => name == "A" ? "v" : null) is { Root: not null }).QuickCheckThrowOnFailure();
    }

    [Theory]
    [InlineData("C:\\a\"b")]
    [InlineData("C:\\a\u0001\u2028b")]
    [InlineData("C:\\\"\n")]
    public void Any_text_in_quotes_is_read_as_it_was_even_where_it_begins_as_a_Windows_path(string text)
    {
        var document = HoconParser.Parse("f.conf", $"a = {HoconText.Quote(text)}", static _ => null);
        Assert.Empty(document.Faults);
        Assert.True(document.Root.TryGet("a", out var member));
        Assert.Equal(text, Assert.IsType<HoconScalar>(member.Value).Text);
    }

    [Fact]
    public void A_drive_s_first_name_that_could_be_an_escape_is_a_path_all_the_same()
    {
        var fault = Assert.Single(HoconParser.Parse("f.conf", "a = \"C:\\uface\"", static _ => null).Faults);
        Assert.Contains("Windows path", fault.Problem, StringComparison.Ordinal);
    }
}
