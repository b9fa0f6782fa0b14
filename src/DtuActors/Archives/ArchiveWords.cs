using DtuActors.Configuration;

namespace DtuActors.Archives;

/// <summary>What configuration says, as it is shown.</summary>
internal static class ArchiveWords
{
    /// <summary>A target without its secrets.</summary>
    public static string Where(this ArchiveTargetOptions target) => target switch
    {
        FolderTargetOptions folder => folder.Folder,
        ServerTargetOptions server => $"{server.Kind}://{Uri.EscapeDataString(server.Username)}@{(server.Host.Contains(':', StringComparison.Ordinal) ? $"[{server.Host.Trim('[', ']')}]" : server.Host)}:{server.Port}",
        _ => target.Kind,
    };

    /// <summary>What a server says, as a log and a page may have it: in one line, and not endless.</summary>
    public static string Shown(string text)
    {
        const int Most = 500;
        var cut = text.Length > Most ? string.Concat(text.AsSpan(0, Most), "...") : text;
        return string.Concat(cut.Select(c => char.IsControl(c) ? ' ' : c)).Trim();
    }

    public static string Word(this ArchiveFormat format) => format is ArchiveFormat.Csv ? "csv" : "pcapng";
}
