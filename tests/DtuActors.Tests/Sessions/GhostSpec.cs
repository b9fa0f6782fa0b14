using Akka.Actor;
using Akka.IO;
using Akka.TestKit;
using DtuActors.Directory;
using DtuActors.Protocol;
using DtuActors.Recording;
using DtuActors.Routing;

namespace DtuActors.Tests.Sessions;

/// <summary>
/// Two sessions of one DTU with a real directory and a real FleetView between them: the old one's socket ends in every way and at every moment, and the new one stays.
/// </summary>
public sealed class GhostSpec : SessionSpec
{
    private static readonly DtuId Id = DtuId.Parse("dtu-1");
    private readonly IActorRef _view;

    public GhostSpec()
    {
        var directory = Sys.ActorOf(DtuDirectory.Props());
        _view = Sys.ActorOf(FleetView.Props(Options.Gateway()));
        Directory.SetAutoPilot(Forwarding(directory));
        Fleet.SetAutoPilot(Forwarding(_view));
    }

    public static TheoryData<string, string> Ends()
    {
        var ends = new TheoryData<string, string>();
        foreach (var when in new[] { "before it registers", "with its registration", "once it is online", "never" })
        {
            foreach (var how in new[] { "peer-closed", "confirmed", "reset", "bytes" })
            {
                ends.Add(when, how);
            }
        }

        return ends;
    }

    [Theory]
    [MemberData(nameof(Ends))]
    public void The_end_of_the_old_session_comes_before_the_begin_of_the_new_one_and_never_takes_it_down(string when, string how)
    {
        var old = Registered();
        Event<DtuOnline>();
        var current = Connect();
        EndIf("before it registers");
        Receive(current, "dtu-1\n");
        EndIf("with its registration");
        var offline = Event<DtuOffline>();
        Event<DtuOnline>();
        EndIf("once it is online");
        Advance(TimeSpan.FromSeconds(2.1));
        old.Tell(Tcp.Aborted.Instance);
        FishForMessage<Terminated>(terminated => terminated.ActorRef.Equals(old));
        Settle(current);
        Settle(Fleet);
        Settle(_view);
        Settle(Recorder);

        Assert.Contains(offline.Reason, (string[])["replaced", "closed", "reset"]);
        Assert.DoesNotContain(Rest(), happened => happened is DtuOffline or DtuOnline);
        _view.Tell(new Fleet.GetDtu(Id), TestActor);
        var status = FishForMessage<Fleet.FoundDtu>(_ => true).Status!;
        Assert.Equal((DtuState.Online, 1, offline.Reason), (status.State, status.Reconnects, status.EndReason));

        void EndIf(string moment)
        {
            if (moment != when)
            {
                return;
            }

            if (how == "bytes")
            {
                Receive(old, "ghost");
            }
            else
            {
                old.Tell(how switch { "peer-closed" => Tcp.PeerClosed.Instance, "confirmed" => Tcp.ConfirmedClosed.Instance, _ => new Tcp.ErrorClosed("reset") });
            }
        }
    }

    private IActorRef Registered()
    {
        var session = Connect();
        Receive(session, "dtu-1\n");
        Router.FishForMessage<Registry.SessionOpened>(_ => true);
        return session;
    }

    private IEnumerable<object> Rest()
    {
        while (Recorder.HasMessages)
        {
            yield return Recorder.ReceiveOne(TimeSpan.Zero);
        }
    }

    private static DelegateAutoPilot Forwarding(IActorRef to) => new((sender, message) =>
    {
        to.Tell(message, sender);
        return AutoPilot.KeepRunning;
    });
}
