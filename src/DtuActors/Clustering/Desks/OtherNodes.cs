using System.Collections.Immutable;
using System.Text.Json;
using Akka.Actor;

namespace DtuActors.Clustering.Desks;

/// <summary>The other nodes, for the facade: questions as tasks, in JSON between the desks. Without a cluster there are none, and everybody answers nothing.</summary>
/// <param name="desk">This node's desk; null: there is no cluster.</param>
/// <param name="topics">What this node answers.</param>
public sealed class OtherNodes(Task<IActorRef?> desk, Topics topics)
{
    // Beyond what the desk itself allows: it may be restarting.
    private static readonly TimeSpan Limit = DeskActor.AnswerWithin + TimeSpan.FromSeconds(1);

    /// <summary>This node answers a topic so.</summary>
    public void Answer<TQuestion, TAnswer>(string topic, Func<TQuestion, Task<TAnswer>> answer) =>
        topics.Answer(topic, async body => JsonSerializer.SerializeToUtf8Bytes(await answer(Read<TQuestion>(body)).ConfigureAwait(false), DeskJson.Options));

    /// <summary>This node hears what another tells of a topic; on any thread, and not to block.</summary>
    public void Listen<T>(string topic, Action<string, T> listen) => topics.Listen(topic, (node, body) => listen(node, Read<T>(body)));

    /// <summary>What every other node that is within reach answers, or the one; those that do not are named with why.</summary>
    public async Task<ImmutableArray<(string Node, TAnswer? Answer, string? Problem)>> AskAsync<TQuestion, TAnswer>(
        string topic, TQuestion question, CancellationToken ct, string? onlyNode = null)
    {
        if (await desk.ConfigureAwait(false) is not { } actor)
        {
            return [];
        }

        var answers = await actor.Ask<Desk.Answers>(new Desk.AskOthers(topic, JsonSerializer.SerializeToUtf8Bytes(question, DeskJson.Options), onlyNode), Limit, ct).ConfigureAwait(false);
        return [.. answers.Items.Select(Read<TAnswer>)];
    }

    /// <summary>Tells every other node that is within reach, or the one; nobody answers.</summary>
    public async Task TellAsync<T>(string topic, T what, string? onlyNode = null)
    {
        if (await desk.ConfigureAwait(false) is { } actor)
        {
            actor.Tell(new Desk.TellOthers(topic, JsonSerializer.SerializeToUtf8Bytes(what, DeskJson.Options), onlyNode), ActorRefs.NoSender);
        }
    }

    // A node of another release may answer what this one can't read.
    private static (string Node, T? Answer, string? Problem) Read<T>(NodeAnswer answer)
    {
        if (answer.Problem is not null)
        {
            return (answer.Node, default, answer.Problem);
        }

        try
        {
            return (answer.Node, Read<T>(answer.Body), null);
        }
        catch (JsonException failure)
        {
            return (answer.Node, default, $"its answer can't be read: {failure.Message}");
        }
    }

    private static T Read<T>(ReadOnlyMemory<byte> body) => JsonSerializer.Deserialize<T>(body.Span, DeskJson.Options)!;
}
