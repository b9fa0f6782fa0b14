namespace DtuActors.Protocol.Answers;

/// <summary>The last few things that were answered, the oldest first, each once.</summary>
internal sealed class LastAnswers<T>
    where T : IEquatable<T>
{
    /// <summary>
    /// Centres answer within seconds, and a station waits for an answer before it says much more; 32 covers the stations that share a DTU.
    /// </summary>
    public const int Most = 32;

    private readonly List<T> _given = [];

    public void Remember(T given)
    {
        Forget(given);
        if (_given.Count == Most)
        {
            _given.RemoveAt(0);
        }

        _given.Add(given);
    }

    public void Forget(T given) => _given.Remove(given);

    public bool Any(Predicate<T> isIt) => _given.Exists(isIt);
}
