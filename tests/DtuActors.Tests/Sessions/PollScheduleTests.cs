using DtuActors.Configuration;
using DtuActors.Sessions;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;

namespace DtuActors.Tests.Sessions;

public sealed class PollScheduleTests
{
    private static readonly DateTimeOffset Opened = DateTimeOffset.UnixEpoch;

    private static PollOptions Poll(string name, double? every = 60, double jitter = 0) => new()
    {
        Name = name,
        Dtu = every is null ? null : "*",
        Payload = new byte[] { 1 },
        Every = every is { } seconds ? TimeSpan.FromSeconds(seconds) : null,
        Jitter = TimeSpan.FromSeconds(jitter),
    };

    private static DateTimeOffset At(double seconds) => Opened + TimeSpan.FromSeconds(seconds);

    [Theory]
    [InlineData(0, 0)]
    [InlineData(0.25, 15)]
    [InlineData(0.99, 59.4)]
    public void The_first_run_is_at_a_random_moment_within_the_period(double chance, double due)
    {
        var schedule = new PollSchedule([Poll("p")], null, () => chance, Opened);
        Assert.Equal(At(due), schedule.Due);
        Assert.Null(schedule.Begin(At(due) - TimeSpan.FromTicks(1)));
        Assert.Equal("p", schedule.Begin(At(due))!.Options.Name);
    }

    [Theory]
    [InlineData(0, 50)]
    [InlineData(0.5, 60)]
    [InlineData(0.75, 65)]
    public void The_next_run_is_a_period_behind_the_last_ones_beginning_more_or_less_the_jitter(double chance, double later)
    {
        var now = 0.0;
        var schedule = new PollSchedule([Poll("p", jitter: 10)], null, () => now == 0 ? 0 : chance, Opened);
        var run = schedule.Begin(At(now))!;
        Assert.Null(schedule.Due);
        now = 3;
        schedule.Answered(run, hasAnswer: true, At(now), At(now));
        Assert.Equal(At(later), schedule.Due);
    }

    [Fact]
    public void Other_polls_leave_what_did_not_change_as_it_is_and_keep_the_counts()
    {
        var schedule = new PollSchedule([Poll("same"), Poll("other"), Poll("gone")], null, () => 0.5, Opened);
        var run = schedule.Begin(At(30))!;
        Assert.Equal("same", run.Options.Name);
        schedule.Written(run);
        schedule.Answered(run, hasAnswer: true, At(31), At(31));
        var running = schedule.Begin(At(31))!;
        schedule.Written(running);
        schedule.Use([Poll("same"), Poll("other", every: 10), Poll("new", every: 100)], null, At(40));
        Assert.Equal(["same", "other", "new"], schedule.Status().Select(poll => poll.Name));
        Assert.Equal((1, 1), (schedule.Status()[0].Sent, schedule.Status()[0].Answered));
        Assert.Equal(1, schedule.Status()[1].Sent);

        // The run that is on its way ends as the poll's own, and the new period counts from its beginning.
        Assert.Same(running, schedule.Begin(At(41)) ?? running);
        Assert.Equal("other", running.Options.Name);
        schedule.Answered(running, hasAnswer: true, At(41), At(41));
        Assert.Equal((1, 1), (schedule.Status()[1].Sent, schedule.Status()[1].Answered));
        Assert.Equal("other", schedule.Begin(At(42))!.Options.Name);
        Assert.Equal(At(90), schedule.Due);
    }

    [Fact]
    public void A_poll_that_is_gone_is_never_due_and_its_last_run_ends_in_silence()
    {
        var schedule = new PollSchedule([Poll("p")], (Poll("p"), TimeSpan.FromSeconds(10)), () => 0, Opened);
        var run = schedule.Begin(At(0))!;
        schedule.Use([], null, At(1));
        schedule.Failed(run, "no answer", At(2), At(2));
        Assert.Null(schedule.Due);
        Assert.Empty(schedule.Status());
    }

    [Fact]
    public void A_run_that_lasts_longer_than_the_period_is_not_begun_again_before_it_ended()
    {
        var schedule = new PollSchedule([Poll("p", every: 5)], null, () => 0, Opened);
        var run = schedule.Begin(At(0))!;
        Assert.Null(schedule.Begin(At(100)));
        schedule.Failed(run, "no answer", At(100), At(100));
        Assert.Null(schedule.Begin(At(100)));
        Assert.NotNull(schedule.Begin(At(101)));
    }

