using System.Net;

namespace DtuActors.Listening.Streams;

/// <summary>
/// Which accepted sockets open now. One address has its share of those that do; more of it wait until one of its own is through, so that a host whose sockets stay
/// silent keeps out nobody else. Pure.
/// </summary>
/// <typeparam name="T">A socket.</typeparam>
/// <param name="share">The most of one address that open at once.</param>
/// <param name="mostWaiting">The most that wait, of all addresses.</param>
internal sealed class OpeningShares<T>(int share, int mostWaiting)
    where T : class
{
    private readonly Dictionary<IPAddress, Host> _hosts = [];
    private int _waiting;

    /// <summary>How many open.</summary>
    public int Opening { get; private set; }

    /// <summary>Whether it opens now. Else it waits, and <see cref="Leave"/> gives it back; or there is no room even for that, and <paramref name="problem"/> says so in words.</summary>
    /// <param name="address">Whose it is; null: nobody's in particular, and no share holds.</param>
    /// <param name="socket">The socket.</param>
    /// <param name="problem">Null where it opens or waits.</param>
    public bool Enter(IPAddress? address, T socket, out string? problem)
    {
        problem = null;
        if (address is not null && !EnterHost(address, socket, ref problem))
        {
            return false;
        }

        Opening++;
        return true;
    }

    /// <summary>One of that address does not open any more. The next of it, which opens now, or null.</summary>
    public T? Leave(IPAddress? address)
    {
        if (address is not null && _hosts.TryGetValue(address, out var host))
        {
            if (host.Waiting.TryDequeue(out var next))
            {
                _waiting--;
                return next;
            }

            host.Opening--;
            if (host.Opening == 0)
            {
                _hosts.Remove(address);
            }
        }

        Opening--;
        return null;
    }

    /// <summary>All that wait, which do so no more.</summary>
    public IEnumerable<T> Clear()
    {
        _waiting = 0;
        foreach (var host in _hosts.Values)
        {
            while (host.Waiting.TryDequeue(out var socket))
            {
                yield return socket;
            }
        }
    }

    private bool EnterHost(IPAddress address, T socket, ref string? problem)
    {
        if (!_hosts.TryGetValue(address, out var host))
        {
            _hosts.Add(address, host = new Host());
        }

        if (host.Opening < share)
        {
            host.Opening++;
            return true;
        }

        if (_waiting >= mostWaiting)
        {
            problem = $"{share} connections of {address} are in their handshake, and too many wait";
            return false;
        }

        _waiting++;
        host.Waiting.Enqueue(socket);
        return false;
    }

    private sealed class Host
    {
        public int Opening { get; set; }

        public Queue<T> Waiting { get; } = new(0);
    }
}
