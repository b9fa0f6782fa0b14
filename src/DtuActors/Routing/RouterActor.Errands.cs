using Akka.Actor;
using DtuActors.Dispatching;
using DtuActors.Sessions;

namespace DtuActors.Routing;

/// <summary>
/// What is asked of sessions on other nodes: the answer comes back through this router, which knows when that node is lost. So whoever asked hears one end, as he does of a session
/// here.
/// </summary>
public sealed partial class RouterActor
{
    // Askers bound what they ask; this bounds what a node that answers nothing can leave behind.
    private const int MostErrands = 100_000;
    private static readonly TimeSpan AnswersUnderWay = TimeSpan.FromSeconds(5);

    private readonly Dictionary<long, Errand> _errands = [];
    private readonly Dictionary<(IActorRef ReplyTo, long Correlation), long> _errandOf = [];

    // What is being taken back, by the number of its errand, which ends before the word that it was.
    private readonly Dictionary<long, Errand> _withdrawals = [];
    private long _errandsInAll;

    private void Errands()
    {
        Receive<Asking.Begun>(begun => Tell(_errands.GetValueOrDefault(begun.Correlation), number => begun with { Correlation = number }));
        Receive<Asking.Sent>(sent => Tell(Ended(sent), number => sent with { Correlation = number }));
        Receive<Asking.Answered>(answered => Tell(End(answered.Correlation), number => answered with { Correlation = number }));
        Receive<Asking.Refused>(refused => Tell(End(refused.Correlation), number => refused with { Correlation = number }));
        Receive<Asking.WithdrawEnded>(ended => Tell(_withdrawals.Remove(ended.Correlation, out var withdrawal) ? withdrawal : null, number => ended with { Correlation = number }));
        Receive<ErrandsOver>(over => EndErrands(errand => errand.Session.Equals(over.Session)));
        Receive<Asking.NotHeld>(lost => Tell(End(lost.Correlation), number => new Asking.Refused(number, RefusalReason.SessionEnded)));
        Receive<SweepDue>(_ => Sweep());
    }

    private static void NotWaiting(Asking.Withdraw withdraw) => withdraw.ReplyTo.Tell(new Asking.WithdrawEnded(WasWaiting: false, withdraw.For, withdraw.Correlation));

    private void Ask(SessionParty session, Asking.Request request)
    {
        if (session.IsHere)
        {
            session.Ref.Tell(request);
        }
        else if (Begin(session, request.ReplyTo, request.Correlation, follows: false, request.Timeout) is { } number)
        {
            session.Ref.Tell(request with { Correlation = number, Asker = Abroad(request.Asker), ReplyTo = Self });
        }
    }

    private void Ask(SessionParty session, Asking.Send send)
    {
        if (session.IsHere)
        {
            session.Ref.Tell(send);
        }
        else if (Begin(session, send.ReplyTo, send.Correlation, send.Follows) is { } number)
        {
            session.Ref.Tell(send with { Correlation = number, Asker = Abroad(send.Asker), ReplyTo = Self });
        }
    }

    private void Ask(SessionParty session, Asking.Kick kick)
    {
        if (session.IsHere)
        {
            session.Ref.Tell(kick);
        }
        else if (Begin(session, kick.ReplyTo, kick.Correlation, follows: false) is { } number)
        {
            session.Ref.Tell(kick with { Correlation = number, ReplyTo = Self });
        }
    }

    private void Ask(SessionParty session, Asking.Withdraw withdraw)
    {
        if (session.IsHere)
        {
            session.Ref.Tell(withdraw);
        }
        else if (_errandOf.TryGetValue((withdraw.ReplyTo, withdraw.Correlation), out var number) && _withdrawals.TryAdd(number, _errands[number] with { For = withdraw.For }))
        {
            session.Ref.Tell(withdraw with { Correlation = number, ReplyTo = Self });
        }
        else
        {
            NotWaiting(withdraw);
        }
    }

