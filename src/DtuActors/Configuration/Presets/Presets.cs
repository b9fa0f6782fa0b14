using DtuActors.Configuration.Hocon;

namespace DtuActors.Configuration;

/// <summary>A vendor's factory settings: one file beside this one.</summary>
/// <param name="Name">The word behind <c>preset</c>.</param>
/// <param name="Description">One line for a person.</param>
/// <param name="Hocon">The keys of a profile that it sets, as a file would write them.</param>
public sealed record Preset(string Name, string Description, string Hocon)
{
    /// <summary>Its keys, read. A preset is a text of this program: where it cannot be read, the program is wrong.</summary>
    internal HoconObject Layer { get; } = Read(Name, Hocon);

    private static HoconObject Read(string name, string text)
    {
        var document = HoconParser.Parse($"preset {name}", text, static _ => null);
        return document.Faults.IsEmpty ? document.Root : throw new InvalidOperationException($"preset {name}: {document.Faults[0]}");
    }
}

/// <summary>
/// The presets. One is layered under the profile that names it and over <c>profiles.default</c>; each says everything in which its devices
/// differ from others, so that it does not matter what the default profile says. A new one is one file in this folder: its first line is the description.
/// </summary>
public static class Presets
{
    private const string Folder = "presets/";
    private const string Extension = ".conf";

    /// <summary>All that are built, in the order in which they are shown.</summary>
    public static IReadOnlyList<Preset> All { get; } = [.. Files().Select(Read).OrderBy(preset => preset.Name, StringComparer.Ordinal)];

    public static IEnumerable<string> Names => All.Select(preset => preset.Name);

    /// <summary>The preset of that name, or null.</summary>
    public static Preset? Find(string name) => All.FirstOrDefault(preset => preset.Name == name);

    private static IEnumerable<string> Files() =>
        typeof(Presets).Assembly.GetManifestResourceNames().Where(name => name.StartsWith(Folder, StringComparison.Ordinal));

    private static Preset Read(string file)
    {
        using var stream = typeof(Presets).Assembly.GetManifestResourceStream(file)!;
        using var reader = new StreamReader(stream);
        var description = reader.ReadLine()?.TrimStart('#', ' ') ?? "";
        return new Preset(file[Folder.Length..^Extension.Length], description, reader.ReadToEnd().Trim().ReplaceLineEndings("\n"));
    }
}
