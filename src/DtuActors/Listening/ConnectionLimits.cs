using System.Net;

namespace DtuActors.Listening;

/// <summary>How many connections a listener holds, altogether and by remote address. Pure.</summary>
/// <param name="most">The most altogether.</param>
/// <param name="mostPerAddress">The most of one address; null: no limit. A peer without an address (a Unix socket) counts as none's.</param>
public sealed class ConnectionLimits(int most, int? mostPerAddress)
{
    private readonly Dictionary<IPAddress, int>? _byAddress = mostPerAddress is null ? null : [];

    public int Count { get; private set; }

    /// <summary>Counts one more, or says in words which limit keeps it out.</summary>
    public string? Enter(IPAddress? address)
    {
        if (Count >= most)
        {
            return $"max-connections = {most} is reached";
        }

        if (_byAddress is not null && address is not null)
        {
            var there = _byAddress.GetValueOrDefault(address);
            if (there >= mostPerAddress)
            {
                return $"max-per-address = {mostPerAddress} is reached by {address}";
            }

            _byAddress[address] = there + 1;
        }

        Count++;
        return null;
    }

    public void Leave(IPAddress? address)
    {
        Count--;
        if (_byAddress is not null && address is not null && _byAddress.TryGetValue(address, out var there))
        {
            if (there > 1)
            {
                _byAddress[address] = there - 1;
            }
            else
            {
                _byAddress.Remove(address);
            }
        }
    }
}
