using DtuActors.Protocol;

namespace DtuActors.Endpoints.Mqtt;

/// <summary>A downlink that a DTU's session has, or will have, and whose end is not known yet.</summary>
/// <param name="Dtu">For whom.</param>
/// <param name="Bytes">How many.</param>
/// <param name="Since">When it came.</param>
/// <param name="Id">The publisher's own id, or null.</param>
/// <param name="Asked">The message that brought it.</param>
internal sealed record OpenDownlink(DtuId Dtu, int Bytes, DateTimeOffset Since, string? Id, Linking.Came Asked);

/// <summary>Downlinks whose end is not known yet, by the number they were handed on under: each ends once, and there is an end to how many.</summary>
internal sealed class MqttDownlinks
{
    public const int Most = 1000;
    public const int MostOfOne = 16;

    private readonly Dictionary<long, OpenDownlink> _open = [];
    private readonly Dictionary<DtuId, int> _ofOne = [];
    private long _correlation;

    public bool IsFullFor(DtuId dtu) => _open.Count >= Most || _ofOne.GetValueOrDefault(dtu) >= MostOfOne;

    /// <summary>The number it is known by from now on.</summary>
    public long Open(OpenDownlink downlink)
    {
        _open.Add(++_correlation, downlink);
        _ofOne[downlink.Dtu] = _ofOne.GetValueOrDefault(downlink.Dtu) + 1;
        return _correlation;
    }

    /// <summary>Its end; null where it has ended already.</summary>
    public OpenDownlink? End(long correlation)
    {
        if (!_open.Remove(correlation, out var downlink))
        {
            return null;
        }

        if (--_ofOne[downlink.Dtu] == 0)
        {
            _ofOne.Remove(downlink.Dtu);
        }

        return downlink;
    }

    /// <summary>Those that came before <paramref name="limit"/>.</summary>
    public long[] OlderThan(DateTimeOffset limit) => [.. _open.Where(open => open.Value.Since <= limit).Select(open => open.Key)];
}