    // Whoever wants a line knows himself when he has waited too long, and hears when the one that has it is gone.
    private void Take(SessionParty session, Leasing.Take take) => session.Ref.Tell(session.IsHere ? take : take with { Asker = Abroad(take.Asker) });

    private void OnTakePort(Leasing.TakePort take)
    {
        if (_endpoints.TryGetValue(take.Endpoint, out var endpoint) && endpoint.Node is null)
        {
            endpoint.Ref.Tell(take);
        }
        else
        {
            take.Holder.Tell(Offline(take.Correlation));
        }
    }

    private long? Begin(SessionParty session, IActorRef replyTo, long correlation, bool follows, TimeSpan? timeout = null)
    {
        if (_errands.Count >= MostErrands)
        {
            replyTo.Tell(new Asking.Refused(correlation, RefusalReason.QueueFull));
            return null;
        }

        var number = ++_errandsInAll;
        session.HadErrands = true;
        _errands.Add(number, new Errand(number, session.Node!, session.Ref, replyTo, correlation, follows, SteadyTime.Now(Context.System.Scheduler) + Asking.MostWait + (timeout ?? TimeSpan.Zero)));
        _errandOf[(replyTo, correlation)] = number;
        if (!Timers.IsTimerActive(SweepDue.Instance))
        {
            Timers.StartPeriodicTimer(SweepDue.Instance, SweepDue.Instance, Asking.AskAgainEvery);
        }

        return number;
    }

    private static void Tell(Errand? errand, Func<long, object> answer) => errand?.ReplyTo.Tell(answer(errand.Correlation));

    // Where the bus waits for an answer, who follows hears of that too.
    private Errand? Ended(Asking.Sent sent) =>
        sent.AwaitsAnswer && _errands.TryGetValue(sent.Correlation, out var errand) && errand.Follows ? errand : End(sent.Correlation);

    private Errand? End(long number)
    {
        if (_errands.Remove(number, out var errand) && _errandOf.GetValueOrDefault((errand.ReplyTo, errand.Correlation)) == number)
        {
            _errandOf.Remove((errand.ReplyTo, errand.Correlation));
        }

        return errand;
    }

    // A connection between nodes that breaks takes messages along: whoever does not answer is asked whether he will.
    private void Sweep()
    {
        EndErrands(errand => errand.Until < SteadyTime.Now(Context.System.Scheduler));
        foreach (var errands in _errands.Values.GroupBy(errand => errand.Session))
        {
            errands.Key.Tell(new Asking.AreHeld([.. errands.Select(errand => errand.Number)], Self));
        }

        if (_errands.Count == 0 && _withdrawals.Count == 0)
        {
            Timers.Cancel(SweepDue.Instance);
        }
    }

    private void EndErrands(Func<Errand, bool> ended)
    {
        foreach (var errand in _errands.Values.Where(ended).ToList())
        {
            Tell(End(errand.Number), number => new Asking.Refused(number, RefusalReason.SessionEnded));
        }

        foreach (var withdrawal in _withdrawals.Values.Where(ended).ToList())
        {
            _withdrawals.Remove(withdrawal.Number);
            Tell(withdrawal, number => new Asking.WithdrawEnded(WasWaiting: false, withdrawal.For!, number));
        }
    }

    /// <summary>A session on another node has ended: what it had heard it has answered, and that is on its way; what it had not heard nobody answers.</summary>
    private void EndErrandsOf(SessionParty session)
    {
        if (session.HadErrands)
        {
            Timers.StartSingleTimer(session.Ref, new ErrandsOver(session.Ref), AnswersUnderWay);
        }
    }

    private sealed record ErrandsOver(IActorRef Session) : INoSerializationVerificationNeeded;

    private sealed record Errand(long Number, string Node, IActorRef Session, IActorRef ReplyTo, long Correlation, bool Follows, DateTimeOffset Until, IActorRef? For = null);

    private sealed record SweepDue : INoSerializationVerificationNeeded
    {
        public static readonly SweepDue Instance = new();
    }
}
