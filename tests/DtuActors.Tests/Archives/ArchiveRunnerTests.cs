using DtuActors.Archives;
using DtuActors.Archives.Targets;
using DtuActors.Configuration;

namespace DtuActors.Tests.Archives;

/// <summary>What is due is carried, once and whole, whatever fails and whenever it is stopped.</summary>
public sealed class ArchiveRunnerTests
{
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    [Fact]
    public async Task Yesterday_is_carried_when_its_turn_comes_and_not_before()
    {
        await using var bench = new Bench("2026-05-05T00:30:00Z");
        Bench.Fill(bench.Source, "a", "b");
        await bench.KeepAsync("2026-05-03");
        await bench.StartAsync();
        Assert.Equal((ArchiveStates.Idle, 0), (bench.Status.State, bench.Server.Files.Count));
        Assert.Equal(At("2026-05-05T01:00:00Z"), bench.Status.NextAt);
        await bench.PassAsync(TimeSpan.FromMinutes(30));
        Assert.Equal(["2026-05-04/a.csv", "2026-05-04/b.csv"], bench.Server.Whole);
        Assert.Equal((ArchiveStates.Idle, new DateOnly(2026, 5, 4), 2L), (bench.Status.State, bench.Status.LastFinishedDay, bench.Status.Files));
        Assert.Equal(At("2026-05-06T01:00:00Z"), bench.Status.NextAt);
        Assert.Null(bench.Status.Problem);
        await bench.PassAsync(Day);
        Assert.Equal(3, bench.Server.Whole.Count());
        Assert.Equal("2026-05-05/a.csv", bench.Server.Whole.Last());
    }

    [Fact]
    public async Task A_new_archive_begins_with_yesterday()
    {
        await using var bench = new Bench("2026-05-05T09:00:00Z");
        Bench.Fill(bench.Source, "a");
        await bench.StartAsync();
        Assert.Equal(["2026-05-04/a.csv"], bench.Server.Whole);
        Assert.Equal(["folder 2026-05-04", "write 2026-05-04/a.csv.part 0", "length 2026-05-04/a.csv.part", "rename 2026-05-04/a.csv", "end"], bench.Server.Log);
        Assert.Equal(bench.Server.Files["2026-05-04/a.csv"].Length, bench.Status.Bytes);
        Assert.Equal(["state.json"], System.IO.Directory.GetFiles(bench.Folder).Select(Path.GetFileName));
    }

    [Fact]
    public async Task Only_DTUs_that_the_glob_means_and_that_said_something_have_a_file()
    {
        await using var bench = new Bench("2026-05-05T09:00:00Z", options => options with { Dtu = "pump-*" });
        Bench.Fill(bench.Source, "pump-1", "valve-1");
        bench.Source.Know("pump-0");
        await bench.StartAsync();
        Assert.Equal(["2026-05-04/pump-1.csv"], bench.Server.Whole);
    }

    [Fact]
    public async Task Missed_days_are_caught_up_in_order_and_older_ones_are_told()
    {
        await using var bench = new Bench("2026-05-10T09:00:00Z", options => options with { CatchUp = 2 });
        for (var day = 1; day < 10; day++)
        {
            bench.Source.Add("a", $"2026-05-{day:00}T12:00:00Z", "00");
        }

        await bench.KeepAsync("2026-05-04");
        await bench.StartAsync();
        Assert.Equal(["2026-05-07/a.csv", "2026-05-08/a.csv", "2026-05-09/a.csv"], bench.Server.Log.Where(line => line.StartsWith("rename", StringComparison.Ordinal)).Select(line => line["rename ".Length..]));
        Assert.Equal("2026-05-05 2026-05-06", string.Join(" ", bench.Status.Missed.Select(day => day.ToString("O", System.Globalization.CultureInfo.InvariantCulture))));
        Assert.Equal(new DateOnly(2026, 5, 9), bench.Status.LastFinishedDay);

        Assert.Equal(new ArchiveAnswer.Begun(new DateOnly(2026, 5, 6)), await bench.AskAsync(new DateOnly(2026, 5, 6)));
        Assert.Contains("2026-05-06/a.csv", bench.Server.Whole);
        Assert.Equal((new DateOnly(2026, 5, 5), new DateOnly(2026, 5, 9)), (bench.Status.Missed.Single(), bench.Status.LastFinishedDay!.Value));
    }

