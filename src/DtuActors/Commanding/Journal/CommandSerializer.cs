using Akka.Actor;
using Akka.Serialization;
using Google.Protobuf;

namespace DtuActors.Commanding.Journal;

/// <summary>
/// Commands' events and queues as the journal keeps them: Protobuf (<c>journal.proto</c>), told apart by the manifest. What a newer release wrote and this one does not know ends
/// the queue's recovery, with its name; nothing is dropped.
/// </summary>
public sealed class CommandSerializer(ExtendedActorSystem system) : SerializerWithStringManifest(system)
{
    private const string Taken = "taken";
    private const string Sent = "sent";
    private const string Returned = "returned";
    private const string Ended = "ended";
    private const string Queue = "queue";

    // In the journal's rows: never another's, never changed.
    public override int Identifier => 6450;

    public override string Manifest(object o) => o switch
    {
        CommandTaken => Taken,
        CommandSent => Sent,
        CommandReturned => Returned,
        CommandEnded => Ended,
        CommandQueue => Queue,
        _ => throw new ArgumentException($"no event of a command: {o.GetType()}", nameof(o)),
    };

    public override byte[] ToBinary(object obj) => (obj switch
    {
        CommandTaken taken => (IMessage)Row(taken),
        CommandSent sent => new SentRow { Id = sent.Id, At = Milliseconds(sent.At) },
        CommandReturned returned => new ReturnedRow { Id = returned.Id, At = Milliseconds(returned.At) },
        CommandEnded ended => Row(ended),
        CommandQueue queue => Row(queue),
        _ => throw new ArgumentException($"no event of a command: {obj.GetType()}", nameof(obj)),
    }).ToByteArray();

    public override object FromBinary(byte[] bytes, string manifest) => manifest switch
    {
        Taken => Event(TakenRow.Parser.ParseFrom(bytes)),
        Sent when SentRow.Parser.ParseFrom(bytes) is var sent => new CommandSent(sent.Id, Time(sent.At)),
        Returned when ReturnedRow.Parser.ParseFrom(bytes) is var returned => new CommandReturned(returned.Id, Time(returned.At)),
        Ended => Event(EndedRow.Parser.ParseFrom(bytes)),
        Queue => State(QueueRow.Parser.ParseFrom(bytes)),
        _ => throw new System.Runtime.Serialization.SerializationException($"the journal holds '{manifest}', which this release of the program does not know"),
    };

    private static TakenRow Row(CommandTaken taken)
    {
        var row = new TakenRow
        {
            Id = taken.Id,
            At = Milliseconds(taken.At),
            Source = taken.Source,
            Payload = ByteString.CopyFrom(taken.Payload.Span),
            Retry = taken.Retry,
            AnswerUp = taken.AnswerUp,
        };
        if (taken.By is { } by)
        {
            row.By = by;
        }

        if (taken.Until is { } until)
        {
            row.Until = Milliseconds(until);
        }

        if (taken.Key is { } key)
        {
            row.Key = key;
        }

        return row;
    }

    private static EndedRow Row(CommandEnded ended)
    {
        var row = new EndedRow { Id = ended.Id, At = Milliseconds(ended.At), State = ended.State };
        if (ended.Reason is { } reason)
        {
            row.Reason = reason;
        }

        if (ended.Answer is { } answer)
        {
            row.Answer = ByteString.CopyFrom(CommandBook.Shown(answer).Span);
        }

        return row;
    }

    private static QueueRow Row(CommandQueue queue)
    {
        var row = new QueueRow();
        row.Open.AddRange(queue.Open.Select(command => new OpenRow { Taken = Row(command.Taken), Sent = command.IsSent }));
        row.Ended.AddRange(queue.Ended.Select(ended => new ClosedRow
        {
            Taken = Row(new CommandTaken(ended.Id, ended.At, ended.By, ended.Source, ended.Payload, ended.Until, Retry: false, ended.Key, AnswerUp: false)),
            End = Row(new CommandEnded(ended.Id, ended.ChangedAt, ended.State, ended.Reason, ended.Answer)),
            Bytes = ended.Bytes,
        }));
        return row;
    }

    private static CommandTaken Event(TakenRow row) => new(
        row.Id, Time(row.At), row.HasBy ? row.By : null, row.Source, row.Payload.Memory, row.HasUntil ? Time(row.Until) : null, row.Retry, row.HasKey ? row.Key : null, row.AnswerUp);

    private static CommandEnded Event(EndedRow row) => new(
        row.Id, Time(row.At), row.State, row.HasReason ? row.Reason : null, row.HasAnswer ? row.Answer.Memory : default(ReadOnlyMemory<byte>?));

    private static CommandQueue State(QueueRow row)
    {
        var queue = new CommandQueue();
        foreach (var open in row.Open)
        {
            queue.Take(Event(open.Taken), open.Sent);
        }

        foreach (var ended in row.Ended)
        {
            queue.Remember(CommandQueue.StatusOf(Event(ended.Taken), Event(ended.End), ended.Bytes));
        }

        return queue;
    }

    private static long Milliseconds(DateTimeOffset at) => at.ToUnixTimeMilliseconds();

    private static DateTimeOffset Time(long milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);
}
