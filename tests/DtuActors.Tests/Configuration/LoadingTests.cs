using System.Net;
using System.Text;
using DtuActors.Configuration;
using DtuActors.Protocol;
using DtuActors.Protocol.Registration;
using FsCheck;
using FsCheck.Fluent;

namespace DtuActors.Tests.Configuration;

public sealed class LoadingTests : IDisposable
{
    private readonly string _folder = System.IO.Directory.CreateTempSubdirectory("dtu-conf-").FullName;

    public void Dispose() => System.IO.Directory.Delete(_folder, recursive: true);

    private LoadedConfiguration LoadFile(byte[] bytes)
    {
        var file = Path.Combine(_folder, "a.conf");
        File.WriteAllBytes(file, bytes);
        return ConfigurationLoader.Load([file], _ => null);
    }

    [Fact]
    public void As_soon_as_a_file_is_given_maps_and_lists_are_the_files_alone_and_settings_fall_back()
    {
        var options = Conf.Options("dtu.http.port = 1");
        Assert.Empty(options.Listeners);
        Assert.Equal((1, IPAddress.Loopback), (options.Http.Port, options.Http.Address));
        Assert.Equal("default", Assert.Single(options.Profiles).Key);
    }

    [Fact]
    public void A_broker_names_the_DTU_of_each_downlink_so_that_one_route_may_lead_all_of_them_to_it()
    {
        var options = Conf.Options("dtu { node.name = gw, endpoints.b { kind = mqtt, host = h, tls = on }, routes = [{ dtu = \"*\", to = b }] }");
        var broker = Assert.IsType<MqttEndpointOptions>(Assert.Single(options.Endpoints));
        Assert.Equal(("dtu-gw-b", 8883, 1, new MqttTlsOptions()), (broker.ClientId, broker.Port, broker.Qos, broker.Tls));
    }

    [Fact]
    public void Slaves_are_suspended_unless_it_is_off_and_equal_reads_are_shared_where_it_is_on()
    {
        Assert.Equal((new SuspendOptions(), (TimeSpan?)null), Bus(""));
        Assert.Equal((null, TimeSpan.FromSeconds(1)), Bus("suspend-slave = off, coalesce = 1s"));
        Assert.Equal((new SuspendOptions { After = 5, For = TimeSpan.FromMinutes(1) }, null), Bus("suspend-slave { after = 5, for = 1m }, coalesce = off"));

        static (SuspendOptions?, TimeSpan?) Bus(string keys)
        {
            var bus = Conf.Options($"dtu.profiles.default.bus {{ {keys} }}").Profiles["default"].Bus;
            return (bus.SuspendSlave, bus.Coalesce);
        }
    }

    [Fact]
    public void Later_files_win_blocks_merge_and_lists_are_replaced()
    {
        var options = Conf.Options(
            "dtu { listeners { a { port = 1 }, b { port = 2 } }, endpoints.e { kind = tcp, port = 3 }, routes = [{ dtu = x, to = e }] }\nakka { a = 1 }",
            "dtu { listeners.b.port = 4, routes = [{ dtu = y, to = e, direction = up }] }\nakka { b = 2 }");
        Assert.Equal([("a", 1), ("b", 4)], options.Listeners.Select(listener => (listener.Name, ((TcpListenerOptions)listener).Port)));
        Assert.Equal(("y", RouteDirection.Up), options.Routes.Select(route => (route.Dtu, route.Direction)).Single());
        Assert.Equal("akka { a = 1 }\nakka { b = 2 }\n", options.AkkaHocon);
    }

    [Fact]
    public void A_fault_names_the_file_of_the_value_that_counts()
    {
        var fault = Conf.Fault("dtu.http.port = 1", "\ndtu.http.port = x");
        Assert.Equal(("f2.conf", 2), (fault.File, fault.Line));
    }

