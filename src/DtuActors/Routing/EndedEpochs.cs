using DtuActors.Protocol;
using DtuActors.Sessions;

namespace DtuActors.Routing;

/// <summary>
/// The newest epoch of each DTU whose session ended not long ago. A holder that was kept from its turn, by a machine that stood still, has frames left that it read before it hears that it was
/// replaced: where its successor has ended meanwhile too, only this tells that they are late. At most <paramref name="most"/> DTUs; those that ended first leave first.
/// </summary>
internal sealed class EndedEpochs(int most = EndedEpochs.Most)
{
    // A hundred bytes each: some two megabytes.
    public const int Most = 20_000;

    private Dictionary<DtuId, Epoch> _young = [];
    private Dictionary<DtuId, Epoch> _old = [];

    public int Count => _young.Count + _old.Count;

    /// <summary>A session ended.</summary>
    public void Add(DtuId dtu, Epoch epoch)
    {
        if (IsLate(dtu, epoch))
        {
            return;
        }

        if (_young.Count >= most / 2)
        {
            (_young, _old) = (_old, _young);
            _young.Clear();
        }

        _old.Remove(dtu);
        _young[dtu] = epoch;
    }

    /// <summary>Whether a newer session of the DTU has ended.</summary>
    public bool IsLate(DtuId dtu, Epoch epoch) =>
        (_young.TryGetValue(dtu, out var ended) || _old.TryGetValue(dtu, out ended)) && epoch < ended;
}
