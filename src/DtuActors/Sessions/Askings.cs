using Akka.Actor;

namespace DtuActors.Sessions;

/// <summary>
/// What a session was asked and has not told the end of, by asker: a connection between nodes that breaks takes requests and answers along, and whoever waits asks whether there
/// is still something to wait for.
/// </summary>
internal sealed class Askings
{
    // Those with nothing open are forgotten when there are more; their askers hear that they were heard.
    private const int MostAskers = 128;

    private readonly Dictionary<IActorRef, Asker> _askers = [];

    public void Hear(IActorRef asker, long number)
    {
        if (!_askers.TryGetValue(asker, out var known))
        {
            ForgetIdle();
            known = new Asker();
            _askers.Add(asker, known);
        }

        known.Last = Math.Max(known.Last, number);
        known.Open.Add(number);
    }

    public void End(IActorRef asker, long number)
    {
        if (_askers.TryGetValue(asker, out var known))
        {
            known.Open.Remove(number);
        }
    }

    /// <summary>Of these numbers, which an asker counts up, those that nothing is held by. What it says now comes behind all that it was told before.</summary>
    public void Answer(Asking.AreHeld question)
    {
        var known = _askers.GetValueOrDefault(question.ReplyTo);
        foreach (var number in question.Correlations)
        {
            if (known?.Open.Contains(number) is not true)
            {
                question.ReplyTo.Tell(new Asking.NotHeld(number, WasHeard: known is null || number <= known.Last));
            }
        }
    }

    private void ForgetIdle()
    {
        if (_askers.Count >= MostAskers)
        {
            foreach (var (idle, _) in _askers.Where(entry => entry.Value.Open.Count == 0).ToList())
            {
                _askers.Remove(idle);
            }
        }
    }

    private sealed class Asker
    {
        public long Last { get; set; }

        public HashSet<long> Open { get; } = [];
    }
}
