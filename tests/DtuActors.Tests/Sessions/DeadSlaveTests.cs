using DtuActors.Configuration;
using DtuActors.Sessions;
using Xunit.Abstractions;

namespace DtuActors.Tests.Sessions;

/// <summary>What a slave that never answers costs the others of its bus: options as they are by default, masters that ask again at once, virtual time.</summary>
public sealed class DeadSlaveTests(ITestOutputHelper output)
{
    private const byte Dead = 10;

    private static readonly TimeSpan TwoMinutes = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan TenMinutes = TimeSpan.FromMinutes(10);

    [Fact]
    public void A_dead_slave_out_of_ten_that_has_a_master_of_its_own_lowers_the_others_rate_by_less_than_a_tenth() =>
        Compare(units => [.. units.Select(unit => new[] { unit })]);

    [Fact]
    public void A_dead_slave_out_of_ten_that_five_masters_poll_in_turn_with_the_others_lowers_their_rate_by_less_than_a_tenth() =>
        Compare(units => [.. Enumerable.Repeat(units, 5)]);

    private void Compare(Func<byte[], byte[][]> masters)
    {
        byte[] living = [1, 2, 3, 4, 5, 6, 7, 8, 9];
        var (without, with) = (new Field(masters(living)), new Field(masters([.. living, Dead])));
        without.Run(TwoMinutes);
        with.Run(TwoMinutes);
        output.WriteLine($"the first two minutes: {with.Answered} of {without.Answered} answers, {Loss(with.Answered, without.Answered):P1} less");

        var (withoutBefore, withBefore) = (without.Answered, with.Answered);
        without.Run(TenMinutes);
        with.Run(TenMinutes);
        var (ofAll, rest) = (without.Answered - withoutBefore, with.Answered - withBefore);
        output.WriteLine($"ten minutes after them: {rest} of {ofAll} answers, {Loss(rest, ofAll):P1} less; {with.Trials} trials");
        Assert.True(Loss(rest, ofAll) < 0.1, $"{Loss(rest, ofAll):P1} less");
        Assert.True(with.Trials >= 18, "the dead slave is tried again and again");
    }

    private static double Loss(double with, double without) => 1 - (with / without);

    /// <summary>A bus whose living slaves answer in 50 ms, and masters that ask for one unit after the other.</summary>
    private sealed class Field : IBusLine
    {
        private static readonly TimeSpan Delay = TimeSpan.FromMilliseconds(50);
        private static readonly TimeSpan Again = TimeSpan.FromMilliseconds(1);

        private readonly BusQueue _bus;
        private readonly byte[][] _masters;
        private readonly int[] _next;
        private readonly PriorityQueue<Action, (DateTimeOffset, int)> _events = new();
        private DateTimeOffset _now = DateTimeOffset.UnixEpoch;
        private int _count;

        public Field(byte[][] masters)
        {
            _masters = masters;
            _next = new int[masters.Length];
            _bus = new BusQueue(new BusOptions { Mode = BusMode.RequestResponse }, "modbus-rtu", this);
            for (var master = 0; master < masters.Length; master++)
            {
                AskSoon(master);
            }
        }

        public int Answered { get; private set; }

        public int Trials { get; private set; }

        public void Run(TimeSpan time)
        {
            var end = _now + time;
            while (true)
            {
                var due = _bus.Due;
                var next = _events.TryPeek(out _, out var at) ? at.Item1 : DateTimeOffset.MaxValue;
                if (due is null || next <= due)
                {
                    if (next >= end)
                    {
                        break;
                    }

                    _now = next;
                    _events.Dequeue()();
                }
                else if (due >= end)
                {
                    break;
                }
                else
                {
                    _now = due.Value > _now ? due.Value : _now;
                    _bus.Tick(_now);
                }
            }

            _now = end;
        }

        void IBusLine.Write(BusItem item)
        {
            var unit = item.Payload.Span[0];
            Trials += unit == Dead ? 1 : 0;
            Soon(TimeSpan.Zero, () => _bus.Written(item, _now));
            if (unit != Dead)
            {
                Soon(Delay, () => _bus.Uplink(Items.Up(Items.Value(unit, 1), _now), _now));
            }
        }

        void IBusLine.Answered(BusItem item, Frame answer)
        {
            Answered++;
            AskSoon((int)item.Tag);
        }

        void IBusLine.HandedBack(ReadOnlyMemory<byte> bytes, bool isLate)
        {
        }

        void IBusLine.Refused(BusItem item, RefusalReason reason) => AskSoon((int)item.Tag);

        private void AskSoon(int master) => Soon(Again, () =>
        {
            var units = _masters[master];
            var unit = units[_next[master]++ % units.Length];
            if (_bus.Enqueue(Items.Ask(master, Items.Read(unit, 1), _now, master), _now) is not null)
            {
                AskSoon(master);
            }
        });

        private void Soon(TimeSpan delay, Action action) => _events.Enqueue(action, (_now + delay, _count++));
    }
}
