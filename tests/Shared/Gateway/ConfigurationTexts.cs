using System.Text.RegularExpressions;
using DtuActors.Configuration;

namespace DtuActors.Tests.Shared.Gateway;

/// <summary>Configuration as people write it, in pieces that are short enough to be changed anywhere: every block of reference.conf, and what the reader's own forms need.</summary>
internal static partial class ConfigurationTexts
{
    /// <summary>Texts without a fault.</summary>
    public static IReadOnlyList<string> All { get; } =
    [
        "dtu { listeners { main { transport = tcp, address = \"0.0.0.0\", port = 9000, profile = usr } }, profiles { usr { preset = usr } } }\n",
        "dtu {\n  endpoints {\n    com { kind = serial, device = \"/dev/ttyUSB0\", baud = 9600 }\n    m { kind = mqtt, host = \"h\", prefix = \"dtu\", payload = json, tls = on }\n  }\n  routes = [\n    { dtu = \"7-*\", to = com }\n    { dtu = \"*\", to = m, direction = up }\n  ]\n}\n",
        "dtu.endpoints.t { kind = tcp, port = 7001, framing { codec = delimiter, delimiter = \"\\r\\n\" }, buffer = 64kB, buffer-age = 30s }\ndtu.routes = [ { dtu = a, to = t, when-offline = queue, ttl = 2d } ]\n",
        "dtu.endpoints.mb { kind = modbus-tcp, port = 1502, units { 1 { dtu = \"p1\", slave = 17 }, 2 { dtu = p2 } } }\n",
        "dtu.dtus { \"0071\" { profile = default, groups = [\"east\"], ids = [\"x\", \"y\"], secret = \"s3cret\", remote = \"10.0.0.7\" } }\n",
        "dtu.polls { a { dtu = \"p*\", every = 1m, requests = [ { name = x, hex = \"010300000002\", crc = modbus } ] } }\n",
        "dtu.profiles.p { registration { kind = hex, pattern = \"AA55(?<id>[0-9A-F]{4})\", reply = \"hex:01 02\" }, heartbeat { match = [\"hex:FE\", ping], timeout = 90s } }\n",
        "dtu { http { address = \"127.0.0.1\", port = 0, api-keys = [ { name = a, key = \"0123456789abcdef\", role = read } ], hosts = [\"x.example\"] }, storage { provider = none } }\n",
        "dtu { cluster { enabled = on, seed-nodes = [\"10.0.0.1:4053\"], roles = [a] }, admission = listed, node { name = n } }\n",
        "dtu { alarms { dtu-offline { after = 1h, for = [\"a*\"] }, dtu-flapping = off, webhook { url = \"https://h/x\", headers { A = b } } }, telemetry { trace-ratio = 0.5 } }\n",
        "dtu.dialers { d { address = \"10.0.0.9\", port = 9000, dtu = \"d-1\" } }\ndtu.endpoints.up { kind = tcp-client, address = \"h\", port = 9, replay-registration = on }\n",
    ];

    /// <summary>What else the reader's forms are: substitutions, quotes, comments, faults.</summary>
    public static IReadOnlyList<string> Odd { get; } =
    [
        "# c\r\n// d\r\na.\"b c\".d : ${?SET}x ${?UNSET} \"\"\"t\n\"q\"\"\"\"\r\n",
        "a = [1, [2, {b = 3}], \"\\u0041\\n\\\\\"]\na = ${SET}\n{",
        "akka { loglevel = DEBUG, a = [\"}\"] # }\n}\ndtu { node { name = x } }\n",
        "a { b { c { d { e = 1 } } } } } ] include \"x\" \n k += 1\n p = \"C:\\\\dir\\\\f\"\nq = \"C:\\dir\"\n",
        "a = \"x\\\\y\\\"z\\u0001\"\n\"k\\\\\" { l = [\"\\\\\"] }\n",
        "dtu.\"a\\u0007b\" { c = 1 }\n",
        "dtu { listeners { a { port = 70000, trnsport = tcp } }\n",
    ];

    /// <summary>One variable that is set, one that is empty, none other.</summary>
    public static string? Environment(string name) => name switch
    {
        "SET" => "a value",
        "EMPTY" => "",
        _ => null,
    };

    /// <summary>The built-in default block by block, without its comments: every key there is.</summary>
    public static IEnumerable<string> Reference()
    {
        var lines = ConfigurationLoader.Reference.Split('\n').Select(line => Comment().Replace(line, "")).Where(line => line.Trim().Length > 0).ToArray();
        var block = new List<string>();
        foreach (var line in lines.Skip(1).SkipLast(1))
        {
            block.Add(line);
            if (line is "  }" or "  ]" || (block.Count == 1 && !line.EndsWith('{') && !line.EndsWith('[')))
            {
                yield return $"dtu {{\n{string.Join('\n', block)}\n}}\n";
                block.Clear();
            }
        }
    }

    [GeneratedRegex(@"(^|\s)#.*$")]
    private static partial Regex Comment();
}
