using System.Globalization;
using System.Text;
using DtuActors.Configuration;
using DtuActors.Integration.Tests.Harness;
using DtuActors.Protocol.Checksums;

namespace DtuActors.Integration.Tests.Host;

/// <summary>A gateway with a listener for every preset, under the preset's own name.</summary>
public sealed class EveryPresetFixture : GatewayFixture
{
    protected override string Configuration
    {
        get
        {
            var listeners = string.Join('\n', Presets.Names.Select(name => $$"""{{name}} { transport = tcp, address = "127.0.0.1", port = 0, profile = {{name}} }"""));
            var profiles = string.Join('\n', Presets.Names.Select(name => $$"""{{name}} { preset = {{name}} }"""));
            return $$"""
                dtu {
                  listeners {
                    {{listeners}}
                    mixed { transport = tcp, address = "127.0.0.1", port = 0, profiles = [hongdian, four-faith-prot, hsl, teltonika, hj212, sl651, irtu, usr] }
                  }
                  profiles {
                    {{profiles}}
                  }
                  dtus { "hsl-7" { secret = "right" } }
                  http { address = "127.0.0.1", port = 0 }
                }
                """;
        }
    }
}

/// <summary>Every kind of DTU as it leaves its factory, on a real socket: what it says, how it is answered, what is its data, and how a downlink reaches it.</summary>
public sealed class PresetTests(EveryPresetFixture gateway) : IClassFixture<EveryPresetFixture>
{
    private const string DdpLogin = "7B 01 00 16 31 33 34 30 33 31 35 34 33 32 39 0A 1B BE 2D 0F A0 7B";
    private const string DdpData = "7B 09 00 13 31 33 34 30 33 31 35 34 33 32 39 01 7B 03 7B";
    private const string DdpAnswer = "7B 81 00 10 31 33 34 30 33 31 35 34 33 32 39 7B";
    private const string DdpDown = "7B 89 00 13 31 33 34 30 33 31 35 34 33 32 39 01 02 03 7B";
    private const string HjUpload = "##0133QN=20240101120000001;ST=32;CN=2011;PW=123456;MN=888888800000001HJ;Flag=5;CP=&&DataTime=20240101120000;w01018-Rtd=12.5,w01018-Flag=N&&";

    // vectors/frames.tsv: station 0011223344, uniform-time report.
    private const string SlReport = "7E7E05001122334403E832002B020034170718110016F1F1001122334448F0F01707181100201900004026190000403923000104903812109903A421";

    /// <summary>Preset, id, registration, what the gateway answers, data as sent, data as they are, a downlink of 01 02 03 as it arrives. Text is in quotes.</summary>
    public static TheoryData<string, string, string, string, string, string, string> Devices() => new()
    {
        { "usr", "13800130001", "'13800130001'", "", "01 03 02", "010302", "01 02 03" },
        { "usr-prefix", "D8B04CABCDEF", "D8 B0 4C AB CD EF 01 03 02", "", "D8 B0 4C AB CD EF 01 03 04", "010302 010304", "01 02 03" },
        { "usr-both", "D8B04CABCDE0", "D8 B0 4C AB CD E0", "", "D8 B0 4C AB CD E0 01 03 02", "010302", "01 02 03" },
        { "hongdian", "13403154329", DdpLogin, DdpAnswer, DdpData, "017B03", DdpDown },
        { "four-faith-prot", "13066668888", "78 56 34 12 31 33 30 36 36 36 36 38 38 38 38 00 C0 A8 01 42 00", "", "FE FD ED 01 FD EE 02 FE", "FD01FE02", "01 02 03" },
        { "four-faith-custom", "ff-custom-7", "'ff-custom-7'", "", "01 03 02", "010302", "01 02 03" },
        { "hsl", "1000", "48 53 4C 00 19 31 30 30 30 00 00 00 00 00 00 00 31 32 33 34 35 36 7F 00 00 01 10 27 00 00", "48 73 6E 00 01 00", "01 03 02", "010302", "01 02 03" },
        { "inhand", "13912345678", "AA 01 31 33 39 31 32 33 34 35 36 37 38 0D", "", "01 03 02", "010302", "01 02 03" },
        { "ebyte", "ebyte-1", "'ebyte-1'", "", "01 03 02", "010302", "01 02 03" },
        { "zg", "13800138000", "7B 31 0B 00 31 33 38 30 30 31 33 38 30 30 30 7D 7B 30 00 00 7D", "7B 30 00 00 7D", "7B 32 03 00 01 7D 03 7D", "017D03", "7B 32 03 00 01 02 03 7D" },
        { "jbt", "13800138001", "A8 81 31 33 38 30 30 31 33 38 30 30 31 30 30 30 30 02 00 14", "A8 81 31 33 38 30 30 31 33 38 30 30 31 30 30 30 30 03 00 15", "A8 81 31 33 38 30 30 31 33 38 30 30 31 30 30 30 30 01 00 13 01 A8 03", "01A803", "01 02 03" },
        { "teltonika", "356307042441013", "00 0F 33 35 36 33 30 37 30 34 32 34 34 31 30 31 33", "01", "01 03 02", "010302", "01 02 03" },
        { "irtu", "861234567890123", "'{\"csq\":25,\"imei\":\"861234567890123\",\"iccid\":\"89860012345678901234\"}'", "", "01 03 02", "010302", "01 02 03" },
        { "irtu-binary", "861234567890124", "25 86 12 34 56 78 90 12 40 89 86 00 12 34 56 78 90 12 34", "", "01 03 02", "010302", "01 02 03" },
        { "modbus", "modbus-1", "'modbus-1'", "", "11 03 04 00 8D 00 8E FB BD", "110304008D008EFBBD", "01 02 03" },
    };

