using DtuActors.Configuration;

namespace DtuActors.Tests.Configuration;

public sealed class NumbersTests
{
    [Fact]
    public void Defaults_of_alarms_and_telemetry_in_code_are_those_of_the_reference()
    {
        var written = Conf.Options();
        Assert.True(SameOptions.Are(new AlarmOptions(), written.Alarms));
        Assert.True(SameOptions.Are(new TelemetryOptions(), written.Telemetry));
    }

    [Fact]
    public void Kinds_are_set_or_turned_off_one_by_one()
    {
        var alarms = Conf.Options("""
            dtu.alarms {
              dtu-offline { after = 2h, for = all }, dtu-flapping = off, queue-age { after = 30s }, dtu-conflict = off
              webhook { url = "https://alarms.example.net/dtu", headers { Authorization = "Bearer 12 34", X-Site = north } }
            }
            """).Alarms;
        Assert.Equal(new OfflineAlarmOptions { After = TimeSpan.FromHours(2), For = OfflineAlarmFor.All }, alarms.DtuOffline);
        Assert.Null(alarms.DtuFlapping);
        Assert.False(alarms.DtuConflict);
        Assert.Equal(TimeSpan.FromSeconds(30), alarms.QueueAge!.After);
        Assert.Equal("https://alarms.example.net/dtu", alarms.Webhook.Url!.AbsoluteUri);
        Assert.Equal(("Bearer 12 34", "north"), (alarms.Webhook.Headers["Authorization"], alarms.Webhook.Headers["X-Site"]));
        Assert.Null(Conf.Options("dtu.alarms { dtu-offline { for = off } }").Alarms.DtuOffline);
    }

    [Theory]
    [InlineData("dtu.alarms { webhook { url = \"ftp://s3cret.example\" } }", "dtu.alarms.webhook.url")]
    [InlineData("dtu.alarms { webhook { url = \"https://me:s3cret@h.example/\" } }", "dtu.alarms.webhook.url")]
    [InlineData("dtu.alarms { webhook { headers { Authorization = \"s3cret\\n\" } } }", "dtu.alarms.webhook.headers.Authorization")]
    [InlineData("dtu.alarms { webhook { headers { Host = s3cret } } }", "dtu.alarms.webhook.headers.Host")]
    [InlineData("dtu.alarms { dtu-offline { after = 0s } }", "dtu.alarms.dtu-offline.after")]
    [InlineData("dtu.alarms { checksum-errors { percent = 101 } }", "dtu.alarms.checksum-errors.percent")]
    [InlineData("dtu.alarms { group-above = 0 }", "dtu.alarms.group-above")]
    [InlineData("dtu.telemetry { otlp { headers { Authorization = \"Bearer s3cret,more\" } } }", "dtu.telemetry.otlp.headers.Authorization")]
    [InlineData("dtu.telemetry { trace-ratio = 1.5 }", "dtu.telemetry.trace-ratio")]
    [InlineData("dtu.telemetry { otlp { protocol = udp } }", "dtu.telemetry.otlp.protocol")]
    [InlineData("dtu.telemetry { otlp { endpoint = \"127.0.0.1:4317\" } }", "dtu.telemetry.otlp.endpoint")]
    public void A_fault_names_its_key_and_never_tells_a_secret(string text, string key)
    {
        var fault = Assert.Single(Conf.Load([text], _ => null).Loaded.Faults);
        Assert.Equal(key, fault.KeyPath);
        Assert.DoesNotContain("s3cret", fault.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Other_alarms_and_another_collector_need_a_restart()
    {
        var before = Conf.Options("dtu.alarms { }");
        var after = Conf.Options("dtu { alarms { dtu-offline { after = 1h }, webhook { url = \"http://127.0.0.1:1/\" } }, telemetry { trace-ratio = 1 } }");
        Assert.Equal("dtu.alarms.dtu-offline dtu.alarms.webhook dtu.telemetry.trace-ratio", string.Join(' ', OptionsChange.Between(before, after).NeedRestart));
        Assert.Empty(OptionsChange.Between(before, Conf.Options("dtu.telemetry { }")).NeedRestart);
    }
}