    [Fact]
    public void A_profile_lies_over_its_preset_over_the_default_over_the_built_in_one()
    {
        var profiles = Conf.Options("""
            dtu.profiles {
              default { heartbeat.timeout = 77s, bus.queue = 3, framing.codec = idle-gap }
              hd { preset = hongdian, registration.timeout = 9s }
              own { heartbeat.match = ping, heartbeat.reply = echo, keepalive = off, text-encoding = gb18030 }
            }
            """).Profiles;
        var hongdian = profiles["hd"];
        Assert.Equal("ddp", hongdian.Envelope?.Invoke().Name);
        Assert.Equal(RegistrationKind.Envelope, hongdian.Registration.Form.Kind);
        Assert.Equal((TimeSpan.FromSeconds(9), TimeSpan.FromSeconds(360), 3, "raw"), (hongdian.Registration.Timeout, hongdian.Heartbeat.Timeout, hongdian.Bus.Queue, hongdian.Framing.Codec));
        var own = profiles["own"];
        Assert.Equal((TimeSpan.FromSeconds(77), 3, "idle-gap", true), (own.Heartbeat.Timeout, own.Bus.Queue, own.Framing.Codec, own.Heartbeat.Echo));
        Assert.Null(own.Keepalive);
        Assert.Equal("ping"u8.ToArray(), own.Heartbeat.Match.Single());
        Assert.Equal(own.Heartbeat.Match, own.Registration.Form.Heartbeats);
        Assert.Equal([0xCB, 0xAE], own.TextEncoding.GetBytes("水"));
    }

    [Fact]
    public void A_preset_of_the_default_profile_lies_under_what_the_default_says_and_under_other_presets()
    {
        var profiles = Conf.Options("dtu.profiles { default { preset = hongdian, heartbeat.timeout = 5s }, u { preset = usr }, plain { } }").Profiles;
        Assert.Equal(("ddp", TimeSpan.FromSeconds(5)), (profiles["default"].Envelope?.Invoke().Name, profiles["default"].Heartbeat.Timeout));
        Assert.Equal("ddp", profiles["plain"].Envelope?.Invoke().Name);
        Assert.Null(profiles["u"].Envelope);
        Assert.Equal((RegistrationKind.Text, TimeSpan.FromSeconds(300)), (profiles["u"].Registration.Form.Kind, profiles["u"].Heartbeat.Timeout));
    }

    [Fact]
    public void What_a_profile_says_of_sleep_and_of_duplicates_is_taken()
    {
        var profile = Conf.Options("""
            dtu.profiles.default { heartbeat.expected-every = 1h, duplicates { policy = hold-first, conflict-after = 5, within = 10m } }
            """).Profiles["default"];
        Assert.Equal(TimeSpan.FromHours(1), profile.Heartbeat.ExpectedEvery);
        Assert.Equal(
            new DuplicatesOptions { Policy = DuplicatesPolicy.HoldFirst, ConflictAfter = 5, Within = TimeSpan.FromMinutes(10) }, profile.Duplicates);
        Assert.Null(Conf.Options().Profiles["default"].Heartbeat.ExpectedEvery);
    }

    [Fact]
    public void Every_preset_loads() =>
        Assert.All(Presets.All, preset => Assert.True(Conf.Options($"dtu.profiles.p.preset = {preset.Name}").Profiles.ContainsKey("p")));

    [Fact]
    public void The_usr_preset_takes_a_text_and_never_the_factory_heartbeat_as_an_id()
    {
        var form = Assert.IsType<PatternForm>(Conf.Options("dtu.profiles.p.preset = usr").Profiles["p"].Registration.Form);
        Assert.Equal("0013", form.Pattern.Match("0013").Groups["id"].Value);
        Assert.Contains("www.usr.cn", form.Reject);
        Assert.Equal("www.usr.cn"u8.ToArray(), form.Heartbeats.Single());
    }

    [Fact]
    public void What_describes_one_kind_of_registration_does_not_reach_under_another()
    {
        var profiles = Conf.Options(
            "dtu.profiles { default { registration { pattern = \"LOGIN:(?<id>[0-9]+)\", length = 10, reply = ok } }, j { registration.kind = json }, t { registration.kind = text }, p { preset = irtu, registration { kind = text } } }").Profiles;
        Assert.Equal("imei", Assert.IsType<JsonForm>(profiles["j"].Registration.Form).Id.Fields.Single());
        Assert.Equal("ok"u8.ToArray(), profiles["j"].Registration.Reply.ToArray());
        Assert.Equal(10, Assert.IsType<PatternForm>(profiles["t"].Registration.Form).Length);
        Assert.Equal(0, Assert.IsType<PatternForm>(profiles["p"].Registration.Form).Length);
    }

