using System.Text;
using DtuActors.Endpoints.Mqtt;
using DtuActors.Listening.Streams;

namespace DtuActors.Configuration;

/// <summary>Binds an endpoint of kind <c>mqtt</c>.</summary>
internal static class MqttBinder
{
    private const int Port = 1883;
    private const int TlsPort = 8883;

    // A topic has at most 65,535 bytes, an escaped id up to 1,536 of them.
    private const int LongestPrefix = 256;

    private const string CertificateExample = "path = \"client.pem\", key-path = \"client.key\" ";

    public static MqttEndpointOptions Bind(string name, BlockReader block)
    {
        var tls = Tls(block);
        var username = block.Text("username");
        var password = block.Find("password") is Hocon.HoconScalar { Text: "" } ? null : block.Secret("password");
        if (password is not null && string.IsNullOrEmpty(username))
        {
            block.Fault("password", "there is no username beside it", "username = \"...\"");
        }

        var node = block.Context.NodeName;
        return new MqttEndpointOptions
        {
            Name = name,
            KeyPath = block.Path,
            Host = ListenerBinder.Host(block, required: true) ?? "localhost",
            Port = block.Port("port", tls is null ? Port : TlsPort, anyFree: false),
            TopicPrefix = Prefix(block),
            Username = string.IsNullOrEmpty(username) ? null : username,
            Password = password,
            ClientId = ClientId(block) ?? $"dtu-{node}-{name}",
            Node = node,
            Tls = tls,
            Qos = block.Integer("qos", 1, 0, 2),
            Payload = block.Word("payload", "raw", "raw", "hex", "json") switch
            {
                "hex" => MqttPayload.Hex,
                "json" => MqttPayload.Json,
                _ => MqttPayload.Raw,
            },
            Buffer = block.Size("buffer", 4 * 1024 * 1024, 1024, 64 * 1024 * 1024),
            BufferAge = block.Duration("buffer-age", TimeSpan.FromMinutes(10)),
            Reopen = ListenerBinder.Reopen(block, Schema.EndpointReopen),
        };
    }

    private static string Prefix(BlockReader block)
    {
        var prefix = block.NonEmpty("topic-prefix", "as dtu, or plant-3/dtu") ?? "dtu";
        if (!MqttTopics.IsPrefix(prefix) || Encoding.UTF8.GetByteCount(prefix) > LongestPrefix)
        {
            block.Fault("topic-prefix", $"'{KeyPath.Shown(prefix)}' is no beginning of a topic", $"as dtu, or plant-3/dtu: no '+' and '#', no '$' in front, no empty level, at most {LongestPrefix} bytes");
            return "dtu";
        }

        return prefix;
    }

    private static string? ClientId(BlockReader block)
    {
        var id = block.Text("client-id");
        if (id is not null && (id.Any(char.IsControl) || Encoding.UTF8.GetByteCount(id) > LongestPrefix))
        {
            block.Fault("client-id", "is no client id", $"printable characters, at most {LongestPrefix} bytes");
        }

        return string.IsNullOrEmpty(id) ? null : id;
    }

    private static MqttTlsOptions? Tls(BlockReader block)
    {
        var isOn = block.Boolean("tls", false);
        var certificate = block.Nested("certificate", Schema.EndpointCertificate, CertificateExample);
        var tls = new MqttTlsOptions
        {
            CaPath = block.FilePath("ca-path", required: false),
            CertificatePath = certificate?.FilePath("path", required: true),
            KeyPath = certificate?.FilePath("key-path", required: false),
        };
        if (!isOn)
        {
            foreach (var key in (string[])["ca-path", "certificate"])
            {
                if (block.Has(key) && block.Find(key) is not Hocon.HoconScalar { Text: "" })
                {
                    block.Fault(key, "has no meaning without TLS", "tls = on beside it");
                }
            }

            return null;
        }

        CheckFiles(block, certificate, tls);
        return tls;
    }

    private static void CheckFiles(BlockReader block, BlockReader? certificate, MqttTlsOptions tls)
    {
        try
        {
            _ = MqttTlsFiles.Load(tls);
        }
        catch (TlsFileException problem)
        {
            var isOwn = problem.Key is TlsFiles.PathKey or TlsFiles.KeyPathKey;
            (isOwn ? certificate! : block).Fault(problem.Key[(problem.Key.IndexOf('.', StringComparison.Ordinal) + 1)..], problem.Message, problem.Expected);
        }
    }
}
