using System.Collections.Immutable;
using System.Text;
using System.Text.Json.Serialization;
using DtuActors.Configuration.Hocon;

namespace DtuActors.Configuration;

/// <summary>One fault of a configuration: where it stands, what is wrong, and what would be right.</summary>
/// <param name="KeyPath"><c>dtu.listeners.main.port</c>; empty where the text can't be read at all.</param>
/// <param name="File">The file as the user named it, or <c>built-in</c>.</param>
/// <param name="Line">From 1; 0 where the fault has no line (something is missing from the whole).</param>
/// <param name="Column">From 1; 0 where unknown.</param>
/// <param name="Problem">What is wrong, in words, with the value (a secret's value never).</param>
/// <param name="Expected">What would be right, or null where the problem says it.</param>
public sealed record ConfigurationFault(string KeyPath, string File, int Line, int Column, string Problem, string? Expected)
{
    /// <summary>The node of a cluster whose file it is, where several were read; null: this one's.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Node { get; init; }

    /// <summary><c>FILE:LINE:COLUMN: KEYPATH: PROBLEM (expected EXPECTED)</c>, without what is not known.</summary>
    public override string ToString()
    {
        var place = Line > 0 ? $"{File}:{Line}:{Column}" : File;
        var key = KeyPath.Length > 0 ? $"{KeyPath}: " : "";
        var expected = Expected is null ? "" : $" (expected {Expected})";
        var node = Node is null ? "" : $"node {Node}: ";
        return $"{node}{place}: {key}{Problem}{expected}";
    }
}

/// <summary>Options where there is no fault; faults, all of them, where there is one.</summary>
public sealed record LoadedConfiguration(GatewayOptions? Options, ImmutableArray<ConfigurationFault> Faults)
{
    /// <summary>What was bound, for the places of faults that show only later.</summary>
    internal HoconObject? Source { get; init; }

    /// <summary>A fault where a DTU's id or alias stands under <c>dtus</c>.</summary>
    public ConfigurationFault AtDtu(string name, string problem, string? expected)
    {
        const string dtus = "dtu.dtus";
        if (Source?.TryGet("dtus", out var map) is true && map.Value is HoconObject known)
        {
            if (known.TryGet(name, out var dtu))
            {
                return At(KeyPath.Append(dtus, name), dtu.Position, problem, expected);
            }

            foreach (var member in known.Members)
            {
                if (member.Value is HoconObject block && block.TryGet("ids", out var ids) && Find(ids.Value, name) is { } found)
                {
                    return At(KeyPath.Append(KeyPath.Append(dtus, member.Key), "ids") + found.Index, found.Value.Position, problem, expected);
                }
            }
        }

        return new ConfigurationFault(KeyPath.Append(dtus, name), "", 0, 0, problem, expected);
    }

    private static ConfigurationFault At(string path, HoconPosition position, string problem, string? expected) =>
        new(path, position.File, position.Line, position.Column, problem, expected);

    private static (HoconValue Value, string Index)? Find(HoconValue ids, string name)
    {
        if (ids is not HoconList list)
        {
            return ids is HoconScalar { Text: var text } && text == name ? (ids, "") : null;
        }

        for (var i = 0; i < list.Items.Count; i++)
        {
            if (list.Items[i] is HoconScalar { Text: var item } && item == name)
            {
                return (list.Items[i], $"[{i}]");
            }
        }

        return null;
    }
}

/// <summary>Reads the files of <c>dtu { }</c>, layers them over the built-in default, checks everything, and reports every fault in one go.</summary>
public static class ConfigurationLoader
{
    /// <summary>What the built-in default is called in faults.</summary>
    public const string BuiltIn = "built-in";

    /// <summary>The built-in default: hocon/reference.conf, where every key stands with its default, unit and range.</summary>
    public static string Reference { get; } = ReadReference();

    /// <summary>
    /// Loads <paramref name="files"/>, the last one winning; none: the built-in default. <paramref name="environment"/> answers <c>${?NAME}</c>.
    /// Never throws for what a user can get wrong: an unreadable file is a fault as well. Relative paths resolve against the folder of the file they stand
    /// in, those of the built-in default against the first file's.
    /// </summary>
    public static LoadedConfiguration Load(IReadOnlyList<string> files, Func<string, string?> environment) => Load(ConfigurationSources.Read(files), environment);

    /// <summary>The same for files that were read already.</summary>
    public static LoadedConfiguration Load(ConfigurationSources sources, Func<string, string?> environment) =>
        Load(sources.Texts, sources.FolderOf, environment, OperatingSystem.IsWindows(), sources.Faults).Loaded;

    /// <summary>The same for texts that stand in memory: (name, text) in layering order, relative paths against <paramref name="folder"/>.</summary>
    public static LoadedConfiguration LoadTexts(IReadOnlyList<(string Name, string Text)> texts, string folder, Func<string, string?> environment) =>
        Load(texts, _ => Path.GetFullPath(folder), environment, OperatingSystem.IsWindows(), []).Loaded;

