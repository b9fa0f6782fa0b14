using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;

namespace DtuActors.Configuration;

/// <summary>The files of a configuration as they were read, each once, so that what is checked, changed and written is one and the same text.</summary>
public sealed class ConfigurationSources
{
    private readonly ImmutableArray<string> _files;

    private ConfigurationSources(ImmutableArray<string> files, ImmutableArray<(string Name, string Text)> texts, ImmutableArray<ConfigurationFault> faults) =>
        (_files, Texts, Faults) = (files, texts, faults);

    /// <summary>(name, text) in layering order, those that could be read; the name is the path as the user gave it.</summary>
    public ImmutableArray<(string Name, string Text)> Texts { get; }

    /// <summary>Of files that could not be read.</summary>
    public ImmutableArray<ConfigurationFault> Faults { get; }

    /// <summary>A hash of all names and texts: the same exactly where nobody changed a file.</summary>
    public string Version
    {
        get
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            Span<byte> length = stackalloc byte[sizeof(int)];
            foreach (var part in Texts.SelectMany(text => (string[])[text.Name, text.Text]))
            {
                var bytes = Encoding.UTF8.GetBytes(part);
                BitConverter.TryWriteBytes(length, bytes.Length);
                hash.AppendData(length);
                hash.AppendData(bytes);
            }

            return Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, 16));
        }
    }

    /// <summary>Reads <paramref name="files"/>. Never throws for what a user can get wrong.</summary>
    public static ConfigurationSources Read(IReadOnlyList<string> files)
    {
        var faults = new List<ConfigurationFault>();
        var texts = ImmutableArray.CreateBuilder<(string, string)>();
        foreach (var file in files)
        {
            if (ConfigurationLoader.ReadFile(file, faults) is { } text)
            {
                texts.Add((file, text));
            }
        }

        return new ConfigurationSources([.. files], texts.ToImmutable(), [.. faults]);
    }

    /// <summary>The same with another text in one place.</summary>
    public ConfigurationSources With(int index, string text) => new(_files, Texts.SetItem(index, (Texts[index].Name, text)), Faults);

    /// <summary>The folder that relative paths of a text resolve against; those of the built-in default against the first text's.</summary>
    internal string FolderOf(string name)
    {
        var file = _files.Contains(name, StringComparer.Ordinal) ? name : Texts.Length > 0 ? Texts[0].Name : null;
        return file is null ? Path.GetFullPath(".") : Path.GetDirectoryName(Path.GetFullPath(file)) ?? Path.GetFullPath(file);
    }

    /// <summary>For tests: texts that were never files.</summary>
    internal static ConfigurationSources Of(params ReadOnlySpan<string> texts)
    {
        var named = ImmutableArray.CreateBuilder<(string Name, string Text)>();
        foreach (var text in texts)
        {
            named.Add(($"f{named.Count + 1}.conf", text));
        }

        return new ConfigurationSources([.. named.Select(text => text.Name)], named.ToImmutable(), []);
    }
}
