namespace DtuActors.Storage;

/// <summary>Files that hold secrets: nobody but the user that runs the program needs to read them.</summary>
internal static class PrivateFile
{
    /// <summary>Makes a file that was not there. Throws as <see cref="FileStream"/> does.</summary>
    public static FileStream CreateNew(string path) => new(path, Private(new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write }));

    /// <summary>Makes a file anew, unbuffered, which others may read as it grows; one that was there keeps its rights. Throws as <see cref="FileStream"/> does.</summary>
    public static FileStream Create(string path) =>
        new(path, Private(new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, Share = FileShare.Read, BufferSize = 0 }));

    /// <summary>Makes a folder, and those above it, where they are not there. Throws as <see cref="System.IO.Directory.CreateDirectory(string)"/> does.</summary>
    public static void MakeFolder(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            System.IO.Directory.CreateDirectory(path);
        }
        else
        {
            System.IO.Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    private static FileStreamOptions Private(FileStreamOptions options)
    {
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        return options;
    }
}