    [Theory]
    [InlineData("2026-03-29", "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z")]
    [InlineData("2026-10-25", "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z")]
    public async Task A_day_on_which_clocks_change_has_all_its_hours_and_no_others(string day, string from, string until)
    {
        var zone = ArchiveCalendarTests.Zone("Berlin", 1, 3, 10);
        await using var bench = new Bench(until, options => options with { TimeZone = zone });
        bench.Source.Add("a", At(from).AddSeconds(-1).ToString("O", System.Globalization.CultureInfo.InvariantCulture), "00");
        bench.Source.Add("a", At(from).ToString("O", System.Globalization.CultureInfo.InvariantCulture), "01");
        bench.Source.Add("a", At(until).AddSeconds(-1).ToString("O", System.Globalization.CultureInfo.InvariantCulture), "02");
        bench.Source.Add("a", At(until).ToString("O", System.Globalization.CultureInfo.InvariantCulture), "03");
        await bench.KeepAsync(DateOnly.Parse(day, System.Globalization.CultureInfo.InvariantCulture).AddDays(-1).ToString("O", System.Globalization.CultureInfo.InvariantCulture));
        await bench.StartAsync();
        await bench.PassAsync(TimeSpan.FromHours(1));
        Assert.Equal(["01", "02"], bench.Server.Text($"{day}/a.csv").Split("\r\n")[1..^1].Select(row => row.Split(',')[2]));
        Assert.Equal($"{day}/a.csv", bench.Server.Whole.Single());
    }

