namespace DtuActors.Endpoints.Mqtt;

/// <summary>
/// Bounds what a broker has sent and the endpoint has not read yet. The client reads its socket on whatever becomes of it, so that a publisher who floods would fill a
/// mailbox; beyond the bound messages are lost and counted. Any thread may call it.
/// </summary>
internal sealed class MqttInflow
{
    /// <summary>Room for the retained states of every DTU that a broker may hold, which come all at once.</summary>
    public const int Most = 100_000;

    /// <summary>Payloads together.</summary>
    public const long MostBytes = 16 * 1024 * 1024;

    private int _count;
    private long _bytes;
    private int _lost;

    /// <summary>False where there is no room for a message of so many bytes.</summary>
    public bool TryEnter(int bytes)
    {
        var count = Interlocked.Increment(ref _count);
        if (Interlocked.Add(ref _bytes, bytes) <= MostBytes && count <= Most)
        {
            return true;
        }

        Leave(bytes);
        Interlocked.Increment(ref _lost);
        return false;
    }

    public void Leave(int bytes)
    {
        Interlocked.Decrement(ref _count);
        Interlocked.Add(ref _bytes, -bytes);
    }

    /// <summary>Messages that were lost since the last time.</summary>
    public int TakeLost() => Interlocked.Exchange(ref _lost, 0);
}
