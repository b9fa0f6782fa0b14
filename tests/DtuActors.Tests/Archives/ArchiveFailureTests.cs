using DtuActors.Archives;
using DtuActors.Archives.Targets;

namespace DtuActors.Tests.Archives;

/// <summary>Whatever fails, on either side, is told in a word; nothing is left out, and all is carried in the end.</summary>
public sealed class ArchiveFailureTests
{
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    public static TheoryData<ArchiveProblem, string> Problems => new()
    {
        { ArchiveProblem.UnknownHost, "unknown-host" },
        { ArchiveProblem.Unreachable, "unreachable" },
        { ArchiveProblem.WrongPassword, "wrong-password" },
        { ArchiveProblem.WrongHostKey, "wrong-host-key" },
        { ArchiveProblem.NoPermission, "no-permission" },
        { ArchiveProblem.DiskFull, "disk-full" },
        { ArchiveProblem.Broken, "broken" },
        { ArchiveProblem.Refused, "refused" },
    };

    [Theory]
    [MemberData(nameof(Problems))]
    public async Task Each_problem_is_told_in_a_word_and_the_archive_is_carried_in_the_end(ArchiveProblem problem, string word)
    {
        foreach (var step in (string[])["folder", "write", "rename"])
        {
            await using var bench = new Bench("2026-05-05T09:00:00Z");
            Bench.Fill(bench.Source, "a", "b");
            bench.Server.Fails = what => what.StartsWith(step, StringComparison.Ordinal) ? new ArchiveTargetException(problem, $"the server\r\nsays {word}") : null;
            await bench.StartAsync();
            Assert.Equal((ArchiveStates.Waiting, word, $"the server  says {word}", new DateOnly(2026, 5, 4)), (bench.Status.State, bench.Status.Problem, bench.Status.LastError, bench.Status.Day));
            Assert.NotNull(bench.Status.RetryAt);
            Assert.Empty(bench.Server.Whole);
            bench.Server.Fails = _ => null;
            await bench.RetryAsync();
            Assert.Equal(["2026-05-04/a.csv", "2026-05-04/b.csv"], bench.Server.Whole);
            Assert.Equal((ArchiveStates.Idle, null, null, null), (bench.Status.State, bench.Status.Problem, bench.Status.LastError, bench.Status.RetryAt));
        }
    }

    [Fact]
    public async Task Waits_double_up_to_the_most_and_begin_anew_once_something_was_carried()
    {
        await using var bench = new Bench("2026-05-05T09:00:00Z", options => options with { RetryMin = TimeSpan.FromSeconds(10), RetryMax = TimeSpan.FromSeconds(60) });
        Bench.Fill(bench.Source, "a", "b");
        bench.Server.Fails = _ => new ArchiveTargetException(ArchiveProblem.Unreachable, "nobody answers");
        await bench.StartAsync();
        foreach (var seconds in (int[])[10, 20, 40, 60, 60])
        {
            Assert.InRange((await bench.Time.WaitedForAsync()).TotalSeconds, seconds, seconds * 1.2);
            await bench.RetryAsync();
        }

        bench.Server.Fails = what => what.Contains("b.csv", StringComparison.Ordinal) ? new ArchiveTargetException(ArchiveProblem.Unreachable, "nobody answers") : null;
        await bench.RetryAsync();
        Assert.Equal(["2026-05-04/a.csv"], bench.Server.Whole);
        Assert.InRange((await bench.Time.WaitedForAsync()).TotalSeconds, 10, 12);
    }

    [Fact]
    public async Task A_link_that_carries_something_before_it_breaks_is_not_waited_for_longer_and_longer()
    {
        await using var bench = new Bench("2026-05-05T09:00:00Z", options => options with { RetryMin = TimeSpan.FromSeconds(10), RetryMax = TimeSpan.FromHours(1) });
        for (var i = 0; i < 100; i++)
        {
            bench.Source.Add("a", "2026-05-04T12:00:00Z", new string('0', 200));
        }

        bench.Server.BreaksAfter = 1000;
        await bench.StartAsync();
        for (var i = 0; i < 5; i++)
        {
            await bench.RetryAsync();
            Assert.InRange((await bench.Time.WaitedForAsync()).TotalSeconds, 10, 24);
        }
    }

