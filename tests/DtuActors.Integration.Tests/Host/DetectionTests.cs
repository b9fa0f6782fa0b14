using System.Text;
using System.Text.Json;
using DtuActors.Host.Writing;
using DtuActors.Integration.Tests.Harness;
using DtuActors.Protocol.Transports;

namespace DtuActors.Integration.Tests.Host;

/// <summary><c>dtu guess</c> and <c>dtu decode</c> as processes, without a gateway; and the guesses of the inbox, with one.</summary>
public sealed class DetectionTests
{
    private const string Request = "01 03 00 00 00 02 C4 0B";
    private static readonly byte[] RequestBytes = Convert.FromHexString(Request.Replace(" ", "", StringComparison.Ordinal));

    [Fact]
    public async Task Guess_prints_the_best_first_parted_by_tabs()
    {
        var result = await HostProcess.CommandAsync(["guess", "--hex", Request]);
        Assert.Equal((0, ""), (result.ExitCode, result.Errors));
        var lines = result.Output.Split('\n');
        Assert.Equal("GUESS\tKIND\tCONFIDENCE\tFRAMES\tPROVEN\tUNEXPLAINED\tID\tFIRST FRAME\tCONFIGURATION", lines[0]);
        Assert.Equal(
            "modbus-rtu\tcodec\t0.90\t1\t1\t0\t\tModbus read holding registers request, unit 1, 2 registers from 0\tframing { codec = modbus-rtu }", lines[1]);
    }

