using DtuActors.Clustering.Desks;

namespace DtuActors.Clustering.Wire;

/// <summary>What desks ask and tell each other; their bodies are not looked into.</summary>
internal static class DeskForms
{
    public static readonly WireForm[] All =
    [
        new WireForm<Desk.Ask, DeskAskForm>(
            "das",
            DeskAskForm.Parser,
            (ask, _) => new DeskAskForm { Number = ask.Number, Topic = ask.Topic, Body = WireParts.Bytes(ask.Body) },
            (form, _) => new Desk.Ask(form.Number, form.Topic, form.Body.Memory)),
        new WireForm<Desk.Answer, DeskAnswerForm>("dan", DeskAnswerForm.Parser, Form, (form, _) => new Desk.Answer(form.Number, form.Body.Memory, form.HasProblem ? form.Problem : null)),
        new WireForm<Desk.Told, DeskToldForm>(
            "dto",
            DeskToldForm.Parser,
            (told, _) => new DeskToldForm { Node = told.Node, Topic = told.Topic, Body = WireParts.Bytes(told.Body) },
            (form, _) => new Desk.Told(form.Node, form.Topic, form.Body.Memory)),
    ];

    private static DeskAnswerForm Form(Desk.Answer answer, WireParts parts)
    {
        var form = new DeskAnswerForm { Number = answer.Number, Body = WireParts.Bytes(answer.Body) };
        if (answer.Problem is { } problem)
        {
            form.Problem = problem;
        }

        return form;
    }
}
