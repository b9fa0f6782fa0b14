namespace DtuActors.Protocol.Registration;

/// <summary>
/// Several forms read the same connection; the one whose registration ends first wins, however the stream was cut, and of several that end at the same byte the one that was
/// named first. It is refused when none can win any more. One form alone is a race of one.
/// </summary>
public sealed class RegistrationRace
{
    private readonly IReadOnlyList<Registrar> _registrars;

    // Some ask for a longer silence than others: those that had theirs are not asked again until something comes.
    private TimeSpan _silentFor = TimeSpan.Zero;

    /// <exception cref="ArgumentException">There is none.</exception>
    public RegistrationRace(IReadOnlyList<Registrar> registrars)
    {
        ArgumentNullException.ThrowIfNull(registrars);
        if (registrars.Count == 0)
        {
            throw new ArgumentException("a race has one at least", nameof(registrars));
        }

        _registrars = registrars;
        Decide();
    }

    /// <summary>Where it stands.</summary>
    public RegistrationState State { get; private set; }

    /// <summary>Which one won, once registered; else the one whose <see cref="Registrar.Reason"/> tells most: the first that was named.</summary>
    public int Leader { get; private set; }

    /// <summary>The registrar of <see cref="Leader"/>.</summary>
    public Registrar Registrar => _registrars[Leader];

    /// <summary>How long the line must be silent, from the last piece on, until <see cref="Silence"/> decides something; null: silence decides nothing.</summary>
    public TimeSpan? SilenceDue
    {
        get
        {
            TimeSpan? due = null;
            foreach (var registrar in _registrars)
            {
                if (State == RegistrationState.Waiting && registrar.SilenceDue is { } gap && gap > _silentFor && (due is null || gap < due))
                {
                    due = gap;
                }
            }

            return due;
        }
    }

    /// <summary>How much of the silence that <see cref="SilenceDue"/> counts has passed already.</summary>
    public TimeSpan SilentFor => _silentFor;

    /// <summary>Takes one received piece.</summary>
    public RegistrationState Feed(ReadOnlySpan<byte> piece)
    {
        _silentFor = TimeSpan.Zero;
        foreach (var registrar in _registrars)
        {
            registrar.Feed(piece);
        }

        return Decide();
    }

    /// <summary>The line was silent for <see cref="SilenceDue"/>.</summary>
    public RegistrationState Silence()
    {
        if (SilenceDue is { } due)
        {
            _silentFor = due;
            foreach (var registrar in _registrars)
            {
                if (registrar.SilenceDue <= due)
                {
                    registrar.Silence();
                }
            }
        }

        return Decide();
    }

    /// <summary>Nothing more belongs to what came (a datagram's end): all silence that anybody would wait for, at once.</summary>
    public RegistrationState EndBurst()
    {
        foreach (var registrar in _registrars)
        {
            if (registrar.SilenceDue is not null)
            {
                registrar.Silence();
            }
        }

        return Decide();
    }

    private RegistrationState Decide()
    {
        var (waiting, winner) = (false, -1);
        for (var i = 0; State == RegistrationState.Waiting && i < _registrars.Count; i++)
        {
            waiting |= _registrars[i].State == RegistrationState.Waiting;
            if (_registrars[i].State == RegistrationState.Registered && (winner < 0 || _registrars[i].EndedAt < _registrars[winner].EndedAt))
            {
                winner = i;
            }
        }

        if (winner >= 0)
        {
            (State, Leader) = (RegistrationState.Registered, winner);
        }
        else if (State == RegistrationState.Waiting && !waiting)
        {
            State = RegistrationState.Refused;
        }

        return State;
    }
}
