using System.Collections.Immutable;

namespace DtuActors.Commanding;

/// <summary>
/// One DTU's durable commands, as its journal tells them: those that have not ended, in order, of which the first may be under way, and the last that have. Pure: it changes by
/// events only (<see cref="Apply"/>), and says what may be written next.
/// </summary>
/// <remarks>
/// <code>
/// taken ──▶ waiting ──sent──▶ under way ──ended──▶ ended
///              ▲  └──────ended (expired, withdrawn)──▲
///              └─────────returned───────┘
/// </code>
/// </remarks>
public sealed class CommandQueue
{
    /// <summary>Commands of one DTU that may be open.</summary>
    public const int MostOpen = 1000;

    /// <summary>Bytes that they may have together.</summary>
    public const int MostOpenBytes = 1024 * 1024;

    private readonly LinkedList<OpenCommand> _open = new();
    private readonly Queue<CommandStatus> _ended = new();

    /// <summary>In the order in which they were accepted.</summary>
    public IReadOnlyCollection<OpenCommand> Open => _open;

    /// <summary>Those that have ended, oldest first, at most <see cref="CommandBook.MostOfOne"/>.</summary>
    public IReadOnlyCollection<CommandStatus> Ended => _ended;

    public int OpenBytes { get; private set; }

    /// <summary>The one that is under way; null: none is.</summary>
    public OpenCommand? UnderWay { get; private set; }

    public bool HasRoomFor(int bytes) => _open.Count < MostOpen && OpenBytes + bytes <= MostOpenBytes;

    public OpenCommand? Find(string id) => _open.FirstOrDefault(command => command.Taken.Id == id);

    /// <summary>How one stands that is open, or has ended not long ago; null: no such command is known.</summary>
    public CommandStatus? StatusOf(string id) => Find(id)?.Status ?? _ended.FirstOrDefault(ended => ended.Id == id);

    /// <summary>What a new one under this key takes the place of.</summary>
    public OpenCommand? ToReplace(string? key) => key is null ? null : _open.FirstOrDefault(command => command.Taken.Key == key && !command.IsSent);

    /// <summary>Those whose time is over and that were not handed to a session.</summary>
    public IEnumerable<OpenCommand> Overdue(DateTimeOffset now, DateTimeOffset at) => _open.Where(command => !command.IsSent && command.IsOver(now, at));

    /// <summary>How long until the next one's time is over; null: none's ever is.</summary>
    public TimeSpan? NextDue(DateTimeOffset now, DateTimeOffset at) => _open.Where(command => !command.IsSent).Min(command => command.Left(now, at));

    /// <summary>Newest first: those that are open, then those that have ended.</summary>
    public ImmutableArray<CommandStatus> List() => [.. _open.Reverse().Select(command => command.Status), .. _ended.Reverse()];

    /// <summary>An event becomes a part of the state. One that does not fit the state (a journal that was cut) changes nothing.</summary>
    public void Apply(CommandEvent happened)
    {
        switch (happened)
        {
            case CommandTaken taken:
                Take(taken, isSent: false);
                break;
            case CommandSent when Find(happened.Id) is { IsSent: false } command:
                (command.IsSent, command.ChangedAt) = (true, happened.At);
                UnderWay = command;
                break;
            case CommandReturned when Find(happened.Id) is { IsSent: true } command:
                (command.IsSent, command.IsBegun, command.ChangedAt) = (false, false, happened.At);
                UnderWay = null;
                break;
            case CommandEnded end when Find(end.Id) is { } command:
                Remove(command);
                Remember(StatusOf(command.Taken, end, command.Taken.Payload.Length));
                break;
        }
    }

    /// <summary>As it stands now: what a snapshot is written from while the queue goes on.</summary>
    public CommandQueue Copy()
    {
        var copy = new CommandQueue();
        foreach (var command in _open)
        {
            copy.Take(command.Taken, command.IsSent);
        }

        foreach (var ended in _ended)
        {
            copy.Remember(ended);
        }

        return copy;
    }

    /// <summary>As a snapshot has one that is open.</summary>
    internal void Take(CommandTaken taken, bool isSent)
    {
        var command = new OpenCommand(taken) { IsSent = isSent };
        _open.AddLast(command);
        OpenBytes += taken.Payload.Length;
        UnderWay = isSent ? command : UnderWay;
    }

    /// <summary>As a snapshot has one that has ended.</summary>
    internal void Remember(CommandStatus ended)
    {
        _ended.Enqueue(ended);
        if (_ended.Count > CommandBook.MostOfOne)
        {
            _ended.Dequeue();
        }
    }

    /// <param name="taken">The command.</param>
    /// <param name="end">Its end.</param>
    /// <param name="bytes">How many its payload has in all.</param>
    internal static CommandStatus StatusOf(CommandTaken taken, CommandEnded end, int bytes) => new(
        taken.Id, end.State, taken.At, taken.By, taken.Source, CommandBook.Shown(taken.Payload), bytes, end.Reason,
        end.Answer is { } answer ? CommandBook.Shown(answer) : default(ReadOnlyMemory<byte>?), end.At)
    { Until = taken.Until, Key = taken.Key };

    private void Remove(OpenCommand command)
    {
        _open.Remove(command);
        OpenBytes -= command.Taken.Payload.Length;
        UnderWay = UnderWay == command ? null : UnderWay;
    }
}

/// <summary>A command that has not ended.</summary>
public sealed class OpenCommand(CommandTaken taken)
{
    public CommandTaken Taken => taken;

    /// <summary>Handed to a session.</summary>
    public bool IsSent { get; internal set; }

    /// <summary>The session said that its bytes leave; not journalled.</summary>
    public bool IsBegun { get; internal set; }

    public DateTimeOffset ChangedAt { get; internal set; } = taken.At;

    // The end of its time by the steady clock: known from the first look at it on.
    private DateTimeOffset? _over;

    /// <summary>
    /// How long it still has, less than nothing where its time is over; null: as long as its session. A clock that was set back gives it no more than its time to live once more, and
    /// one that was set forward ends it: it may have slept, and what is late must not be done.
    /// </summary>
    /// <param name="now">The time, by <see cref="Dispatching.SteadyTime"/>.</param>
    /// <param name="at">The date.</param>
    public TimeSpan? Left(DateTimeOffset now, DateTimeOffset at)
    {
        if (taken.Until is not { } until)
        {
            return null;
        }

        var byDate = until - at;
        var whole = until - taken.At;
        _over ??= now + (byDate < whole ? byDate : whole);
        var steady = _over.Value - now;
        return steady < byDate ? steady : byDate;
    }

    public bool IsOver(DateTimeOffset now, DateTimeOffset at) => Left(now, at) <= TimeSpan.Zero;

    /// <summary>As others see it: while it waits for its turn on the bus, and can be taken back, it is queued.</summary>
    public CommandStatus Status => new(
        taken.Id, IsBegun ? CommandStates.Sent : CommandStates.Queued, taken.At, taken.By, taken.Source, CommandBook.Shown(taken.Payload), taken.Payload.Length, null, null, ChangedAt)
    { Until = taken.Until, Key = taken.Key };
}
