using System.Collections.Concurrent;

namespace DtuActors.Clustering.Desks;

/// <summary>What this node answers when others ask, and does when they tell; filled by the facade, read by its desk, on any thread.</summary>
public sealed class Topics
{
    private readonly ConcurrentDictionary<string, Func<ReadOnlyMemory<byte>, Task<ReadOnlyMemory<byte>>>> _answers = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Action<string, ReadOnlyMemory<byte>>> _listeners = new(StringComparer.Ordinal);

    /// <summary>Answers a topic: body in, body out; what it throws is the answer's problem.</summary>
    public void Answer(string topic, Func<ReadOnlyMemory<byte>, Task<ReadOnlyMemory<byte>>> answer) => _answers[topic] = answer;

    /// <summary>Hears a topic: the other node's name, and the body. It does not block and does not throw.</summary>
    public void Listen(string topic, Action<string, ReadOnlyMemory<byte>> listen) => _listeners[topic] = listen;

    public Func<ReadOnlyMemory<byte>, Task<ReadOnlyMemory<byte>>>? AnswerOf(string topic) => _answers.GetValueOrDefault(topic);

    public Action<string, ReadOnlyMemory<byte>>? ListenerOf(string topic) => _listeners.GetValueOrDefault(topic);
}
