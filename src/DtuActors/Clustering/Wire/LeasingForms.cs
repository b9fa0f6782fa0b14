using DtuActors.Sessions;

namespace DtuActors.Clustering.Wire;

/// <summary>A line that somebody on another node has for himself.</summary>
internal static class LeasingForms
{
    public static readonly WireForm[] All =
    [
        new WireForm<Leasing.Take, LeaseTakeForm>(
            "ltk",
            LeaseTakeForm.Parser,
            (take, parts) => new LeaseTakeForm { Dtu = take.Dtu.Value, Correlation = take.Correlation, Asker = take.Asker, Holder = parts.Text(take.Holder) },
            (form, parts) => new Leasing.Take(WireParts.Id(form.Dtu), form.Correlation, form.Asker, parts.Ref(form.Holder))),
        new WireForm<Leasing.Taken, LeaseTakenForm>(
            "ltd", LeaseTakenForm.Parser, (taken, _) => new LeaseTakenForm { Correlation = taken.Correlation }, (form, _) => new Leasing.Taken(form.Correlation)),
        new WireForm<Leasing.Write, LeaseWriteForm>(
            "lwr", LeaseWriteForm.Parser, (write, _) => new LeaseWriteForm { Bytes = WireParts.Bytes(write.Bytes) }, (form, _) => new Leasing.Write(form.Bytes.Memory)),
        new WireForm<Leasing.Written, LeaseWrittenForm>("lwn", LeaseWrittenForm.Parser, (_, _) => new LeaseWrittenForm(), (_, _) => Leasing.Written.Instance),
        new WireForm<Leasing.Heard, LeaseHeardForm>(
            "lhd",
            LeaseHeardForm.Parser,
            (heard, _) => new LeaseHeardForm { Bytes = WireParts.Bytes(heard.Bytes), Through = heard.Through },
            (form, _) => new Leasing.Heard(form.Bytes.Memory, form.Through)),
        new WireForm<Leasing.Read, LeaseReadForm>("lrd", LeaseReadForm.Parser, (read, _) => new LeaseReadForm { Through = read.Through }, (form, _) => new Leasing.Read(form.Through)),
        new WireForm<Leasing.GiveBack, LeaseGiveBackForm>("lgb", LeaseGiveBackForm.Parser, (_, _) => new LeaseGiveBackForm(), (_, _) => Leasing.GiveBack.Instance),
        new WireForm<Leasing.Lost, LeaseLostForm>("lls", LeaseLostForm.Parser, (lost, _) => new LeaseLostForm { Reason = lost.Reason }, (form, _) => new Leasing.Lost(form.Reason)),
    ];
}
