using DtuActors.Configuration;
using DtuActors.Protocol;
using DtuActors.Protocol.Modbus;
using DtuActors.Sessions;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;

namespace DtuActors.Tests.Sessions;

/// <summary>The bus under any order of what can happen to it, and whatever its options are.</summary>
public sealed class BusQueueProperties
{
    private const int Queue = 4;
    private static readonly TimeSpan Timeout = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LateWindow = TimeSpan.FromMilliseconds(100);
    private static readonly SuspendOptions Suspend = new() { After = 2, For = TimeSpan.FromMilliseconds(1200) };

    public enum Step
    {
        AskA,
        AskB,
        AskBTheSame,
        AskC,
        Write,
        WriteByC,
        KernelTakes,
        Answer,
        Lose,
        Noise,
        Wait,
        WaitLong,
        Withdraw,
    }

    [Property(MaxTest = 1000)]
    public Property At_most_one_transaction_every_item_ends_once_nobody_overtakes_himself_and_no_answer_is_crossed(
        Step[] steps, bool requestResponse, bool paired, bool suspends, bool coalesces, bool numbered, byte retries)
    {
        var options = new BusOptions
        {
            Mode = requestResponse ? BusMode.RequestResponse : BusMode.Transparent,
            Queue = Queue,
            Retries = retries % 3,
            RequestGap = TimeSpan.FromMilliseconds(retries % 2 * 20),
            LateWindow = LateWindow,
            SuspendSlave = suspends ? Suspend : null,
            Coalesce = coalesces ? TimeSpan.FromMilliseconds(60) : null,
        };
        var line = new Line(options, paired, numbered);
        foreach (var (step, number) in steps.Select((step, number) => (step, number)))
        {
            line.Do(step, number);
        }

        line.Bus.Close();
        return (line.Overlaps == 0).Label("one transaction at a time")
            .And(line.Accepted.Where(item => item.WantsAnswer).All(item => line.Ends.Count(ended => ended == item) == 1).Label("every request ends once"))
            .And(line.Ends.All(item => item.WantsAnswer || !item.WasSent).Label("what is written is not refused"))
            .And(line.Accepted.Where(item => !item.WantsAnswer).All(item => item.WasSent != line.Ends.Contains(item)).Label("bytes are written or refused"))
            .And(IsInOrder(line.Written, line.MayPass).Label("order of an asker"))
            .And(IsInOrder(line.Answers, line.MayPass).Label("order of an asker's answers"))
            .And((line.Crossed == 0).Label("no answer is crossed"))
            .And((line.MostWaiting <= Queue + 1 + (coalesces ? SharedMost(steps) : 0)).Label("bounded"));
    }

    [Property(MaxTest = 500)]
    public Property No_asker_waits_for_more_than_one_turn_of_each_other(byte[] steps)
    {
        var written = new List<BusItem>();
        var line = new Recording(written);
        var bus = new BusQueue(new BusOptions { Queue = 1000 }, "raw", line);
        var waiting = new Dictionary<object, int>();
        var turns = new Dictionary<(object Waiting, object Served), int>();
        var most = 0;
        var now = DateTimeOffset.UnixEpoch;
        foreach (var step in steps)
        {
            var before = written.Count;
            if (step % 8 < 6)
            {
                bus.Enqueue(Items.Ask(step % 6, Items.Read(1, 0), now), now);
                waiting[step % 6] = waiting.GetValueOrDefault(step % 6) + 1;
            }
            else
            {
                bus.Uplink(Items.Up([1], now), now);
            }

            foreach (var item in written.Skip(before))
            {
                waiting[item.Asker]--;
                foreach (var other in waiting.Where(other => other.Value > 0 && !other.Key.Equals(item.Asker)).Select(other => other.Key))
                {
                    most = Math.Max(most, turns[(other, item.Asker)] = turns.GetValueOrDefault((other, item.Asker)) + 1);
                }

                foreach (var pair in turns.Keys.Where(pair => pair.Waiting.Equals(item.Asker)).ToArray())
                {
                    turns.Remove(pair);
                }
            }
        }

        return (most <= 1).Label($"an asker had {most} turns while another waited");
    }

