using System.Collections.Immutable;
using DtuActors.Clustering.Desks;
using DtuActors.Configuration;

namespace DtuActors.Clustering.Reloads;

/// <summary>How one node stands in a reload of all.</summary>
internal enum ReloadState
{
    /// <summary>It is not known yet: ask again.</summary>
    Pending,

    /// <summary>Its files are right, and it waits for the word.</summary>
    Ready,

    /// <summary>The new options are in force.</summary>
    Applied,

    /// <summary>It is another reload's turn.</summary>
    Busy,

    /// <summary>Its files, or what its register has against them.</summary>
    Faulty,

    /// <summary>Keys changed that are read at the start only.</summary>
    RestartNeeded,

    /// <summary>It can't reload now.</summary>
    Refused,

    /// <summary>It was started without files.</summary>
    NoFiles,

    /// <summary>It is a member, and does not answer.</summary>
    OutOfReach,
}

/// <summary>A node → another: of that round.</summary>
/// <param name="Round">Its own; never used again.</param>
/// <param name="Node">Who asks.</param>
internal sealed record ReloadAsk(string Round, string Node);

/// <summary>What a node answers: how it stands, and why.</summary>
internal sealed record ReloadWord(ReloadState State)
{
    /// <summary>In words.</summary>
    public string? Problem { get; init; }

    public ImmutableArray<ConfigurationFault> Faults { get; init; } = [];

    /// <summary>That need a restart.</summary>
    public ImmutableArray<string> Keys { get; init; } = [];

    /// <summary>What became other, once applied.</summary>
    public OptionsChange? Change { get; init; }

    public ImmutableArray<Reloading.Unbound> Down { get; init; } = [];
}

/// <summary>A node that takes part in a reload, this one or another.</summary>
internal interface IReloadPeer
{
    string Node { get; }

    /// <summary>Takes the node's turn, reads and checks; changes nothing. Asked again it answers the same round.</summary>
    Task<ReloadWord> PrepareAsync(string round);

    /// <summary>Puts in force what was prepared.</summary>
    Task<ReloadWord> ApplyAsync(string round);

    /// <summary>Nothing comes of that round.</summary>
    Task AbortAsync(string round);
}

/// <summary>Another node, by its desk.</summary>
internal sealed class ReloadDesk(OtherNodes others, string self, string node) : IReloadPeer
{
    private const string PrepareTopic = "reload-prepare";
    private const string ApplyTopic = "reload-apply";
    private const string AbortTopic = "reload-abort";

    public string Node => node;

    /// <summary>This node answers others by its turn.</summary>
    public static void Serve(OtherNodes others, ReloadTurn turn)
    {
        others.Answer<ReloadAsk, ReloadWord>(PrepareTopic, ask => turn.PrepareAsync(ask.Round, ask.Node));
        others.Answer<ReloadAsk, ReloadWord>(ApplyTopic, ask => turn.ApplyAsync(ask.Round));
        others.Listen<ReloadAsk>(AbortTopic, (_, ask) => turn.Abort(ask.Round));
    }

    public Task<ReloadWord> PrepareAsync(string round) => AskAsync(PrepareTopic, round);

    public Task<ReloadWord> ApplyAsync(string round) => AskAsync(ApplyTopic, round);

    public Task AbortAsync(string round) => others.TellAsync(AbortTopic, new ReloadAsk(round, self), node);

    private async Task<ReloadWord> AskAsync(string topic, string round)
    {
        try
        {
            var answers = await others.AskAsync<ReloadAsk, ReloadWord>(topic, new ReloadAsk(round, self), CancellationToken.None, node).ConfigureAwait(false);
            return answers is [{ Answer: { } word }] ? word : new ReloadWord(ReloadState.OutOfReach) { Problem = answers is [{ Problem: { } problem }] ? problem : "the node does not answer" };
        }
        catch (Akka.Actor.AskTimeoutException)
        {
            return new ReloadWord(ReloadState.OutOfReach) { Problem = "this node's desk does not answer" };
        }
    }
}

/// <summary>This node.</summary>
internal sealed class ReloadHere(ReloadTurn turn, string node, string asker) : IReloadPeer
{
    public string Node => node;

    public Task<ReloadWord> PrepareAsync(string round) => turn.PrepareAsync(round, asker);

    public Task<ReloadWord> ApplyAsync(string round) => turn.ApplyAsync(round);

    public Task AbortAsync(string round)
    {
        turn.Abort(round);
        return Task.CompletedTask;
    }
}
