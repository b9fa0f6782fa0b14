using DtuActors.Configuration;
using DtuActors.Protocol.Framing;
using DtuActors.Protocol.Transports;

namespace DtuActors.Tests.Configuration;

/// <summary>Loads texts as files would be loaded, with a byte room that has what this release has, whatever state the real one is in.</summary>
internal static class Conf
{
    public static readonly Built Built = new(["raw", "idle-gap", "delimiter", "fixed", "length-field", "start-end", "modbus-rtu"], ["ddp"], name => name == "ddp" ? static () => new FakeDdp() : null);

    public static string Folder { get; } = Path.GetFullPath(Path.Combine(Path.GetTempPath(), "conf"));

    public static LoadedConfiguration Load(params string[] texts) => Load(texts, _ => null).Loaded;

    public static (LoadedConfiguration Loaded, BindingContext Context) Load(string[] texts, Func<string, string?> environment, bool isWindows = false) =>
        ConfigurationLoader.Load([.. texts.Select((text, i) => ($"f{i + 1}.conf", text))], _ => Folder, environment, Built, isWindows, []);

    public static GatewayOptions Options(params string[] texts)
    {
        var loaded = Load(texts);
        Assert.True(loaded.Faults.IsEmpty, string.Join("\n", loaded.Faults));
        return loaded.Options!;
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

    private sealed class FakeDdp : Envelope
    {
        public override string Name => "ddp";

        public override Codec Codec => throw new NotSupportedException();

        public override EnvelopeUnit Open(ReadOnlySpan<byte> unit) => throw new NotSupportedException();

        public override byte[] Wrap(string id, ReadOnlySpan<byte> payload) => throw new NotSupportedException();
    }
}
