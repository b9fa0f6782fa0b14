using DtuActors.Configuration.Hocon;

namespace DtuActors.Configuration;

/// <summary>A vendor's factory settings.</summary>
/// <param name="Name">The word behind <c>preset</c>.</param>
/// <param name="Description">One line for a person.</param>
/// <param name="Hocon">The keys of a profile that it sets, as a file would write them.</param>
public sealed record Preset(string Name, string Description, string Hocon)
{
    /// <summary>Its keys, read. A preset is a text of this program: where it cannot be read, the program is wrong.</summary>
    internal HoconObject Layer { get; } = Read(Name, Hocon);

    private static HoconObject Read(string name, string text)
    {
        var document = HoconParser.Parse($"preset {name}", text, static _ => null);
        return document.Faults.IsEmpty ? document.Root : throw new InvalidOperationException($"preset {name}: {document.Faults[0]}");
    }
}

/// <summary>
/// The table of presets. One is layered under the profile that names it and over <c>profiles.default</c>; each says everything in which its devices
/// differ from others, so that it does not matter what the default profile says.
/// </summary>
public static class Presets
{
    private static readonly Preset[] Table =
    [
        new("usr", "USR-IOT (N580, M100, GPRS232, G781 ...): a text of at most 40 bytes right after connect; idle heartbeat www.usr.cn as from the factory",
            """
            # USR's manuals: registration "once connected", at most 40 bytes, no terminator; the heartbeat goes out on idle only and is
            # www.usr.cn until somebody changes it. Devices that leave both at that text would all be the same DTU: never an id.
            envelope = none
            registration {
              kind = text
              pattern = "(?<id>[0-9A-Za-z_.:-]{2,40})"
              reject = ["www.usr.cn"]
              gap = 500ms
              reply = ""
              timeout = 60s
            }
            heartbeat { match = ["www.usr.cn"], reply = "", timeout = 300s }
            framing { codec = raw }
            """),
        new("hongdian", "Hongdian (H7710 ...) and others that speak DDP over TCP: every unit carries the 11-digit id, heartbeats are acknowledged",
            """
            # H7710s-DDP: frame 01 registers and, repeated, is the heartbeat; the envelope answers 81 to each of them. The id is the SIM card's 11 digits.
            envelope = ddp
            registration {
              kind = envelope
              pattern = "(?<id>[0-9A-Za-z_.:-]{1,11})"
              reject = []
              reply = ""
              timeout = 60s
            }
            # What goes through the envelope needs no byte strings for heartbeats. Devices repeat 01 every 30 to 120 s: three lost ones are a dead link.
            heartbeat { match = [], reply = "", timeout = 360s }
            framing { codec = raw }
            """),
    ];

    /// <summary>All that are built, in the order in which they are shown.</summary>
    public static IReadOnlyList<Preset> All => Table;

    public static IEnumerable<string> Names => Table.Select(preset => preset.Name);

    /// <summary>The preset of that name, or null.</summary>
    public static Preset? Find(string name) => Array.Find(Table, preset => preset.Name == name);
}