    [Fact]
    public async Task A_restart_in_the_middle_goes_on_behind_the_last_DTU_that_is_done()
    {
        var (server, source) = (new FakeServer(), new FakeSource());
        Bench.Fill(source, "a", "b", "c");
        server.Fails = what => what == "rename 2026-05-04/b.csv" ? new ArchiveTargetException(ArchiveProblem.DiskFull, "no room") : null;
        var folder = System.IO.Directory.CreateTempSubdirectory("dtu-archive-").FullName;
        try
        {
            await using (var before = new Bench("2026-05-05T09:00:00Z", folder: folder, server: server, source: source))
            {
                await before.StartAsync();
                Assert.Equal((ArchiveStates.Waiting, "disk-full", 1), (before.Status.State, before.Status.Problem, before.Status.Done));
                Assert.Equal(["2026-05-04/a.csv"], server.Whole);
            }

            server.Fails = _ => null;
            server.Log.Clear();
            source.Asked.Clear();
            await using var later = new Bench("2026-05-05T20:00:00Z", folder: folder, server: server, source: source);
            await later.StartAsync();
            Assert.Equal(["2026-05-04/a.csv", "2026-05-04/b.csv", "2026-05-04/c.csv"], server.Whole);

            // b was there as a whole but for its name, and neither it nor a is made again.
            Assert.DoesNotContain(server.Log, line => line.StartsWith("write", StringComparison.Ordinal) && !line.Contains("c.csv", StringComparison.Ordinal));
            Assert.Equal(["-", "c"], source.Asked);
            Assert.Equal((3L, new DateOnly(2026, 5, 4)), (later.Status.Files, later.Status.LastFinishedDay));
        }
        finally
        {
            System.IO.Directory.Delete(folder, recursive: true);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_broken_transfer_goes_on_where_it_was_over_a_restart_even_where_the_spool_is_lost(bool isSpoolLost)
    {
        var (server, source) = (new FakeServer { BreaksAfter = 50 }, new FakeSource());
        Bench.Fill(source, "a");
        var folder = System.IO.Directory.CreateTempSubdirectory("dtu-archive-").FullName;
        try
        {
            await using (var before = new Bench("2026-05-05T09:00:00Z", folder: folder, server: server, source: source))
            {
                await before.StartAsync();
                Assert.Equal("broken", before.Status.Problem);
                await before.RetryAsync();
                Assert.Contains("write 2026-05-04/a.csv.part 50", server.Log);
                Assert.Empty(server.Whole);
            }

            if (isSpoolLost)
            {
                File.Delete(Path.Combine(folder, "spool"));
            }

            server.BreaksAfter = null;
            await using var later = new Bench("2026-05-05T09:30:00Z", folder: folder, server: server, source: source);
            await later.StartAsync();
            Assert.Contains("write 2026-05-04/a.csv.part 100", server.Log);
            Assert.Equal("2026-05-04/a.csv", server.Whole.Single());
            Assert.Equal(3, server.Text("2026-05-04/a.csv").Split("\r\n").Length);
        }
        finally
        {
            System.IO.Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task What_lies_there_of_something_else_is_not_gone_on_with()
    {
        await using var bench = new Bench("2026-05-05T09:00:00Z");
        Bench.Fill(bench.Source, "a");
        bench.Server.Files["2026-05-04/a.csv.part"] = "something else"u8.ToArray();
        await bench.StartAsync();
        Assert.StartsWith("at,direction,hex", bench.Server.Text("2026-05-04/a.csv"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_part_that_is_longer_than_the_file_is_begun_anew()
    {
        await using var bench = new Bench("2026-05-05T09:00:00Z");
        Bench.Fill(bench.Source, "a");
        bench.Server.BreaksAfter = 10;
        await bench.StartAsync();
        bench.Server.Files["2026-05-04/a.csv.part"] = new byte[10_000];
        bench.Server.BreaksAfter = null;
        await bench.RetryAsync();
        Assert.Equal("write 2026-05-04/a.csv.part 0", bench.Server.Log.Last(line => line.StartsWith("write", StringComparison.Ordinal)));
        Assert.InRange(bench.Server.Files["2026-05-04/a.csv"].Length, 50, 500);
    }

    [Fact]
    public async Task A_server_that_kept_less_than_was_sent_never_gets_the_name()
    {
        await using var bench = new Bench("2026-05-05T09:00:00Z");
        Bench.Fill(bench.Source, "a");
        bench.Server.Fails = what =>
        {
            if (what == "length 2026-05-04/a.csv.part" && bench.Server.Files.TryGetValue("2026-05-04/a.csv.part", out var bytes))
            {
                bench.Server.Files["2026-05-04/a.csv.part"] = bytes[..20];
            }

            return null;
        };
        await bench.StartAsync();
        Assert.Equal(("broken", 0), (bench.Status.Problem, bench.Server.Whole.Count()));
        bench.Server.Fails = _ => null;
        await bench.RetryAsync();
        Assert.Equal("2026-05-04/a.csv", bench.Server.Whole.Single());
    }

    [Fact]
    public async Task Today_is_carried_as_far_as_it_is_and_again_when_its_turn_comes()
    {
        await using var bench = new Bench("2026-05-05T09:00:00Z");
        bench.Source.Add("a", "2026-05-05T08:00:00Z", "00");
        await bench.StartAsync();
        var gate = new TaskCompletionSource();
        bench.Server.Gate = gate.Task;
        Assert.Equal(new ArchiveAnswer.NotYet(new DateOnly(2026, 5, 5)), bench.Runner.Ask(new DateOnly(2026, 5, 6)));
        var asked = bench.AskAsync(new DateOnly(2026, 5, 5));
        Assert.Equal((ArchiveStates.Running, new DateOnly(2026, 5, 5)), (bench.Status.State, bench.Status.Day));
        Assert.Equal(new ArchiveAnswer.Busy(new DateOnly(2026, 5, 5)), bench.Runner.Ask(null));
        gate.SetResult();
        Assert.Equal(new ArchiveAnswer.Begun(new DateOnly(2026, 5, 5)), await asked);
        Assert.Equal(3, bench.Server.Text("2026-05-05/a.csv").Split("\r\n").Length);
        Assert.Equal(new DateOnly(2026, 5, 4), bench.Status.LastFinishedDay);
        bench.Source.Add("a", "2026-05-05T20:00:00Z", "01");
        await bench.PassAsync(Day);
        Assert.Equal(4, bench.Server.Text("2026-05-05/a.csv").Split("\r\n").Length);
        Assert.Equal(new DateOnly(2026, 5, 5), bench.Status.LastFinishedDay);
    }

    [Fact]
    public async Task A_file_that_was_begun_is_carried_though_its_DTU_is_forgotten_meanwhile()
    {
        await using var bench = new Bench("2026-05-05T09:00:00Z");
        Bench.Fill(bench.Source, "a", "b");
        bench.Server.BreaksAfter = 30;
        await bench.StartAsync();
        bench.Source.Forget("a");
        bench.Server.BreaksAfter = null;
        await bench.RetryAsync();
        Assert.Equal(["2026-05-04/a.csv", "2026-05-04/b.csv"], bench.Server.Whole);
    }

    [Fact]
    public async Task A_target_that_is_another_one_now_is_begun_anew()
    {
        var (server, source) = (new FakeServer { BreaksAfter = 30 }, new FakeSource());
        Bench.Fill(source, "a");
        var folder = System.IO.Directory.CreateTempSubdirectory("dtu-archive-").FullName;
        try
        {
            await using (var before = new Bench("2026-05-05T09:00:00Z", folder: folder, server: server, source: source))
            {
                await before.StartAsync();
            }

            server.BreaksAfter = null;
            server.Log.Clear();
            await using var later = new Bench("2026-05-05T09:30:00Z", options => options with { Target = new FolderTargetOptions { Folder = "elsewhere" } }, folder, server, source);
            await later.StartAsync();
            Assert.Contains("write 2026-05-04/a.csv.part 0", server.Log);
        }
        finally
        {
            System.IO.Directory.Delete(folder, recursive: true);
        }
    }

    [SkippableFact]
    public async Task What_is_on_the_disk_is_nobody_elses()
    {
        Skip.If(OperatingSystem.IsWindows(), "Unix rights");
        await using var bench = new Bench("2026-05-05T09:00:00Z");
        Bench.Fill(bench.Source, "a");
        bench.Server.BreaksAfter = 10;
        await bench.StartAsync();
        Assert.All(
            (string[])["spool", "state.json"],
            file => Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, OperatingSystem.IsWindows() ? default : File.GetUnixFileMode(Path.Combine(bench.Folder, file))));
    }

    private static DateTimeOffset At(string text) => DateTimeOffset.Parse(text, System.Globalization.CultureInfo.InvariantCulture);
}
