using System.Collections.Immutable;

namespace DtuActors.Archives;

/// <summary>What an archive does.</summary>
public static class ArchiveStates
{
    /// <summary>Nothing is due.</summary>
    public const string Idle = "idle";

    /// <summary>It carries a day.</summary>
    public const string Running = "running";

    /// <summary>It failed, and is tried again.</summary>
    public const string Waiting = "waiting";

    /// <summary>Another node carries it.</summary>
    public const string Elsewhere = "elsewhere";
}

/// <summary>How one archive stands.</summary>
public sealed record ArchiveStatus
{
    public required string Name { get; init; }

    /// <summary>folder, ftp or sftp.</summary>
    public required string Kind { get; init; }

    /// <summary>The folder, or the server with its account; no secret.</summary>
    public required string Where { get; init; }

    /// <summary>An id or a glob.</summary>
    public required string Dtu { get; init; }

    /// <summary>csv or pcapng.</summary>
    public required string Format { get; init; }

    /// <summary>The node that carries it; null: there is one.</summary>
    public string? On { get; init; }

    /// <summary>One of <see cref="ArchiveStates"/>.</summary>
    public required string State { get; init; }

    /// <summary>One of <see cref="ArchiveProblems"/>; null: there is none.</summary>
    public string? Problem { get; init; }

    /// <summary>The problem in words.</summary>
    public string? LastError { get; init; }

    /// <summary>The day under way.</summary>
    public DateOnly? Day { get; init; }

    /// <summary>Files of that day that are carried.</summary>
    public int Done { get; init; }

    /// <summary>When the next day's turn comes.</summary>
    public DateTimeOffset? NextAt { get; init; }

    /// <summary>Of the days in their turn the last that is carried.</summary>
    public DateOnly? LastFinishedDay { get; init; }

    /// <summary>When what failed is tried again.</summary>
    public DateTimeOffset? RetryAt { get; init; }

    /// <summary>Days that were too old when their turn could have come, the newest 366.</summary>
    public ImmutableArray<DateOnly> Missed { get; init; } = [];

    /// <summary>Files carried in all.</summary>
    public long Files { get; init; }

    /// <summary>Their bytes.</summary>
    public long Bytes { get; init; }
}

/// <summary>What becomes of the wish to have a day carried now.</summary>
public abstract record ArchiveAnswer
{
    /// <summary>It is carried now.</summary>
    public sealed record Begun(DateOnly Day) : ArchiveAnswer;

    /// <summary>It carries a day already; null: it is not known yet which.</summary>
    public sealed record Busy(DateOnly? Day) : ArchiveAnswer;

    /// <summary>That day has not begun.</summary>
    public sealed record NotYet(DateOnly Today) : ArchiveAnswer;

    /// <summary>Another node carries it.</summary>
    public sealed record Elsewhere(string Node) : ArchiveAnswer;

    /// <summary>There is no such archive.</summary>
    public sealed record Unknown : ArchiveAnswer;
}
