using DtuActors.Configuration;
using DtuActors.Routing;

namespace DtuActors.Clustering.Wire;

/// <summary>What routers tell each other.</summary>
internal static class PeeringForms
{
    public static readonly WireForm[] All =
    [
        new WireForm<Peering.Hello, HelloForm>(
            "hel",
            HelloForm.Parser,
            (hello, _) => new HelloForm { Node = hello.Node, Life = hello.Life, Version = hello.Version, Tells = hello.Tells },
            (form, _) => new Peering.Hello(form.Node, form.Life, form.Version, form.Tells)),
        new WireForm<Peering.Whose, WhoseForm>("whs", WhoseForm.Parser, (whose, _) => new WhoseForm { Dtu = whose.Dtu.Value }, (form, _) => new Peering.Whose(WireParts.Id(form.Dtu))),
        new WireForm<Peering.Pack, PackForm>(
            "pck",
            PackForm.Parser,
            (pack, parts) => new PackForm { Node = pack.Node, Number = pack.Number, Taken = pack.Taken, Items = { pack.Items.Select(item => Form(item, parts)) } },
            (form, parts) => new Peering.Pack(form.Node, form.Number, form.Taken, [.. form.Items.Select(item => Item(item, parts))])),
        new WireForm<Peering.Whole, WholeForm>("who", WholeForm.Parser, Form, Message),
        new WireForm<Peering.Changed, ChangedForm>("chg", ChangedForm.Parser, Form, Message),
    ];

    private static PackedForm Form(Peering.Packed item, WireParts parts)
    {
        var form = new PackedForm { Delivery = RelayForms.Form(item.Delivery, parts) };
        if (item.Endpoint is { } endpoint)
        {
            form.Endpoint = endpoint;
        }
        else
        {
            form.Session = parts.Text(item.Session!);
        }

        return form;
    }

    private static Peering.Packed Item(PackedForm form, WireParts parts) => form.ToCase switch
    {
        PackedForm.ToOneofCase.Endpoint => new Peering.Packed(form.Endpoint, null, RelayForms.Message(form.Delivery, parts)),
        PackedForm.ToOneofCase.Session => new Peering.Packed(null, parts.Ref(form.Session), RelayForms.Message(form.Delivery, parts)),
        _ => throw new FormatException("it is for nobody"),
    };

    private static WholeForm Form(Peering.Whole whole, WireParts parts) => new()
    {
        Node = whole.Node,
        Life = whole.Life,
        Endpoints = { whole.Endpoints.Select(endpoint => Form(endpoint, parts)) },
        Sessions = { whole.Sessions.Select(parts.Form) },
    };

    private static Peering.Whole Message(WholeForm form, WireParts parts) => new(
        form.Node, form.Life, [.. form.Endpoints.Select(endpoint => Endpoint(endpoint, parts))], [.. form.Sessions.Select(parts.Session)]);

    private static ChangedForm Form(Peering.Changed changed, WireParts parts) => new()
    {
        Node = changed.Node,
        Life = changed.Life,
        Number = changed.Number,
        Started = { changed.Started.Select(endpoint => Form(endpoint, parts)) },
        Ended = { changed.Ended },
        Opened = { changed.Opened.Select(parts.Form) },
        Closed = { changed.Closed.Select(parts.Form) },
    };

    private static Peering.Changed Message(ChangedForm form, WireParts parts) => new(
        form.Node,
        form.Life,
        form.Number,
        [.. form.Started.Select(endpoint => Endpoint(endpoint, parts))],
        [.. form.Ended],
        [.. form.Opened.Select(parts.Session)],
        [.. form.Closed.Select(parts.Session)]);

    private static EndpointForm Form(Peering.EndpointThere endpoint, WireParts parts) => new()
    {
        Name = endpoint.Name,
        Destination = parts.Form(endpoint.Destination),
        Exclusive = endpoint.Exclusive,
        Select = endpoint.Select switch
        {
            DownlinkSelect.Broadcast => SelectForm.Broadcast,
            DownlinkSelect.LastSpeaker => SelectForm.LastSpeaker,
            DownlinkSelect.UnitMap => SelectForm.UnitMap,
            _ => SelectForm.None,
        },
        MirrorsUp = endpoint.MirrorsUp,
        WantsSessions = endpoint.WantsSessions,
    };

    private static Peering.EndpointThere Endpoint(EndpointForm form, WireParts parts) => new(
        form.Name,
        parts.Destination(form.Destination),
        form.Exclusive,
        form.Select switch
        {
            SelectForm.Broadcast => DownlinkSelect.Broadcast,
            SelectForm.LastSpeaker => DownlinkSelect.LastSpeaker,
            SelectForm.UnitMap => DownlinkSelect.UnitMap,
            _ => DownlinkSelect.None,
        },
        form.MirrorsUp,
        form.WantsSessions);
}
