using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using DtuActors.Host.Api;
using DtuActors.Host.Commands;
using DtuActors.Host.Serving;
using DtuActors.Host.Writing;
using DtuActors.Listening;
using DtuActors.Protocol;
using DtuActors.Recording;
using DtuActors.Writing;

namespace DtuActors.Integration.Tests.Host;

public sealed class PureTests
{
    [Theory]
    [InlineData("01 03 0a", "01030A")]
    [InlineData(" 0 1\t03\n", "0103")]
    public void Hex_may_have_white_space_anywhere(string text, string bytes)
    {
        Assert.True(HexText.TryParse(text, out var parsed, out _));
        Assert.Equal(bytes, Convert.ToHexString(parsed));
    }

    [Theory]
    [InlineData("01 0g", "position 5")]
    [InlineData("010", "3 hexadecimal digits")]
    [InlineData(" ", "no bytes")]
    public void Wrong_hex_is_told_with_its_place(string text, string problem)
    {
        Assert.False(HexText.TryParse(text, out _, out var told));
        Assert.Contains(problem, told, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("500ms", 500)]
    [InlineData("1.5s", 1500)]
    [InlineData("2 m", 120_000)]
    [InlineData("1h", 3_600_000)]
    public void Durations_carry_their_unit(string text, double milliseconds)
    {
        Assert.True(DurationText.TryParse(text, out var duration));
        Assert.Equal(milliseconds, duration.TotalMilliseconds);
    }

    [Theory]
    [InlineData("5")]
    [InlineData("s")]
    [InlineData("-5s")]
    [InlineData("0s")]
    [InlineData("25h")]
    [InlineData("5 parsecs")]
    public void What_is_no_duration_is_refused(string text) => Assert.False(DurationText.TryParse(text, out _));

    [Theory]
    [InlineData("/api/v1/dtus/a%2Fb/send?x=/y", "a/b", "/send")]
    [InlineData("/api/v1/dtus/a%252Fb", "a%2Fb", "")]
    [InlineData("/api/v1/dtus/%2E%2E/frames", "..", "/frames")]
    [InlineData("/api/v1/dtus/%E6%B3%B5", "泵", "")]
    public void An_id_is_one_encoded_segment_of_the_request_line(string target, string id, string rest)
    {
        Assert.True(IdInPath.TrySplit(target, out var split, out var behind));
        Assert.Equal((id, rest), (split, behind));
    }

    [Theory]
    [InlineData("/api/v1/dtus")]
    [InlineData("/api/v1/dtus/")]
    [InlineData("/api/v1/dtus?after=a")]
    [InlineData("/api/v1/dtus/import?dryRun=true")]
    public void What_has_no_id_is_left_alone(string target) => Assert.False(IdInPath.TrySplit(target, out _, out _));

    [SkippableFact]
    public void The_holder_of_a_port_is_found_by_name_and_id()
    {
        Skip.IfNot(OperatingSystem.IsLinux() || OperatingSystem.IsWindows(), "the system does not tell who holds a port");
        foreach (var address in (IPAddress[])[IPAddress.Loopback, IPAddress.Any])
        {
            using var listener = new TcpListener(address, 0);
            listener.Start();
            var port = ((IPEndPoint)listener.LocalEndpoint).Port;
            Assert.Contains($"process {Environment.ProcessId}", PortHolder.Find(new IPEndPoint(IPAddress.Loopback, port)), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_frame_event_says_direction_hex_and_time_in_UTC()
    {
        var at = new DateTimeOffset(2026, 5, 4, 12, 0, 0, 123, TimeSpan.FromHours(2));
        var text = Encoding.UTF8.GetString(EventsApi.Format(new FramePassed(at, DtuId.Parse("七-1"), FrameDirection.Up, new byte[] { 0xAB }, "raw", "dtu")));
        Assert.StartsWith("event: frame\ndata: {", text, StringComparison.Ordinal);
        Assert.EndsWith("}\n\n", text, StringComparison.Ordinal);
        Assert.Contains("\"at\":\"2026-05-04T10:00:00.123Z\"", text, StringComparison.Ordinal);
        Assert.Contains("\"dtu\":\"七-1\",\"direction\":\"up\",\"hex\":\"AB\"", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Watch_makes_one_harmless_line_of_an_event()
    {
        var data = JsonDocument.Parse("""{"at":"2026-05-04T10:00:00Z","dtu":"p\u001b[2J","direction":"down","hex":"0103","decoded":null,"verdict":"bad-checksum"}""").RootElement;
        var line = WatchCommand.Line("frame", data);
        Assert.EndsWith("p␛[2J ↓ 01 03  (bad-checksum)", line, StringComparison.Ordinal);
    }

    [Fact]
    public void What_a_broker_says_is_one_harmless_line_of_the_log() =>
        Assert.Equal("gateway/mqtt: refused ␛[31m␍gone", Serving(@"refused " + (char)27 + "[31m" + (char)13 + "gone"));

    private static string Serving(string words) => DtuActors.Host.Serving.ActorLog.Line("gateway/mqtt", words);
}