    [Fact]
    public async Task Every_preset_takes_its_devices_answers_them_and_carries_bytes_both_ways()
    {
        foreach (var row in Devices())
        {
            var (preset, id, login, answer, data, up, down) = ((string)row[0], (string)row[1], (string)row[2], (string)row[3], (string)row[4], (string)row[5], (string)row[6]);
            await using var events = await EventReader.OpenAsync(gateway.Http, $"/api/v1/events?dtu={id}");
            await using var dtu = await DtuClient.ConnectAsync(gateway.Host.EndPointOf(preset));
            await dtu.SendAsync(Bytes(login));
            await events.NextAsync("online");
            Assert.Equal(Hex(answer), Convert.ToHexString(await dtu.ReadAsync(Hex(answer).Length / 2)));
            var first = preset == "usr-prefix" ? await UplinkAsync(events) : "";
            await dtu.SendAsync(Bytes(data));
            Assert.Equal((preset, Hex(up)), (preset, first + await UplinkAsync(events)));
            var sent = await gateway.PostAsync($"/api/v1/dtus/{id}/send", """{"hex":"010203"}""");
            Assert.Equal((preset, 202), (preset, sent.Status));
            Assert.Equal((preset, Hex(down)), (preset, Convert.ToHexString(await dtu.ReadAsync(Hex(down).Length / 2))));
        }
    }

    [Fact]
    public async Task Kinds_of_DTU_that_share_a_port_are_told_apart_by_what_they_say()
    {
        var mixed = gateway.Host.EndPointOf("mixed");
        foreach (var (login, id, profile) in new[]
        {
            (DdpLogin.Replace("34 33 32 39", "34 33 32 38", StringComparison.Ordinal), "13403154328", "hongdian"),
            ("78 56 34 12 31 33 30 36 36 36 36 38 38 38 37 00 C0 A8 01 42 00", "13066668887", "four-faith-prot"),
            ("00 0F 33 35 36 33 30 37 30 34 32 34 34 31 30 31 34", "356307042441014", "teltonika"),
            ("'{\"imei\":\"861234567890125\"}'", "861234567890125", "irtu"),
            ("'mixed-usr-1'", "mixed-usr-1", "usr"),
        })
        {
            await using var events = await EventReader.OpenAsync(gateway.Http, $"/api/v1/events?dtu={id}");
            await using var dtu = await DtuClient.ConnectAsync(mixed);
            await dtu.SendAsync(Bytes(login));
            await events.NextAsync("online");
            Assert.Equal((id, profile), (id, (await gateway.GetAsync($"/api/v1/dtus/{id}")).Json.GetProperty("profile").GetString()));
        }
    }

