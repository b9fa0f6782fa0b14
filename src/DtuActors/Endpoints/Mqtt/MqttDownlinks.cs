using DtuActors.Protocol;

namespace DtuActors.Endpoints.Mqtt;

/// <summary>A downlink that a DTU's session has, or will have, and whose end is not known yet.</summary>
/// <param name="Dtu">For whom.</param>
/// <param name="Bytes">How many.</param>
/// <param name="Since">When it came.</param>
/// <param name="Id">The publisher's own id, or null.</param>
/// <param name="Asked">The message that brought it.</param>
internal sealed record OpenDownlink(DtuId Dtu, int Bytes, DateTimeOffset Since, string? Id, Linking.Came Asked)
{
    /// <summary>It is stored, and waits as long as it may; its end comes some day, or with another process.</summary>
    public bool IsStored { get; init; }
}

/// <summary>Downlinks whose end is not known yet, by the number they were handed on under: each ends once, and there is an end to how many.</summary>
internal sealed class MqttDownlinks
{
    public const int Most = 1000;
    public const int MostOfOne = 16;

    /// <summary>Stored ones whose end is told, if it comes in this process's life.</summary>
    public const int MostStored = 20_000;

    private readonly Dictionary<long, OpenDownlink> _open = [];
    private int _stored;
    private readonly Dictionary<DtuId, int> _ofOne = [];
    private long _correlation;

    public bool IsFullFor(DtuId dtu) => _open.Count - _stored >= Most || _ofOne.GetValueOrDefault(dtu) >= MostOfOne;

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

        if (downlink.IsStored)
        {
            _stored--;
        }
        else
        {
            Leave(downlink.Dtu);
        }

        return downlink;
    }

    /// <summary>It is stored: it takes no place any more. False where it is unknown, or too many are: then it is forgotten.</summary>
    public bool Store(long correlation)
    {
        if (!_open.TryGetValue(correlation, out var downlink) || downlink.IsStored)
        {
            return false;
        }

        Leave(downlink.Dtu);
        if (_stored >= MostStored)
        {
            _open.Remove(correlation);
            return false;
        }

        _stored++;
        _open[correlation] = downlink with { IsStored = true };
        return true;
    }

    public OpenDownlink? Find(long correlation) => _open.GetValueOrDefault(correlation);

    /// <summary>Those that came before <paramref name="limit"/> and are not stored.</summary>
    public long[] OlderThan(DateTimeOffset limit) => [.. _open.Where(open => !open.Value.IsStored && open.Value.Since <= limit).Select(open => open.Key)];

    private void Leave(DtuId dtu)
    {
        if (--_ofOne[dtu] == 0)
        {
            _ofOne.Remove(dtu);
        }
    }
}
