using System.Collections.Immutable;
using Akka.Actor;
using DtuActors.Protocol;

namespace DtuActors.Recording;

/// <summary>The RecorderActor's conversation; it also takes every <see cref="FieldEvent"/> and <see cref="RefusedConnection"/>.</summary>
public static class Records
{
    /// <summary>One <see cref="FramePage"/>.</summary>
    public sealed record GetFrames(DtuId Dtu, DateTimeOffset? Since, DateTimeOffset? Until, int Limit, string? After) : INoSerializationVerificationNeeded;

    /// <summary>One <see cref="Unknown"/>.</summary>
    public sealed record GetUnknown : INoSerializationVerificationNeeded;

    /// <summary>Refused connections, newest first.</summary>
    public sealed record Unknown(ImmutableArray<RefusedConnection> Items) : INoSerializationVerificationNeeded;
}

/// <summary>
/// Remembers what passed: frames of every DTU and the inbox of refused connections, both bounded and in memory; then hands events on to the monitors. The data
/// path never waits for it (<see cref="EventInlet"/>). What it remembers outlives a restart.
/// </summary>
public sealed class RecorderActor : ReceiveActor
{
    private const int MostRefused = 200;

    private readonly EventInlet _inlet;
    private readonly FrameMemory _frames;
    private readonly LinkedList<RefusedConnection> _refused;

    public RecorderActor(EventInlet inlet, FrameMemory frames, LinkedList<RefusedConnection> refused, IActorRef monitors)
    {
        _inlet = inlet;
        _frames = frames;
        _refused = refused;

        Receive<FieldEvent>(happened =>
        {
            // First on: the monitors take it off the inlet's books, whatever becomes of it here.
            monitors.Tell(happened);
            if (happened is FramePassed passed)
            {
                _frames.Add(passed);
            }
        });
        Receive<RefusedConnection>(OnRefused);
        Receive<Records.GetFrames>(get => Sender.Tell(_frames.Page(get.Dtu, get.Since, get.Until, get.Limit, get.After)));
        Receive<Records.GetUnknown>(_ => Sender.Tell(new Records.Unknown([.. _refused])));
    }

    public static Props Props(EventInlet inlet, IActorRef monitors) =>
        Akka.Actor.Props.Create<RecorderActor>(inlet, new FrameMemory(), new LinkedList<RefusedConnection>(), monitors);

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
