using DtuActors.Configuration;
using DtuActors.Sessions;

namespace DtuActors.Tests.Sessions;

/// <summary>The bus in request-response mode over Modbus RTU, story by story.</summary>
public sealed class BusQueueTests : IBusLine
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly List<string> _heard = [];
    private readonly List<BusItem> _written = [];
    private DateTimeOffset _now = DateTimeOffset.UnixEpoch;
    private BusQueue _bus;

    public BusQueueTests() => _bus = Bus(new BusOptions());

    void IBusLine.Write(BusItem item)
    {
        _heard.Add($"write {item.Tag}");
        _written.Add(item);
    }

    void IBusLine.Answered(BusItem item, Frame answer) => _heard.Add($"{item.Tag} = {Items.ValueIn(answer)}");

    void IBusLine.HandedBack(ReadOnlyMemory<byte> bytes, bool isLate) => _heard.Add($"{(isLate ? "late" : "back")} {Convert.ToHexString(bytes.Span)}");

    void IBusLine.Refused(BusItem item, RefusalReason reason) => _heard.Add($"{item.Tag} {reason}");

    [Fact]
    public void What_waits_is_withdrawn_once_and_what_was_written_never()
    {
        Ask("a", "a1", 1, 1);
        Ask("a", "a2", 1, 2);
        Ask("b", "b1", 1, 3);
        Heard("write a1");
        Assert.False(_bus.Withdraw(item => item.Tag.Equals("a1"), _now));
        Assert.True(_bus.Withdraw(item => item.Tag.Equals("a2"), _now));
        Assert.False(_bus.Withdraw(item => item.Tag.Equals("a2"), _now));
        Heard("a2 Withdrawn");
        Answer(1, 7);
        Heard("a1 = 7", "write b1");
    }

    [Fact]
    public void What_waits_to_be_written_again_is_not_withdrawn()
    {
        _bus = Bus(new BusOptions { Retries = 1 });
        Ask("a", "a1", 1, 1);
        TimeOut();
        Assert.False(_bus.Withdraw(_ => true, _now));
    }

    // ---- turns

    [Fact]
    public void Askers_take_turns_and_each_keeps_its_own_order()
    {
        Ask("a", "a1", 1, 1);
        Ask("a", "a2", 1, 2);
        Ask("a", "a3", 1, 3);
        Ask("b", "b1", 1, 4);
        Ask("b", "b2", 1, 5);
        Ask("c", "c1", 1, 6);
        Heard("write a1");
        Answer(1, 1);
        Answer(1, 2);
        Answer(1, 3);
        Answer(1, 4);
        Answer(1, 5);
        Heard("a1 = 1", "write a2", "a2 = 2", "write b1", "b1 = 3", "write c1", "c1 = 4", "write a3", "a3 = 5", "write b2");
    }

    [Fact]
    public void In_a_full_queue_the_newest_request_of_the_greediest_gives_way_to_who_has_less()
    {
        _bus = Bus(new BusOptions { Queue = 3 });
        foreach (var number in Enumerable.Range(1, 5))
        {
            Ask("greedy", $"g{number}", 1, (ushort)number);
        }

        Heard("write g1", "g5 QueueFull");
        Ask("modest", "m1", 1, 10);
        Heard("g4 QueueFull");
        Ask("other", "o1", 1, 11);
        Heard("g3 QueueFull");

        // One on the wire and one that waits are no more than the others' one each could become.
        Ask("modest", "m2", 1, 12);
        Heard("m2 QueueFull");
        Assert.Equal(3, _bus.Waiting);
    }

    [Fact]
    public void A_full_queue_of_equals_refuses_the_newcomer()
    {
        _bus = Bus(new BusOptions { Queue = 2 });
        Ask("a", "a1", 1, 1);
        Ask("b", "b1", 1, 2);
        Ask("c", "c1", 1, 3);
        Ask("d", "d1", 1, 4);
        Heard("write a1", "d1 QueueFull");
    }

    [Fact]
    public void A_gap_stands_between_an_answer_and_the_next_request_and_behind_a_broadcast()
    {
        _bus = Bus(new BusOptions { RequestGap = TimeSpan.FromMilliseconds(100) });
        Ask("a", "a1", 1, 1);
        Ask("a", "a2", 1, 2);
        Answer(1, 1);
        Heard("write a1", "a1 = 1");
        Pass(TimeSpan.FromMilliseconds(99));
        Heard();
        Pass(TimeSpan.FromMilliseconds(1));
        Heard("write a2");
        Answer(1, 2);
        Pass(TimeSpan.FromMilliseconds(100));
        _bus.Enqueue(Items.Write("a", Items.WriteOne(0, 1), _now, "broadcast"), _now);
        Ask("a", "a3", 1, 3);
        Heard("a2 = 2", "write broadcast");
        Pass(TimeSpan.FromMilliseconds(100));
        Heard("write a3");
    }

    // ---- late answers

    [Fact]
    public void Several_late_answers_are_awaited_at_a_time_and_hold_back_only_what_they_could_be_mistaken_for()
    {
        _bus = Bus(new BusOptions { LateWindow = 20 * Second, QueueWait = 60 * Second });
        Ask("a", "slave 1", 1, 1);
        TimeOut();
        Ask("a", "slave 2", 2, 1);
        TimeOut();
        Heard("write slave 1", "slave 1 NoAnswer", "write slave 2", "slave 2 NoAnswer");
        Ask("b", "1 again", 1, 2);
        Ask("c", "2 again", 2, 2);
        Ask("d", "slave 3", 3, 1);
        Heard("write slave 3");

        Assert.Equal(BusClaim.Late, Answer(2, 22));
        Heard();
        Assert.Equal(BusClaim.Claimed, Answer(3, 33));
        Heard("slave 3 = 33", "write 2 again");
        Assert.Equal(BusClaim.Late, Answer(1, 11));
        Assert.Equal(BusClaim.Claimed, Answer(2, 222));
        Heard("2 again = 222", "write 1 again");
        Assert.Equal(BusClaim.Claimed, Answer(1, 111));
        Heard("1 again = 111");
    }

    [Fact]
    public void When_the_window_has_passed_who_was_held_back_goes_on_and_what_comes_then_is_unasked()
    {
        Ask("a", "first", 1, 1);
        TimeOut();
        Ask("a", "second", 1, 2);
        Pass(TimeSpan.FromMilliseconds(999));
        Heard("write first", "first NoAnswer");
        Pass(TimeSpan.FromMilliseconds(1));
        Heard("write second");
        Answer(1, 2);
        Assert.Equal(BusClaim.Unasked, Answer(1, 1));
        Heard("second = 2");
    }

    [Fact]
    public void Nobody_passes_an_item_of_his_own_that_is_held_back()
    {
        Ask("a", "first", 1, 1);
        TimeOut();
        Ask("a", "held back", 1, 2);
        Ask("a", "behind it", 2, 3);
        Ask("b", "passes", 2, 4);
        Heard("write first", "first NoAnswer", "write passes");
    }

    [Fact]
    public void Who_tells_his_answers_apart_himself_goes_on_to_another_slave_past_what_is_held_back()
    {
        _bus = Bus(new BusOptions { LateWindow = 20 * Second, QueueWait = 60 * Second });
        Ask("a", "silent", 1, 1, mayBePassed: true);
        Ask("a", "held back", 1, 2, mayBePassed: true);
        _bus.Enqueue(Items.Ask("a", Items.WriteOne(1, 3), _now, "same slave", mayBePassed: true), _now);
        Ask("a", "2", 2, 4, mayBePassed: true);
        Ask("a", "2 next", 2, 5, mayBePassed: true);
        TimeOut();
        Answer(2, 4);
        Answer(2, 5);
        Heard("write silent", "silent NoAnswer", "write 2", "2 = 4", "write 2 next", "2 next = 5");
    }

    [Fact]
    public void Nobody_passes_a_piece_of_a_stream_or_what_asks_nobody_in_particular()
    {
        _bus = Bus(new BusOptions { LateWindow = 20 * Second, QueueWait = 60 * Second });
        Ask("a", "silent", 1, 1, mayBePassed: true);
        TimeOut();
        Ask("a", "held back", 1, 2, mayBePassed: true);
        Ask("a", "of a stream", 2, 3);
        Ask("a", "behind it", 3, 4, mayBePassed: true);
        Ask("b", "held back too", 1, 5, mayBePassed: true);
        _bus.Enqueue(Items.Write("b", Items.WriteOne(0, 1), _now, "broadcast"), _now);
        Ask("b", "behind the broadcast", 3, 6, mayBePassed: true);
        Heard("write silent", "silent NoAnswer");
        Pass(20 * Second);
        Heard("write held back");
    }

    [Fact]
    public void A_shared_answer_is_given_past_what_is_held_back()
    {
        _bus = Bus(new BusOptions { LateWindow = 20 * Second, QueueWait = 60 * Second, Coalesce = 60 * Second });
        Ask("b", "read", 2, 7);
        Answer(2, 1);
        Ask("a", "silent", 1, 1, mayBePassed: true);
        TimeOut();
        Ask("a", "held back", 1, 2, mayBePassed: true);
        Ask("a", "known", 2, 7, mayBePassed: true);
        Heard("write read", "read = 1", "write silent", "silent NoAnswer", "known = 1");
    }

    [Fact]
    public void A_retry_waits_for_its_own_late_answer_which_answers_it()
    {
        _bus = Bus(new BusOptions { Retries = 1 });
        Ask("a", "twice", 1, 1);
        TimeOut();
        Ask("a", "behind it", 2, 2);
        Ask("b", "meanwhile", 2, 3);
        Heard("write twice", "write meanwhile");
        Assert.Equal(BusClaim.Claimed, Answer(1, 11));
        Answer(2, 3);
        Heard("twice = 11", "meanwhile = 3", "write behind it");
    }

    [Fact]
    public void A_retry_is_written_when_the_window_has_passed_and_ends_once()
    {
        _bus = Bus(new BusOptions { Retries = 1 });
        Ask("a", "twice", 1, 1);
        TimeOut();
        Ask("b", "held back", 1, 2);
        Heard("write twice");
        Pass(Second);
        Heard("write twice");
        TimeOut();
        Heard("twice NoAnswer");
        Assert.Equal(BusClaim.Late, Answer(1, 1));
        Heard("write held back");
    }

    [Fact]
    public void A_late_answer_and_the_asked_one_glued_together_in_a_raw_piece_find_their_own()
    {
        _bus = new BusQueue(new BusOptions(), "raw", this);
        Ask("a", "late", 1, 1, AnswerRule.Modbus);
        TimeOut();
        Ask("b", "asked", 2, 1, AnswerRule.Modbus);
        Assert.Equal(BusClaim.Claimed, Up([0xFE, .. Items.Value(1, 11), 0xFE, .. Items.Value(2, 22)[..3]]));
        Heard("write late", "late NoAnswer", "write asked");
        Assert.Equal(BusClaim.Claimed, Up([.. Items.Value(2, 22)[3..], .. "ping"u8]));
        Heard("asked = 22");
    }

    // ---- sharing

    [Fact]
    public void The_same_read_is_asked_once_for_all_who_wait_and_for_who_comes_soon_after()
    {
        _bus = Bus(new BusOptions { Coalesce = Second, Queue = 1 });
        Ask("a", "a", 1, 7);
        Ask("b", "b", 1, 7);
        Ask("c", "c", 1, 7);
        Ask("d", "other", 1, 8);
        Answer(1, 1);
        Heard("write a", "a = 1", "b = 1", "c = 1", "write other");
        Answer(1, 2);
        Pass(Second);
        Ask("e", "soon", 1, 7);
        Heard("other = 2", "soon = 1");
        Pass(TimeSpan.FromMilliseconds(1));
        Ask("e", "too late", 1, 7);
        Heard("write too late");
    }

    [Fact]
    public void A_Modbus_master_and_who_asks_by_the_mode_share_where_both_know_the_answer_by_the_same_pairing()
    {
        _bus = Bus(new BusOptions { Coalesce = Second });
        Ask("a", "api", 1, 7);
        Ask("b", "master", 1, 7, AnswerRule.Modbus);
        Answer(1, 1);
        Heard("write api", "api = 1", "master = 1");

        _bus = new BusQueue(new BusOptions { Mode = BusMode.RequestResponse, Coalesce = Second }, "raw", this);
        Ask("a", "api", 1, 7);
        Ask("b", "master", 1, 7, AnswerRule.Modbus);
        Answer(1, 1);
        Heard("write api", "api = 1", "write master");
    }

    [Fact]
    public void A_write_is_never_shared_and_after_it_the_slave_is_read_anew()
    {
        _bus = Bus(new BusOptions { Coalesce = 60 * Second });
        Ask("a", "read 1", 1, 7);
        Answer(1, 1);
        Ask("a", "read 2", 2, 7);
        Answer(2, 2);
        _bus.Enqueue(Items.Ask("b", Items.WriteOne(1, 7), _now, "write b"), _now);
        _bus.Enqueue(Items.Ask("c", Items.WriteOne(1, 7), _now, "write c"), _now);
        Taken();
        Ask("d", "1 anew", 1, 7);
        Ask("d", "2 as it was", 2, 7);
        Up(Items.WriteOne(1, 7));
        Taken();
        Up(Items.WriteOne(1, 7));
        Answer(1, 11);
        Heard("write read 1", "read 1 = 1", "write read 2", "read 2 = 2", "write write b", "write b = 1792", "write write c", "write c = 1792", "write 1 anew", "1 anew = 11", "2 as it was = 2");
    }

    [Fact]
    public void A_shared_answer_does_not_overtake_what_its_asker_wanted_before()
    {
        _bus = Bus(new BusOptions { Coalesce = 60 * Second });
        Ask("a", "read", 1, 7);
        _bus.Enqueue(Items.Ask("b", Items.WriteOne(1, 7), _now, "write"), _now);
        Ask("b", "read back", 1, 7);
        Answer(1, 1);
        Taken();
        Heard("write read", "read = 1", "write write");
        Up(Items.WriteOne(1, 7));
        Answer(1, 2);
        Heard("write = 1792", "write read back", "read back = 2");
    }

    [Fact]
    public void Who_shares_a_transaction_shares_its_time_out()
    {
        _bus = Bus(new BusOptions { Coalesce = Second });
        Ask("a", "a", 1, 7);
        Ask("b", "b", 1, 7);
        Ask("c", "c", 1, 8);
        TimeOut();
        Heard("write a", "b NoAnswer", "a NoAnswer");
    }

    // ---- suspended slaves

    [Fact]
    public void After_three_time_outs_in_a_row_a_slave_is_refused_at_once_until_one_request_is_its_trial()
    {
        TimeOutThrice();
        Ask("a", "fourth", 1, 4);
        Ask("a", "other slave", 2, 1);
        Answer(2, 2);
        Heard("fourth SlaveSuspended", "write other slave", "other slave = 2");
        Assert.Equal(new SuspendedSlave("1", _now + (30 * Second)), Assert.Single(_bus.Suspended));

        Pass(30 * Second);
        Ask("a", "trial", 1, 5);
        Ask("b", "waits", 1, 6);
        Heard("write trial");
        Pass(TimeSpan.FromSeconds(2.4));
        Heard();
        Pass(TimeSpan.FromSeconds(0.1));
        Heard("waits SlaveSuspended", "trial NoAnswer");
        Ask("a", "too early", 1, 7);
        Heard("too early SlaveSuspended");

        Pass(30 * Second);
        Ask("a", "trial", 1, 8);
        Answer(1, 1);
        Assert.Empty(_bus.Suspended);
        Ask("a", "alive", 1, 9);
        TimeOut();
        Heard("write trial", "trial = 1", "write alive", "alive NoAnswer");
        Assert.Empty(_bus.Suspended);
    }

    [Fact]
    public void A_late_answer_lifts_the_suspension_and_those_that_wait_when_it_begins_are_refused()
    {
        Ask("a", "1", 1, 1);
        TimeOut();
        Pass(Second);
        Ask("a", "2", 1, 1);
        TimeOut();
        Pass(Second);
        Ask("a", "3", 1, 1);
        Ask("b", "waits", 1, 2);
        TimeOut();
        Heard("write 1", "1 NoAnswer", "write 2", "2 NoAnswer", "write 3", "waits SlaveSuspended", "3 NoAnswer");
        Assert.Equal(BusClaim.Late, Answer(1, 3));
        Assert.Empty(_bus.Suspended);
        Ask("a", "4", 1, 4);
        Heard("write 4");
    }

    [Fact]
    public void Each_attempt_counts_and_a_suspended_request_is_not_written_again()
    {
        _bus = Bus(new BusOptions { Retries = 5 });
        Ask("a", "often", 1, 1);
        for (var i = 0; i < 3; i++)
        {
            TimeOut();
            Pass(Second);
        }

        Heard("write often", "write often", "write often", "often NoAnswer");
    }

    [Fact]
    public void Nobody_is_suspended_where_it_is_off_or_slaves_are_not_known()
    {
        foreach (var (options, codec) in new[] { (new BusOptions { SuspendSlave = null }, "modbus-rtu"), (new BusOptions(), "raw") })
        {
            _bus = new BusQueue(options with { Mode = BusMode.RequestResponse }, codec, this);
            TimeOutThrice();
            Ask("a", "fourth", 1, 4);
            Heard("write fourth");
        }
    }

    private BusQueue Bus(BusOptions options) => new(options with { Mode = BusMode.RequestResponse }, "modbus-rtu", this);

    private void Ask(string asker, string name, byte unit, ushort register, AnswerRule rule = AnswerRule.ByMode, bool mayBePassed = false)
    {
        if (_bus.Enqueue(Items.Ask(asker, Items.Read(unit, register), _now, name, rule: rule, mayBePassed: mayBePassed), _now) is { } refusal)
        {
            _heard.Add($"{name} {refusal}");
        }

        Taken();
    }

    private BusClaim Answer(byte unit, int value) => Up(Items.Value(unit, value));

    private BusClaim Up(byte[] bytes)
    {
        var claim = _bus.Uplink(Items.Up(bytes, _now), _now);
        Taken();
        return claim;
    }

    private void Pass(TimeSpan time)
    {
        _now += time;
        _bus.Tick(_now);
        Taken();
    }

    private void TimeOut() => Pass(5 * Second);

    private void TimeOutThrice()
    {
        for (var i = 0; i < 3; i++)
        {
            Ask("a", "dead", 1, 1);
            TimeOut();
            if (i < 2)
            {
                Pass(Second);
            }
        }

        _heard.Clear();
        if (_bus.Suspended.IsEmpty)
        {
            Pass(Second);
        }
    }

    private void Taken()
    {
        foreach (var item in _written.ToArray())
        {
            _written.Remove(item);
            _bus.Written(item, _now);
        }
    }

    private void Heard(params string[] expected)
    {
        Assert.Equal(expected, _heard);
        _heard.Clear();
    }
}
