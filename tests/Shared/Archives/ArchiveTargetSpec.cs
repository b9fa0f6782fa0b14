using DtuActors.Archives.Targets;

namespace DtuActors.Tests.Archives;

/// <summary>What a target does, whatever it is.</summary>
public abstract class ArchiveTargetSpec : IAsyncLifetime
{
    private protected abstract IArchiveTarget Target { get; }

    public abstract Task InitializeAsync();

    public abstract Task DisposeAsync();

    /// <summary>What a file holds, seen from where it lies; null: there is none.</summary>
    protected abstract byte[]? Lying(string path);

    private protected static CancellationToken Uncancelled => CancellationToken.None;

    /// <summary>So many bytes, always the same.</summary>
    protected static byte[] Bytes(int count, int seed = 1)
    {
        var bytes = new byte[count];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    [SkippableFact]
    public async Task What_is_written_lies_there_byte_for_byte_and_its_length_is_told()
    {
        // Not a multiple of any block; and all that a transfer of text would change.
        var bytes = Bytes((1 << 20) + 4321);
        await WriteAsync("a.csv", 0, bytes);
        Assert.Equal(bytes, Lying("a.csv"));
        Assert.Equal(bytes.Length, await Target.LengthAsync("a.csv", Uncancelled));
    }

    [SkippableFact]
    public async Task A_file_that_is_not_there_has_no_length_nor_has_one_in_a_folder_that_is_not_there_nor_a_folder()
    {
        await Target.MakeFolderAsync("folder", Uncancelled);
        Assert.Null(await Target.LengthAsync("a.csv", Uncancelled));
        Assert.Null(await Target.LengthAsync("nowhere/a.csv", Uncancelled));
        Assert.Null(await Target.LengthAsync("folder", Uncancelled));
    }

    [SkippableFact]
    public async Task An_empty_file_is_a_file()
    {
        await WriteAsync("a.csv", 0, []);
        Assert.Equal(0, await Target.LengthAsync("a.csv", Uncancelled));
        Assert.Empty(Lying("a.csv")!);
    }

    [SkippableFact]
    public async Task What_was_there_is_gone_when_writing_begins_at_nought()
    {
        await WriteAsync("a.csv", 0, Bytes(5000));
        await WriteAsync("a.csv", 0, [1, 2, 3]);
        Assert.Equal([1, 2, 3], Lying("a.csv"));
    }

    [SkippableFact]
    public async Task Writing_goes_on_where_it_ended()
    {
        var bytes = Bytes(300_000);
        await WriteAsync("a.csv", 0, bytes[..100_001]);
        await WriteAsync("a.csv", 100_001, bytes[100_001..]);
        Assert.Equal(bytes, Lying("a.csv"));
    }

    [SkippableFact]
    public async Task Writing_goes_on_before_the_end_and_what_lay_behind_is_written_over()
    {
        var bytes = Bytes(10_000);
        await WriteAsync("a.csv", 0, [.. bytes[..4000], .. new byte[1000]]);
        await WriteAsync("a.csv", 4000, bytes[4000..]);
        Assert.Equal(bytes, Lying("a.csv"));
    }

    [SkippableFact]
    public async Task A_stream_is_read_from_where_it_stands()
    {
        using var content = new MemoryStream([1, 2, 3, 4]) { Position = 2 };
        await Target.WriteAsync("a.csv", 0, content, Uncancelled);
        Assert.Equal([3, 4], Lying("a.csv"));
    }

    [SkippableFact]
    public async Task A_file_gets_no_hole()
    {
        await WriteAsync("a.csv", 0, [1, 2, 3]);
        await FailsAsync(ArchiveProblem.Refused, () => WriteAsync("a.csv", 5, [4]));
        Assert.Equal([1, 2, 3], Lying("a.csv"));
    }

    [SkippableFact]
    public async Task A_file_that_gets_its_name_replaces_the_one_that_has_it()
    {
        await WriteAsync("a.part", 0, [1, 2, 3]);
        await WriteAsync("a.csv", 0, Bytes(5000));
        await Target.RenameAsync("a.part", "a.csv", Uncancelled);
        Assert.Equal([1, 2, 3], Lying("a.csv"));
        Assert.Null(Lying("a.part"));

        await WriteAsync("b.part", 0, [4]);
        await Target.RenameAsync("b.part", "b.csv", Uncancelled);
        Assert.Equal([4], Lying("b.csv"));
    }

    [SkippableFact]
    public async Task A_file_that_is_not_there_can_not_take_anothers_name()
    {
        await WriteAsync("a.csv", 0, [1, 2, 3]);
        await Assert.ThrowsAsync<ArchiveTargetException>(() => Target.RenameAsync("a.part", "a.csv", Uncancelled));
        Assert.Equal([1, 2, 3], Lying("a.csv"));
    }

    [SkippableFact]
    public async Task Folders_are_made_level_by_level_and_made_again_they_are_as_good()
    {
        await Target.MakeFolderAsync("a/b/c", Uncancelled);
        await Target.MakeFolderAsync("a/b/c", Uncancelled);
        await Target.MakeFolderAsync("a/b/d", Uncancelled);
        await WriteAsync("a/b/c/x.csv", 0, [1]);
        await WriteAsync("a/b/d/x.csv", 0, [2]);
        Assert.Equal([1], Lying("a/b/c/x.csv"));
        Assert.Equal([2], Lying("a/b/d/x.csv"));
    }

    [SkippableFact]
    public async Task Names_are_what_they_are_in_any_script()
    {
        await Target.MakeFolderAsync("二〇二六/日报 1", Uncancelled);
        await WriteAsync("二〇二六/日报 1/七号泵站%2F.part", 0, [7]);
        await Target.RenameAsync("二〇二六/日报 1/七号泵站%2F.part", "二〇二六/日报 1/七号泵站%2F.csv", Uncancelled);
        Assert.Equal(1, await Target.LengthAsync("二〇二六/日报 1/七号泵站%2F.csv", Uncancelled));
        Assert.Equal([7], Lying("二〇二六/日报 1/七号泵站%2F.csv"));
    }

    [SkippableFact]
    public async Task A_file_in_a_folder_that_is_not_there_is_refused()
    {
        var refusal = await Assert.ThrowsAsync<ArchiveTargetException>(() => WriteAsync("nowhere/a.csv", 0, [1]));
        Assert.Contains(refusal.Problem, new[] { ArchiveProblem.Refused, ArchiveProblem.NoPermission });
    }

    [SkippableTheory]
    [InlineData("")]
    [InlineData("..")]
    [InlineData("../a.csv")]
    [InlineData("a/../../b.csv")]
    [InlineData("a/./b.csv")]
    [InlineData("a//b.csv")]
    [InlineData("a/")]
    [InlineData("a.csv\r\nDELE b.csv")]
    [InlineData("a.csv\nDELE b.csv")]
    [InlineData("a\0.csv")]
    public async Task What_is_no_path_is_refused_by_every_call(string path)
    {
        await WriteAsync("good.csv", 0, [1]);
        await FailsAsync(ArchiveProblem.Refused, () => Target.LengthAsync(path, Uncancelled));
        await FailsAsync(ArchiveProblem.Refused, () => WriteAsync(path, 0, [1]));
        await FailsAsync(ArchiveProblem.Refused, () => Target.RenameAsync("good.csv", path, Uncancelled));
        await FailsAsync(ArchiveProblem.Refused, () => Target.RenameAsync(path, "good.csv", Uncancelled));
        await FailsAsync(ArchiveProblem.Refused, () => Target.MakeFolderAsync(path, Uncancelled));
        Assert.Equal([1], Lying("good.csv"));
    }

    [SkippableFact]
    public async Task What_is_cancelled_is_cancelled_and_nothing_else()
    {
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();
        using var content = new MemoryStream([1]);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Target.LengthAsync("a.csv", cancelled.Token));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Target.WriteAsync("a.csv", 0, content, cancelled.Token));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Target.RenameAsync("a.csv", "b.csv", cancelled.Token));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Target.MakeFolderAsync("a", cancelled.Token));
    }

    [SkippableFact]
    public async Task An_upload_is_cancelled_in_its_middle()
    {
        using var cancelling = new CancellationTokenSource();
        await using var content = new HeldStream(Bytes(1 << 20), heldAt: 400_000);
        var writing = Target.WriteAsync("a.csv", 0, content, cancelling.Token);
        await content.Held;
        await cancelling.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => writing);
    }

    [SkippableFact]
    public async Task A_stream_that_fails_is_no_fault_of_the_targets()
    {
        await using var content = new HeldStream(Bytes(1 << 20), heldAt: 400_000);
        var writing = Target.WriteAsync("a.csv", 0, content, Uncancelled);
        await content.Held;
        content.Fail(new InvalidDataException("the history is gone"));
        await Assert.ThrowsAsync<InvalidDataException>(() => writing);
    }

    private protected static async Task<ArchiveTargetException> FailsAsync(ArchiveProblem problem, Func<Task> call)
    {
        var failure = await Assert.ThrowsAsync<ArchiveTargetException>(call);
        Assert.True(failure.Problem == problem, $"{failure.Problem}, not {problem}: {failure.Message}");
        return failure;
    }

    private protected async Task WriteAsync(string path, long offset, byte[] bytes)
    {
        using var content = new MemoryStream(bytes);
        await Target.WriteAsync(path, offset, content, Uncancelled);
    }
}
