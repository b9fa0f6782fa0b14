using System.Net;
using System.Net.Sockets;

namespace DtuActors.Host.Api;

/// <summary>What a call's key is worth.</summary>
/// <param name="Key">The key; null: none that is known, or not looked at.</param>
/// <param name="Shut">So long no new key of that address is looked at; null: this one was.</param>
internal readonly record struct Judged(ApiKeys.Key? Key, TimeSpan? Shut);

/// <summary>
/// Slows who tries keys: after <see cref="MostWrong"/> wrong ones of an address within a minute none of it is looked at until that minute is over. A key that was right from there before
/// goes on: a stranger behind the same proxy locks nobody out. Whoever calls from this machine is not counted: most likely that is a proxy, with everybody behind it. Bounded by <see cref="MostAddresses"/>; safe from any thread; time is told.
/// </summary>
internal sealed class KeyGuesses
{
    public const int MostWrong = 30;

    /// <summary>The one that guessed first leaves first: who has more addresses than these has a minute's guesses with each anyway.</summary>
    public const int MostAddresses = 10_000;

    public static readonly TimeSpan Within = TimeSpan.FromMinutes(1);

    // Browsers and programs of the gateway's own people, each by its address and key.
    private const int MostKnown = 1000;

    private readonly Lock _gate = new();
    private readonly Dictionary<IPAddress, (DateTimeOffset Since, int Wrong)> _guesses = [];
    private readonly Queue<(IPAddress From, DateTimeOffset Since)> _order = new();
    private readonly HashSet<(IPAddress From, string? Name)> _known = [];
    private readonly Queue<(IPAddress From, string? Name)> _knownOrder = new();

    /// <param name="from">Where the call comes from.</param>
    /// <param name="found">The key that fits; null: none does.</param>
    /// <param name="now">The time.</param>
    public Judged Judge(IPAddress? from, ApiKeys.Key? found, DateTimeOffset now)
    {
        var place = PlaceOf(from ?? IPAddress.None);
        if (IPAddress.IsLoopback(place))
        {
            return new Judged(found, null);
        }

        lock (_gate)
        {
            var isOpen = !_guesses.TryGetValue(place, out var guesses) || now - guesses.Since >= Within || now < guesses.Since;
            TimeSpan? shut = !isOpen && guesses.Wrong >= MostWrong ? guesses.Since + Within - now : null;
            if (found is not null && (shut is null || _known.Contains((place, found.Caller.Name))))
            {
                Know((place, found.Caller.Name));
                return new Judged(found, null);
            }

            if (shut is null)
            {
                Count(place, isOpen ? (now, 1) : (guesses.Since, guesses.Wrong + 1), isOpen, now);
            }

            return new Judged(null, shut);
        }
    }

    // Who has an IPv6 address has a whole network of them.
    private static IPAddress PlaceOf(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
        {
            return address.MapToIPv4();
        }

        if (address.AddressFamily is not AddressFamily.InterNetworkV6 || IPAddress.IsLoopback(address))
        {
            return address;
        }

        var bytes = address.GetAddressBytes();
        bytes.AsSpan(8).Clear();
        return new IPAddress(bytes);
    }

    private void Count(IPAddress place, (DateTimeOffset Since, int Wrong) guesses, bool isFirst, DateTimeOffset now)
    {
        _guesses[place] = guesses;
        if (!isFirst)
        {
            return;
        }

        _order.Enqueue((place, guesses.Since));
        while (_order.TryPeek(out var oldest) && (_order.Count > MostAddresses || now - oldest.Since >= Within || now < oldest.Since))
        {
            _order.Dequeue();
            if (_guesses.TryGetValue(oldest.From, out var known) && known.Since == oldest.Since)
            {
                _guesses.Remove(oldest.From);
            }
        }
    }

    private void Know((IPAddress From, string? Name) who)
    {
        if (_known.Add(who))
        {
            _knownOrder.Enqueue(who);
            if (_knownOrder.Count > MostKnown)
            {
                _known.Remove(_knownOrder.Dequeue());
            }
        }
    }
}
