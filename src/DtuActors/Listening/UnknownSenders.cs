using System.Net;

namespace DtuActors.Listening;

/// <summary>
/// Which datagrams of strangers are shown in the inbox of the refused: the first of each address in a minute, and of few addresses. A flood, and a DTU that was never told
/// to register, says nothing new with its next one, and must not push others out.
/// </summary>
internal sealed class UnknownSenders
{
    /// <summary>Shown within one <see cref="Window"/>: a tenth of what the inbox holds.</summary>
    public const int Most = 20;

    public static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    private readonly HashSet<IPAddress> _shown = [];
    private DateTimeOffset _until;

    /// <summary>Whether this one is shown.</summary>
    public bool IsShown(IPAddress address, DateTimeOffset now)
    {
        if (now >= _until)
        {
            _shown.Clear();
            _until = now + Window;
        }

        return _shown.Count < Most && _shown.Add(address);
    }
}
