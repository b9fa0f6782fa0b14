using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;
using DtuActors.Integration.Tests.Harness;

namespace DtuActors.Integration.Tests.MainJob;

/// <summary>
/// Files to and from lrzsz, which stands for the instrument: on a pty behind a simulated DTU whose link is slow and whose line is noisy, and on a COM port.
/// </summary>
public sealed class FileTransferTests : IAsyncLifetime, IDisposable
{
    private const string Latency = "20ms";
    private const int Kilobytes = 24;

    private const string Home = """
        dtu {
          listeners { main { transport = tcp, address = "127.0.0.1", port = 0 } }
          endpoints { meter { kind = serial, device = "port-a", baud = 115200, reopen { min = 200ms, max = 200ms } } }
          storage { provider = none }
          http { port = 0 }
        }
        """;

    private readonly string _folder = System.IO.Directory.CreateTempSubdirectory("dtu-files-").FullName;
    private readonly List<Process> _started = [];
    private HostProcess _host = null!;
    private HttpClient? _client;
    private HostProcess? _dtu;

    private HttpClient Http => _client!;

    public async Task InitializeAsync()
    {
        if (Tools.Find("socat") is null || Tools.Find("rx") is null)
        {
            return;
        }

        await CableAsync("port-a", "port-b");
        _host = await HostProcess.RunAsync(Home, _folder);
        _client = new HttpClient { BaseAddress = new Uri(_host.Url) };
    }

    public void Dispose() => _client?.Dispose();

    public async Task DisposeAsync()
    {
        if (_dtu is not null)
        {
            await _dtu.DisposeAsync();
        }

        if (_host is not null)
        {
            await _host.DisposeAsync();
        }

        foreach (var process in _started)
        {
            process.Kill(entireProcessTree: true);
            process.Dispose();
        }

        System.IO.Directory.Delete(_folder, recursive: true);
    }

    [SkippableTheory]
    [InlineData("xmodem", "rx", "")]
    [InlineData("xmodem-1k", "rx -c", "")]
    [InlineData("ymodem", "rb", "")]
    [InlineData("ymodem", "rb", "0.02")]
    public async Task A_file_goes_to_lrzsz_behind_a_dtu(string protocol, string program, string damage)
    {
        Need();
        var id = await DtuAsync(damage);
        var sent = await FileAsync("fw.bin");
        var there = Path.Combine(_folder, "there");
        System.IO.Directory.CreateDirectory(there);
        var instrument = Instrument("dtu-b", protocol == "ymodem" ? program : $"{program} fw.bin", there);
        var put = await HostProcess.CommandAsync(["put", id, sent, "--protocol", protocol, "--url", _host.Url]);
        Assert.True(put.ExitCode == 0, put.Errors + _host.Errors);
        Assert.StartsWith($"done fw.bin {Kilobytes * 1024} bytes", put.Output, StringComparison.Ordinal);
        await instrument.WaitForExitAsync();
        await SameAsync(sent, Path.Combine(there, "fw.bin"));
        await BusIsUsableAsync(id);
    }

    [SkippableTheory]
    [InlineData("xmodem", "sx", "")]
    [InlineData("xmodem", "sx -k", "0.02")]
    [InlineData("ymodem", "sb", "")]
    [InlineData("ymodem", "sb", "0.02")]
    public async Task A_file_comes_from_lrzsz_behind_a_dtu(string protocol, string program, string damage)
    {
        Need();
        var id = await DtuAsync(damage);
        var sent = await FileAsync("log.bin");
        Instrument("dtu-b", $"{program} log.bin", _folder);
        var here = Path.Combine(_folder, "here");
        System.IO.Directory.CreateDirectory(here);
        var target = protocol == "ymodem" ? here : Path.Combine(here, "log.bin");
        var get = await HostProcess.CommandAsync(["get", id, "--protocol", protocol, "-o", target, "--url", _host.Url]);
        Assert.True(get.ExitCode == 0, get.Errors + _host.Errors);
        await SameAsync(sent, Path.Combine(here, "log.bin"));
        await BusIsUsableAsync(id);
    }

