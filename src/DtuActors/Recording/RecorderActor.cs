using System.Collections.Immutable;
using Akka.Actor;
using DtuActors.Directory;
using DtuActors.Protocol;

namespace DtuActors.Recording;

/// <summary>The RecorderActor's conversation; it also takes every <see cref="FieldEvent"/> and <see cref="RefusedConnection"/>.</summary>
public static class Records
{
    /// <summary>One <see cref="FramePage"/>, or <see cref="NotRead"/>.</summary>
    /// <param name="Dtu">Whose.</param>
    /// <param name="Since">Those from then on.</param>
    /// <param name="Until">Those before then.</param>
    /// <param name="Limit">The most of a page.</param>
    /// <param name="After">The <c>next</c> of the page before.</param>
    /// <param name="Newest">The last ones, instead of the first; still oldest first, and no other page follows.</param>
    public sealed record GetFrames(DtuId Dtu, DateTimeOffset? Since, DateTimeOffset? Until, int Limit, string? After, bool Newest = false) : INoSerializationVerificationNeeded;

    /// <summary>Sessions of a DTU that ended and are stored: one <see cref="Sessions"/>, or <see cref="NotRead"/>.</summary>
    public sealed record GetSessions(DtuId Dtu) : INoSerializationVerificationNeeded;

    /// <summary>At most 20, the last first.</summary>
    public sealed record Sessions(ImmutableArray<SessionRecord> Items) : INoSerializationVerificationNeeded;

    /// <summary>Which DTUs were seen before the start: one <see cref="Fleet.Recalled"/> to <paramref name="Fleet"/>, once they can be read.</summary>
    internal sealed record TellKnown(IActorRef Fleet) : INoSerializationVerificationNeeded;

    /// <summary>HistoryActor → its parent: they are told, or can't be read now.</summary>
    internal sealed record KnownTold : INoSerializationVerificationNeeded
    {
        public static readonly KnownTold Instance = new();
    }

    /// <summary>The stored history can't be read now; the system's reason.</summary>
    public sealed record NotRead(string Problem) : INoSerializationVerificationNeeded;

    /// <summary>One <see cref="Unknown"/>.</summary>
    public sealed record GetUnknown : INoSerializationVerificationNeeded;

    /// <summary>Refused connections, newest first.</summary>
    public sealed record Unknown(ImmutableArray<RefusedConnection> Items) : INoSerializationVerificationNeeded;
}

/// <summary>
/// Hears of everything that passed and hands it on, waiting for nobody: events to the monitors, frames to the stored history, or where nothing is stored to a bounded memory. Keeps
/// the inbox of refused connections itself. The data path never waits for it (<see cref="EventInlet"/>). What it remembers outlives a restart.
/// </summary>
public sealed class RecorderActor : ReceiveActor
{
    private const int MostRefused = 200;

    private readonly EventInlet _inlet;
    private readonly LinkedList<RefusedConnection> _refused;

    private RecorderActor(EventInlet inlet, FrameMemory frames, LinkedList<RefusedConnection> refused, IActorRef monitors, HistoryBuffer? buffer, IActorRef history)
    {
        _inlet = inlet;
        _refused = refused;

        Receive<FieldEvent>(happened =>
        {
            // First on: it is off the inlet's books, by the monitors where anybody observes, whatever becomes of it here.
            if (inlet.IsObserved)
            {
                monitors.Tell(happened);
            }
            else
            {
                inlet.Read(happened);
            }

            if (happened is FramePassed passed)
            {
                if (buffer is null)
                {
                    frames.Add(passed);
                }
                else
                {
                    buffer.Add(passed);
                }
            }
        });
        Receive<RefusedConnection>(OnRefused);

        // Questions come this way, so that they stand behind what passed before them.
        if (buffer is null)
        {
            Receive<Records.GetFrames>(get => Sender.Tell(frames.Page(get)));
            Receive<Records.GetSessions>(_ => Sender.Tell(new Records.Sessions([])));
        }
        else
        {
            Receive<Records.GetFrames>(history.Forward);
            Receive<Records.GetSessions>(history.Forward);
            Receive<ShutDown.Drain>(history.Forward);
        }

        Receive<Records.GetUnknown>(_ => Sender.Tell(new Records.Unknown([.. _refused])));
    }

    /// <param name="inlet">Where events come in.</param>
    /// <param name="monitors">Whom they go to.</param>
    /// <param name="buffer">Takes frames for the history; null: nothing is stored.</param>
    /// <param name="history">Whom questions for it go to.</param>
    internal static Props Props(EventInlet inlet, IActorRef monitors, HistoryBuffer? buffer, IActorRef history) => Maker.Of(
        (inlet, frames: new FrameMemory(), refused: new LinkedList<RefusedConnection>(), monitors, buffer, history),
        static from => new RecorderActor(from.inlet, from.frames, from.refused, from.monitors, from.buffer, from.history));

    protected override void PreStart() => _inlet.Attach(Self);

    private void OnRefused(RefusedConnection refused)
    {
        _refused.AddFirst(refused);
        if (_refused.Count > MostRefused)
        {
            _refused.RemoveLast();
        }
    }
}
