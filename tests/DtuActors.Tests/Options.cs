using System.Collections.Immutable;
using System.Text.RegularExpressions;
using DtuActors.Configuration;
using DtuActors.Protocol;
using DtuActors.Protocol.Framing;
using DtuActors.Protocol.Registration;

namespace DtuActors.Tests;

/// <summary>Options as configuration would make them.</summary>
internal static class Options
{
    public static ProfileOptions Profile(
        string name = "default", FramingOptions? framing = null, BusOptions? bus = null, HeartbeatOptions? heartbeat = null, string reply = "") => new()
    {
        Name = name,
        Registration = new RegistrationOptions
        {
            Form = new PatternForm { Pattern = new Regex(@"\A(?:(?<id>[0-9A-Za-z_.:-]{2,64})(?:,(?<secret>\w+))?)\z", RegexOptions.NonBacktracking) },
            Reply = System.Text.Encoding.ASCII.GetBytes(reply),
        },
        Framing = framing ?? new FramingOptions(),
        Bus = bus ?? new BusOptions(),
        Heartbeat = heartbeat ?? new HeartbeatOptions(),
    };

    public static GatewayOptions Gateway(params ProfileOptions[] profiles) => new()
    {
        Profiles = (profiles.Length == 0 ? [Profile()] : profiles).ToImmutableDictionary(profile => profile.Name),
    };

    public static TcpListenerOptions Listener(string name = "main", string profile = "default") => new()
    {
        Name = name,
        KeyPath = $"dtu.listeners.{name}",
        Port = 0,
        Profiles = [profile],
    };

    public static DtuOptions Dtu(string id, string? secret = null, string? profile = null, params string[] aliases) => new()
    {
        Id = DtuId.Parse(id),
        Aliases = [.. aliases],
        Secret = secret,
        Profile = profile,
    };

    public static GatewayOptions With(this GatewayOptions options, params DtuOptions[] dtus) =>
        options with { Dtus = dtus.ToImmutableDictionary(dtu => dtu.Id) };

    public static GatewayOptions With(this GatewayOptions options, params RouteOptions[] routes) => options with { Routes = [.. routes] };

    public static RouteOptions Route(string dtu, string to, RouteDirection direction = RouteDirection.Both) => new() { Dtu = dtu, To = to, Direction = direction };
}
