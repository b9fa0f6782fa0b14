namespace DtuActors.Protocol.Registration;

/// <summary>Where a registration stands.</summary>
public enum RegistrationState
{
    /// <summary>Not decided: more bytes, or silence, are needed.</summary>
    Waiting,

    /// <summary>Complete; see <see cref="Registrar.Id"/>.</summary>
    Registered,

    /// <summary>It can't be one any more; see <see cref="Registrar.Reason"/>.</summary>
    Refused,
}

/// <summary>Reads one connection's registration, whatever its form. Bounded, and never throws.</summary>
public abstract class Registrar
{
    /// <summary>The <see cref="Reason"/> where it is complete, and the form says that this is never an id.</summary>
    public const string RejectedId = "rejected-id";

    /// <summary>Where it stands.</summary>
    public RegistrationState State { get; private set; }

    /// <summary>The id as presented, once registered.</summary>
    public string Id { get; private set; } = "";

    /// <summary>The secret as presented, or null.</summary>
    public string? Secret { get; private set; }

    /// <summary>Why it was refused: <c>no-match</c>, <c>rejected-id</c>, <c>too-long</c>.</summary>
    public string? Reason { get; private set; }

    /// <summary>How many heartbeats were skipped.</summary>
    public int Heartbeats { get; protected set; }

    /// <summary>The registration's own bytes, terminator not included, once registered. Empty where it has none of its own (a frame, an address).</summary>
    public ReadOnlyMemory<byte> Registration { get; protected set; }

    /// <summary>The same with the newline that ended it, once registered: what stood between the connection's heartbeats and its data. Of an envelope the unit that registered.</summary>
    public ReadOnlyMemory<byte> AsReceived { get; protected set; }

    /// <summary>What came behind the registration: data, in order. Where the registration is a unit that the session has to see itself, it begins with that.</summary>
    public ReadOnlyMemory<byte> Rest { get; protected set; }

    /// <summary>Bytes dropped so far as no part of a registration, by reason of <see cref="DropReasons"/>.</summary>
    public IReadOnlyDictionary<string, long> Dropped => _dropped ?? None;

    /// <summary>How long the line must be silent until <see cref="Silence"/> decides something: arm a timer, anew with every piece. Null: silence decides nothing.</summary>
    public abstract TimeSpan? SilenceDue { get; }

    /// <summary>Where the registration ended, in bytes from the connection's first, once registered.</summary>
    public long EndedAt { get; private set; }

    private static readonly Dictionary<string, long> None = [];
    private Dictionary<string, long>? _dropped;
    private long _fed;

    /// <summary>Takes one received piece. Once registered, pieces are data and join <see cref="Rest"/>; once refused they are ignored.</summary>
    public RegistrationState Feed(ReadOnlySpan<byte> piece)
    {
        if (State == RegistrationState.Registered)
        {
            Rest = (byte[])[.. Rest.Span, .. piece];
        }
        else if (State == RegistrationState.Waiting && !piece.IsEmpty)
        {
            _fed += piece.Length;
            Take(piece);
        }

        return State;
    }

    /// <summary>The line was silent for <see cref="SilenceDue"/>.</summary>
    public RegistrationState Silence()
    {
        if (State == RegistrationState.Waiting)
        {
            FallSilent();
        }

        return State;
    }

    protected abstract void Take(ReadOnlySpan<byte> piece);

    protected abstract void FallSilent();

    /// <summary>Ends as registered, or as <c>rejected-id</c> where the form says so.</summary>
    /// <param name="form">The form that was read.</param>
    /// <param name="presented">What it says.</param>
    /// <param name="behind">How many bytes came behind it.</param>
    protected void Register(RegistrationForm form, in Presented presented, int behind)
    {
        if (form.IsRejected(presented))
        {
            Refuse(RejectedId);
            return;
        }

        State = RegistrationState.Registered;
        Id = presented.Id;
        Secret = presented.Secret;
        EndedAt = _fed - behind;
    }

    protected void Refuse(string reason)
    {
        State = RegistrationState.Refused;
        Reason = reason;
    }

    protected void Drop(string reason)
    {
        _dropped ??= [];
        _dropped[reason] = _dropped.GetValueOrDefault(reason) + 1;
    }
}
