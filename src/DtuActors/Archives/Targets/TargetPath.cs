namespace DtuActors.Archives.Targets;

/// <summary>
/// Paths as targets take them: names between <c>/</c>. A name that would climb, or end a line of FTP and begin another command, is refused before anyone hears of it.
/// </summary>
internal static class TargetPath
{
    /// <summary>The names of a path that begins where the account or the folder does. Throws <see cref="ArchiveTargetException"/> where it is none.</summary>
    public static string[] Names(string path)
    {
        var names = path.Split('/');
        return Array.TrueForAll(names, IsName) ? names : throw new ArchiveTargetException(ArchiveProblem.Refused, $"'{TargetWords.Of(path)}' is no path for a file: names with / between them, none of them '.' or '..'");
    }

    /// <summary>The same of a server, where a path may begin with <c>/</c>: then it is the server's own root that it goes from, and the account's rights say how far.</summary>
    public static string OnServer(string path)
    {
        Names(path.StartsWith('/') ? path[1..] : path);
        return path;
    }

    /// <summary>A folder of a server and those above it, the topmost first.</summary>
    public static List<string> Levels(string folder)
    {
        OnServer(folder);
        var levels = new List<string>();
        for (var end = folder.IndexOf('/', 1); end > 0; end = folder.IndexOf('/', end + 1))
        {
            levels.Add(folder[..end]);
        }

        levels.Add(folder);
        return levels;
    }

    private static bool IsName(string name) => name.Length > 0 && name is not ("." or "..") && !name.Any(char.IsControl);
}
