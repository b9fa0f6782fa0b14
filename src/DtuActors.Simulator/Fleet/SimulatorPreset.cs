using System.Globalization;
using System.Text;
using DtuActors.Protocol.Transports;

namespace DtuActors.Simulator;

/// <summary>What DTUs of a make have in common: how their ids look, how they register, what their heartbeat is.</summary>
public sealed class SimulatorPreset
{
    private readonly int _idLength;
    private readonly Func<SimulatedDtuOptions, SimulatedDtuOptions> _apply;

    private SimulatorPreset(string name, string describes, string idPrefix, int idLength, Func<SimulatedDtuOptions, SimulatedDtuOptions> apply)
    {
        Name = name;
        Describes = describes;
        IdPrefix = idPrefix;
        _idLength = idLength;
        _apply = apply;
    }

    /// <summary>The bare id as text, no terminator, once on each link; "ping" as heartbeat each 30 s.</summary>
    public static SimulatorPreset Usr { get; } = new(
        "usr",
        "the bare id once after connecting, then the instrument's bytes; heartbeat: the text ping",
        "sim-",
        0,
        o => o with
        {
            Registration = Encoding.ASCII.GetBytes(o.Id),
            Heartbeat = "ping"u8.ToArray(),
            HeartbeatInterval = TimeSpan.FromSeconds(30),
        });

    /// <summary>DDP over TCP with telephone numbers as ids; its registration again as heartbeat each 30 s.</summary>
    public static SimulatorPreset Hongdian { get; } = new(
        "hongdian",
        "DDP over TCP: registers and heartbeats with 0x01, wraps uplinks in 0x09, opens 0x89",
        "139",
        Ddp.IdLength,
        o => o with { Envelope = SimulatedEnvelope.Ddp, HeartbeatInterval = TimeSpan.FromSeconds(30) });

    /// <summary>No registration and no heartbeat, for listeners whose port is the DTU.</summary>
    public static SimulatorPreset None { get; } = new("none", "no registration, no heartbeat", "sim-", 0, o => o);

    /// <summary>All presets, in the order in which they are documented.</summary>
    public static IReadOnlyList<SimulatorPreset> All { get; } = [Usr, Hongdian, None];

    /// <summary>The word on the command line.</summary>
    public string Name { get; }

    /// <summary>One line for a person.</summary>
    public string Describes { get; }

    /// <summary>What ids begin with where nothing else is asked for.</summary>
    public string IdPrefix { get; }

    /// <summary>The preset of that name, or null.</summary>
    public static SimulatorPreset? Find(string name) => All.FirstOrDefault(p => p.Name == name);

    /// <summary>The options with the preset's registration, heartbeat and envelope; what else they say stays.</summary>
    public SimulatedDtuOptions Apply(SimulatedDtuOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return _apply(options);
    }

    /// <summary>
    /// The id of one of a fleet's DTUs: the prefix and the number with leading zeros, as many as the make's ids or the <paramref name="highest"/>
    /// number ask for, four digits at least. Throws <see cref="ArgumentException"/> where the make's ids have no room for it.
    /// </summary>
    public string IdOf(string? prefix, int number, int highest)
    {
        prefix ??= IdPrefix;
        var digits = highest.ToString(CultureInfo.InvariantCulture).Length;
        if (_idLength > 0 && prefix.Length + digits > _idLength)
        {
            throw new ArgumentException($"id prefix '{prefix}': ids of {Name} have {_idLength} characters, and numbers up to {highest} need {digits} of them", nameof(prefix));
        }

        var width = _idLength > 0 ? _idLength - prefix.Length : Math.Max(4, digits);
        return prefix + number.ToString(CultureInfo.InvariantCulture).PadLeft(width, '0');
    }
}
