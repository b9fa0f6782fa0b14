using System.Collections.Immutable;
using Akka.Actor;

namespace DtuActors.Clustering.Desks;

/// <summary>
/// What nodes ask and tell each other for people (lists, searches, events): by topic, each with a body of its own. The data path and the directory have messages of their own; nothing
/// here is waited for longer than <see cref="DeskActor.AnswerWithin"/>.
/// </summary>
public static class Desk
{
    /// <summary>Desk → gateway, at each start: who is there? One <see cref="Meet"/> for each.</summary>
    public sealed record WhoIsThere : INoSerializationVerificationNeeded
    {
        public static readonly WhoIsThere Instance = new();
    }

    /// <summary>Gateway → desk: that node's desk is within reach.</summary>
    public sealed record Meet(string Node, ICanTell Desk) : INoSerializationVerificationNeeded;

    /// <summary>Gateway → desk: that node is out of reach, or gone: whoever waits for it hears so.</summary>
    /// <param name="Node">Its name.</param>
    /// <param name="StaysMember">It may be reached again: whoever asks all meanwhile hears that its answer is missing.</param>
    public sealed record Part(string Node, bool StaysMember = false) : INoSerializationVerificationNeeded;

    /// <summary>Facade → desk: ask every other node, or the one; one <see cref="Answers"/> to the sender.</summary>
    public sealed record AskOthers(string Topic, ReadOnlyMemory<byte> Body, string? OnlyNode = null) : INoSerializationVerificationNeeded;

    public sealed record Answers(ImmutableArray<NodeAnswer> Items) : INoSerializationVerificationNeeded;

    /// <summary>Facade → desk: tell every other node, or the one; nobody answers, and what is lost is lost.</summary>
    public sealed record TellOthers(string Topic, ReadOnlyMemory<byte> Body, string? OnlyNode = null) : INoSerializationVerificationNeeded;

    /// <summary>Desk → desk: one <see cref="Answer"/> of that number.</summary>
    public sealed record Ask(long Number, string Topic, ReadOnlyMemory<byte> Body) : INoSerializationVerificationNeeded, IWire;

    /// <param name="Number">The question's.</param>
    /// <param name="Body">The answer; empty where there is none.</param>
    /// <param name="Problem">Why there is none, in words; null: there is one.</param>
    public sealed record Answer(long Number, ReadOnlyMemory<byte> Body, string? Problem) : INoSerializationVerificationNeeded, IWire;

    /// <summary>Desk → desk.</summary>
    public sealed record Told(string Node, string Topic, ReadOnlyMemory<byte> Body) : INoSerializationVerificationNeeded, IWire;
}

/// <summary>What one other node answered.</summary>
/// <param name="Node">Its name.</param>
/// <param name="Body">Its answer; empty where there is none.</param>
/// <param name="Problem">Why there is none, in words; null: there is one.</param>
public sealed record NodeAnswer(string Node, ReadOnlyMemory<byte> Body, string? Problem);