    /// <summary>The same with everything a test may want to say, and the context to look into.</summary>
    internal static (LoadedConfiguration Loaded, BindingContext Context) Load(
        IReadOnlyList<(string Name, string Text)> texts, Func<string, string> folderOf, Func<string, string?> environment, bool isWindows, IReadOnlyList<ConfigurationFault> before)
    {
        var context = new BindingContext(isWindows, folderOf);
        var builtIn = HoconParser.Parse(BuiltIn, Reference, static _ => null);
        var ground = Child(builtIn.Root, "dtu");
        var builtInProfile = Child(Child(ground, "profiles"), "default");
        var faults = ImmutableArray.CreateBuilder<ConfigurationFault>();
        faults.AddRange(before);
        faults.AddRange(builtIn.Faults);
        var akka = new StringBuilder();
        var files = new HoconObject(new HoconPosition(texts.Count > 0 ? texts[^1].Name : BuiltIn, 1, 1));
        var balanced = true;
        foreach (var (name, text) in texts)
        {
            var document = HoconParser.Parse(name, text, environment);
            faults.AddRange(document.Faults);
            balanced &= document.Balanced;
            akka.Append(document.Akka);
            files = HoconObject.Merge(files, document.Root);
        }

        GatewayOptions? options = null;
        HoconObject? source = null;
        if (balanced)
        {
            // profiles.default is layered by its binder, for a preset may stand between the built-in one and the files'.
            ground = ground.Without("profiles");
            if (texts.Count + before.Count > 0)
            {
                ground = ground.Without(Schema.OwnedByFiles);
            }

            source = HoconObject.Merge(ground, Dtu(context, files));
            options = GatewayBinder.Bind(context, source, builtInProfile) with { AkkaHocon = akka.ToString() };
        }

        faults.AddRange(context.Faults);
        var inOrder = faults.Select((fault, index) => (fault, index)).OrderBy(row => Order(texts, row.fault.File)).ThenBy(row => row.fault.Line).ThenBy(row => row.fault.Column).ThenBy(row => row.index);
        return (new LoadedConfiguration(faults.Count == 0 ? options : null, [.. inOrder.Select(row => row.fault)]) { Source = source }, context);
    }

    /// <summary>The files' block <c>dtu</c>; everything beside it is a fault.</summary>
    private static HoconObject Dtu(BindingContext context, HoconObject root)
    {
        foreach (var member in root.Members.Where(member => member.Key != "dtu"))
        {
            context.Fault(KeyPath.Append("", member.Key), member.Position, "unknown key", Schema.Dtu.Keys.Contains(member.Key) ? $"dtu {{ {member.Key} ... }}" : "dtu { ... } and akka { ... }");
        }

        if (!root.TryGet("dtu", out var dtu) || dtu.Value is HoconBroken)
        {
            return new HoconObject(root.Position);
        }

        if (dtu.Value is HoconObject block)
        {
            return block;
        }

        context.Fault("dtu", dtu.Value.Position, $"{dtu.Value.Shape} where a block should stand", "dtu { ... }");
        return new HoconObject(root.Position);
    }

    private static HoconObject Child(HoconObject parent, string key) =>
        parent.TryGet(key, out var member) && member.Value is HoconObject child ? child : new HoconObject(parent.Position);

    private static int Order(IReadOnlyList<(string Name, string Text)> texts, string file)
    {
        for (var i = 0; i < texts.Count; i++)
        {
            if (texts[i].Name == file)
            {
                return i;
            }
        }

        return -1;
    }

    /// <summary>A file's text; null, with the fault told, where it can't be read.</summary>
    internal static string? ReadFile(string file, List<ConfigurationFault> faults)
    {
        byte[] bytes;
        try
        {
            // A file that grows while it is read, or a device, must not fill the memory.
            using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            bytes = new byte[HoconParser.MaxLength + 1];
            var length = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            bytes = bytes[..length];
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            var problem = exception is FileNotFoundException or DirectoryNotFoundException ? "there is no such file" : $"cannot be read: {exception.Message}";
            faults.Add(new ConfigurationFault("", file, 0, 0, problem, null));
            return null;
        }

        if (bytes.Length > HoconParser.MaxLength)
        {
            faults.Add(new ConfigurationFault("", file, 0, 0, "the file is too long", $"at most {HoconParser.MaxLength} bytes"));
            return null;
        }

        return Decode(file, bytes, faults);
    }

    private static string? Decode(string file, byte[] bytes, List<ConfigurationFault> faults)
    {
        var rest = bytes.AsSpan();
        var (line, column) = (1, 1);
        while (!rest.IsEmpty)
        {
            if (Rune.DecodeFromUtf8(rest, out var rune, out var length) != System.Buffers.OperationStatus.Done)
            {
                var isUtf16 = bytes is [0xFF, 0xFE, ..] or [0xFE, 0xFF, ..];
                faults.Add(new ConfigurationFault("", file, line, column, isUtf16 ? "the file is UTF-16" : $"the file is not UTF-8: the byte 0x{rest[0]:X2} stands for no character", "the file saved as UTF-8"));
                return null;
            }

            (line, column) = rune.Value == '\n' ? (line + 1, 1) : (line, column + rune.Utf16SequenceLength);
            rest = rest[length..];
        }

        return Encoding.UTF8.GetString(bytes);
    }

    private static string ReadReference()
    {
        using var stream = typeof(ConfigurationLoader).Assembly.GetManifestResourceStream("reference.conf")!;
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd();
    }
}
