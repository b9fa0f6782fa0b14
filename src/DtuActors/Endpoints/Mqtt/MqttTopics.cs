using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using DtuActors.Protocol;

namespace DtuActors.Endpoints.Mqtt;

/// <summary>
/// The topics of one endpoint: <c>PREFIX/ID/up</c>, <c>down</c>, <c>down/result</c> and <c>state</c>, and the gateway's own, <c>PREFIX/gateway/NODE/state</c>, which no
/// DTU's is like, whatever its id. An id is one level: what means something in a topic (<c>/ + # %</c>), or may not stand in one, is percent-encoded (UTF-8, RFC 3986).
/// </summary>
internal sealed class MqttTopics(string prefix, string node)
{
    private const string DownSuffix = "/down";
    private const string StateSuffix = "/state";

    private readonly string _head = prefix + "/";

    /// <summary>Whether the gateway is there: its last will.</summary>
    public string Gateway { get; } = $"{prefix}/gateway/{Escape(node)}{StateSuffix}";

    /// <summary>Every DTU's downlinks.</summary>
    public string AllDown { get; } = $"{prefix}/+{DownSuffix}";

    /// <summary>Every DTU's state.</summary>
    public string AllStates { get; } = $"{prefix}/+{StateSuffix}";

    public string Up(DtuId dtu) => $"{_head}{Escape(dtu.Value)}/up";

    public string Result(DtuId dtu) => $"{_head}{Escape(dtu.Value)}{DownSuffix}/result";

    public string State(DtuId dtu) => _head + Escape(dtu.Value) + StateSuffix;

    /// <summary>Whether a topic lies among this endpoint's own, so that nobody is answered there but by it.</summary>
    public bool IsOwn(string topic) => topic.StartsWith(_head, StringComparison.Ordinal);

    /// <summary>Whose downlink it is; the default id where the level is no DTU's. False for any other topic.</summary>
    public bool TryReadDown(string topic, out DtuId dtu) => TryRead(topic, DownSuffix, out dtu);

    /// <summary>Whose state it is; the default id where the level is no DTU's. False for any other topic.</summary>
    public bool TryReadState(string topic, out DtuId dtu) => TryRead(topic, StateSuffix, out dtu);

    /// <summary>Whether topics may begin with it.</summary>
    public static bool IsPrefix(string prefix) =>
        prefix.Length > 0 && prefix[0] != '$' && prefix.Split('/').All(level => level.Length > 0 && Escape(level) == level);

    /// <summary>Whether a topic may be published to.</summary>
    public static bool IsTopic([NotNullWhen(true)] string? topic) =>
        topic is { Length: > 0 } && Encoding.UTF8.GetByteCount(topic) <= ushort.MaxValue && topic.EnumerateRunes().All(rune => rune.Value is not ('+' or '#') && MayStand(rune));

    public static string Escape(string id)
    {
        if (id.EnumerateRunes().All(IsPlain))
        {
            return id;
        }

        var level = new StringBuilder();
        Span<byte> utf8 = stackalloc byte[4];
        foreach (var rune in id.EnumerateRunes())
        {
            if (IsPlain(rune))
            {
                level.Append(rune);
                continue;
            }

            foreach (var octet in utf8[..rune.EncodeToUtf8(utf8)])
            {
                level.Append(CultureInfo.InvariantCulture, $"%{octet:X2}");
            }
        }

        return level.ToString();
    }

    private bool TryRead(string topic, string suffix, out DtuId dtu)
    {
        dtu = default;
        if (!topic.StartsWith(_head, StringComparison.Ordinal) || !topic.EndsWith(suffix, StringComparison.Ordinal) || topic.Length <= _head.Length + suffix.Length)
        {
            return false;
        }

        var level = topic[_head.Length..^suffix.Length];
        if (level.Contains('/', StringComparison.Ordinal))
        {
            return false;
        }

        // What is no id is no DTU's: it stays the default.
        _ = DtuId.TryParse(Uri.UnescapeDataString(level), out dtu);
        return true;
    }

    private static bool IsPlain(Rune rune) => rune.Value is not ('/' or '+' or '#' or '%') && MayStand(rune);

    // Brokers close the connection of whoever publishes these (MQTT 5, 1.5.4): an id with one would cut off all the others.
    private static bool MayStand(Rune rune) =>
        !Rune.IsControl(rune) && rune.Value is not (>= 0xFDD0 and <= 0xFDEF) && (rune.Value & 0xFFFE) != 0xFFFE;
}