    [Fact]
    public async Task A_day_that_fails_for_days_is_carried_first_and_what_came_behind_it_then()
    {
        await using var bench = new Bench("2026-05-05T01:00:00Z", options => options with { RetryMax = TimeSpan.FromHours(6) });
        for (var day = 4; day < 10; day++)
        {
            bench.Source.Add("a", $"2026-05-{day:00}T12:00:00Z", "00");
        }

        bench.Server.Fails = _ => new ArchiveTargetException(ArchiveProblem.WrongPassword, "no");
        await bench.StartAsync();
        await bench.PassAsync(3 * Day);
        Assert.Equal((ArchiveStates.Waiting, new DateOnly(2026, 5, 4)), (bench.Status.State, bench.Status.Day));
        bench.Server.Fails = _ => null;
        Assert.Equal(new ArchiveAnswer.Begun(new DateOnly(2026, 5, 4)), await bench.AskAsync(null));
        Assert.Equal(["2026-05-04/a.csv", "2026-05-05/a.csv", "2026-05-06/a.csv", "2026-05-07/a.csv"], bench.Server.Whole);
        Assert.Empty(bench.Status.Missed);
    }

    [Fact]
    public async Task A_history_that_can_not_be_read_leaves_nothing_out()
    {
        await using var bench = new Bench("2026-05-05T09:00:00Z");
        Bench.Fill(bench.Source, "a");
        bench.Source.Failure = new ArchiveException(ArchiveProblems.StorageFailed, "node n2 did not answer");
        await bench.StartAsync();
        Assert.Equal(("storage-failed", "node n2 did not answer", null), (bench.Status.Problem, bench.Status.LastError, bench.Status.LastFinishedDay));
        bench.Source.Failure = null;
        await bench.RetryAsync();
        Assert.Equal("2026-05-04/a.csv", bench.Server.Whole.Single());
    }

    [Fact]
    public async Task A_disk_of_this_side_that_fails_is_told_as_this_sides_and_nothing_is_left_out()
    {
        await using var bench = new Bench("2026-05-05T09:00:00Z");
        Bench.Fill(bench.Source, "a");

        // A folder stands where the spool is to be.
        var spool = System.IO.Directory.CreateDirectory(Path.Combine(bench.Folder, "spool", "full")).Parent!;
        await bench.StartAsync();
        Assert.Equal((ArchiveStates.Waiting, "spool-failed"), (bench.Status.State, bench.Status.Problem));
        spool.Delete(recursive: true);
        await bench.RetryAsync();
        Assert.Equal("2026-05-04/a.csv", bench.Server.Whole.Single());
    }

    [Theory]
    [InlineData("{ \"version\": 1, \"finished\": \"2026-0")]
    [InlineData("")]
    [InlineData("{ \"version\": 2 }")]
    [InlineData("null")]
    public async Task A_state_that_can_not_be_read_is_kept_aside_and_told_and_the_days_of_catch_up_are_carried_again(string text)
    {
        await using var bench = new Bench("2026-05-05T09:00:00Z", options => options with { CatchUp = 1 });
        bench.Source.Add("a", "2026-05-02T12:00:00Z", "00");
        bench.Source.Add("a", "2026-05-03T12:00:00Z", "00");
        Bench.Fill(bench.Source, "a");
        await File.WriteAllTextAsync(bench.StateFile, text);
        bench.Server.Fails = _ => new ArchiveTargetException(ArchiveProblem.Unreachable, "nobody answers");
        await bench.StartAsync();
        Assert.Equal(text, await File.ReadAllTextAsync(bench.StateFile + ".unreadable"));
        Assert.Equal("unreachable", bench.Status.Problem);
        Assert.Contains("could not be read", bench.Status.LastError, StringComparison.Ordinal);
        bench.Server.Fails = what => what.Contains("2026-05-04", StringComparison.Ordinal) ? new ArchiveTargetException(ArchiveProblem.Unreachable, "nobody answers") : null;
        await bench.RetryAsync();
        Assert.Equal("2026-05-03/a.csv", bench.Server.Whole.Single());
        bench.Server.Fails = _ => null;
        await bench.RetryAsync();
        Assert.Equal(["2026-05-03/a.csv", "2026-05-04/a.csv"], bench.Server.Whole);

        // It is seen for a day, whoever looks.
        Assert.Equal((ArchiveStates.Idle, "state-lost"), (bench.Status.State, bench.Status.Problem));
        Assert.Contains("the last 2 days are carried again", bench.Status.LastError, StringComparison.Ordinal);
        await bench.PassAsync(Day);
        Assert.Null(bench.Status.Problem);
    }
}
