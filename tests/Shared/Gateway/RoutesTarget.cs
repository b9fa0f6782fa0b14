using System.Text;
using DtuActors.Configuration;
using DtuActors.Configuration.Hocon;

namespace DtuActors.Tests.Shared.Gateway;

/// <summary>
/// The editing of routes fuzzed: whatever the files say, and whatever rows somebody sends, the texts with these rows can be read, say these rows, and are what they were
/// everywhere else. The stream is a file, behind a NUL the rows, each ended by a line feed, their columns parted by tabs.
/// </summary>
internal static class RoutesTarget
{
    public const string Name = "routes";

    // No column of a row that is left out.
    private const string Absent = "-";
    private const int TwoFiles = 1;

    public static IEnumerable<byte[]> Seeds()
    {
        string[] rows = ["7-*\tcom\n*\tm\tup\n", "a\tb\tboth\tqueue\t2d", "", "\"\\\t${?SET}\n-\t-", "C:\\a\"\u2028\t\u0001"];
        string[] files =
        [
            .. ConfigurationTexts.All,
            "dtu {\r\n  routes = [ # one\r\n    { dtu = a, to = ${SET} } // two\r\n  ]\r\n}",
            "dtu.routes = []\ndtu { routes = [ { dtu = x, to = y, unknown = [\"]\"] } ], node { name = x } } # end",
            "{ dtu { } }", "dtu.routes = none", "",
        ];
        return files.Select((file, i) => FuzzInput.Write(i, false, [], Encoding.UTF8.GetBytes($"{file}\0{rows[i % rows.Length]}")));
    }

    public static void Run(FuzzInput input)
    {
        var parts = Encoding.UTF8.GetString(input.Stream).Split('\0', 2);
        var rows = parts.Length > 1 ? parts[1].Split('\n').Select(Row).ToArray() : [];
        var sources = (input.Settings & TwoFiles) == 0 ? ConfigurationSources.Of(parts[0]) : ConfigurationSources.Of(parts[0], "dtu.node.name = second\n");
        var routes = RoutesText.Find(sources, ConfigurationTexts.Environment);
        foreach (var lost in routes.Lost)
        {
            BrokenPromiseException.Unless(lost.Line >= 1 && lost.Line <= sources.Texts[routes.Index].Text.Split('\n').Length, $"what is lost has a line: {lost}");
        }

        if (!routes.Faults.IsEmpty)
        {
            return;
        }

        var edited = routes.With(rows);
        var again = RoutesText.Find(edited, ConfigurationTexts.Environment);
        BrokenPromiseException.Unless(again.Faults.IsEmpty, $"the text with other rows can be read: {string.Join("; ", again.Faults)} in {edited.Texts[routes.Index].Text}");
        BrokenPromiseException.Unless(again.Index == routes.Index && again.Says(rows), $"the text says these rows: {edited.Texts[routes.Index].Text}");
        BrokenPromiseException.Unless(again.Lost.IsEmpty, $"nothing in what was written would be lost: {string.Join("; ", again.Lost)}");
        BrokenPromiseException.Unless(Lines(again.With(rows)).SequenceEqual(Lines(edited)), "the same rows once more change nothing");
        AssertRest(sources.Texts[routes.Index].Text, edited.Texts[routes.Index].Text);
    }

    private static void AssertRest(string before, string after)
    {
        var (was, now) = (HoconParser.Parse("f.conf", before, ConfigurationTexts.Environment), HoconParser.Parse("f.conf", after, ConfigurationTexts.Environment));
        BrokenPromiseException.Unless(was.Akka == now.Akka, "akka's own settings are what they were");
        BrokenPromiseException.Unless(Rest(was.Root) is not { } rest || rest == Rest(now.Root), $"everything but the routes is what it was: {before} became {after}");
    }

    // Null where dtu is no block: its faults stand in the way of everything.
    private static string? Rest(HoconObject root)
    {
        var dtu = root.TryGet("dtu", out var member) ? member.Value as HoconObject : new HoconObject(root.Position);
        return dtu is null ? null : $"{HoconTarget.Written(root.Without("dtu"))} {HoconTarget.Written(dtu.Without("routes"))}";
    }

    // Behind a lone CR a line feed makes a line end of both, and the next rows are parted so.
    private static IEnumerable<string> Lines(ConfigurationSources sources) => sources.Texts.Select(text => text.Text.Replace("\r", "", StringComparison.Ordinal));

    private static RouteRow Row(string line)
    {
        var columns = line.Split('\t');
        string? At(int i) => i < columns.Length && columns[i] != Absent ? columns[i] : null;
        return new RouteRow(At(0), At(1), At(2), At(3), At(4));
    }
}
