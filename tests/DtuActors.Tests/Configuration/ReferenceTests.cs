using System.Text.RegularExpressions;
using DtuActors.Configuration;
using DtuActors.Configuration.Hocon;

namespace DtuActors.Tests.Configuration;

public sealed class ReferenceTests
{
    /// <summary>The reference with every commented key made a key: a '#' that no prose follows, which stands one blank behind.</summary>
    private static string Uncommented => Regex.Replace(ConfigurationLoader.Reference, "^( *)#(?! [^ ])", "$1", RegexOptions.Multiline);

    [Fact]
    public void The_built_in_default_is_what_the_contract_says()
    {
        var options = Conf.Options();
        var main = Assert.IsType<TcpListenerOptions>(Assert.Single(options.Listeners));
        Assert.Equal(("main", "127.0.0.1", 9000, "default", 20_000), (main.Name, main.Address.ToString(), main.Port, main.Profiles.Single(), main.MaxConnections));
        Assert.Equal(("127.0.0.1", 8080), (options.Http.Address.ToString(), options.Http.Port));
        Assert.Equal(AdmissionMode.Open, options.Admission);
        Assert.Equal(Path.Combine(Conf.Folder, "data"), options.Node.DataDir);
        Assert.Equal(Path.Combine(Conf.Folder, "data", "dtu.db"), options.Storage.Path);
        Assert.Empty(options.Endpoints);
        Assert.Equal(["www.usr.cn"], options.Profiles["default"].Registration.Form.Reject);
    }

    [Fact]
    public void The_file_in_hocon_is_the_built_in_one_and_loads_as_a_file()
    {
        var text = File.ReadAllText(Path.Combine(Conf.Hocon, "reference.conf"));
        Assert.Equal(ConfigurationLoader.Reference, text);
        Conf.Options(text);
    }

    [Fact]
    public void Defaults_in_code_agree_with_the_reference()
    {
        var written = Conf.Options().Profiles["default"];
        Assert.Equal(new BusOptions(), written.Bus);
        Assert.Equal(new KeepaliveOptions(), written.Keepalive);
        Assert.Equal(new DuplicatesOptions(), written.Duplicates);
        Assert.Equal(new HeartbeatOptions().Timeout, written.Heartbeat.Timeout);
        var framing = new DtuActors.Protocol.Framing.FramingOptions();
        Assert.Equal(framing.Delimiter.ToArray(), written.Framing.Delimiter.ToArray());
        Assert.Equal(framing, written.Framing with { Delimiter = framing.Delimiter, Start = framing.Start, End = framing.End });
        var pattern = Assert.IsType<DtuActors.Protocol.Registration.PatternForm>(written.Registration.Form);
        Assert.Equal(Scalars.Pattern(RegistrationBinder.DefaultPattern).ToString(), pattern.Pattern.ToString());
        var form = new DtuActors.Protocol.Registration.PatternForm { Pattern = pattern.Pattern };
        Assert.Equal((form.Gap, form.Length, form.Kind), (pattern.Gap, pattern.Length, pattern.Kind));
        Assert.Equal(new RegistrationOptions { Form = form }.Timeout, written.Registration.Timeout);
        var options = Conf.Options();
        Assert.Equal((new StorageOptions(), new HttpOptions().Port, new NodeOptions().Name), (options.Storage with { Provider = StorageProvider.None, Path = null }, options.Http.Port, options.Node.Name));
    }

    [Fact]
    public void Every_key_of_the_schema_stands_in_the_reference_and_no_other()
    {
        var (loaded, context) = Conf.Load([Uncommented], _ => null);
        // Files that the examples name are the user's to make.
        Assert.All(loaded.Faults, fault => Assert.Matches("is not built yet|there is no file|nothing waits on this route", fault.Problem));
        var seen = context.Seen.Where(row => row.File == "f1.conf").Select(row => row.Key).Distinct().Order(StringComparer.Ordinal);
        Assert.Equal(Schema.All.SelectMany(block => block.KeyPaths).Distinct().Order(StringComparer.Ordinal), seen);
    }

