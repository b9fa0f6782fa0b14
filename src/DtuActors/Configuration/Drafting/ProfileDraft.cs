using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using DtuActors.Configuration.Hocon;
using DtuActors.Protocol.Detection;

namespace DtuActors.Configuration;

/// <summary>Where a <see cref="ProfileDraft"/> is to stand.</summary>
/// <param name="Profile">The profile's name.</param>
/// <param name="Listener">The name of the listener that is made for it.</param>
/// <param name="Address">The address that it listens on.</param>
/// <param name="Port">Its port, 0 to 65535.</param>
/// <param name="Dtu">The DTU's id, where <see cref="ProfileDraft.IsNamed"/>.</param>
public sealed record DraftPlace(string Profile, string Listener, string Address, int Port, string Dtu);

/// <summary>One thing that an unknown device may be, as the profile that takes it in. <see cref="ProfileDrafts"/> makes it.</summary>
public sealed record ProfileDraft
{
    /// <summary>The guess's word; <see cref="ProfileDrafts.WholeText"/>, <see cref="ProfileDrafts.WholeHex"/> or <see cref="ProfileDrafts.Port"/> where nobody guessed.</summary>
    public required string Name { get; init; }

    /// <summary>What it stands on; null where nothing is guessed.</summary>
    public Guess? Guess { get; init; }

    /// <summary>The profile's keys, a line each.</summary>
    public required ImmutableArray<string> Keys { get; init; }

    /// <summary>Whether nothing in the bytes says who sent them, so that the listener has to: one port, one DTU.</summary>
    public bool IsNamed { get; init; }

    /// <summary>Whether they are datagrams.</summary>
    public bool IsDatagram { get; init; }

    /// <summary>A whole file with the profile and a listener for it, to be laid over the gateway's own. Whatever the names are, it can be read.</summary>
    public string Write(DraftPlace place)
    {
        var file = HoconText.Quote($"{place.Profile}.conf");
        var text = new StringBuilder();
        text.Append("# A profile for a device that was unknown, and a listener for it. Lay it over your own file:\n");
        text.Append(CultureInfo.InvariantCulture, $"#   dtu check -c dtu.conf -c {file}     then     dtu run -c dtu.conf -c {file}\n");
        text.Append("dtu {\n  profiles {\n");
        text.Append(CultureInfo.InvariantCulture, $"    {HoconText.Quote(place.Profile)} {{\n");
        foreach (var key in Keys)
        {
            text.Append(CultureInfo.InvariantCulture, $"      {key}\n");
        }

        text.Append("    }\n  }\n\n  listeners {\n");
        text.Append(IsNamed ? "    # Nothing in its bytes says who it is: this port is this one DTU.\n" : "    # Enter this address and port as the data centre in the DTU.\n");
        text.Append(
            CultureInfo.InvariantCulture,
            $"    {HoconText.Quote(place.Listener)} {{ transport = {(IsDatagram ? "udp" : "tcp")}, address = {HoconText.Quote(place.Address)}, port = {place.Port}, profile = {HoconText.Quote(place.Profile)}");
        text.Append(IsNamed ? $", dtu = {HoconText.Quote(place.Dtu)} }}\n" : " }\n");
        return text.Append("  }\n}\n").ToString();
    }
}
