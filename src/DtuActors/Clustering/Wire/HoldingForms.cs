using DtuActors.Directory;

namespace DtuActors.Clustering.Wire;

/// <summary>Who holds a DTU: sessions, the directory, whoever asks it.</summary>
internal static class HoldingForms
{
    public static readonly WireForm[] All =
    [
        new WireForm<Holding.Announce, AnnounceForm>("ann", AnnounceForm.Parser, Form, Message),
        new WireForm<Holding.Prove, ProveForm>("pro", ProveForm.Parser, (_, _) => new ProveForm(), (_, _) => Holding.Prove.Instance),
        new WireForm<Holding.Granted, GrantedForm>(
            "gra",
            GrantedForm.Parser,
            (granted, parts) => new GrantedForm { Epoch = WireParts.Form(granted.Epoch), Owner = parts.Text(granted.Owner) },
            (form, parts) => new Holding.Granted(WireParts.Epoch(form.Epoch), parts.Ref(form.Owner))),
        new WireForm<Holding.Superseded, SupersededForm>(
            "sup", SupersededForm.Parser, (superseded, _) => new SupersededForm { By = superseded.By }, (form, _) => new Holding.Superseded(form.By)),
        new WireForm<Holding.Waiting, WaitingForm>("wai", WaitingForm.Parser, (_, _) => new WaitingForm(), (_, _) => Holding.Waiting.Instance),
        new WireForm<Holding.Refused, HoldingRefusedForm>(
            "hre", HoldingRefusedForm.Parser, (refused, _) => new HoldingRefusedForm { Holder = refused.Holder }, (form, _) => new Holding.Refused(form.Holder)),
        new WireForm<Holding.Contested, ContestedForm>("con", ContestedForm.Parser, Form, (form, _) => new Holding.Contested(form.HasWith ? form.With : null)),
        new WireForm<Holding.Released, ReleasedForm>(
            "rel",
            ReleasedForm.Parser,
            (released, _) => new ReleasedForm { Dtu = released.Dtu.Value, Epoch = WireParts.Form(released.Epoch) },
            (form, _) => new Holding.Released(WireParts.Id(form.Dtu), WireParts.Epoch(form.Epoch))),
        new WireForm<Holding.StillAlive, StillAliveForm>(
            "ali",
            StillAliveForm.Parser,
            (alive, _) => new StillAliveForm { Dtu = alive.Dtu.Value, Epoch = WireParts.Form(alive.Epoch), Remote = alive.Remote },
            (form, _) => new Holding.StillAlive(WireParts.Id(form.Dtu), WireParts.Epoch(form.Epoch), form.Remote)),
        new WireForm<Holding.Find, FindForm>("fin", FindForm.Parser, (find, _) => new FindForm { Dtu = find.Dtu.Value }, (form, _) => new Holding.Find(WireParts.Id(form.Dtu))),
        new WireForm<Holding.Found, FoundForm>(
            "fou",
            FoundForm.Parser,
            (found, parts) => new FoundForm { Dtu = found.Dtu.Value, Session = found.Session is { } session ? parts.Form(session) : null },
            (form, parts) => new Holding.Found(WireParts.Id(form.Dtu), form.Session is { } session ? parts.Session(session) : null)),
    ];

    private static AnnounceForm Form(Holding.Announce announce, WireParts parts) => new()
    {
        Dtu = announce.Dtu.Value,
        Epoch = announce.Epoch is { } epoch ? WireParts.Form(epoch) : null,
        Connection = parts.Text(announce.Connection),
        Remote = announce.Remote,
        Duplicates = WireParts.Form(announce.Duplicates),
        IsProof = announce.IsProof,
        Came = announce.Came,
    };

    private static Holding.Announce Message(AnnounceForm form, WireParts parts) => new(
        WireParts.Id(form.Dtu), form.Epoch is { } epoch ? WireParts.Epoch(epoch) : null, parts.Ref(form.Connection), form.Remote, WireParts.Duplicates(form.Duplicates), form.IsProof)
    {
        Came = form.Came,
    };

    private static ContestedForm Form(Holding.Contested contested, WireParts parts)
    {
        var form = new ContestedForm();
        if (contested.With is { } with)
        {
            form.With = with;
        }

        return form;
    }
}
