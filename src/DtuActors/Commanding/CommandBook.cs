using System.Collections.Immutable;
using Akka.Actor;
using DtuActors.Protocol;

namespace DtuActors.Commanding;

/// <summary>
/// The commands of all DTUs, in memory. Those that have ended make room, the oldest first: beyond <see cref="MostOfOne"/> of a DTU, and beyond
/// <see cref="MostInAll"/>. One that has not is never forgotten: where so many are open, no more are taken.
/// </summary>
public sealed class CommandBook
{
    public const int MostOfOne = 50;
    public const int MostInAll = 10_000;

    /// <summary>The most bytes of a payload, or of an answer, that are kept.</summary>
    public const int MostShown = 256;

    private readonly Dictionary<DtuId, LinkedList<Command>> _ofDtu = [];
    private readonly Dictionary<long, Command> _open = [];

    // In the order in which they ended.
    private readonly LinkedList<Command> _ended = new();
    private long _numbers;

    public int Count => _open.Count + _ended.Count;

    /// <summary>Takes a command; null where too many are open.</summary>
    internal Command? Open(string id, DtuId dtu, string? by, string source, ReadOnlyMemory<byte> payload, DateTimeOffset now)
    {
        if (Count >= MostInAll)
        {
            if (_ended.First is not { } oldest)
            {
                return null;
            }

            Forget(oldest.Value);
        }

        if (!_ofDtu.TryGetValue(dtu, out var own))
        {
            _ofDtu.Add(dtu, own = new LinkedList<Command>());
        }

        var status = new CommandStatus(id, CommandStates.Queued, now, by, source, Shown(payload), payload.Length, null, null, now);
        var command = new Command(++_numbers, dtu, status);
        command.Place = own.AddLast(command);
        _open.Add(command.Number, command);
        for (var each = own.First; own.Count > MostOfOne && each is not null;)
        {
            (var one, each) = (each.Value, each.Next);
            if (CommandStates.IsEnd(one.Status.State))
            {
                Forget(one);
            }
        }

        return command;
    }

    /// <summary>One that has not ended.</summary>
    internal Command? Find(long number) => _open.GetValueOrDefault(number);

    /// <summary>One that is remembered, ended or not.</summary>
    internal Command? Find(DtuId dtu, string id) =>
        _ofDtu.TryGetValue(dtu, out var own) ? own.FirstOrDefault(command => command.Status.Id == id) : null;

    /// <summary>Its one end.</summary>
    internal void End(Command command, string state, string? reason, ReadOnlyMemory<byte>? answer, DateTimeOffset now)
    {
        if (_open.Remove(command.Number))
        {
            command.Status = command.Status with { State = state, Reason = reason, Answer = answer is { } bytes ? Shown(bytes) : default(ReadOnlyMemory<byte>?), ChangedAt = now };
            command.Ended = _ended.AddLast(command);
        }
    }

    internal Command[] Overdue(DateTimeOffset now) => [.. _open.Values.Where(command => now >= command.Overdue)];

    /// <summary>A DTU's, newest first.</summary>
    public ImmutableArray<CommandStatus> Of(DtuId dtu) =>
        _ofDtu.TryGetValue(dtu, out var own) ? [.. own.Reverse().Select(command => command.Status)] : [];

    private void Forget(Command command)
    {
        _ended.Remove(command.Ended!);
        var own = _ofDtu[command.Dtu];
        own.Remove(command.Place!);
        if (own.Count == 0)
        {
            _ofDtu.Remove(command.Dtu);
        }
    }

    // A copy: the rest of a long one is not held for it.
    internal static ReadOnlyMemory<byte> Shown(ReadOnlyMemory<byte> bytes) => bytes[..Math.Min(bytes.Length, MostShown)].ToArray();
}

/// <summary>A command in the book, and who waits for it.</summary>
internal sealed class Command(long number, DtuId dtu, CommandStatus status)
{
    /// <summary>What session and bus know it by.</summary>
    public long Number => number;

    public DtuId Dtu => dtu;

    public CommandStatus Status { get; set; } = status;

    /// <summary>Who asked, and by which number of his own; told once.</summary>
    public IActorRef Asker { get; set; } = ActorRefs.Nobody;

    public long Correlation { get; set; }

    public bool IsRequest { get; set; }

    public bool IsTold { get; set; }

    /// <summary>When its end counts as lost.</summary>
    public DateTimeOffset Overdue { get; set; } = DateTimeOffset.MaxValue;

    public LinkedListNode<Command>? Place { get; set; }

    public LinkedListNode<Command>? Ended { get; set; }
}