    [Fact]
    public void An_envelope_alone_means_its_own_registration_over_any_layer()
    {
        var profiles = Conf.Options("dtu.profiles { default { preset = usr }, p { envelope = ddp }, q { preset = hongdian, envelope = none } }").Profiles;
        Assert.Equal((RegistrationKind.Envelope, RegistrationKind.Text), (profiles["p"].Registration.Form.Kind, profiles["q"].Registration.Form.Kind));
    }

    [Fact]
    public void A_pattern_of_one_length_says_where_a_registration_before_every_packet_ends()
    {
        var profiles = Conf.Options(
            "dtu.profiles { a { registration { pattern = \"(?<id>[0-9]{11})\", every-packet = on } }, b { preset = usr-prefix, registration { kind = text, length = 15 } }, c { registration { kind = hex, pattern = \"(?<id>([0-9A-F]{2}){6})\", every-packet = on } } }").Profiles;
        Assert.Equal([11, 15, 6], new[] { "a", "b", "c" }.Select(name => Assert.IsType<PatternForm>(profiles[name].Registration.Form).Length));
        Assert.All(new[] { "a", "b", "c" }, name => Assert.True(profiles[name].Registration.EveryPacket));
    }

    [Fact]
    public void An_envelope_alone_means_its_own_registration() =>
        Assert.Equal(RegistrationKind.Envelope, Conf.Options("dtu.profiles.default.envelope = ddp").Profiles["default"].Registration.Form.Kind);

    [Fact]
    public void A_pattern_matches_the_whole_registration_only()
    {
        var options = Conf.Options("dtu.profiles.default.registration.pattern = \"a|LOGIN:(?<id>[0-9]+)\"");
        var pattern = Assert.IsType<PatternForm>(options.Profiles["default"].Registration.Form).Pattern;
        Assert.Equal("0012", pattern.Match("LOGIN:0012").Groups["id"].Value);
        Assert.DoesNotMatch(pattern, "LOGIN:0012\n");
        Assert.DoesNotMatch(pattern, "ab");
    }

    [Fact]
    public void Ids_keep_their_leading_zeros_wherever_they_stand()
    {
        var options = Conf.Options("""
            dtu {
              dtus { 013800138000 { ids = [007, 0x1F], groups = [g], secret = s, remote = 10.0.0.1, name = "七号" } }
              listeners.l { port = 1, dtu = 00042 }
              endpoints { e { kind = tcp, port = 2 }, m { kind = modbus-tcp, port = 3, units { 5 { dtu = 007 } } } }
              routes = [{ dtu = 0009, to = e }]
            }
            """);
        var dtu = options.Dtus[DtuId.Parse("013800138000")];
        Assert.Equal(["007", "0x1F"], dtu.Aliases.ToArray());
        Assert.Equal(("七号", "s", "10.0.0.1", "g"), (dtu.Name, dtu.Secret, dtu.Remote?.ToString(), dtu.Groups.Single()));
        Assert.Equal("00042", options.Listeners[0].Dtu?.Value);
        Assert.Equal("0009", options.Routes[0].Dtu);
        var unit = Assert.IsType<ModbusTcpEndpointOptions>(options.Endpoints[1]).Units[5];
        Assert.Equal(("013800138000", (byte)5), (unit.Dtu.Value, unit.Slave));
    }

    [Fact]
    public void Two_ids_of_one_dtu_are_one_dtu_for_its_endpoint()
    {
        var options = Conf.Options("dtu { dtus.a.ids = [b], endpoints.e { kind = tcp, port = 1 }, routes = [{ dtu = a, to = e }, { dtu = b, to = e }] }");
        Assert.All(options.Routes, route => Assert.Equal("a", route.Dtu));
    }

    [Fact]
    public void A_route_leads_to_another_DTU_under_any_of_its_ids_or_to_a_group_that_nobody_is_in_yet()
    {
        var options = Conf.Options("dtu { dtus.\"b\".ids = [\"0042\"], routes = [{ dtu = a, to = \"dtu:0042\" }, { dtu = \"*\", to = \"group:pumps\" }] }");
        Assert.Equal(["dtu:b", "group:pumps"], options.Routes.Select(route => route.To));
    }

