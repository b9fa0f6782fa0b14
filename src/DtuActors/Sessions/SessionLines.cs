namespace DtuActors.Sessions;

/// <summary>
/// Keeps what the sessions of a gateway log about their coming and going to <see cref="MostPerSecond"/> lines: in a storm a number says what thousands of lines would hide.
/// One object shared by all of them; safe from any thread; time is told.
/// </summary>
public sealed class SessionLines
{
    public const int MostPerSecond = 100;

    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly Lock _turn = new();
    private DateTimeOffset _began;
    private int _said;
    private long _leftOut;

    /// <summary>What the line that is to be logged now ends in, mostly nothing; null: it is left out.</summary>
    public string? Next(DateTimeOffset now)
    {
        lock (_turn)
        {
            if (now - _began >= Second || now < _began)
            {
                (_began, _said) = (now, 0);
            }

            if (_said == MostPerSecond)
            {
                _leftOut++;
                return null;
            }

            return ++_said == MostPerSecond ? "; more within this second are left out" : TakeLeftOut();
        }
    }

    private string TakeLeftOut()
    {
        if (_leftOut == 0)
        {
            return "";
        }

        var note = $"; {_leftOut} such lines before this one were left out";
        _leftOut = 0;
        return note;
    }
}
