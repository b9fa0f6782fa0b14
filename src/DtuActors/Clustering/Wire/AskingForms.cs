using DtuActors.Sessions;

namespace DtuActors.Clustering.Wire;

/// <summary>Requests and sends to a session, and what becomes of them.</summary>
internal static class AskingForms
{
    public static readonly WireForm[] All =
    [
        new WireForm<Asking.Request, RequestForm>("req", RequestForm.Parser, Form, Message),
        new WireForm<Asking.Answered, AnsweredForm>(
            "ans",
            AnsweredForm.Parser,
            (answered, parts) => new AnsweredForm { Correlation = answered.Correlation, Frame = parts.Form(answered.Frame), Elapsed = answered.Elapsed.Ticks },
            (form, parts) => new Asking.Answered(form.Correlation, parts.Frame(form.Frame), TimeSpan.FromTicks(form.Elapsed))),
        new WireForm<Asking.Refused, AskingRefusedForm>(
            "are",
            AskingRefusedForm.Parser,
            (refused, _) => new AskingRefusedForm { Correlation = refused.Correlation, Reason = WireParts.Form(refused.Reason), WasBegun = refused.WasBegun },
            (form, _) => new Asking.Refused(form.Correlation, WireParts.Refusal(form.Reason), form.WasBegun)),
        new WireForm<Asking.Send, SendForm>("sen", SendForm.Parser, Form, Message),
        new WireForm<Asking.Begun, BegunForm>("beg", BegunForm.Parser, (begun, _) => new BegunForm { Correlation = begun.Correlation }, (form, _) => new Asking.Begun(form.Correlation)),
        new WireForm<Asking.Sent, SentForm>(
            "snt",
            SentForm.Parser,
            (sent, _) => new SentForm { Correlation = sent.Correlation, AwaitsAnswer = sent.AwaitsAnswer },
            (form, _) => new Asking.Sent(form.Correlation, form.AwaitsAnswer)),
        new WireForm<Asking.Withdraw, WithdrawForm>(
            "wdr",
            WithdrawForm.Parser,
            (withdraw, parts) => new WithdrawForm
            {
                Dtu = withdraw.Dtu.Value, Correlation = withdraw.Correlation, ReplyTo = parts.Text(withdraw.ReplyTo), For = parts.Text(withdraw.For),
            },
            (form, parts) => new Asking.Withdraw(WireParts.Id(form.Dtu), form.Correlation, parts.Ref(form.ReplyTo), parts.Ref(form.For))),
        new WireForm<Asking.WithdrawEnded, WithdrawEndedForm>(
            "wde",
            WithdrawEndedForm.Parser,
            (ended, parts) => new WithdrawEndedForm { WasWaiting = ended.WasWaiting, For = parts.Text(ended.For), Correlation = ended.Correlation },
            (form, parts) => new Asking.WithdrawEnded(form.WasWaiting, parts.Ref(form.For), form.Correlation)),
        new WireForm<Asking.AreHeld, AreHeldForm>(
            "arh",
            AreHeldForm.Parser,
            (question, parts) => new AreHeldForm { Correlations = { question.Correlations }, ReplyTo = parts.Text(question.ReplyTo) },
            (form, parts) => new Asking.AreHeld([.. form.Correlations], parts.Ref(form.ReplyTo))),
        new WireForm<Asking.NotHeld, NotHeldForm>(
            "nhd",
            NotHeldForm.Parser,
            (answer, _) => new NotHeldForm { Correlation = answer.Correlation, NeverHeard = !answer.WasHeard },
            (form, _) => new Asking.NotHeld(form.Correlation, WasHeard: !form.NeverHeard)),
        new WireForm<Asking.Kick, KickForm>(
            "kic",
            KickForm.Parser,
            (kick, parts) => new KickForm { Dtu = kick.Dtu.Value, Correlation = kick.Correlation, ReplyTo = parts.Text(kick.ReplyTo) },
            (form, parts) => new Asking.Kick(WireParts.Id(form.Dtu), form.Correlation, parts.Ref(form.ReplyTo))),
    ];

    private static RequestForm Form(Asking.Request request, WireParts parts)
    {
        var form = new RequestForm
        {
            Dtu = request.Dtu.Value,
            Payload = WireParts.Bytes(request.Payload),
            Rule = request.Rule is AnswerRule.Modbus ? AnswerRuleForm.Modbus : AnswerRuleForm.ByMode,
            Correlation = request.Correlation,
            Asker = request.Asker,
            ReplyTo = parts.Text(request.ReplyTo),
            Follows = request.Follows,
        };
        if (request.Timeout is { } timeout)
        {
            form.Timeout = timeout.Ticks;
        }

        if (parts.Turn(request.Turn) is { } turn)
        {
            form.Turn = turn;
        }

        return form;
    }

    private static Asking.Request Message(RequestForm form, WireParts parts) => new(
        WireParts.Id(form.Dtu),
        form.Payload.Memory,
        form.HasTimeout ? TimeSpan.FromTicks(form.Timeout) : null,
        form.Rule is AnswerRuleForm.Modbus ? AnswerRule.Modbus : AnswerRule.ByMode,
        form.Correlation,
        form.Asker,
        parts.Ref(form.ReplyTo),
        form.HasTurn ? form.Turn : null,
        form.Follows);

    private static SendForm Form(Asking.Send send, WireParts parts)
    {
        var form = new SendForm
        {
            Dtu = send.Dtu.Value,
            Payload = WireParts.Bytes(send.Payload),
            Correlation = send.Correlation,
            Asker = send.Asker,
            ReplyTo = parts.Text(send.ReplyTo),
            AnswerUp = send.AnswerUp,
            Follows = send.Follows,
        };
        if (parts.Turn(send.Turn) is { } turn)
        {
            form.Turn = turn;
        }

        if (send.Within is { } within)
        {
            form.Within = within.Ticks;
        }

        return form;
    }

    private static Asking.Send Message(SendForm form, WireParts parts) => new(
        WireParts.Id(form.Dtu),
        form.Payload.Memory,
        form.Correlation,
        form.Asker,
        parts.Ref(form.ReplyTo),
        form.HasTurn ? form.Turn : null,
        form.AnswerUp,
        form.Follows,
        form.HasWithin ? TimeSpan.FromTicks(form.Within) : null);
}
