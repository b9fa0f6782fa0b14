namespace DtuActors.Integration.Tests.Harness;

/// <summary>A folder on a file system of its own that is soon full.</summary>
public sealed class SmallDisk : IAsyncDisposable
{
    private readonly string _ballast;

    private SmallDisk(string folder)
    {
        Folder = folder;
        _ballast = Path.Combine(folder, "ballast");
    }

    public string Folder { get; }

    /// <summary>Mounts it at a folder that is there; skips the test where nobody may.</summary>
    public static async Task<SmallDisk> MountAsync(string folder, string size)
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "needs a small file system: tmpfs");
        Skip.IfNot((await SystemTool.TryAsync("mount", "-t", "tmpfs", "-o", $"size={size}", "tmpfs", folder)).Code == 0, "mount: needs root");
        return new SmallDisk(folder);
    }

    /// <summary>To the last byte.</summary>
    public void Fill()
    {
        using var file = new FileStream(_ballast, FileMode.Append, FileAccess.Write, FileShare.None, bufferSize: 0);
        try
        {
            while (true)
            {
                file.Write(new byte[4096]);
            }
        }
        catch (IOException)
        {
            // It is full.
        }
    }

    /// <summary>Makes room again.</summary>
    public void Free() => File.Delete(_ballast);

    public async ValueTask DisposeAsync() => await SystemTool.TryAsync("umount", Folder);
}