    [Fact]
    public async Task An_HJ_212_station_registers_by_its_first_message_which_is_data_all_the_same_and_is_answered()
    {
        await using var events = await EventReader.OpenAsync(gateway.Http, "/api/v1/events?dtu=888888800000001HJ");
        await using var dtu = await DtuClient.ConnectAsync(gateway.Host.EndPointOf("hj212"));
        Assert.True(ChecksumAppend.TryAppend("hj212", Encoding.ASCII.GetBytes(HjUpload), out var message));
        await dtu.SendAsync(message[..40]);
        await dtu.SendAsync(message[40..]);
        await events.NextAsync("online");
        Assert.Equal(Convert.ToHexString(message), await UplinkAsync(events));

        // The answer's length is in its own head.
        var head = await dtu.ReadAsync(6);
        var rest = await dtu.ReadAsync(int.Parse(Encoding.ASCII.GetString(head[2..]), CultureInfo.InvariantCulture) + 6);
        Assert.Equal("QN=20240101120000001;ST=91;CN=9014;PW=123456;MN=888888800000001HJ;Flag=4;CP=&&&&", Encoding.ASCII.GetString(rest[..^6]));
    }

    [Fact]
    public async Task An_SL_651_station_registers_with_its_leading_zeros_and_its_report_is_confirmed()
    {
        await using var events = await EventReader.OpenAsync(gateway.Http, "/api/v1/events?dtu=0011223344");
        await using var dtu = await DtuClient.ConnectAsync(gateway.Host.EndPointOf("sl651"));
        await dtu.SendAsync(Convert.FromHexString(SlReport));
        await events.NextAsync("online");
        Assert.Equal(SlReport, await UplinkAsync(events));

        // Station before centre, password and function as they came, downwards.
        Assert.Equal("7E7E" + "0011223344" + "05" + "03E8" + "32" + "80", Convert.ToHexString(await dtu.ReadAsync(12)));
    }

    [Fact]
    public async Task A_login_with_a_wrong_password_is_told_so_in_its_vendor_s_words_and_closed()
    {
        await using var wrong = await DtuClient.ConnectAsync(gateway.Host.EndPointOf("hsl"));
        await wrong.SendAsync(Bytes("48 53 4C 00 19 68 73 6C 2D 37 00 00 00 00 00 00 77 72 6F 6E 67 00 7F 00 00 01 10 27 00 00"));
        Assert.Equal("48736E000103", Convert.ToHexString(await wrong.ReadAsync(6)));
        await wrong.ClosedAsync();
        await using var right = await DtuClient.ConnectAsync(gateway.Host.EndPointOf("hsl"));
        await right.SendAsync(Bytes("48 53 4C 00 19 68 73 6C 2D 37 00 00 00 00 00 00 72 69 67 68 74 00 7F 00 00 01 10 27 00 00"));
        Assert.Equal("48736E000100", Convert.ToHexString(await right.ReadAsync(6)));
    }

    [Fact]
    public async Task A_meter_is_asked_for_its_number_and_that_is_the_DTU()
    {
        await using var events = await EventReader.OpenAsync(gateway.Http, "/api/v1/events?dtu=000000000001");
        await using var dtu = await DtuClient.ConnectAsync(gateway.Host.EndPointOf("dlt645"));
        Assert.Equal("FEFEFEFE68AAAAAAAAAAAA681300DF16", Convert.ToHexString(await dtu.ReadAsync(16)));
        await dtu.SendAsync(Convert.FromHexString("FEFE680100000000006893063433333333339D16"));
        await events.NextAsync("online");
    }

    private static async Task<string> UplinkAsync(EventReader events)
    {
        for (; ; )
        {
            var frame = await events.NextAsync("frame");
            if (frame.GetProperty("direction").GetString() == "up")
            {
                return frame.GetProperty("hex").GetString()!;
            }
        }
    }

    private static byte[] Bytes(string text) => text.StartsWith('\'') ? Encoding.UTF8.GetBytes(text[1..^1]) : Convert.FromHexString(Hex(text));

    private static string Hex(string text) => text.Replace(" ", "", StringComparison.Ordinal);
}
