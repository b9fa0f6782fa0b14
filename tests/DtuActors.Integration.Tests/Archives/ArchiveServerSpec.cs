using System.Security.Cryptography;
using DtuActors.Archives.Targets;
using DtuActors.Configuration;
using DtuActors.Integration.Tests.Harness;
using DtuActors.Tests.Archives;
using DtuActors.Tests.Sockets;

namespace DtuActors.Integration.Tests.Archives;

/// <summary>What a target does at a real server, besides what every target does.</summary>
public abstract class ArchiveServerSpec<TServer>(TServer server) : ArchiveTargetSpec, IClassFixture<TServer>
    where TServer : ArchiveServer, new()
{
    private IArchiveTarget? _target;

    private protected TServer Server => server;

    private protected override IArchiveTarget Target => _target ??= ArchiveTargets.Create(Told(server.Options));

    public override async Task InitializeAsync()
    {
        server.Need();
        await server.ClearAsync();
    }

    public override async Task DisposeAsync()
    {
        if (_target is not null)
        {
            await _target.DisposeAsync();
        }
    }

    protected override byte[]? Lying(string path) => Lying(server, path);

    [SkippableFact]
    public async Task An_upload_whose_server_is_killed_in_its_middle_goes_on_byte_for_byte()
    {
        await using var own = new Own();
        await own.Server.InitializeAsync();
        var bytes = Bytes(8 << 20, seed: 7);
        await using (var content = new HeldStream(bytes, heldAt: 5_000_000))
        {
            await using var target = ArchiveTargets.Create(Told(own.Server.Options));
            var writing = target.WriteAsync("day.part", 0, content, Uncancelled);
            await content.Held;
            await own.Server.KillAsync();
            content.LetGo();
            await FailsAsync(ArchiveProblem.Broken, () => writing);
        }

        await own.Server.StartAsync();
        await using var next = ArchiveTargets.Create(Told(own.Server.Options));
        var offset = await next.LengthAsync("day.part", Uncancelled);
        Assert.InRange(offset ?? -1, 1, 5_000_000);
        using var rest = new MemoryStream(bytes) { Position = offset!.Value };
        await next.WriteAsync("day.part", offset.Value, rest, Uncancelled);
        await next.RenameAsync("day.part", "day.csv", Uncancelled);
        Assert.Equal(Convert.ToHexString(SHA256.HashData(bytes)), Convert.ToHexString(SHA256.HashData(Lying(own.Server, "day.csv")!)));
    }

    [SkippableFact]
    public async Task A_wrong_password_is_told_but_not_the_password()
    {
        await using var target = ArchiveTargets.Create(Told(server.Options) with { Password = "not-this-0ne" });
        var failure = await FailsAsync(ArchiveProblem.WrongPassword, () => target.LengthAsync("a.csv", Uncancelled));
        Assert.DoesNotContain("not-this-0ne", failure.ToString(), StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task A_name_that_nobody_has_is_unknown()
    {
        await using var target = ArchiveTargets.Create(Told(server.Options) with { Host = "archive.nowhere.invalid" });
        await FailsAsync(ArchiveProblem.UnknownHost, () => target.LengthAsync("a.csv", Uncancelled));
    }

    [SkippableFact]
    public async Task A_port_where_nobody_listens_is_unreachable()
    {
        await using var target = ArchiveTargets.Create(Told(server.Options) with { Port = FreePorts.Row(1) });
        await FailsAsync(ArchiveProblem.Unreachable, () => target.LengthAsync("a.csv", Uncancelled));
    }

    [SkippableFact]
    public async Task What_the_account_may_not_write_is_no_permission()
    {
        await Target.MakeFolderAsync("locked", Uncancelled);
        await FailsAsync(ArchiveProblem.NoPermission, () => Target.MakeFolderAsync("locked/a", Uncancelled));
        await FailsAsync(ArchiveProblem.NoPermission, () => WriteAsync("locked/a.csv", 0, [1]));
        Assert.Null(Lying("locked/a.csv"));
    }

    [SkippableFact]
    public async Task A_disk_that_fills_up_is_told_and_with_room_again_the_upload_goes_on()
    {
        await using var own = new Own();
        await own.Server.LayAsync();
        var folder = System.IO.Directory.CreateDirectory(Path.Combine(own.Server.Home, "small")).FullName;
        await using var disk = await SmallDisk.MountAsync(folder, "3m");
        await ArchiveServer.GiveAsync(folder);
        await using (var ballast = File.Create(Path.Combine(folder, "ballast")))
        {
            await ballast.WriteAsync(new byte[2 << 20]);
        }

        await own.Server.StartAsync();
        var bytes = Bytes(2 << 20);
        await using (var target = ArchiveTargets.Create(Told(own.Server.Options)))
        {
            using var content = new MemoryStream(bytes);
            await FailsAsync(ArchiveProblem.DiskFull, () => target.WriteAsync("small/day.part", 0, content, Uncancelled));
        }

        disk.Free();
        await using var next = ArchiveTargets.Create(Told(own.Server.Options));
        var offset = await next.LengthAsync("small/day.part", Uncancelled) ?? 0;
        using var rest = new MemoryStream(bytes) { Position = offset };
        await next.WriteAsync("small/day.part", offset, rest, Uncancelled);
        Assert.Equal(bytes, Lying(own.Server, "small/day.part"));

        // Before its file system is taken away.
        await own.Server.KillAsync();
    }

    /// <summary>What configuration says besides what the server's says.</summary>
    private protected virtual ServerTargetOptions Told(ServerTargetOptions options) => options;

    private protected static byte[]? Lying(ArchiveServer server, string path)
    {
        var file = Path.Combine(server.Home, path);
        return File.Exists(file) ? File.ReadAllBytes(file) : null;
    }

    /// <summary>A server of one test.</summary>
    private protected sealed class Own : IAsyncDisposable
    {
        public TServer Server { get; } = new();

        public async ValueTask DisposeAsync() => await Server.DisposeAsync();
    }
}