    private static int SharedMost(Step[] steps) => steps.Count(step => step is Step.AskBTheSame);

    private static bool IsInOrder(List<BusItem> items, Func<BusItem, BusItem, bool> mayPass) =>
        !items.Where((later, at) => items.Skip(at).Any(item => item.Asker.Equals(later.Asker) && (int)item.Tag < (int)later.Tag && !mayPass(later, item))).Any();

    /// <summary>The session, the kernel, and slaves that answer what they heard in order, late at times but never beyond the window.</summary>
    private sealed class Line : IBusLine
    {
        private readonly BusOptions _options;
        private readonly AnswerRule _rule;
        private readonly bool _matches;
        private readonly bool _numbered;
        private readonly Queue<BusItem> _inKernel = new();
        private readonly Queue<(BusItem Item, DateTimeOffset At)> _heard = new();
        private DateTimeOffset _now = DateTimeOffset.UnixEpoch;
        private BusItem? _open;
        private DateTimeOffset? _openSince;

        public Line(BusOptions options, bool paired, bool numbered)
        {
            _options = options;
            _numbered = numbered;
            _rule = options.Retries % 2 == 0 ? AnswerRule.Modbus : AnswerRule.ByMode;
            _matches = _rule is AnswerRule.Modbus || (paired && options.Mode is BusMode.RequestResponse);
            Bus = new BusQueue(options, paired ? "modbus-rtu" : "raw", this);
        }

        public BusQueue Bus { get; }

        public List<BusItem> Accepted { get; } = [];

        public List<BusItem> Written { get; } = [];

        public List<BusItem> Answers { get; } = [];

        public List<BusItem> Ends { get; } = [];

        public int Overlaps { get; private set; }

        public int Crossed { get; private set; }

        public int MostWaiting { get; private set; }

        // A trial's wait is shorter; the test can't know which one is.
        private TimeSpan Least => _options.SuspendSlave is null ? Timeout : Suspend.For / Suspensions.TrialPart;

        // Requests of one who tells answers apart himself, to different slaves.
        public bool MayPass(BusItem one, BusItem other) =>
            _matches && one.MayBePassed && other.MayBePassed && one.Payload.Span[0] != other.Payload.Span[0];

        public void Do(Step step, int number)
        {
            switch (step)
            {
                case Step.AskA or Step.AskB or Step.AskC:
                    Enqueue(Items.Ask(step, Items.Read((byte)(1 + (number % 2)), (ushort)number), _now, number, Timeout, _rule, _numbered));
                    break;
                case Step.AskBTheSame:
                    Enqueue(Items.Ask(Step.AskB, Items.Read(1, 7), _now, number, Timeout, _rule, _numbered));
                    break;
                case Step.Write or Step.WriteByC:
                    Enqueue(Items.Write(step is Step.Write ? Step.AskA : Step.AskC, [1, 2, 3], _now, number));
                    break;
                case Step.KernelTakes when _inKernel.TryDequeue(out var item):
                    _openSince = item == _open ? _now : _openSince;
                    _heard.Enqueue((item, _now));
                    Bus.Written(item, _now);
                    break;
                case Step.Lose:
                    _heard.TryDequeue(out _);
                    break;
                case Step.Answer:
                    Answer();
                    break;
                case Step.Noise when _matches:
                    Bus.Uplink(Items.Up(ModbusRtu.Build(9, [3, 2, 0xFF, 0xFF]), _now), _now);
                    break;
                case Step.Withdraw:
                    Bus.Withdraw(item => item.Asker is Step.AskB or Step.AskA, _now);
                    break;
                case Step.Wait or Step.WaitLong:
                    _now += TimeSpan.FromMilliseconds(step is Step.Wait ? 50 : 3000);
                    Bus.Tick(_now);
                    break;
            }

            MostWaiting = Math.Max(MostWaiting, Bus.Waiting);
        }

