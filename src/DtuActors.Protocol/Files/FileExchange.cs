namespace DtuActors.Protocol.Files;

/// <summary>What an exchange of files writes to.</summary>
public interface IFileLine
{
    /// <summary>These bytes, behind those before.</summary>
    void Write(ReadOnlyMemory<byte> bytes);
}

/// <summary>A file on its way to a device.</summary>
/// <param name="Name">Without a path; XMODEM tells it to nobody.</param>
/// <param name="Content">Its bytes.</param>
/// <param name="ChangedAt">Of its last change, where that is known.</param>
public sealed record OutgoingFile(string Name, ReadOnlyMemory<byte> Content, DateTimeOffset? ChangedAt = null);

/// <summary>A file that came from a device, whole.</summary>
/// <param name="Name">As the device says it: a stranger's text. Empty with XMODEM.</param>
/// <param name="Content">Its bytes; with XMODEM with the padding of its last block.</param>
public sealed record IncomingFile(string Name, ReadOnlyMemory<byte> Content);

/// <summary>How an exchange ended.</summary>
public enum FileEnd
{
    /// <summary>All files are where they were to go.</summary>
    Done,

    /// <summary>By this side.</summary>
    Cancelled,

    /// <summary>By the device (CAN CAN).</summary>
    CancelledByDevice,

    /// <summary>It could not go on.</summary>
    Failed,
}

/// <summary>How far it is.</summary>
/// <param name="File">The name of the one that is on its way, or was the last; null: none yet, or its protocol has none.</param>
/// <param name="Size">Of that file, in bytes; null: not known.</param>
/// <param name="Bytes">Of that file, that are known to have arrived.</param>
/// <param name="Files">That arrived before it.</param>
/// <param name="Retries">Blocks that were sent or asked for again, of all files.</param>
public readonly record struct FileProgress(string? File, long? Size, long Bytes, int Files, int Retries);

/// <summary>The times of an exchange. The defaults are for a cellular link in front of a slow line: a block of 1,024 bytes at 1,200 baud takes 9 s alone.</summary>
public sealed record FileTimes
{
    public static readonly FileTimes Default = new();

    /// <summary>Within which the device begins.</summary>
    public TimeSpan Start { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Within which it says something to a block, or sends the next one; then the last word is said again. Four times as long as it took lately, where that is shorter.</summary>
    public TimeSpan Answer { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>The least of it.</summary>
    public TimeSpan LeastAnswer { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>The longest pause within a block: the rest of it is lost.</summary>
    public TimeSpan Pause { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>A line that was so long silent has said what it had to say.</summary>
    public TimeSpan Quiet { get; init; } = TimeSpan.FromSeconds(1);
}

/// <summary>
/// One side of an exchange of files over a serial line. A pure state machine: times come as arguments, bytes leave through an <see cref="IFileLine"/>.
/// </summary>
public abstract class FileExchange(IFileLine line, FileTimes times)
{
    /// <summary>So often the same block is sent, or asked for, before it is given up.</summary>
    public const int MostAttempts = 10;

    private TimeSpan? _took;

    /// <summary>Null while it runs.</summary>
    public FileEnd? End { get; private set; }

    /// <summary>What was wrong, in words; null where nothing was.</summary>
    public string? Problem { get; private set; }

    /// <summary>When <see cref="Tick"/> is due.</summary>
    public DateTimeOffset Due { get; protected set; }

    /// <summary>How far it is.</summary>
    public abstract FileProgress Progress { get; }

    protected FileTimes Times => times;

    /// <summary>How long an answer may take, from what it took.</summary>
    protected TimeSpan AnswerLimit => _took is not { } took ? times.Answer
        : 4 * took < times.LeastAnswer ? times.LeastAnswer
        : 4 * took < times.Answer ? 4 * took : times.Answer;

    protected int Retries { get; set; }

    /// <summary>Once.</summary>
    public abstract void Begin(DateTimeOffset now);

    /// <summary>The device said something.</summary>
    public void Feed(ReadOnlySpan<byte> bytes, DateTimeOffset now)
    {
        if (End is null && !bytes.IsEmpty)
        {
            OnBytes(bytes, now);
        }
    }

    /// <summary>Time has passed.</summary>
    public void Tick(DateTimeOffset now)
    {
        if (End is null && now >= Due)
        {
            OnDue(now);
        }
    }

    /// <summary>Ends it, and tells the device.</summary>
    public void Cancel() => Leave(FileEnd.Cancelled, null);

    protected abstract void OnBytes(ReadOnlySpan<byte> bytes, DateTimeOffset now);

    protected abstract void OnDue(DateTimeOffset now);

    /// <summary>An answer to what was said once took so long. What takes longer counts at once, what takes less in time.</summary>
    protected void Took(TimeSpan time) => _took = _took is { } took && time < took ? took - ((took - time) / 8) : time;

    protected void Write(ReadOnlyMemory<byte> bytes) => line.Write(bytes);

    protected void Finish() => End ??= FileEnd.Done;

    protected void Fail(string problem) => Leave(FileEnd.Failed, problem);

    protected void EndedByDevice()
    {
        End ??= FileEnd.CancelledByDevice;
        Problem ??= "the device cancelled it";
    }

    private void Leave(FileEnd end, string? problem)
    {
        if (End is null)
        {
            (End, Problem) = (end, problem);
            Write(FileBlocks.Cancel);
        }
    }
}