    [Fact]
    public void A_range_is_one_port_per_dtu_and_a_route_to_it_needs_no_choice()
    {
        var ranges = Conf.Options("""
            dtu {
              endpoints {
                masters { kind = tcp, ports = "20001-22000", assign = column, clients = shared }
                mb { kind = modbus-tcp, address = "0.0.0.0", ports = "15001-17000", units = passthrough }
              }
              routes = [{ dtu = "*", to = masters }]
            }
            """).Endpoints;
        var masters = Assert.IsType<TcpEndpointOptions>(ranges[0]);
        Assert.Equal((new PortRange(20001, 22000), TcpClients.Shared), (masters.Ports, masters.Clients));
        Assert.Equal(new PortRange(15001, 17000), Assert.IsType<ModbusTcpEndpointOptions>(ranges[1]).Ports);
    }

    [Fact]
    public void Many_dtus_may_only_be_read_without_a_choice_and_written_with_one()
    {
        Conf.Options("dtu { endpoints.e { kind = tcp, port = 1 }, routes = [{ dtu = \"*\", to = e, direction = up }] }");
        var chosen = Conf.Options("dtu { endpoints.e { kind = tcp, port = 1, select = last-speaker }, routes = [{ dtu = \"*\", to = e }] }");
        Assert.Equal(DownlinkSelect.LastSpeaker, chosen.Endpoints[0].Select);
    }

    [Fact]
    public void A_poll_has_its_check_behind_it_and_one_for_keep_warm_needs_neither_a_schedule_nor_a_dtu()
    {
        var options = Conf.Options("""
            dtu {
              dtus.a.ids = [b]
              polls {
                p1 { dtu = "pump-*", hex = "01 03 00 00 00 0A", crc = modbus, every = 60s, jitter = 10s }
                p2 { dtu = b, hex = "02", every = 1s }
                warm { hex = "03" }
                resting { dtu = a, hex = "04", every = off }
              }
              profiles { default.keep-warm { every = 240s, poll = warm }, cold.keep-warm.every = off }
            }
            """);
        Assert.Equal(["p1", "p2", "warm", "resting"], options.Polls.Select(poll => poll.Name));
        Assert.Equal("01030000000AC5CD", Convert.ToHexString(options.Polls[0].Payload.Span));
        Assert.Equal((TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(10)), (options.Polls[0].Every!.Value, options.Polls[0].Jitter));
        Assert.Equal("a", options.Polls[1].Dtu);
        Assert.Null(options.Polls[3].Every);
        Assert.Equal(new KeepWarmOptions(TimeSpan.FromSeconds(240), "warm"), options.Profiles["default"].KeepWarm);
        Assert.Null(options.Profiles["cold"].KeepWarm);
    }

    [Theory]
    [InlineData("framing.codec = modbus-rtu, keep-warm { every = 1m, poll = broadcast }")]
    [InlineData("framing.codec = modbus-rtu, keep-warm { every = off, poll = ping }")]
    [InlineData("framing.codec = raw, keep-warm { every = 1m, poll = ping }")]
    [InlineData("framing.codec = jt808, keep-warm { every = 1m, poll = ping }")]
    public void A_poll_for_keep_warm_is_held_against_a_codec_only_where_that_knows_requests(string profile)
    {
        var options = Conf.Options($$"""
            dtu {
              polls { ping { hex = "FE", every = off }, broadcast { hex = "00 06 00 01 00 02", crc = modbus, every = off } }
              profiles.a { {{profile}} }
            }
            """);
        Assert.Equal(profile.Contains("off", StringComparison.Ordinal), options.Profiles["a"].KeepWarm is null);
    }

    [Fact]
    public void More_polls_than_a_session_can_be_held_against_are_a_fault()
    {
        var polls = string.Concat(Enumerable.Range(0, PollBinder.MaxPolls + 1).Select(i => $"p{i} {{ dtu = a, hex = \"01\", every = 1m }}\n"));
        var fault = Conf.Fault($"dtu.polls {{\n{polls}}}");
        Assert.Equal(($"dtu.polls.p{PollBinder.MaxPolls}", $"more than {PollBinder.MaxPolls} polls"), (fault.KeyPath, fault.Problem));
    }

