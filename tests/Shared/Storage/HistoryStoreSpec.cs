using DtuActors.Configuration;
using DtuActors.Directory;
using DtuActors.Protocol;
using DtuActors.Recording;
using DtuActors.Storage;

namespace DtuActors.Tests.Recording;

/// <summary>What the stored history does, whichever database it is in.</summary>
public abstract class HistoryStoreSpec : IDisposable
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan PartSpan = TimeSpan.FromDays(1);
    private readonly StorageOptions _limits = new() { Retention = 30 * PartSpan, MaxHistory = 1L << 30 };
    private HistoryStore? _store;

    private protected abstract Database Database { get; }

    private HistoryStore Store => _store ??= HistoryStore.Open(Database, _limits);

    public void Dispose()
    {
        _store?.Dispose();
        Clean();
        GC.SuppressFinalize(this);
    }

    protected virtual void Clean()
    {
    }

    [SkippableFact]
    public void A_frame_comes_back_as_it_was()
    {
        FramePassed[] frames =
        [
            new(Start.AddTicks(1), Id("七号泵站"), FrameDirection.Up, new byte[] { 1, 2, 255 }, "hj212", "dtu"),
            new(Start.AddTicks(2), Id("七号泵站"), FrameDirection.Down, ReadOnlyMemory<byte>.Empty, "raw", "poll:p1"),
            new(Start.AddTicks(3), Id("七号泵站"), FrameDirection.Up, new byte[] { 9, 0, 9 }.AsMemory(1, 1), "modbus-rtu", "dtu", "bad-checksum"),
        ];
        Write(frames);
        var page = Page("七号泵站");
        Assert.Null(page.Next);
        Assert.Equal(
            frames.Select(frame => (frame.At, frame.Direction, Convert.ToHexString(frame.Payload.Span), frame.Codec, frame.Source, frame.Verdict)),
            page.Items.Select(frame => (frame.At, frame.Direction, Convert.ToHexString(frame.Payload.Span), frame.Codec, frame.Source, frame.Verdict)));
    }

    [SkippableTheory]
    [InlineData("a'); drop table history_parts; --")]
    [InlineData("%")]
    [InlineData("a%\\_\"`;$1 @dtu")]
    [InlineData("A")]
    public void An_id_is_only_its_own(string id)
    {
        Write([Frame("a", 0), Frame(id, 1), Frame("a%x", 2)]);
        Assert.Equal([1], Page(id).Items.Select(frame => (int)frame.Payload.Span[0]));
        Assert.Equal([0], Page("a").Items.Select(frame => (int)frame.Payload.Span[0]));
        Assert.Empty(Page("b").Items);
    }

    [SkippableFact]
    public void Pages_join_over_parts_without_gap_or_repetition_whatever_lies_between()
    {
        for (var day = 0; day < 5; day++)
        {
            Write([.. Enumerable.Range(0, 60).SelectMany(i => new[] { Frame("a", (day * 60) + i, Start.AddDays(1.5 * day)), Frame("b", 0, Start.AddDays(1.5 * day)) })]);
        }

        Assert.Equal(4, Store.Parts);
        foreach (var limit in new[] { 1, 59, 60, 61, 299, 300 })
        {
            Assert.Equal(Enumerable.Range(0, 300).Select(i => (byte)i), All(limit));
        }

        var next = Page("a", limit: 7).Next;
        Assert.Equal(7, Page("a", limit: 7, after: next).Items[0].Payload.Span[0]);
        Assert.Null(Page("a", limit: 7, after: "999999").Next);

        IEnumerable<byte> All(int limit)
        {
            string? after = null;
            do
            {
                var page = Page("a", limit: limit, after: after);
                foreach (var frame in page.Items)
                {
                    yield return frame.Payload.Span[0];
                }

                after = page.Next;
            }
            while (after is not null);
        }
    }

    [SkippableFact]
    public void Frames_are_found_by_time_from_since_on_and_before_until()
    {
        for (var hour = 0; hour < 98; hour++)
        {
            Write([Frame("a", hour, Start.AddHours(hour))]);
        }

        // These two are not in their place yet.
        Write([Frame("a", 98, Start.AddHours(98))]);
        Write([Frame("a", 99, Start.AddHours(99))]);
        Assert.True(Store.Parts > 1);
        Assert.Equal(Enumerable.Range(20, 30), Between(20, 50));
        Assert.Equal([99], Between(99, 200));
        Assert.Empty(Between(50, 50));
        Assert.Empty(Between(200, 300));

        IEnumerable<int> Between(int since, int until) =>
            Page("a", since: Start.AddHours(since), until: Start.AddHours(until)).Items.Select(frame => (int)frame.Payload.Span[0]);
    }

    [SkippableFact]
    public void The_latest_frames_are_the_last_ones_oldest_first_over_parts()
    {
        for (var day = 0; day < 3; day++)
        {
            Write([.. Enumerable.Range(0, 10).Select(i => Frame("a", (day * 10) + i, Start.AddDays(2 * day)))]);
        }

        Assert.Equal(Enumerable.Range(15, 15), Latest(15));
        Assert.Equal(Enumerable.Range(0, 30), Latest(1000));
        Assert.Equal([19], Latest(1, until: Start.AddDays(3)));

        IEnumerable<int> Latest(int limit, DateTimeOffset? until = null) =>
            Store.Page(new Records.GetFrames(Id("a"), null, until, limit, null, Newest: true)).Items.Select(frame => (int)frame.Payload.Span[0]);
    }

    [SkippableFact]
    public void A_page_of_large_frames_ends_early_and_the_next_one_goes_on()
    {
        Write([.. Enumerable.Range(0, 10).Select(_ => Frame("a", 0) with { Payload = new byte[2 * 1024 * 1024] })]);
        var first = Page("a");
        Assert.Equal(HistoryStore.MostPageBytes, first.Items.Sum(frame => frame.Payload.Length));
        Assert.Equal(HistoryStore.MostPageBytes, Page("a", after: first.Next).Items.Sum(frame => frame.Payload.Length));
    }

    [SkippableFact]
    public void Numbers_and_cursors_go_on_over_a_restart()
    {
        Write([Frame("a", 1), Frame("a", 2), Frame("a", 3)]);
        var next = Page("a", limit: 2).Next;
        Reopen();
        Assert.Equal([1, 2, 3], Page("a").Items.Select(frame => (int)frame.Payload.Span[0]));
        Store.Trim(Start.AddDays(1));
        Reopen();
        Write([Frame("a", 4)]);
        Assert.Equal([3, 4], Page("a", after: next).Items.Select(frame => (int)frame.Payload.Span[0]));
        Assert.Equal([1, 2, 3, 4], Page("a").Items.Select(frame => frame.Sequence));
        Assert.Equal(4, Store.LastSequence);
    }

    [SkippableFact]
    public void What_is_older_than_the_retention_leaves_by_parts_and_numbers_go_on()
    {
        for (var day = 0; day < 10; day++)
        {
            Write([Frame("a", day, Start.AddDays(1.1 * day))]);
        }

        Store.Trim(Start.AddDays(31));
        Assert.Equal(Enumerable.Range(1, 9), Page("a").Items.Select(frame => (int)frame.Payload.Span[0]));
        Store.Trim(Start.AddDays(100));
        Assert.Empty(Page("a").Items);
        Reopen();
        Write([Frame("a", 10, Start.AddDays(100))]);
        Assert.Equal(11, Assert.Single(Page("a").Items).Sequence);
    }

    [SkippableFact]
    public void What_is_too_much_leaves_oldest_first_and_what_was_written_last_stays()
    {
        const int most = 1024 * 1024;
        _store = HistoryStore.Open(Database, _limits with { MaxHistory = most });
        for (var i = 0; i < 250; i++)
        {
            Write([Frame("a", i) with { Payload = Enumerable.Repeat((byte)i, 16 * 1024).ToArray() }]);
        }

        var kept = Page("a").Items;
        Assert.InRange(kept.Sum(frame => (long)frame.Payload.Length), most / 2, most);
        Assert.Equal(Enumerable.Range(250 - kept.Length, kept.Length), kept.Select(frame => (int)frame.Payload.Span[0]));
    }

    [SkippableFact]
    public void A_clock_that_goes_back_and_forth_loses_nothing_that_is_not_old_and_keeps_the_order_of_writing()
    {
        Write([Frame("a", 1, Start.AddDays(40))]);
        Write([Frame("a", 2, Start.AddDays(39.9)), Frame("a", 3, Start.AddDays(39))]);
        Write([Frame("a", 4, DateTimeOffset.UnixEpoch)]);
        Store.Trim(DateTimeOffset.UnixEpoch.AddHours(2));
        Assert.Equal([1, 2, 3, 4], Values());
        Assert.Equal([4], Page("a", until: Start).Items.Select(frame => (int)frame.Payload.Span[0]));

        // What claims to be of 1970 is older than any retention.
        Write([Frame("a", 5, Start.AddDays(40))]);
        Assert.Equal([1, 2, 3, 5], Values());

        IEnumerable<int> Values() => Page("a").Items.Select(frame => (int)frame.Payload.Span[0]);
    }

    [SkippableFact]
    public void A_clock_that_jumps_to_and_fro_makes_no_endless_number_of_parts()
    {
        for (var i = 0; i < 600; i++)
        {
            Write([Frame("a", 0, Start.AddDays(5 * (i % 2)))]);
        }

        Assert.InRange(Store.Parts, 2, 420);
        Assert.Equal(600, Page("a", limit: 1000).Items.Length);
    }

    [SkippableFact]
    public void Sessions_come_back_as_they_were_the_last_that_ended_first()
    {
        for (var day = 0; day < 30; day++)
        {
            Store.Trim(Start.AddDays(day));
            Store.Write([new HistoryEntry(Id("a"), null, Session(day)), new HistoryEntry(Id("b"), null, Session(day))]);
        }

        Reopen();
        var sessions = Store.Sessions(Id("a"), 20);
        Assert.Equal(Enumerable.Range(10, 20).Reverse().Select(day => Start.AddDays(day)), sessions.Select(session => session.ConnectedAt));
        Assert.Equal(Session(29) with { Evidence = [] }, sessions[0] with { Evidence = [] });
        Assert.Equal(Session(29).Evidence.AsEnumerable(), sessions[0].Evidence);
        Assert.Empty(Store.Sessions(Id("c"), 20));
    }

    [SkippableFact]
    public void Known_DTUs_come_back_as_they_were_told_last_those_that_are_too_many_are_forgotten()
    {
        Store.Write([Known("a", 3), Known("b", 1), Known("c", 2), Known("七'; --", 4), Known("d", 5)]);
        Store.Write([Known("b", 6), new(Id("d"), null), new(Id("nobody"), null)]);
        Reopen();
        Assert.Equal([Known("a", 3).Value, Known("七'; --", 4).Value, Known("b", 6).Value], Store.Known(3).Select(row => row.Known));
        Assert.Equal(["a", "七'; --", "b"], Store.Known(100).Select(row => row.Dtu.Value));

        static KeyValuePair<DtuId, KnownDtu?> Known(string dtu, int hour) => new(Id(dtu), new KnownDtu(
            Start, Start, Start.AddHours(hour), hour == 3 ? null : Start.AddHours(hour), "main", "10.0.0.1:1", "default", "raw", null, "silent", "no byte \"x\"", 1, 2, 3, 4, 5, hour));
    }

    [SkippableFact]
    public void A_history_of_a_newer_release_is_refused()
    {
        Write([Frame("a", 1)]);
        using (var connection = Database.Open())
        using (var command = connection.CreateCommand())
        {
            command.CommandText = "update schema_versions set version = 99 where part = 'history'";
            command.ExecuteNonQuery();
        }

        _store!.Dispose();
        _store = null;
        Assert.Contains("newer release", Assert.Throws<StorageException>(() => Store).Message, StringComparison.Ordinal);
        using (var connection = Database.Open())
        using (var command = connection.CreateCommand())
        {
            command.CommandText = "update schema_versions set version = 1 where part = 'history'";
            command.ExecuteNonQuery();
        }

        Assert.Single(Page("a").Items);
    }

    private static DtuId Id(string text) => DtuId.Parse(text);

    private static FramePassed Frame(string dtu, int value, DateTimeOffset? at = null) =>
        new(at ?? Start, Id(dtu), FrameDirection.Up, new[] { (byte)value }, "raw", "dtu");

    private static SessionRecord Session(int day) => new(
        Start.AddDays(day), Start.AddDays(day).AddTicks(12_345_678), "main", "10.0.0.1:1", "silent", "no byte for 30 s \ud83d\ude00 'x'", 1, 2, 3, 4, 5, Start.AddDays(day).AddTicks(7),
        [new(Start, EvidenceKind.Connected, "from x"), new(Start.AddTicks(1), EvidenceKind.NoUplink, null)]);

    // As its owner does it: time has passed, then something is written.
    private void Write(FramePassed[] frames)
    {
        Store.Trim(frames[0].At);
        Store.Write([.. frames.Select(frame => new HistoryEntry(frame.Dtu, frame, null))]);
    }

    private FramePage Page(string dtu, DateTimeOffset? since = null, DateTimeOffset? until = null, int limit = 1000, string? after = null) =>
        Store.Page(new Records.GetFrames(Id(dtu), since, until, limit, after));

    private void Reopen()
    {
        _store?.Dispose();
        _store = null;
    }
}