    [Fact]
    public async Task Guess_in_JSON_tells_what_an_envelope_carries()
    {
        var unit = Ddp.Build(DdpType.Data, "13800138000", RequestBytes);
        var result = await HostProcess.CommandAsync(["guess", "--json", "--hex", Convert.ToHexString(unit)]);
        Assert.Equal(0, result.ExitCode);
        var root = JsonDocument.Parse(result.Output).RootElement;
        Assert.Equal(24, root.GetProperty("bytes").GetInt32());
        var best = root.GetProperty("guesses")[0];
        Assert.Equal(("ddp", "envelope", "13800138000"), (Text(best, "name"), Text(best, "kind"), Text(best, "id")));
        Assert.Equal((1, 0, 0), (best.GetProperty("frames").GetInt32(), best.GetProperty("proven").GetInt32(), best.GetProperty("unexplained").GetInt32()));
        Assert.InRange(best.GetProperty("confidence").GetDouble(), 0.85, 1);
        var inner = best.GetProperty("inside")[0];
        Assert.Equal(("modbus-rtu", "codec"), (Text(inner, "name"), Text(inner, "kind")));
        Assert.Contains("2 registers from 0", Text(inner, "decoded"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("usr-2217", "command", 1, null, "USR baud 115200, 8N1", "55 AA 55 01 C2 00 03 C6")]
    [InlineData("inhand-ihdmp", "command", 1, null, "IHDMP command 03, detect", "55 AA 55 AA 03 00 00 11 65")]
    [InlineData("ddp-udp", "datagram", 0, "13912345678", "DDP datagram, data of 13912345678, 3 bytes", "7B 89 00 10 31 33 39 31 32 33 34 35 36 37 38 7B 31 32 33")]
    public async Task Bytes_that_are_one_whole_unit_are_guessed_and_decoded_by_its_name(string name, string kind, int proven, string? id, string line, string hex)
    {
        var guess = await HostProcess.CommandAsync(["guess", "--hex", hex]);
        Assert.Equal((0, ""), (guess.ExitCode, guess.Errors));
        Assert.Equal($"{name}\t{kind}\t0.90\t1\t{proven}\t0\t{id}\t{line}\t", guess.Output.Split('\n')[1]);

        var length = (hex.Length + 1) / 3;
        var decode = await HostProcess.CommandAsync(["decode", "--codec", name, "--hex", hex]);
        Assert.Equal((0, ""), (decode.ExitCode, decode.Errors));
        Assert.Equal(["OFFSET\tLENGTH\tKIND\tREASON\tHEX\tDECODED", $"0\t{length}\tframe\t\t{hex}\t{line}"], decode.Output.Split('\n'));

        var root = JsonDocument.Parse((await HostProcess.CommandAsync(["decode", "--codec", name, "--json", "--hex", hex])).Output).RootElement;
        Assert.Equal((name, kind, 1), (Text(root, "codec"), Text(root, "kind"), root.GetProperty("frames").GetInt32()));
        Assert.Equal((id, line), (Text(root.GetProperty("pieces")[0], "id"), Text(root.GetProperty("pieces")[0], "decoded")));
    }

    [Fact]
    public async Task A_command_with_a_wrong_sum_is_none()
    {
        const string Bad = "55 AA 55 01 C2 00 03 46";
        Assert.DoesNotContain("usr-2217", (await HostProcess.CommandAsync(["guess", "--hex", Bad])).Output, StringComparison.Ordinal);
        var decode = await HostProcess.CommandAsync(["decode", "--codec", "usr-2217", "--hex", Bad]);
        Assert.Equal(1, decode.ExitCode);
        Assert.Contains($"0\t8\tdropped\tgarbage\t{Bad}\t", decode.Output, StringComparison.Ordinal);
        Assert.Contains("usr-2217 finds no command in these 8 bytes", decode.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--json")]
    [InlineData]
    public async Task Guess_that_finds_nothing_says_so_and_ends_with_1(params string[] more)
    {
        var result = await HostProcess.CommandAsync(["guess", "--hex", "00 00 00 00", .. more]);
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("nothing fits these 4 bytes", result.Errors, StringComparison.Ordinal);
        Assert.Equal(more.Length == 0 ? "" : """{"bytes":4,"guesses":[]}""", result.Output);
    }

    [Fact]
    public async Task A_file_is_read_raw_or_as_hexadecimal_text_and_standard_input_as_either()
    {
        var folder = Temp();
        await File.WriteAllBytesAsync(Path.Combine(folder, "raw.bin"), RequestBytes);
        await File.WriteAllTextAsync(Path.Combine(folder, "hex.txt"), "01 03 00 00\r\n00 02 c4 0b\r\n", new UTF8Encoding(encoderShouldEmitUTF8Identifier: true));
        foreach (var arguments in (string[][])[["raw.bin"], ["hex.txt"], ["--hex-file", "hex.txt"]])
        {
            var result = await HostProcess.CommandAsync(["guess", .. arguments], folder);
            Assert.Equal(0, result.ExitCode);
            Assert.Contains("\nmodbus-rtu\t", result.Output, StringComparison.Ordinal);
        }

        Assert.Contains("\nmodbus-rtu\t", (await HostProcess.CommandAsync(["guess", "-"], input: RequestBytes)).Output, StringComparison.Ordinal);
        Assert.Contains("\nmodbus-rtu\t", (await HostProcess.CommandAsync(["guess", "-"], input: "0103000000 02C40B\n"u8.ToArray())).Output, StringComparison.Ordinal);

        // Digits all of them, and yet the bytes of a registration.
        Assert.Contains("\nphone\tregistration\t", (await HostProcess.CommandAsync(["guess", "--raw", "-"], input: "13800138000"u8.ToArray())).Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("guess")]
    [InlineData("decode", "--codec", "modbus-rtu")]
    public async Task Bytes_that_cannot_be_had_end_with_2_and_say_why(params string[] command)
    {
        var folder = Temp();
        await File.WriteAllTextAsync(Path.Combine(folder, "empty"), "");
        await File.WriteAllTextAsync(Path.Combine(folder, "blank"), " \n");
        await File.WriteAllTextAsync(Path.Combine(folder, "odd"), "01 0\n");
        await File.WriteAllTextAsync(Path.Combine(folder, "words"), "01 0x03\n");
        await File.WriteAllBytesAsync(Path.Combine(folder, "large"), new byte[(1024 * 1024) + 1]);
        foreach (var (arguments, problem) in ((string[], string)[])
        [
            (["empty"], "empty is empty"),
            (["blank"], "no bytes"),
            (["odd"], "--raw"),
            (["--hex-file", "words"], "position 5"),
            (["large"], "1,048,576"),
            (["missing"], "missing"),
            (["."], "folder"),
            ([], "--hex or FILE"),
            (["--hex", "01", "empty"], "--hex or FILE"),
            (["--hex", ""], "no bytes"),
            (["--hex", "010"], "two digits make a byte"),
            (["--raw", "--hex-file", "odd"], "exclude each other"),
            (["--raw", "--hex", "01"], "FILE"),
        ])
        {
            var result = await HostProcess.CommandAsync([.. command, .. arguments], folder);
            Assert.Equal(2, result.ExitCode);
            Assert.StartsWith("dtu: ", result.Errors, StringComparison.Ordinal);
            Assert.Contains(problem, result.Errors.Split('\n')[0], StringComparison.Ordinal);
            Assert.Equal("", result.Output);
        }
    }

    [Fact]
    public async Task Decode_prints_every_piece_with_its_offset()
    {
        var result = await HostProcess.CommandAsync(["decode", "--codec", "modbus-rtu", "--heartbeat", "hex:FE", "--heartbeat", "ping", "--hex", $"FE {Request} 70 69 6E 67 FF"]);
        Assert.Equal((0, ""), (result.ExitCode, result.Errors));
        Assert.Equal(
            [
                "OFFSET\tLENGTH\tKIND\tREASON\tHEX\tDECODED",
                "0\t1\theartbeat\t\tFE\t",
                $"1\t8\tframe\t\t{Request}\tModbus read holding registers request, unit 1, 2 registers from 0",
                "9\t4\theartbeat\t\t70 69 6E 67\t",
                "13\t1\tdropped\ttruncated\tFF\t",
            ],
            result.Output.Split('\n'));
    }

    [Fact]
    public async Task Decode_in_JSON_tells_units_with_payload_and_answer()
    {
        byte[] capture = [.. Ddp.Build(DdpType.Register, "330", [10, 0, 0, 1, 0, 80]), .. Ddp.Build(DdpType.Data, "330", RequestBytes), 0x55];
        var result = await HostProcess.CommandAsync(["decode", "--codec", "ddp", "--json", "-"], input: capture);
        Assert.Equal(0, result.ExitCode);
        var root = JsonDocument.Parse(result.Output).RootElement;
        Assert.Equal(("ddp", "envelope", 47, 2), (Text(root, "codec"), Text(root, "kind"), root.GetProperty("bytes").GetInt32(), root.GetProperty("frames").GetInt32()));
        var pieces = root.GetProperty("pieces").EnumerateArray().ToArray();
        Assert.Equal(["frame", "frame", "dropped"], pieces.Select(piece => Text(piece, "kind")));
        Assert.Equal([0, 22, 46], pieces.Select(piece => piece.GetProperty("offset").GetInt32()));
        Assert.Equal(("registration", "330", "7B81001033333000000000000000007B"), (Text(pieces[0], "unit"), Text(pieces[0], "id"), Text(pieces[0], "reply")));
        Assert.Equal(("data", Convert.ToHexString(RequestBytes), ""), (Text(pieces[1], "unit"), Text(pieces[1], "payload"), Text(pieces[1], "reply")));
        Assert.Equal(("garbage", "55", null), (Text(pieces[2], "reason"), Text(pieces[2], "hex"), Text(pieces[2], "unit")));
    }

    [Theory]
    [InlineData("0\t3\tframe\t\t61 62 63\t", "delimiter", "--delimiter", "\\r\\n", "--hex", "616263 0D0A 64")]
    [InlineData("0\t5\tframe\t\t61 62 63 0D 0A\t", "delimiter", "--delimiter", "hex:0D0A", "--include", "--hex", "616263 0D0A 64")]
    [InlineData("0\t2\tframe\t\t61 62\t", "fixed", "--length", "2", "--hex", "616263")]
    [InlineData("0\t5\tframe\t\t55 05 00 61 62\t", "length-field", "--offset", "1", "--size", "2", "--endian", "little", "--adjust", "-3", "--hex", "55 05 00 61 62")]
    [InlineData("0\t1\tframe\t\t61\t", "raw", "--max-frame", "1", "--hex", "6162")]
    [InlineData("0\t8\tframe\t\t01 06 00 01 00 01 19 CA\tModbus write single register request, unit 1, 1 = 1", "modbus-rtu", "--direction", "down", "--hex", "01 06 00 01 00 01 19 CA")]
    [InlineData("0\t8\tframe\t\t01 06 00 01 00 01 19 CA\tModbus write single register, unit 1, 1 = 1", "modbus-rtu", "--role", "responses", "--hex", "01 06 00 01 00 01 19 CA")]
    public async Task Decode_takes_the_keys_of_framing(string first, string codec, params string[] arguments)
    {
        var result = await HostProcess.CommandAsync(["decode", "--codec", codec, .. arguments]);
        Assert.Equal((0, ""), (result.ExitCode, result.Errors));
        Assert.Equal(first, result.Output.Split('\n')[1]);
    }

    [Fact]
    public async Task Decode_that_finds_no_frame_shows_what_was_dropped_and_ends_with_1()
    {
        var result = await HostProcess.CommandAsync(["decode", "--codec", "modbus-rtu", "--hex", "01 03 00 00 00 02 C4 0C"]);
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("0\t8\tdropped\tbad-checksum\t", result.Output, StringComparison.Ordinal);
        Assert.Contains("no frame in these 8 bytes", result.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("did you mean modbus-rtu", "--codec", "modbus-rut")]
    [InlineData("length-field", "--codec", "nonsense")]
    [InlineData("ddp-udp, usr-2217, inhand-ihdmp", "--codec", "nonsense")]
    [InlineData("did you mean usr-2217", "--codec", "usr-2127")]
    [InlineData("--role", "--codec", "usr-2217", "--role", "requests")]
    [InlineData("--codec")]
    [InlineData("length: 0", "--codec", "fixed")]
    [InlineData("--length", "--codec", "fixed", "--length", "-1")]
    [InlineData("--length", "--codec", "fixed", "--length", "many")]
    [InlineData("--size", "--codec", "length-field", "--size", "5")]
    [InlineData("middle", "--codec", "length-field", "--endian", "middle")]
    [InlineData("--delimiter", "--codec", "delimiter", "--delimiter", "\\x")]
    [InlineData("--delimiter", "--codec", "delimiter", "--delimiter", "")]
    [InlineData("--heartbeat", "--codec", "modbus-rtu", "--heartbeat", "hex:F")]
    [InlineData("--length", "--codec", "ddp", "--length", "3")]
    [InlineData("sideways", "--codec", "modbus-rtu", "--direction", "sideways")]
    public async Task Keys_of_decode_that_cannot_be_end_with_2(string problem, params string[] arguments)
    {
        var result = await HostProcess.CommandAsync(["decode", .. arguments, "--hex", Request]);
        Assert.Equal(2, result.ExitCode);
        Assert.StartsWith("dtu: ", result.Errors, StringComparison.Ordinal);
        Assert.Contains(problem, result.Errors.Split('\n')[0], StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", result.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\\r\\n", "0D0A")]
    [InlineData("ab\\t\\0\\\\", "616209005C")]
    [InlineData("hex:7b 81", "7B81")]
    [InlineData("泵", "E6B3B5")]
    public void A_mark_is_text_with_escapes_or_hex(string text, string bytes)
    {
        Assert.True(MarkText.TryParse(text, out var parsed, out _));
        Assert.Equal(bytes, Convert.ToHexString(parsed));
    }

    [Theory]
    [InlineData("")]
    [InlineData("hex:")]
    [InlineData("hex:7")]
    [InlineData("\\")]
    [InlineData("\\q")]
    public void What_is_no_mark_is_refused(string text) => Assert.False(MarkText.TryParse(text, out _, out _));

    private static string? Text(JsonElement element, string member) => element.GetProperty(member).GetString();

    private static string Temp() => System.IO.Directory.CreateTempSubdirectory("dtu-test-").FullName;
}

/// <summary>The inbox of refused connections says what they could be.</summary>
public sealed class UnknownGuessesTests(GatewayFixture gateway) : IClassFixture<GatewayFixture>
{
    [Fact]
    public async Task A_refused_connection_comes_with_guesses_of_its_first_bytes()
    {
        await RefusedAsync(Convert.FromHexString("010300000002C40B"));
        await RefusedAsync(Ddp.Build(DdpType.Register, "13800138000", [10, 0, 0, 1, 0, 80]));
        await RefusedAsync([0, 0, 0, 0, 0, 0, 0, 0]);
        var items = (await gateway.GetAsync("/api/v1/unknown")).Json.GetProperty("items").EnumerateArray().ToArray();
        Assert.Equal(["modbus-rtu"], GuessesOf(items, "010300000002C40B"));
        Assert.Equal(["ddp"], GuessesOf(items, "7B01"));
        Assert.Empty(GuessesOf(items, "0000"));
    }

    private static string[] GuessesOf(JsonElement[] items, string hex) =>
        [.. items.Single(item => item.GetProperty("hex").GetString()!.StartsWith(hex, StringComparison.Ordinal)).GetProperty("guesses").EnumerateArray().Select(guess => guess.GetString()!)];

    private async Task RefusedAsync(byte[] bytes)
    {
        await using var stranger = await DtuClient.ConnectAsync(gateway.Host.EndPointOf("main"));
        await stranger.SendAsync(bytes);
        await stranger.ClosedAsync();
    }
}