    [Fact]
    public void Keep_warm_waits_from_the_last_byte_sent_and_never_longer_than_its_time()
    {
        var chance = 0.0;
        var schedule = new PollSchedule([], (Poll("warm", every: null), TimeSpan.FromSeconds(100)), () => chance, Opened);
        Assert.Equal(At(80), schedule.Due);
        schedule.Sent(At(50));
        Assert.Equal(At(130), schedule.Due);
        Assert.Null(schedule.Begin(At(80)));
        chance = 1;
        var run = schedule.Begin(At(130))!;
        schedule.Sent(At(131));
        schedule.Answered(run, hasAnswer: true, At(132), At(132));
        Assert.Equal(At(231), schedule.Due);
    }

    [Fact]
    public void Keep_warm_with_a_poll_that_means_other_dtus_does_not_begin_its_schedule()
    {
        var schedule = new PollSchedule([], (Poll("others", every: 10), TimeSpan.FromSeconds(100)), () => 0.5, Opened);
        var run = schedule.Begin(At(90))!;
        schedule.Sent(At(90));
        schedule.Answered(run, hasAnswer: true, At(91), At(91));
        Assert.Equal(At(180), schedule.Due);
    }

    [Fact]
    public void Keep_warm_that_was_refused_before_it_was_sent_is_tried_again_soon_but_not_at_once()
    {
        var schedule = new PollSchedule([], (Poll("warm", every: null), TimeSpan.FromSeconds(100)), () => 0, Opened);
        schedule.Failed(schedule.Begin(At(80))!, "the bus was not free in time", At(90), At(90));
        Assert.Equal(At(91), schedule.Due);
    }

    [Fact]
    public void A_poll_that_also_keeps_warm_is_one_poll()
    {
        var poll = Poll("p", every: 600);
        var schedule = new PollSchedule([poll], (poll, TimeSpan.FromSeconds(100)), () => 0.5, Opened);
        Assert.Equal(At(90), schedule.Due);
        schedule.Begin(At(90));
        Assert.Null(schedule.Due);
        Assert.Equal("p", Assert.Single(schedule.Status()).Name);
    }

    [Fact]
    public void Runs_are_counted_by_how_they_ended_and_each_ends_once()
    {
        var schedule = new PollSchedule([Poll("p", every: 10)], null, () => 0, Opened);
        for (var i = 0; i < 3; i++)
        {
            var run = schedule.Begin(At(i * 10))!;
            schedule.Written(run);
            if (i == 1)
            {
                schedule.Failed(run, "no answer in time", At((i * 10) + 5), At((i * 10) + 5));
            }

            schedule.Answered(run, hasAnswer: i == 0, At((i * 10) + 6), At((i * 10) + 6));
        }

        Assert.Equal(
            new PollStatus { Name = "p", Sent = 3, Answered = 1, Failed = 1, LastError = "no answer in time", LastAt = At(26) },
            Assert.Single(schedule.Status()));
    }

    [Property(MaxTest = 300)]
    public Property However_runs_end_none_piles_up_and_nobody_hears_nothing_for_longer_than_keep_warm_allows(byte[] delays, byte[] chances, bool alsoPolled)
    {
        var every = TimeSpan.FromSeconds(240);
        var draw = 0;
        double Chance() => chances.Length == 0 ? 0.5 : chances[draw++ % chances.Length] / 256.0;
        var own = alsoPolled ? new[] { Poll("a", every: 30, jitter: 30), Poll("b", every: 7) } : [];
        var schedule = new PollSchedule(own, (Poll("warm", every: null), every), Chance, Opened);
        var (now, lastSent, longest) = (Opened, Opened, TimeSpan.Zero);
        var begun = new Dictionary<string, DateTimeOffset>();
        var tooSoon = 0;
        foreach (var delay in delays)
        {
            // Each run takes up to 25 s, and is over before the next begins, as on a bus.
            now = schedule.Due!.Value > now ? schedule.Due.Value : now;
            var run = schedule.Begin(now)!;
            longest = now - lastSent > longest ? now - lastSent : longest;
            tooSoon += begun.TryGetValue(run.Options.Name, out var before) && now - before < TimeSpan.FromSeconds(1) ? 1 : 0;
            begun[run.Options.Name] = now;
            lastSent = now;
            schedule.Sent(now);
            now += TimeSpan.FromMilliseconds(delay * 100);
            if (delay % 2 == 0)
            {
                schedule.Answered(run, hasAnswer: true, now, now);
            }
            else
            {
                schedule.Failed(run, "no answer in time", now, now);
            }
        }

        return (longest <= every).Label($"silent for {longest}").And((tooSoon == 0).Label("a run follows its like at once"));
    }
}