    [Fact]
    public void A_range_of_ports_is_one_listener_a_port()
    {
        var listeners = Conf.Options("dtu.listeners.fleet { ports = \"9100-9102\", dtu = \"site-{port}\", id-prefix = \"a/\" }").Listeners;
        Assert.Equal(
            [("fleet-9100", 9100, "site-9100"), ("fleet-9101", 9101, "site-9101"), ("fleet-9102", 9102, "site-9102")],
            listeners.Cast<TcpListenerOptions>().Select(listener => (listener.Name, listener.Port, listener.Dtu?.Value ?? "")));
        Assert.All(listeners, listener => Assert.Equal(("dtu.listeners.fleet", "a/"), (listener.KeyPath, listener.IdPrefix)));
    }

    [Fact]
    public void A_fleet_of_dotted_keys_costs_no_more_than_its_lines()
    {
        var text = string.Concat(Enumerable.Range(0, 50_000).Select(i => $"dtu.dtus.d{i}.name = n{i}\ndtu.dtus.d{i}.groups = [g]\n"));
        Assert.Equal(50_000, Conf.Options(text).Dtus.Count);
    }

    [Fact]
    public void A_layer_that_lies_under_many_profiles_stays_as_it_was()
    {
        var profiles = Conf.Options("dtu.profiles { a { bus { queue = 1, retries = 2 } }, b { preset = hongdian, bus.queue = 2 }, c { } }").Profiles;
        Assert.Equal([(1, 2), (2, 0), (16, 0), (16, 0)], new[] { "a", "b", "c", "default" }.Select(name => (profiles[name].Bus.Queue, profiles[name].Bus.Retries)));
        Assert.Null(profiles["c"].Envelope);
        Assert.Equal("ddp", Conf.Options("dtu.profiles.d.preset = hongdian").Profiles["d"].Envelope?.Invoke().Name);
    }

    [Fact]
    public void Thousands_of_wrong_routes_and_profiles_end()
    {
        Assert.NotEmpty(Conf.Load("dtu.endpoints {" + string.Concat(Enumerable.Range(0, 20_000).Select(i => $"e{i} {{ kind = tcp, port = 0 }}\n")) + "}\ndtu.routes = ["
            + string.Concat(Enumerable.Range(0, 20_000).Select(i => $"{{ dtu = a, to = f{i} }}\n")) + "]").Faults);
        Assert.Contains(Conf.Load("dtu.profiles {" + string.Concat(Enumerable.Range(0, 5_000).Select(i => $"p{i} {{ }}\n")) + "}").Faults,
            fault => fault.Problem.Contains("profiles", StringComparison.Ordinal));
    }

    [Fact]
    public void Endless_ranges_of_ports_end()
    {
        var text = "dtu.listeners {" + string.Concat(Enumerable.Range(0, 100).Select(i => $"l{i} {{ address = 127.0.0.{i + 1}, ports = \"10001-20000\" }}\n")) + "}";
        Assert.Contains(Conf.Load(text).Faults, fault => fault.Problem.Contains("listeners altogether", StringComparison.Ordinal));
    }

    [Fact]
    public void Port_zero_and_different_addresses_do_not_collide() =>
        Conf.Options("dtu { listeners { a { port = 0 }, b { port = 0 }, c { address = 127.0.0.2, port = 9 }, d { address = 127.0.0.3, port = 9 } }, http.port = 0 }");

    [Fact]
    public void Api_keys_are_strings_or_blocks_and_open_other_addresses()
    {
        var http = Conf.Options("dtu.http { address = 0.0.0.0, api-keys = [abc, { name = n, key = def, role = operate }], hosts = [gw.example.net] }").Http;
        Assert.Equal([("abc", ApiRole.Admin), ("def", ApiRole.Operate)], http.ApiKeys.Select(key => (key.Key, key.Role)));
        Assert.Equal("gw.example.net", http.Hosts.Single());
    }

    [Fact]
    public void Relative_paths_are_of_the_file_they_stand_in()
    {
        var node = ConfigurationLoader.Load(
            [("a.conf", "dtu { node.data-dir = d1, endpoints.e { kind = pty, link = l1 } }"), ("b.conf", "dtu.node.data-dir = d2")],
            file => Path.Combine(_folder, file == "b.conf" ? "sub" : "top"), _ => null, isWindows: false, []).Loaded.Options!;
        Assert.Equal(Path.Combine(_folder, "sub", "d2"), node.Node.DataDir);
        Assert.Equal(Path.Combine(_folder, "top", "l1"), Assert.IsType<PtyEndpointOptions>(node.Endpoints[0]).Link);
    }

