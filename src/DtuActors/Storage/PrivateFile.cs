namespace DtuActors.Storage;

/// <summary>Files that hold secrets: nobody but the user that runs the program needs to read them.</summary>
internal static class PrivateFile
{
    /// <summary>Makes a file that was not there. Throws as <see cref="FileStream"/> does.</summary>
    public static FileStream CreateNew(string path) => new(path, Private(new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write }));

    /// <summary>Makes a file anew, unbuffered, which others may read as it grows; one that was there keeps its rights. Throws as <see cref="FileStream"/> does.</summary>
    public static FileStream Create(string path) =>
        new(path, Private(new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, Share = FileShare.Read, BufferSize = 0 }));

    private static FileStreamOptions Private(FileStreamOptions options)
    {
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        return options;
    }
}
