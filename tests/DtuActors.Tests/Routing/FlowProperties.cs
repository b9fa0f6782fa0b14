using Akka.Actor;
using DtuActors.Routing;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;

namespace DtuActors.Tests.Routing;

/// <summary>
/// A source with its windows and its pause before two destinations that take late, lose their words, restart, go and come: however that is mixed.
/// </summary>
public sealed class FlowProperties : ActorSpec
{
    private const int Window = 100;
    private const int MostPerRead = 40;

    public enum Step
    {
        Read,
        ReadMuch,
        FirstTakesSome,
        FirstTakesAll,
        SecondTakesAll,
        FirstTakesAllAndItsWordIsLost,
        FirstRestarts,
        FirstGoes,
        SecondComesAgain,
        AnOldWord,
        ASecond,
        AMinute,
    }

    private readonly IActorRef _first;
    private readonly IActorRef _second;

    public FlowProperties()
    {
        _first = CreateTestProbe("first");
        _second = CreateTestProbe("second");
    }

    [Property(MaxTest = 500)]
    public Property No_destination_is_owed_more_than_a_window_and_one_read_and_a_probe_heals_what_was_lost(Step[] steps)
    {
        var source = new Source();
        var first = new Taker(new Destination(_first, 1), source);
        var second = new Taker(new Destination(_second, 1), source);
        var problems = new List<string>();
        foreach (var step in steps)
        {
            Take(step, source, first, second);
            source.Look();
            foreach (var taker in (Taker[])[first, second])
            {
                // In words of what the destination itself knows, not of what the source has heard.
                if (taker.IsThere && taker.Owed >= Window + MostPerRead)
                {
                    problems.Add($"{taker.Owed} bytes on the way");
                }

                if (taker.IsThere && taker.Taken + taker.Owed != source.Windows.Emitted - taker.Base)
                {
                    problems.Add("emitted is not taken and outstanding");
                }
            }

            if (source.Windows.IsOpen == source.Pause.IsOn)
            {
                problems.Add("the pause does not know its windows");
            }
        }

        // The next second's probe reaches everybody, and its answers arrive.
        first.TakeAll(isHeard: true);
        second.TakeAll(isHeard: true);
        source.Look();
        return (source.Windows.IsOpen && source.Pause.MayRead(source.Now)).Label("the windows open again").And((problems.Count == 0).Label(string.Join("; ", problems)));
    }

    private void Take(Step step, Source source, Taker first, Taker second)
    {
        switch (step)
        {
            case Step.Read or Step.ReadMuch when source.Pause.MayRead(source.Now):
                source.Read(step is Step.Read ? 7 : MostPerRead);
                break;
            case Step.FirstTakesSome:
                first.TakeSome(11);
                break;
            case Step.FirstTakesAll or Step.FirstTakesAllAndItsWordIsLost:
                first.TakeAll(isHeard: step is Step.FirstTakesAll);
                break;
            case Step.SecondTakesAll:
                second.TakeAll(isHeard: true);
                break;
            case Step.FirstRestarts:
                first.Come(first.Is with { Incarnation = first.Is.Incarnation + 1 });
                break;
            case Step.FirstGoes:
                first.Go();
                break;
            case Step.SecondComesAgain:
                second.Come(second.Is);
                break;
            case Step.AnOldWord:
                source.Windows.Take(first.Is with { Incarnation = first.Is.Incarnation - 1 }, source.Windows.Emitted);
                source.Windows.Take(new Destination(_second, 1), second.Base);
                break;
            case Step.ASecond or Step.AMinute:
                source.Now += step is Step.ASecond ? WindowPause.ProbeEvery : TimeSpan.FromMinutes(1);
                break;
        }
    }

    private sealed class Source
    {
        public OutboundWindows Windows { get; } = new(Window);

        public WindowPause Pause { get; } = new();

        public DateTimeOffset Now { get; set; } = DateTimeOffset.UnixEpoch;

        public void Read(int bytes)
        {
            if (!Pause.IsOver(Now))
            {
                Windows.Emit(bytes, out _);
            }
        }

        public void Look() => Pause.Look(Windows.IsOpen, Now);
    }

    private sealed class Taker
    {
        private readonly Source _source;

        public Taker(Destination destination, Source source)
        {
            _source = source;
            Come(destination);
        }

        public Destination Is { get; private set; }

        public bool IsThere { get; private set; }

        /// <summary>What the source had emitted when this life of it began.</summary>
        public long Base { get; private set; }

        public long Taken { get; private set; }

        public long Owed => _source.Windows.Emitted - Base - Taken;

        public void Come(Destination destination)
        {
            if (!IsThere || Is != destination)
            {
                (Is, IsThere, Base, Taken) = (destination, true, _source.Windows.Emitted, 0);
            }

            _source.Windows.Add(destination);
        }

        public void Go()
        {
            IsThere = false;
            _source.Windows.Remove(Is);
        }

        public void TakeSome(long bytes)
        {
            Taken += IsThere ? Math.Min(bytes, Owed) : 0;
            Tell();
        }

        public void TakeAll(bool isHeard)
        {
            Taken += IsThere ? Owed : 0;
            if (isHeard)
            {
                Tell();
            }
        }

        private void Tell() => _source.Windows.Take(Is, Base + Taken);
    }
}
