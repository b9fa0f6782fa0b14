using DtuActors.Commanding;

namespace DtuActors.Clustering.Wire;

/// <summary>Commands that are stored: who wants them, and a DTU's queue.</summary>
internal static class QueueingForms
{
    public static readonly WireForm[] All =
    [
        new WireForm<Queueing.Take, TakeForm>("tak", TakeForm.Parser, Form, Message),
        new WireForm<Queueing.Taken, StandsForm>(
            "tkn",
            StandsForm.Parser,
            (taken, parts) => Stands(taken.Correlation, taken.Status, taken.Refusal, parts),
            (form, parts) => new Queueing.Taken(form.Correlation, Status(form.Status, parts), Refusal(form))),
        new WireForm<Queueing.Ended, StandsForm>(
            "end",
            StandsForm.Parser,
            (ended, parts) => Stands(ended.Correlation, ended.Status, ended.Refusal, parts),
            (form, parts) => new Queueing.Ended(form.Correlation, Status(form.Status, parts), Refusal(form))),
        new WireForm<Queueing.Refused, QueueingRefusedForm>(
            "qre",
            QueueingRefusedForm.Parser,
            (refused, _) => new QueueingRefusedForm { Correlation = refused.Correlation, Reason = WireParts.Form(refused.Reason) },
            (form, _) => new Queueing.Refused(form.Correlation, WireParts.Refusal(form.Reason))),
        new WireForm<Queueing.Withdraw, TakeBackForm>(
            "qwd",
            TakeBackForm.Parser,
            (withdraw, _) => new TakeBackForm { Dtu = withdraw.Dtu.Value, Id = withdraw.Id },
            (form, _) => new Queueing.Withdraw(WireParts.Id(form.Dtu), form.Id)),
        new WireForm<Queueing.List, ForDtuForm>(
            "qli", ForDtuForm.Parser, (list, _) => new ForDtuForm { Dtu = list.Dtu.Value }, (form, _) => new Queueing.List(WireParts.Id(form.Dtu))),
        new WireForm<Queueing.Wake, ForDtuForm>(
            "wak", ForDtuForm.Parser, (wake, _) => new ForDtuForm { Dtu = wake.Dtu.Value }, (form, _) => new Queueing.Wake(WireParts.Id(form.Dtu))),
        new WireForm<Commands.Listed, ListedForm>(
            "lst",
            ListedForm.Parser,
            (listed, parts) => new ListedForm { Items = { listed.Items.Select(item => Form(item, parts)) } },
            (form, parts) => new Commands.Listed([.. form.Items.Select(item => Status(item, parts))])),
        new WireForm<Commands.WithdrawEnded, TakeBackEndedForm>(
            "cwe",
            TakeBackEndedForm.Parser,
            (ended, _) => new TakeBackEndedForm { Outcome = Form(ended.Outcome) },
            (form, _) => new Commands.WithdrawEnded(Outcome(form.Outcome))),
    ];

    private static TakeForm Form(Queueing.Take take, WireParts parts)
    {
        var form = new TakeForm
        {
            Dtu = take.Dtu.Value,
            Id = take.Id,
            Source = take.Source,
            Payload = WireParts.Bytes(take.Payload),
            Retry = take.Retry,
            AnswerUp = take.AnswerUp,
            AnswerWithin = take.AnswerWithin.Ticks,
            Correlation = take.Correlation,
            FollowsEnd = take.FollowsEnd,
        };
        if (take.By is { } by)
        {
            form.By = by;
        }

        if (take.TimeToLive is { } timeToLive)
        {
            form.TimeToLive = timeToLive.Ticks;
        }

        if (take.Key is { } key)
        {
            form.Key = key;
        }

        return form;
    }

    private static Queueing.Take Message(TakeForm form, WireParts parts) => new(
        WireParts.Id(form.Dtu),
        form.Id,
        form.HasBy ? form.By : null,
        form.Source,
        form.Payload.Memory,
        form.HasTimeToLive ? TimeSpan.FromTicks(form.TimeToLive) : null,
        form.Retry,
        form.HasKey ? form.Key : null,
        form.AnswerUp,
        TimeSpan.FromTicks(form.AnswerWithin),
        form.Correlation,
        form.FollowsEnd);

    private static StandsForm Stands(long correlation, CommandStatus status, Sessions.RefusalReason? refusal, WireParts parts)
    {
        var form = new StandsForm { Correlation = correlation, Status = Form(status, parts) };
        if (refusal is { } reason)
        {
            form.Refusal = WireParts.Form(reason);
        }

        return form;
    }

    private static Sessions.RefusalReason? Refusal(StandsForm form) => form.HasRefusal ? WireParts.Refusal(form.Refusal) : null;

    private static CommandForm Form(CommandStatus status, WireParts parts)
    {
        var form = new CommandForm
        {
            Id = status.Id,
            State = status.State,
            Age = parts.Age(status.At),
            Source = status.Source,
            Payload = WireParts.Bytes(status.Payload),
            Bytes = status.Bytes,
            Changed = parts.Age(status.ChangedAt),
        };
        if (status.By is { } by)
        {
            form.By = by;
        }

        if (status.Reason is { } reason)
        {
            form.Reason = reason;
        }

        if (status.Answer is { } answer)
        {
            form.Answer = WireParts.Bytes(answer);
        }

        if (status.Until is { } until)
        {
            form.Until = parts.Age(until);
        }

        if (status.Key is { } key)
        {
            form.Key = key;
        }

        return form;
    }

    private static CommandStatus Status(CommandForm? form, WireParts parts) => form is null
        ? throw new FormatException("it has no status")
        : new CommandStatus(
            form.Id,
            form.State,
            parts.At(form.Age),
            form.HasBy ? form.By : null,
            form.Source,
            form.Payload.Memory,
            form.Bytes,
            form.HasReason ? form.Reason : null,
            form.HasAnswer ? form.Answer.Memory : default(ReadOnlyMemory<byte>?),
            parts.At(form.Changed))
        {
            Until = form.HasUntil ? parts.At(form.Until) : null,
            Key = form.HasKey ? form.Key : null,
        };

    private static WithdrawOutcomeForm Form(WithdrawOutcome outcome) => outcome switch
    {
        WithdrawOutcome.Withdrawn => WithdrawOutcomeForm.Withdrawn,
        WithdrawOutcome.NotWaiting => WithdrawOutcomeForm.NotWaiting,
        _ => WithdrawOutcomeForm.Unknown,
    };

    private static WithdrawOutcome Outcome(WithdrawOutcomeForm form) => form switch
    {
        WithdrawOutcomeForm.Withdrawn => WithdrawOutcome.Withdrawn,
        WithdrawOutcomeForm.NotWaiting => WithdrawOutcome.NotWaiting,
        _ => WithdrawOutcome.Unknown,
    };
}
