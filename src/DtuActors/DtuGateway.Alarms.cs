using System.Collections.Immutable;
using Akka.Actor;
using DtuActors.Alarming;

namespace DtuActors;

/// <summary>The alarms, of this node and of all.</summary>
public sealed partial class DtuGateway
{
    private const string AlarmsTopic = "alarms";

    /// <summary>Alarms of every node that answers: open ones first, each newest first; of those that are over the last 500.</summary>
    public async Task<ImmutableArray<AlarmStatus>> AlarmsAsync(CancellationToken ct)
    {
        var elsewhere = Others.AskAsync<AlarmQuestion, AlarmAnswer>(AlarmsTopic, new AlarmQuestion(), ct);
        var own = await OwnAlarmsAsync(ct).ConfigureAwait(false);
        return AlarmBook.Together([.. own, .. (await elsewhere.ConfigureAwait(false)).Where(node => node.Answer is not null).SelectMany(node => node.Answer!.Items)]);
    }

    /// <summary>Those that this node raised.</summary>
    public async Task<ImmutableArray<AlarmStatus>> OwnAlarmsAsync(CancellationToken ct) =>
        (await (await _parts.ConfigureAwait(false)).Alarms.Ask<Alarms.Listed>(new Alarms.List(), AskLimit, ct).ConfigureAwait(false)).Items;

    private void AnswerAlarms() => Others.Answer<AlarmQuestion, AlarmAnswer>(AlarmsTopic, async _ => new AlarmAnswer(await OwnAlarmsAsync(CancellationToken.None).ConfigureAwait(false)));

    private sealed record AlarmQuestion;

    private sealed record AlarmAnswer(ImmutableArray<AlarmStatus> Items);
}
