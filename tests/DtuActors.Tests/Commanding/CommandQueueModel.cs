using System.Globalization;
using DtuActors.Commanding;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;

namespace DtuActors.Tests.Commanding;

/// <summary>The durable queue beside a model that is a list and nothing else: whatever a journal tells, in whatever order, both say the same; neither a snapshot in between nor a crash, after which it is told all again, changes anything.</summary>
public sealed class CommandQueueModel
{
    private static readonly DateTimeOffset Begin = DateTimeOffset.UnixEpoch;
    private static readonly string[] Ends = [CommandStates.Delivered, CommandStates.Answered, CommandStates.Expired, CommandStates.Withdrawn, CommandStates.Failed];

    public enum Step
    {
        Take,
        TakeUnderKey,
        TakeForAWhile,
        Send,
        Return,
        End,
        EndTheLast,
        TellOfNobody,
        Snapshot,
        Crash,
    }

    [Property(MaxTest = 1000)]
    public Property It_is_the_list_of_those_that_have_not_ended(Step[] steps)
    {
        var queue = new CommandQueue();
        var journal = new List<CommandEvent>();
        var model = new List<Row>();
        var ended = new List<string>();
        foreach (var (step, number) in steps.Select(static (step, number) => (step, number)))
        {
            var at = Begin.AddSeconds(number);
            switch (step)
            {
                case Step.Take or Step.TakeUnderKey or Step.TakeForAWhile:
                    var taken = new CommandTaken(
                        number.ToString(CultureInfo.InvariantCulture), at, null, "api", new byte[(number % 7) + 1], step == Step.TakeForAWhile ? at.AddSeconds(5) : null, false,
                        step == Step.TakeUnderKey ? "key" : null, false);
                    Happen(taken);
                    model.Add(new Row(taken));
                    break;
                case Step.Send when model.Find(static row => !row.IsSent) is { } first && !model.Exists(static row => row.IsSent):
                    Happen(new CommandSent(first.Taken.Id, at));
                    first.IsSent = true;
                    break;
                case Step.Return when model.Find(static row => row.IsSent) is { } sent:
                    Happen(new CommandReturned(sent.Taken.Id, at));
                    sent.IsSent = false;
                    break;
                case Step.End or Step.EndTheLast when model.Count > 0:
                    var over = step == Step.End ? model[0] : model[^1];
                    Happen(new CommandEnded(over.Taken.Id, at, Ends[number % Ends.Length], null, null));
                    model.Remove(over);
                    ended.Add(over.Taken.Id);
                    break;
                case Step.TellOfNobody:
                    Happen(new CommandSent("nobody", at));
                    Happen(new CommandReturned("nobody", at));
                    Happen(new CommandEnded("nobody", at, CommandStates.Failed, null, null));
                    break;
                case Step.Snapshot:
                    queue = queue.Copy();
                    break;
                case Step.Crash:
                    queue = new CommandQueue();
                    journal.ForEach(queue.Apply);
                    break;
            }

            if (Differs(queue, model, ended, at) is { } what)
            {
                return false.Label($"{what} differs behind step {number}, {step}");
            }
        }

        return true.ToProperty();

        void Happen(CommandEvent happened)
        {
            journal.Add(happened);
            queue.Apply(happened);
        }
    }

    [Fact]
    public void The_model_tells_a_queue_that_forgot_one()
    {
        var queue = new CommandQueue();
        var row = new Row(new CommandTaken("1", Begin, null, "api", new byte[3], null, false, null, false));
        Assert.NotNull(Differs(queue, [row], [], Begin));
        queue.Apply(row.Taken);
        Assert.Null(Differs(queue, [row], [], Begin));
        queue.Apply(new CommandSent("1", Begin));
        Assert.NotNull(Differs(queue, [row], [], Begin));
    }

    private static string? Differs(CommandQueue queue, List<Row> model, List<string> ended, DateTimeOffset now)
    {
        var bytes = model.Sum(static row => row.Taken.Payload.Length);
        var waiting = model.Where(static row => !row.IsSent).ToList();
        return (queue.Open.Select(static command => (command.Taken.Id, command.IsSent)).SequenceEqual(model.Select(static row => (row.Taken.Id, row.IsSent))),
                queue.Ended.Select(static status => status.Id).SequenceEqual(ended.TakeLast(CommandBook.MostOfOne)),
                queue.UnderWay?.Taken.Id == model.Find(static row => row.IsSent)?.Taken.Id,
                queue.OpenBytes == bytes,
                queue.HasRoomFor(CommandQueue.MostOpenBytes - bytes) == model.Count < CommandQueue.MostOpen && !queue.HasRoomFor(CommandQueue.MostOpenBytes - bytes + 1),
                queue.ToReplace("key")?.Taken.Id == waiting.Find(static row => row.Taken.Key == "key")?.Taken.Id,
                queue.Overdue(now, now).Select(static command => command.Taken.Id).SequenceEqual(waiting.Where(row => row.Taken.Until <= now).Select(static row => row.Taken.Id)),
                queue.NextDue(now, now) == waiting.Min(row => row.Taken.Until - now)) switch
        {
            (false, _, _, _, _, _, _, _) => "what is open",
            (_, false, _, _, _, _, _, _) => "what has ended",
            (_, _, false, _, _, _, _, _) => "which is under way",
            (_, _, _, false, _, _, _, _) => "how many bytes it has",
            (_, _, _, _, false, _, _, _) => "whether it has room",
            (_, _, _, _, _, false, _, _) => "what a key replaces",
            (_, _, _, _, _, _, false, _) => "what is overdue",
            (_, _, _, _, _, _, _, false) => "when the next one is due",
            _ => null,
        };
    }

    private sealed class Row(CommandTaken taken)
    {
        public CommandTaken Taken => taken;

        public bool IsSent { get; set; }
    }
}
