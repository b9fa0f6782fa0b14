namespace DtuActors.Routing;

/// <summary>What has become of a source's windows since it last looked.</summary>
public enum WindowTurn
{
    Nothing,

    /// <summary>One closed: probe at once, and then each <see cref="WindowPause.ProbeEvery"/>; read no more.</summary>
    Closed,

    /// <summary>All are open again: stop probing, read on.</summary>
    Opened,
}

/// <summary>
/// How a source stands still for a closed window (<see cref="OutboundWindows"/>): it reads no more, asks about the window at once and each second, and after
/// <see cref="Longest"/> reads on and drops, so that heartbeats and a peer's leaving are seen. Pure: times come as arguments.
/// </summary>
public sealed class WindowPause
{
    /// <summary>How long reading may stand still before it goes on and what it reads is dropped as <c>destination-slow</c>.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);

    /// <summary>A probe takes the frames' own way, so its answer says that all before it is done with; a lost one costs a second.</summary>
    public static readonly TimeSpan ProbeEvery = TimeSpan.FromSeconds(1);

    private DateTimeOffset? _since;

    /// <summary>Whether a window was closed at the last look.</summary>
    public bool IsOn => _since is not null;

    /// <summary>Takes note of the windows; to be called whenever they may have moved.</summary>
    public WindowTurn Look(bool isOpen, DateTimeOffset now)
    {
        if (isOpen == _since is null)
        {
            return WindowTurn.Nothing;
        }

        _since = isOpen ? null : now;
        return isOpen ? WindowTurn.Opened : WindowTurn.Closed;
    }

    /// <summary>Whether it has lasted for <see cref="Longest"/>: from here on what is read is dropped.</summary>
    public bool IsOver(DateTimeOffset now) => now - _since >= Longest;

    public bool MayRead(DateTimeOffset now) => _since is null || IsOver(now);
}
