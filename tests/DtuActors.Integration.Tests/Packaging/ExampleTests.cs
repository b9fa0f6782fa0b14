using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using DtuActors.Integration.Tests.Harness;

namespace DtuActors.Integration.Tests.Packaging;

/// <summary>The examples as an integrator uses them: checked, run, and dialled by simulated DTUs of their make.</summary>
public sealed partial class ExampleTests
{
    private static readonly string Hocon = FindHocon();

    public static TheoryData<string> Files => new(System.IO.Directory.GetFiles(Path.Combine(Hocon, "examples"), "*.conf").Select(file => Path.GetFileName(file)));

    [SkippableTheory]
    [MemberData(nameof(Files))]
    public async Task Check_finds_no_fault_in_an_example(string file)
    {
        Skip.If(OperatingSystem.IsWindows() && file.Contains("linux", StringComparison.Ordinal), "a pty exists on Linux only");
        var result = await HostProcess.CommandAsync(["check", "-c", Path.Combine(Hocon, "examples", file)]);
        Assert.Equal((0, ""), (result.ExitCode, result.Errors));
    }

    /// <summary>File, listener, what the simulator is told, the id that comes online, what reads its instrument.</summary>
    public static TheoryData<string, string, string[], string> Fleets() => new()
    {
        { "usr.conf", "main", ["--preset", "usr", "--id-prefix", "1380013"], "13800130001" },
        { "hongdian.conf", "main", ["--preset", "hongdian", "--id-prefix", "1380013"], "13800130001" },
        { "four-faith.conf", "ddp", ["--preset", "hongdian", "--id-prefix", "1380013"], "13800130001" },
        { "four-faith.conf", "custom", ["--preset", "usr", "--id-prefix", "1380013"], "13800130001" },
        { "ebyte.conf", "main", ["--preset", "usr", "--id-prefix", "ebyte-"], "ebyte-0001" },
        { "modbus-fleet.conf", "fleet", ["--preset", "none"], "site-" },
        { "modbus-tcp.conf", "main", ["--preset", "usr", "--id-prefix", "1380013"], "13800130001" },
    };

    [Theory]
    [MemberData(nameof(Fleets))]
    public async Task Simulated_DTUs_come_online_in_an_example_and_their_instruments_answer(string file, string listener, string[] simulated, string id)
    {
        await using var host = await HostProcess.RunAsync(OnFreePorts(await File.ReadAllTextAsync(Path.Combine(Hocon, "examples", file))));
        var name = listener;
        if (listener == "fleet")
        {
            // A range takes real ports: its first listener's name tells which.
            name = host.Output.Select(line => line.Split(' ')[1]).First(word => word.StartsWith("fleet-", StringComparison.Ordinal));
            id += name["fleet-".Length..];
        }

        using var http = new HttpClient { BaseAddress = new Uri(host.Url), Timeout = HostProcess.Patience };
        await using var events = await EventReader.OpenAsync(http, $"/api/v1/events?dtu={Uri.EscapeDataString(id)}");
        await using var fleet = HostProcess.Start(["simulate", "--connect", host.AddressOf(name), .. simulated]);
        await events.NextAsync("online");
        var answer = await HostProcess.CommandAsync(["request", id, "--hex", "01 03 00 00 00 02", "--crc", "modbus", "--timeout", "30s", "--json", "--url", host.Url]);
        Assert.True(answer.ExitCode == 0, answer.Errors);
        Assert.StartsWith("010304", JsonDocument.Parse(answer.Output).RootElement.GetProperty("hex").GetString(), StringComparison.Ordinal);
    }

    // Only ports and the API's address differ from what the integrator reads.
    private static string OnFreePorts(string text)
    {
        var first = 20_000 + (Environment.ProcessId % 400 * 20);
        text = Port().Replace(text, "port = 0").Replace("0.0.0.0", "127.0.0.1", StringComparison.Ordinal);
        text = text.Replace("9101-9199", string.Create(CultureInfo.InvariantCulture, $"{first}-{first + 4}"), StringComparison.Ordinal);
        return text + "\ndtu.http { address = \"127.0.0.1\", port = 0 }\n";
    }

    private static string FindHocon()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (System.IO.Directory.Exists(Path.Combine(folder.FullName, "hocon", "examples")))
            {
                return Path.Combine(folder.FullName, "hocon");
            }
        }

        throw new DirectoryNotFoundException("hocon/examples");
    }

    [GeneratedRegex(@"(?<![\w-])port = \d+")]
    private static partial Regex Port();
}
