namespace DtuActors.Storage;

/// <summary>Files that hold secrets: nobody but the user that runs the program needs to read them.</summary>
internal static class PrivateFile
{
    /// <summary>Makes a file that was not there. Throws as <see cref="FileStream"/> does.</summary>
    public static FileStream CreateNew(string path)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        return new FileStream(path, options);
    }
}
