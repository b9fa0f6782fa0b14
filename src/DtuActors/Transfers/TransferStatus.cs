using System.Collections.Immutable;
using DtuActors.Protocol;
using DtuActors.Protocol.Files;

namespace DtuActors.Transfers;

/// <summary>Which way a file goes.</summary>
public enum TransferDirection
{
    /// <summary>To the instrument.</summary>
    Put,

    /// <summary>From it.</summary>
    Get,
}

/// <summary>Where a transfer stands.</summary>
public static class TransferStates
{
    /// <summary>For its turn on the line.</summary>
    public const string Waiting = "waiting";

    public const string Running = "running";

    /// <summary>All files are where they were to go.</summary>
    public const string Done = "done";

    public const string Failed = "failed";

    /// <summary>By whoever may, or by the instrument.</summary>
    public const string Cancelled = "cancelled";

    public static bool IsEnd(string state) => state is Done or Failed or Cancelled;
}

/// <summary>A file transfer that somebody wants.</summary>
/// <param name="Id">Nobody else's.</param>
/// <param name="Dtu">Over whose line; null: over a COM port.</param>
/// <param name="Port">The endpoint of that COM port; null: over a DTU.</param>
/// <param name="Direction">Which way.</param>
/// <param name="Protocol">How.</param>
/// <param name="Files">What goes to the instrument; none where files come from it.</param>
/// <param name="Say">Written first, once the line is taken: the command that makes the instrument begin.</param>
/// <param name="By">Who wants it; null: who has no name.</param>
public sealed record TransferOrder(
    string Id, DtuId? Dtu, string? Port, TransferDirection Direction, FileProtocol Protocol, ImmutableArray<OutgoingFile> Files, ReadOnlyMemory<byte> Say, string? By);

/// <summary>A file transfer as it stands.</summary>
public sealed record TransferStatus
{
    public required string Id { get; init; }

    /// <summary>Over whose line; null: over a COM port.</summary>
    public DtuId? Dtu { get; init; }

    /// <summary>The endpoint of that COM port; null: over a DTU.</summary>
    public string? Port { get; init; }

    public required TransferDirection Direction { get; init; }

    public required FileProtocol Protocol { get; init; }

    /// <summary>Of <see cref="TransferStates"/>.</summary>
    public required string State { get; init; }

    public FileProgress Progress { get; init; }

    /// <summary>What was wrong, in words.</summary>
    public string? Problem { get; init; }

    /// <summary>Who wanted it.</summary>
    public string? By { get; init; }

    public required DateTimeOffset StartedAt { get; init; }

    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>What came from the instrument, whole.</summary>
    public ImmutableArray<ReceivedFile> Received { get; init; } = [];
}

/// <param name="Name">As the instrument says it: a stranger's text. Empty with XMODEM.</param>
/// <param name="Size">In bytes.</param>
/// <param name="IsKept">Whether it can still be fetched.</param>
public sealed record ReceivedFile(string Name, int Size, bool IsKept);