    [Fact]
    public void A_missing_file_is_a_fault_of_its_own()
    {
        var fault = Assert.Single(ConfigurationLoader.Load([Path.Combine(_folder, "none.conf")], _ => null).Faults, fault => fault.File.EndsWith("none.conf", StringComparison.Ordinal));
        Assert.Contains("no such file", fault.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_is_not_utf_8_is_named_with_its_line()
    {
        var loaded = LoadFile([.. "dtu { }\n# "u8, 0xC6, 0xDF, .. "\n"u8]);
        Assert.Contains(loaded.Faults, fault => fault is { Line: 2, Column: 3 } && fault.Problem.Contains("not UTF-8", StringComparison.Ordinal));
        Assert.Contains(LoadFile([0xFF, 0xFE, .. Encoding.Unicode.GetBytes("dtu { }")]).Faults, fault => fault.Problem.Contains("UTF-16", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(null, null, null)]
    [InlineData("usr", "127.0.0.1:7000", "COM3")]
    [InlineData("hongdian", "[::1]:0", "\\\\.\\COM10")]
    [InlineData(null, null, "/dev/ttyUSB0")]
    public void What_init_writes_passes_check(string? preset, string? listen, string? port)
    {
        var options = Conf.Options(InitTemplate.Render(preset, listen is null ? null : IPEndPoint.Parse(listen), port));
        Assert.Equal(listen ?? "0.0.0.0:9000", Conf.Address(options.Listeners[0]));
        Assert.Equal(preset ?? "default", options.Listeners[0].Profiles.Single());
        Assert.Equal(port, options.Endpoints.OfType<SerialEndpointOptions>().SingleOrDefault()?.Device);
        Assert.Equal(port is null ? 0 : 1, options.Routes.Length);
    }

    [Fact]
    public void Any_text_loads_or_has_faults()
    {
        var word = Gen.Elements("dtu", "listeners", "endpoints", "routes", "dtus", "profiles", "default", "http", "a", "kind", "serial", "tcp", "to", "port", "ports", "1-9", "units", "preset", "usr", "registration", "pattern", "heartbeat", "match", "framing", "codec", "off", "api-keys", "polls", "{", "}", "[", "]", " = ", ".", "\n", ",", "\"", "9000", "akka");
        var soup = word.ListOf().Select(string.Concat);
        var tree = Gen.Sized(size => Tree(Math.Min(size / 10, 4)));
        Prop.ForAll(Gen.OneOf(soup, tree.Select(body => $"dtu {{ {body} }}")).ToArbitrary(), text =>
        {
            var loaded = Conf.Load(text);
            return loaded.Options is null == !loaded.Faults.IsEmpty;
        }).QuickCheckThrowOnFailure();
    }

    /// <summary>Balanced blocks with keys of the schema and values of every shape, so that the binders see the unexpected.</summary>
    private static Gen<string> Tree(int depth)
    {
        var keys = Schema.All.SelectMany(block => block.Keys).Append("default").Append("a").Distinct().ToArray();
        var leaf = Gen.Elements("1", "x", "\"\"", "off", "5s", "64kB", "[]", "[1, { a = 2 }, [3]]", "{ }", "\"hex:0\"", "serial", "tcp", "modbus-tcp", "${?X}", "\"(\"");
        var value = depth == 0 ? leaf : Gen.OneOf(leaf, Tree(depth - 1).Select(body => $"{{ {body} }}"), Tree(depth - 1).Select(body => $"[{{ {body} }}]"));
        var member = Gen.Elements(keys).SelectMany(key => value.Select(written => $"{key} = {written}"));
        return Gen.Choose(0, 6).SelectMany(count => member.ListOf(count)).Select(members => string.Join("\n", members));
    }

    [Fact]
    public void A_listener_of_datagrams_may_be_one_port_or_a_range_of_them()
    {
        var options = Conf.Options("""dtu.listeners { u { transport = udp, port = 9001 }, meters { transport = udp, ports = "9200-9201", dtu = "meter-{port}" }, t { port = 9001 } }""");
        Assert.Equal(
            [("u", 9001, null), ("meters-9200", 9200, "meter-9200"), ("meters-9201", 9201, "meter-9201")],
            options.Listeners.OfType<UdpListenerOptions>().Select(listener => (listener.Name, listener.Port, listener.Dtu?.Value)));
    }
}