    [SkippableFact]
    public async Task Several_files_go_over_a_com_port_by_ymodem_and_come_back()
    {
        Need();
        await RunningGateway.UntilAsync(async () => (await Http.GetStringAsync("/api/v1/endpoints")).Contains("\"state\":\"up\"", StringComparison.Ordinal));
        string[] sent = [await FileAsync("a.cfg"), await FileAsync("b b.log")];
        var there = Path.Combine(_folder, "there");
        System.IO.Directory.CreateDirectory(there);
        var instrument = Instrument("port-b", "rb", there);
        var put = await HostProcess.CommandAsync(["put", "meter", .. sent, "--port", "--url", _host.Url]);
        Assert.True(put.ExitCode == 0, put.Errors + _host.Errors);
        await instrument.WaitForExitAsync();
        Instrument("port-b", "sb a.cfg 'b b.log'", there);
        var here = System.IO.Directory.CreateDirectory(Path.Combine(_folder, "here")).FullName;
        var get = await HostProcess.CommandAsync(["get", "meter", "--port", "-o", here, "--json", "--url", _host.Url]);
        Assert.True(get.ExitCode == 0, get.Errors + _host.Errors);
        Assert.Equal("done", JsonDocument.Parse(get.Output).RootElement.GetProperty("state").GetString());
        foreach (var file in sent)
        {
            await SameAsync(file, Path.Combine(here, Path.GetFileName(file)));
        }
    }

    // The radio link goes in the middle of a file; the DTU comes back, and its bus is anybody's at once.
    [SkippableFact]
    public async Task A_link_that_is_cut_fails_the_transfer_and_leaves_the_bus_usable()
    {
        Need();
        var id = await DtuAsync("");
        Instrument("dtu-b", "rb", _folder);
        var started = await StartAsync(id, new { direction = "put", protocol = "ymodem", files = new[] { new { name = "big.bin", hex = new string('A', 2 * 1024 * 1024) } } });
        await RunningGateway.UntilAsync(async () => (await TransferAsync(id, started)).GetProperty("bytes").GetInt64() > 0);
        await _dtu!.KillAsync();
        await RunningGateway.UntilAsync(async () => (await TransferAsync(id, started)).GetProperty("state").GetString() == "failed");
        Assert.StartsWith("the DTU's session ended: ", (await TransferAsync(id, started)).GetProperty("problem").GetString(), StringComparison.Ordinal);
        Assert.Equal(id, await DtuAsync("", cable: false));
        await BusIsUsableAsync(id);
    }

    [SkippableFact]
    public async Task A_transfer_that_is_cancelled_ends_at_both_ends_and_gives_the_bus_back()
    {
        Need();
        var id = await DtuAsync("");
        var instrument = Instrument("dtu-b", "rb", _folder);
        var started = await StartAsync(id, new { direction = "put", protocol = "ymodem", files = new[] { new { name = "big.bin", hex = new string('A', 2 * 1024 * 1024) } } });
        await RunningGateway.UntilAsync(async () => (await TransferAsync(id, started)).GetProperty("bytes").GetInt64() > 0);
        Assert.Equal(204, (int)(await Http.DeleteAsync($"/api/v1/dtus/{id}/files/{started}")).StatusCode);
        await RunningGateway.UntilAsync(async () => (await TransferAsync(id, started)).GetProperty("state").GetString() == "cancelled");
        Assert.Equal(409, (int)(await Http.DeleteAsync($"/api/v1/dtus/{id}/files/{started}")).StatusCode);
        using var patience = new CancellationTokenSource(HostProcess.Patience);
        await instrument.WaitForExitAsync(patience.Token);
        Assert.NotEqual(0, instrument.ExitCode);
        await BusIsUsableAsync(id);
    }

    [SkippableFact]
    public async Task What_can_not_be_is_refused_in_words()
    {
        Need();
        var id = await DtuAsync("");
        Assert.Equal((404, "no-such-dtu"), await RefusedAsync("/api/v1/dtus/nobody/files", new { direction = "get", protocol = "xmodem" }));
        Assert.Equal((404, "no-such-endpoint"), await RefusedAsync("/api/v1/endpoints/nothing/files", new { direction = "get", protocol = "xmodem" }));
        var files = $"/api/v1/dtus/{id}/files";
        Assert.Equal((400, "direction"), await RefusedAsync(files, new { protocol = "xmodem" }));
        Assert.Equal((400, "protocol"), await RefusedAsync(files, new { direction = "get", protocol = "zmodem" }));
        Assert.Equal((400, "files"), await RefusedAsync(files, new { direction = "put", protocol = "ymodem" }));
        Assert.Equal((400, "files"), await RefusedAsync(files, new { direction = "put", protocol = "ymodem", files = new[] { new { name = "../a", hex = "00" } } }));
        Assert.Equal((400, "files"), await RefusedAsync(files, new { direction = "put", protocol = "ymodem", files = new[] { new { name = "a", hex = "0" } } }));
        Assert.Equal((400, "files"), await RefusedAsync(files, new { direction = "put", protocol = "xmodem", files = new[] { new { name = "a", hex = "" } } }));
        Assert.Equal((400, "say"), await RefusedAsync(files, new { direction = "get", protocol = "xmodem", say = "\\q" }));
        Assert.Equal(404, (int)(await Http.GetAsync($"{files}/none")).StatusCode);
        Assert.Equal(404, (int)(await Http.GetAsync($"{files}/none/content/0")).StatusCode);

        var none = await HostProcess.CommandAsync(["put", id, "no-such-file", "--url", _host.Url]);
        Assert.Equal(2, none.ExitCode);
        var two = await HostProcess.CommandAsync(["put", id, "a", "b", "--protocol", "xmodem", "--url", _host.Url]);
        Assert.Equal(2, two.ExitCode);
        Assert.Contains("xmodem carries one file", two.Errors, StringComparison.Ordinal);
    }

