using System.Net;
using Akka.Actor;
using DtuActors.Configuration;
using DtuActors.Listening;
using DtuActors.Recording;
using DtuActors.Sessions;

namespace DtuActors.Tests.Shared.Gateway;

/// <summary>
/// Datagrams of strangers fuzzed, at listeners with every preset and the forms of registration: each is somebody's or nobody's, with a reason, and read again it is the
/// same.
/// </summary>
internal static class EntranceTarget
{
    public const string Name = "udp-entrance";

    private static readonly Peer Remote = Peer.Of(new IPEndPoint(IPAddress.Parse("10.8.0.7"), 5000));

    // What a listener may try, in its order; the last is a listener that names the DTU.
    private static readonly string[][] Profiles =
    [
        ["hongdian", "usr"], ["four-faith-prot", "irtu"], ["zg"], ["jbt", "irtu-binary"], ["hsl", "inhand", "teltonika"], ["hj212", "sl651", "usr-prefix"], ["ebyte", "four-faith", "usr-both"], ["hongdian"],
    ];

    private static readonly UdpEntrance[] Entrances = Make();

    /// <summary>Each first word at a listener that it says something to, or at one that it does not.</summary>
    public static IEnumerable<byte[]> Seeds() => FirstWords.All.SelectMany((bytes, i) =>
    {
        var taken = Enumerable.Range(0, Entrances.Length - 1).Where(entrance => Entrances[entrance].Read(bytes, Remote).Refusal is not UdpEntrance.Unregistered).ToArray();
        return (taken.Length > 0 ? taken : [i]).Select(entrance => FuzzInput.Write(entrance, false, [], bytes));
    });

    public static void Run(FuzzInput input)
    {
        var entrance = Entrances[input.Settings % Entrances.Length];
        var verdict = entrance.Read(input.Stream, Remote);
        BrokenPromiseException.Unless(verdict.Id == default == verdict.Refusal is not null, $"a datagram is somebody's, or is refused for a reason: {verdict.Id} {verdict.Refusal}");
        BrokenPromiseException.Unless(verdict.Candidate >= 0 && verdict.Candidate < Profiles[input.Settings % Entrances.Length].Length, "it is read by a profile of its listener");
        BrokenPromiseException.Unless(entrance.Read(input.Stream, Remote) == verdict, "a datagram is read as the same again: nothing of one stays behind");
    }

    private static UdpEntrance[] Make()
    {
        var names = Profiles.SelectMany(names => names).Distinct();
        var options = ConfigurationLoader.LoadTexts(
            [("f.conf", string.Join('\n', names.Select(name => $"dtu.profiles.{name} {{ preset = {name} }}")))], ".", static _ => null).Options!;
        return
        [
            .. Profiles.Select((candidates, i) => new UdpEntrance(new SessionSetup
            {
                Listener = "main",
                Candidates = [.. candidates.Select(name => UdpEntrance.ForDatagrams(options.Profiles[name]))],
                Profiles = options.Profiles,
                Admission = new Admission(options),
                Dtu = i == Profiles.Length - 1 ? Protocol.DtuId.Parse("named") : null,
                Router = ActorRefs.Nobody,
                Directory = ActorRefs.Nobody,
                Fleet = ActorRefs.Nobody,
                Recorder = ActorRefs.Nobody,
                Events = new EventInlet(),
            })),
        ];
    }
}