        public void Write(BusItem item)
        {
            var isOver = _openSince is { } since && _now - since >= Least;
            Overlaps += _open is not null && !isOver ? 1 : 0;
            (_open, _openSince) = (item.WantsAnswer ? item : null, null);
            Written.Add(item);
            _inKernel.Enqueue(item);
        }

        public void Answered(BusItem item, Frame answer)
        {
            var asked = Accepted.Single(other => (int)other.Tag == Items.ValueIn(answer));
            Answers.Add(item);
            Crossed += asked != item && !(_options.Coalesce is not null && asked.Payload.Span.SequenceEqual(item.Payload.Span)) ? 1 : 0;
            End(item);
        }

        public void HandedBack(ReadOnlyMemory<byte> bytes, bool isLate)
        {
        }

        public void Refused(BusItem item, RefusalReason reason) => End(item);

        private void Enqueue(BusItem item)
        {
            Accepted.Add(item);
            if (Bus.Enqueue(item, _now) is not null)
            {
                Accepted.Remove(item);
            }
        }

        private void Answer()
        {
            while (_heard.TryDequeue(out var heard))
            {
                // It would have come in time, or within the window.
                if (heard.Item.WantsAnswer && _now - heard.At < Least + LateWindow)
                {
                    var value = (int)heard.Item.Tag;
                    Bus.Uplink(Items.Up(ModbusRtu.Build(heard.Item.Payload.Span[0], [3, 2, (byte)(value >> 8), (byte)value]), _now), _now);
                    return;
                }
            }
        }

        private void End(BusItem item)
        {
            Ends.Add(item);
            _open = _open == item ? null : _open;
        }
    }

    private sealed class Recording(List<BusItem> written) : IBusLine
    {
        public void Write(BusItem item) => written.Add(item);

        public void Answered(BusItem item, Frame answer)
        {
        }

        public void HandedBack(ReadOnlyMemory<byte> bytes, bool isLate)
        {
        }

        public void Refused(BusItem item, RefusalReason reason)
        {
        }
    }
}

/// <summary>What goes over a bus in these tests.</summary>
internal static class Items
{
    public static byte[] Read(byte unit, ushort register) => ModbusRtu.Build(unit, [3, (byte)(register >> 8), (byte)register, 0, 1]);

    public static byte[] WriteOne(byte unit, ushort register) => ModbusRtu.Build(unit, [6, (byte)(register >> 8), (byte)register, 0, 1]);

    public static byte[] Value(byte unit, int value) => ModbusRtu.Build(unit, [3, 2, (byte)(value >> 8), (byte)value]);

    public static int ValueIn(Frame answer) => (answer.Payload.Span[3] << 8) | answer.Payload.Span[4];

    public static Frame Up(byte[] bytes, DateTimeOffset now) => new(bytes, FrameDirection.Up, "raw", now);

    public static BusItem Ask(
        object asker, byte[] payload, DateTimeOffset now, object? tag = null, TimeSpan? timeout = null, AnswerRule rule = AnswerRule.ByMode,
        bool mayBePassed = false) => new()
    {
        Asker = asker,
        Payload = payload,
        WantsAnswer = true,
        Timeout = timeout ?? new BusOptions().ResponseTimeout,
        Rule = rule,
        MayBePassed = mayBePassed,
        Tag = tag ?? payload,
        Since = now,
    };

    public static BusItem Write(object asker, byte[] payload, DateTimeOffset now, object? tag = null) => new()
    {
        Asker = asker,
        Payload = payload,
        WantsAnswer = false,
        Timeout = TimeSpan.Zero,
        Tag = tag ?? payload,
        Since = now,
    };
}
