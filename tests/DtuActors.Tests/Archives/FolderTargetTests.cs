using DtuActors.Archives.Targets;
using DtuActors.Configuration;

namespace DtuActors.Tests.Archives;

public sealed class FolderTargetTests : ArchiveTargetSpec
{
    private readonly string _folder = System.IO.Directory.CreateTempSubdirectory("dtu-archive-").FullName;

    private protected override IArchiveTarget Target => ArchiveTargets.Create(new FolderTargetOptions { Folder = Path.Combine(_folder, "in") });

    public override Task InitializeAsync()
    {
        System.IO.Directory.CreateDirectory(Path.Combine(_folder, "in"));
        return Task.CompletedTask;
    }

    public override Task DisposeAsync()
    {
        System.IO.Directory.Delete(_folder, recursive: true);
        return Task.CompletedTask;
    }

    protected override byte[]? Lying(string path)
    {
        var file = Path.Combine(_folder, "in", path);
        return File.Exists(file) ? File.ReadAllBytes(file) : null;
    }

    [Theory]
    [InlineData("../out.csv")]
    [InlineData("a/../../out.csv")]
    [InlineData("/out.csv")]
    public async Task Nothing_leads_out_of_the_folder(string path)
    {
        await FailsAsync(ArchiveProblem.Refused, () => WriteAsync(path, 0, [1]));
        Assert.Equal(["in"], System.IO.Directory.GetFileSystemEntries(_folder).Select(entry => Path.GetFileName(entry)!));
    }

    [Fact]
    public async Task An_absolute_path_is_none_even_where_it_leads_into_the_folder() =>
        await FailsAsync(ArchiveProblem.Refused, () => WriteAsync(Path.Combine(_folder, "in", "a.csv"), 0, [1]));

    [Fact]
    public async Task What_lies_behind_the_offset_is_gone()
    {
        await WriteAsync("a.csv", 0, [1, 2, 3, 4, 5]);
        await WriteAsync("a.csv", 2, [9]);
        Assert.Equal([1, 2, 9], Lying("a.csv"));
    }

    [Fact]
    public async Task A_folder_that_is_not_there_is_not_made_in_a_mounts_place()
    {
        await using var target = ArchiveTargets.Create(new FolderTargetOptions { Folder = Path.Combine(_folder, "mount") });
        using var content = new MemoryStream([1]);
        await FailsAsync(ArchiveProblem.Refused, () => target.MakeFolderAsync("a", Uncancelled));
        await FailsAsync(ArchiveProblem.Refused, () => target.WriteAsync("a.csv", 0, content, Uncancelled));
        Assert.False(System.IO.Directory.Exists(Path.Combine(_folder, "mount")));
    }

    [Fact]
    public async Task A_file_where_a_folder_should_be_is_refused_as_a_folder_where_a_file_should_be()
    {
        await WriteAsync("a", 0, [1]);
        await Target.MakeFolderAsync("b", Uncancelled);
        await Assert.ThrowsAsync<ArchiveTargetException>(() => Target.MakeFolderAsync("a/c", Uncancelled));
        await Assert.ThrowsAsync<ArchiveTargetException>(() => WriteAsync("b", 0, [1]));
        await Assert.ThrowsAsync<ArchiveTargetException>(() => Target.RenameAsync("a", "b", Uncancelled));
        Assert.Equal([1], Lying("a"));
    }

    [SkippableFact]
    public async Task What_the_user_may_not_write_is_no_permission()
    {
        // The kernel lets nobody make a file there, root neither.
        Skip.IfNot(System.IO.Directory.Exists("/sys/kernel"), "needs /sys");
        await using var target = ArchiveTargets.Create(new FolderTargetOptions { Folder = "/sys/kernel" });
        using var content = new MemoryStream([1]);
        await FailsAsync(ArchiveProblem.NoPermission, () => target.WriteAsync("a.csv", 0, content, Uncancelled));
    }

    [SkippableFact]
    public async Task A_device_without_room_is_a_full_disk()
    {
        Skip.IfNot(File.Exists("/dev/full"), "needs /dev/full");
        await using var target = ArchiveTargets.Create(new FolderTargetOptions { Folder = "/dev" });
        using var content = new MemoryStream(Bytes(100));
        await FailsAsync(ArchiveProblem.DiskFull, () => target.WriteAsync("full", 0, content, Uncancelled));
    }
}
