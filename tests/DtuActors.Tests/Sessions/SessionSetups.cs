using Akka.Actor;
using DtuActors.Configuration;
using DtuActors.Recording;
using DtuActors.Sessions;

namespace DtuActors.Tests.Sessions;

/// <summary>A session's surroundings where nobody is there.</summary>
internal static class SessionSetups
{
    public static SessionSetup Nowhere(GatewayOptions options) => new()
    {
        Listener = "main",
        Candidates = [options.Profiles["default"]],
        Profiles = options.Profiles,
        Admission = new Admission(options),
        Router = ActorRefs.Nobody,
        Directory = ActorRefs.Nobody,
        Fleet = ActorRefs.Nobody,
        Recorder = ActorRefs.Nobody,
        Events = new EventInlet(),
    };
}