    [Fact]
    public void Endpoint_defaults_the_reference_shows_are_those_of_an_endpoint_that_says_nothing()
    {
        const string Short = """
            dtu.endpoints {
              meter-bus { kind = serial, device = /dev/ttyUSB0 }
              com1 { kind = pty, link = "data/com1" }
              scada { kind = tcp, port = 20001 }
              modbus { kind = modbus-tcp, port = 1502, units { 1 { dtu = 13800138000 } } }
              broker { kind = mqtt, host = "127.0.0.1" }
            }
            """;
        var minimal = Conf.Options(Short).Endpoints;
        var document = HoconParser.Parse("r", Uncommented, _ => null);
        Assert.Empty(document.Faults);
        // The same five blocks as the reference writes them, loaded with nothing else.
        var blocks = Regex.Matches(Uncommented, @"^ +(?:meter-bus|com1|scada|modbus|broker) \{\n(?s:.*?)^    \}\n", RegexOptions.Multiline);
        Assert.Equal(5, blocks.Count);
        var shown = Conf.Options($"dtu.endpoints {{\n{string.Concat(blocks.Select(block => block.Value))}}}").Endpoints;
        foreach (var (a, b) in minimal.Zip(shown))
        {
            switch (a, b)
            {
                case (StreamEndpointOptions x, StreamEndpointOptions y):
                    Assert.Equal(x, y with { Framing = x.Framing });
                    Assert.Equal((x.Framing.Codec, x.Framing.Gap, x.Framing.MaxFrame), (y.Framing.Codec, y.Framing.Gap, y.Framing.MaxFrame));
                    break;
                case (ModbusTcpEndpointOptions x, ModbusTcpEndpointOptions y):
                    Assert.Equal(x, y with { Units = x.Units });
                    Assert.Equal(x.Units.Single(), y.Units.Single());
                    break;
                case (MqttEndpointOptions x, MqttEndpointOptions y):
                    Assert.Equal(x, y);
                    break;
                default:
                    Assert.Fail($"{a.Kind} beside {b.Kind}");
                    break;
            }
        }
    }

    private static readonly string[] ExampleFiles = ["dtu.conf", "examples/com-port-linux.conf", "examples/com-port-windows.conf", "examples/modbus-tcp.conf", "examples/hongdian.conf", "examples/dtu-to-dtu.conf",
        "examples/usr.conf", "examples/four-faith.conf", "examples/ebyte.conf", "examples/modbus-fleet.conf", "examples/archives.conf"];

    public static TheoryData<string> Examples => new(ExampleFiles);

    [Theory]
    [MemberData(nameof(Examples))]
    public void Every_example_loads(string file) => Conf.Options(File.ReadAllText(Path.Combine(Conf.Hocon, file)));

    [SkippableTheory]
    [MemberData(nameof(Examples))]
    public void Every_example_loads_with_the_byte_room_there_is(string file)
    {
        Skip.If(OperatingSystem.IsWindows() && file.Contains("linux", StringComparison.Ordinal), "a pty exists on Linux only");
        var loaded = ConfigurationLoader.Load([Path.Combine(Conf.Hocon, file)], _ => null);
        Assert.True(loaded.Faults.IsEmpty, string.Join("\n", loaded.Faults));
    }

    [Fact]
    public void The_built_in_default_loads_with_the_byte_room_there_is() => Assert.Empty(ConfigurationLoader.Load([], _ => null).Faults);

    [Fact]
    public void Every_file_under_hocon_is_an_example_that_is_tested() =>
        Assert.Equal(
            ExampleFiles.Append("reference.conf").Append("cluster.conf").Order(StringComparer.Ordinal),
            System.IO.Directory.EnumerateFiles(Conf.Hocon, "*.conf", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(Conf.Hocon, file).Replace('\\', '/')).Order(StringComparer.Ordinal));
}
