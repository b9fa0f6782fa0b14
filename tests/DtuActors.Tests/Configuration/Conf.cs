using DtuActors.Configuration;

namespace DtuActors.Tests.Configuration;

/// <summary>Loads texts as files would be loaded.</summary>
internal static class Conf
{
    public static string Folder { get; } = Path.GetFullPath(Path.Combine(Path.GetTempPath(), "conf"));

    public static LoadedConfiguration Load(params string[] texts) => Load(texts, _ => null).Loaded;

    public static (LoadedConfiguration Loaded, BindingContext Context) Load(string[] texts, Func<string, string?> environment, bool isWindows = false) =>
        ConfigurationLoader.Load([.. texts.Select((text, i) => ($"f{i + 1}.conf", text))], _ => Folder, environment, isWindows, []);

    public static GatewayOptions Options(params string[] texts)
    {
        var loaded = Load(texts);
        Assert.True(loaded.Faults.IsEmpty, string.Join("\n", loaded.Faults));
        return loaded.Options!;
    }

    /// <summary>Where a TCP listener listens.</summary>
    public static string Address(ListenerOptions listener)
    {
        var tcp = Assert.IsType<TcpListenerOptions>(listener);
        return new System.Net.IPEndPoint(tcp.Address, tcp.Port).ToString();
    }

    /// <summary>The one fault of a text.</summary>
    public static ConfigurationFault Fault(params string[] texts)
    {
        var loaded = Load(texts);
        Assert.Null(loaded.Options);
        Assert.True(loaded.Faults.Length == 1, string.Join("\n", loaded.Faults));
        return loaded.Faults[0];
    }

    /// <summary>The folder of the repository that holds <c>hocon/</c>.</summary>
    public static string Hocon
    {
        get
        {
            var at = new DirectoryInfo(AppContext.BaseDirectory);
            while (at is not null && !File.Exists(Path.Combine(at.FullName, "DtuActors.sln")))
            {
                at = at.Parent;
            }

            return Path.Combine(at?.FullName ?? throw new InvalidOperationException("no DtuActors.sln above the tests"), "hocon");
        }
    }
}
