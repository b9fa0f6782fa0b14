using DtuActors.Configuration;
using DtuActors.Protocol;
using DtuActors.Sessions;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;

namespace DtuActors.Tests.Sessions;

/// <summary>The bus under any order of what can happen to it: at most one transaction, every item ends once, nobody overtakes himself.</summary>
public sealed class BusQueueProperties
{
    public enum Step
    {
        Ask,
        AskByAnother,
        Write,
        KernelTakes,
        Answer,
        Wait,
        WaitLong,
    }

    [Property(MaxTest = 500)]
    public Property At_most_one_transaction_is_on_the_wire_and_every_item_ends_exactly_once(Step[] steps, bool requestResponse, byte retries)
    {
        var options = new BusOptions
        {
            Mode = requestResponse ? BusMode.RequestResponse : BusMode.Transparent,
            Queue = 4,
            Retries = retries % 3,
            RequestGap = TimeSpan.FromMilliseconds(retries % 2 * 20),
        };
        var line = new Line();
        var bus = new BusQueue(options, "raw", line);
        line.Bus = bus;
        var now = DateTimeOffset.UnixEpoch;
        var accepted = new List<BusItem>();
        var number = 0;
        foreach (var step in steps)
        {
            switch (step)
            {
                case Step.Ask or Step.AskByAnother or Step.Write:
                    var item = new BusItem
                    {
                        Asker = step is Step.AskByAnother ? "b" : "a",
                        Payload = new byte[] { 1, 2, 3 },
                        WantsAnswer = step is not Step.Write,
                        Timeout = TimeSpan.FromMilliseconds(200),
                        Tag = number++,
                        Since = now,
                    };
                    line.Known.Add(item);
                    if (bus.Enqueue(item, now) is null)
                    {
                        accepted.Add(item);
                    }

                    break;
                case Step.KernelTakes:
                    line.KernelTakesOne(now);
                    break;
                case Step.Answer:
                    bus.Uplink(new Frame(new byte[] { 9 }, FrameDirection.Up, "raw", now), now);
                    break;
                case Step.Wait or Step.WaitLong:
                    now += TimeSpan.FromMilliseconds(step is Step.Wait ? 50 : 3000);
                    bus.Tick(now);
                    break;
            }
        }

        bus.Close();
        var expectAnswer = accepted.Where(item => item.WantsAnswer).ToArray();
        return (line.Overlaps == 0).Label("one transaction at a time")
            .And(expectAnswer.All(item => line.Ends.Count(ended => ended == item) == 1).Label("every request ends once"))
            .And(line.Ends.All(item => item.WantsAnswer || !line.Written.Contains(item)).Label("what is written is not refused"))
            .And(new[] { "a", "b" }.All(asker => IsAscending(line.Written.Where(item => item.Asker == asker).Select(item => (int)item.Tag))).Label("order of an asker"))
            .And((bus.Waiting <= options.Queue).Label("bounded"));
    }

    private static bool IsAscending(IEnumerable<int> numbers) => numbers.Zip(numbers.Skip(1)).All(pair => pair.First <= pair.Second);

    private sealed class Line : IBusLine
    {
        private BusItem? _open;
        private readonly Queue<BusItem> _inKernel = new();

        public BusQueue Bus { get; set; } = null!;

        public HashSet<BusItem> Known { get; } = [];

        public List<BusItem> Written { get; } = [];

        public List<BusItem> Ends { get; } = [];

        public int Overlaps { get; private set; }

        public void KernelTakesOne(DateTimeOffset now)
        {
            if (_inKernel.TryDequeue(out var item))
            {
                Bus.Written(item, now);
            }
        }

        public void Write(BusItem item)
        {
            Overlaps += _open is not null && _open != item ? 1 : 0;
            _open = item.WantsAnswer ? item : _open;
            Written.Add(item);
            _inKernel.Enqueue(item);
        }

        public void Answered(BusItem item, Frame answer) => End(item);

        public void Refused(BusItem item, RefusalReason reason) => End(item);

        private void End(BusItem item)
        {
            Ends.Add(item);
            _open = _open == item ? null : _open;
        }
    }
}