    private static void Need() => Tools.Need("socat", "bash", "rx", "sx", "rb", "sb");

    private async Task CableAsync(string near, string far)
    {
        _started.Add(Tools.Start("socat", $"pty,raw,echo=0,link={Path.Combine(_folder, near)}", $"pty,raw,echo=0,link={Path.Combine(_folder, far)}"));
        await RunningGateway.UntilAsync(() => Task.FromResult(File.Exists(Path.Combine(_folder, near)) && File.Exists(Path.Combine(_folder, far))));
    }

    /// <summary>A simulated DTU with a pty as its instrument; its id.</summary>
    private async Task<string> DtuAsync(string damage, bool cable = true)
    {
        if (cable)
        {
            await CableAsync("dtu-a", "dtu-b");
        }

        if (_dtu is not null)
        {
            await _dtu.DisposeAsync();
        }

        string[] noise = damage.Length == 0 ? [] : ["--damage", damage];
        _dtu = HostProcess.Start(["simulate", "--connect", _host.AddressOf("main"), "--device", Path.Combine(_folder, "dtu-a"), "--latency", Latency, .. noise], _folder);
        string? id = null;
        await RunningGateway.UntilAsync(async () =>
        {
            var online = (await Http.GetFromJsonAsync<JsonElement>("/api/v1/dtus?state=online")).GetProperty("items");
            id = online.GetArrayLength() == 1 ? online[0].GetProperty("id").GetString() : null;
            return id is not null;
        });
        return id!;
    }

    // It hears through a pipe: a terminal it would empty both ways as it leaves (TCIOFLUSH), and on a pty its last acknowledgement is there still.
    private Process Instrument(string port, string command, string folder)
    {
        var line = Path.Combine(_folder, port);
        var process = Tools.Start("bash", "-c", $"cd '{folder}' && exec {command} < <(exec cat '{line}') >'{line}'");
        _started.Add(process);
        return process;
    }

    private async Task<string> FileAsync(string name)
    {
        var path = Path.Combine(_folder, name);
        var bytes = new byte[Kilobytes * 1024];
        new Random(name.Length).NextBytes(bytes);
        await File.WriteAllBytesAsync(path, bytes);
        return path;
    }

    private static async Task SameAsync(string sent, string arrived)
    {
        var (before, behind) = (await File.ReadAllBytesAsync(sent), await File.ReadAllBytesAsync(arrived));
        Assert.True(before.AsSpan().SequenceEqual(behind), "another file arrived");
    }

    private async Task<string> StartAsync(string id, object order)
    {
        var answer = await Http.PostAsJsonAsync($"/api/v1/dtus/{id}/files", order);
        Assert.Equal(202, (int)answer.StatusCode);
        return (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetString()!;
    }

    private Task<JsonElement> TransferAsync(string id, string transfer) => Http.GetFromJsonAsync<JsonElement>($"/api/v1/dtus/{id}/files/{transfer}");

    private async Task<(int Status, string? Type)> RefusedAsync(string path, object body)
    {
        var answer = await Http.PostAsJsonAsync(path, body);
        return ((int)answer.StatusCode, (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("type").GetString());
    }

    // Written within a second, which only a bus that nobody has does.
    private async Task BusIsUsableAsync(string id) =>
        await RunningGateway.UntilAsync(async () =>
        {
            var answer = await Http.PostAsJsonAsync($"/api/v1/dtus/{id}/send", new { text = "free?" });
            return (await answer.Content.ReadFromJsonAsync<JsonElement>()).TryGetProperty("state", out var state) && state.GetString() == "delivered";
        });
}
