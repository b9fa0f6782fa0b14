using DtuActors.Configuration;

namespace DtuActors.Tests.Configuration;

public sealed class FaultTests
{
    [Theory]
    [InlineData("dtu {\n listner { }\n}", 2, "dtu.listner", "unknown key", "listeners")]
    [InlineData("listeners { }", 1, "listeners", "unknown key", "dtu { listeners ... }")]
    [InlineData("dtu.http.prot = 1", 1, "dtu.http.prot", "unknown key", "port")]
    [InlineData("dtu = 1", 1, "dtu", "a single value where a block", "dtu {")]
    [InlineData("dtu.http = 1", 1, "dtu.http", "a single value where a block", "http {")]
    [InlineData("dtu.http.port { }", 1, "dtu.http.port", "a block where a single value", "port =")]
    [InlineData("dtu.http.port = 70000", 1, "dtu.http.port", "'70000' is not a port", null)]
    [InlineData("dtu.http.port = \"-1\"", 1, "dtu.http.port", "is not a port", null)]
    [InlineData("dtu.http.address = 9000", 1, "dtu.http.address", "is not an IP address", "127.0.0.1")]
    [InlineData("dtu.http.address = 0.0.0.0", 1, "dtu.http.address", "is not loopback", "api-keys")]
    [InlineData("dtu.http.hosts = [\"a b\"]", 1, "dtu.http.hosts", "neither a host", "gateway.example.net")]
    [InlineData("dtu.http.api-keys = [{ key = abc }]", 1, "dtu.http.api-keys[0].role", "is missing", "operate")]
    [InlineData("dtu.http.api-keys = [abc, abc]", 1, "dtu.http.api-keys[1]", "twice", null)]
    [InlineData("dtu.endpoints.e { kind = tcp, port = 1, on = elsewhere }", 1, "dtu.endpoints.e.on", "is another node, and there is no cluster", "each, one, gateway")]
    [InlineData("dtu.admission = opne", 1, "dtu.admission", "none of its words", "open; there are open, listed")]
    [InlineData("dtu.listeners { http { } }", 1, "dtu.listeners.http", "is reserved", null)]
    [InlineData("dtu.listeners { \"a b\" { } }", 1, "dtu.listeners.\"a b\"", "is no name", null)]
    [InlineData("dtu.listeners.a.transport = tpc", 1, "dtu.listeners.a.transport", "none of its words", "tcp")]
    [InlineData("dtu.listeners.a { ports = \"9100-9\" }", 1, "dtu.listeners.a.ports", "is not a range of ports", null)]
    [InlineData("dtu.listeners.a { ports = \"1-20000\" }", 1, "dtu.listeners.a.ports", "too many", "10000")]
    [InlineData("dtu.listeners.a { ports = \"9100-9101\", dtu = x }", 1, "dtu.listeners.a.dtu", "the same DTU", "{port}")]
    [InlineData("dtu.listeners.a { ports = \"9100-9101\", port = 1 }", 1, "dtu.listeners.a.ports", "beside port", null)]
    [InlineData("dtu.listeners.a { profile = defualt }", 1, "dtu.listeners.a.profile", "no profile 'defualt'", "default")]
    [InlineData("dtu.listeners {\n a { port = 9000 }\n b { address = 0.0.0.0, port = 9000 } }", 3, "dtu.listeners.b", "already dtu.listeners.a's", null)]
    [InlineData("dtu.listeners.a.port = 8080", 1, "dtu.listeners.a", "already dtu.http's", null)]
    [InlineData("dtu { listeners.a.profile = n\nprofiles.n.registration.kind = none }", 1, "dtu.listeners.a.dtu", "registration.kind = none", null)]
    [InlineData("dtu.listeners.a.path = x", 1, "dtu.listeners.a.path", "unknown key", "transport = unix")]
    [InlineData("dtu.listeners.a.max-per-address = 0", 1, "dtu.listeners.a.max-per-address", "whole number", null)]
    [InlineData("dtu.listeners.a.accept-rate = fast", 1, "dtu.listeners.a.accept-rate", "whole number", null)]
    [InlineData("dtu.listeners.a.proxy-protocol = v3", 1, "dtu.listeners.a.proxy-protocol", "none of its words", "v1, v2")]
    [InlineData("dtu.listeners.a { transport = unix }", 1, "dtu.listeners.a.path", "is missing", null)]
    [InlineData("dtu.listeners.a { transport = unix, path = x, max-per-address = 1 }", 1, "dtu.listeners.a.max-per-address", "no address", "proxy-protocol")]
    [InlineData("dtu.listeners { a { transport = unix, path = x }\n b { transport = unix, path = x } }", 2, "dtu.listeners.b.path", "already dtu.listeners.a's", null)]
    [InlineData("dtu { listeners.a { transport = unix, path = x, profile = n }\nprofiles.n.registration { kind = address, pattern = \"(?<id>.+)\" } }", 1, "dtu.listeners.a.profile", "a Unix socket's peer has none", null)]
    [InlineData("dtu.listeners.a { transport = unix, path = aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa }", 1, "dtu.listeners.a.path", "ends at 107", "shorter")]
    [InlineData("dtu.listeners.a.transport = tls", 1, "dtu.listeners.a.certificate", "is missing", "server.pem")]
    [InlineData("dtu.listeners.a { transport = tls, certificate { path = none.pem, key-path = none.key } }", 1, "dtu.listeners.a.certificate.path", "there is no file", "openssl")]
    [InlineData("dtu.listeners.a { transport = tls, certificate.path = none.pem, client-certificate = required }", 1, "dtu.listeners.a.client-ca-path", "is missing", null)]
    [InlineData("dtu.endpoints.e { kind = tcp, port = 1, select = unit-map, framing.codec = modbus-rtu }", 1, "dtu.endpoints.e.units", "is missing", "units {")]
    [InlineData("dtu { endpoints.e { kind = tcp, port = 1, select = unit-map, units { 1 { dtu = a } } }, routes = [{ dtu = a, to = e }] }", 1, "dtu.endpoints.e.select", "begin with a Modbus address, and raw", "modbus-ascii")]
    [InlineData("dtu.endpoints.e { kind = tcp, port = 1, units { 1 { dtu = a } } }", 1, "dtu.endpoints.e.units", "nothing asks for it", "select = unit-map")]
    [InlineData("dtu { endpoints.e { kind = tcp, port = 1, select = unit-map, framing.codec = modbus-rtu, units { 1 { dtu = a }, 2 { dtu = b } } }, routes = [{ dtu = a, to = e }] }", 1, "dtu.endpoints.e.units", "names the DTU 'b'", "{ dtu = b, to = e }")]
    [InlineData("dtu { endpoints.e { kind = tcp, port = 1, select = unit-map, framing.codec = modbus-rtu, units { 1 { dtu = a } } }, routes = [{ dtu = a, to = e, direction = down }] }", 1, "dtu.endpoints.e.units", "names the DTU 'a'", null)]
    [InlineData("dtu.listeners.a.max-connections = 0", 1, "dtu.listeners.a.max-connections", "whole number", null)]
    [InlineData("dtu { listeners.a.port = 9107\nendpoints.e { kind = tcp-client, host = localhost, port = 9107 } }", 2, "dtu.endpoints.e.port", "this gateway's own dtu.listeners.a", "another centre")]
    [InlineData("dtu.endpoints.e { kind = tcp-client, host = h, port = 1, select = broadcast }", 1, "dtu.endpoints.e.select", "chooses nothing", "replay-registration = off")]
    [InlineData("dtu.dialers.a { host = h }", 1, "dtu.dialers.a.port", "is missing", null)]
    [InlineData("dtu.dialers.a { host = \"h h\", port = 1 }", 1, "dtu.dialers.a.host", "neither", null)]
    [InlineData("dtu.dialers.a { host = h, port = 1, reopen { min = 5s, max = 1s } }", 1, "dtu.dialers.a.reopen.max", "less than min", null)]
    [InlineData("dtu.profiles.default.registration.timeout = 60", 1, "dtu.profiles.default.registration.timeout", "'60' is not a duration", null)]
    [InlineData("dtu.profiles.default.registration.timeout = 60 days", 1, "dtu.profiles.default.registration.timeout", "is not a duration", null)]
    [InlineData("dtu.profiles.default.registration.pattern = \"(\"", 1, "dtu.profiles.default.registration.pattern", "no regular expression", null)]
    [InlineData("dtu.profiles.default.registration.pattern = \"a)|(?:b\"", 1, "dtu.profiles.default.registration.pattern", "no regular expression", null)]
    [InlineData("dtu.profiles.default.registration.pattern = \"(?<id>a)(?=b)\"", 1, "dtu.profiles.default.registration.pattern", "linear time", null)]
    [InlineData("dtu.profiles.default.registration.pattern = \"[0-9]+\"", 1, "dtu.profiles.default.registration.pattern", "no named group id", null)]
    [InlineData("dtu.profiles.default.registration.reply = \"hex:0\"", 1, "dtu.profiles.default.registration.reply", "is not hex", null)]
    [InlineData("dtu.profiles.default.registration.kind = envelope", 1, "dtu.profiles.default.registration.kind", "the profile has none", null)]
    [InlineData("dtu.profiles.default { envelope = ddp, registration.kind = hex }", 1, "dtu.profiles.default.registration.kind", "carries the id", null)]
    [InlineData("dtu.profiles.default.registration.send = a", 1, "dtu.profiles.default.registration.send", "means nothing with kind = text", null)]
    [InlineData("dtu.profiles.default.registration.every-packet = on", 1, "dtu.profiles.default.registration.every-packet", "nothing says where the registration ends", "length")]
    [InlineData("dtu.profiles.default.registration { kind = json, every-packet = on }", 1, "dtu.profiles.default.registration.every-packet", "nothing says where", null)]
    [InlineData("dtu.profiles.default.registration { kind = template, pattern = \"{imei}{csq:2}\", every-packet = on }", 1, "dtu.profiles.default.registration.every-packet", "may be another each time", null)]
    [InlineData("dtu.profiles.default.registration { pattern = \"(?<id>[0-9]{11}),[0-9]{2}\", length = 14, every-packet = on }", 1, "dtu.profiles.default.registration.every-packet", "may be another each time", null)]
    [InlineData("dtu.profiles.default { framing.codec = hj212, registration { kind = frame, pattern = \"(?<id>.+)\" } }", 1, "dtu.profiles.default.registration.pattern", "means nothing with kind = frame", null)]
    [InlineData("dtu.profiles.default { envelope = ddp, registration.reply = ok }", 1, "dtu.profiles.default.registration.reply", "the envelope answers by itself", null)]
    [InlineData("dtu.profiles.default.registration { kind = template, pattern = \"{any:256}{id:256}{sn:256}{ver:256}{host:256}\" }", 1, "dtu.profiles.default.registration.pattern", "longer than a registration", null)]
    [InlineData("dtu.profiles.default.registration { kind = hex, length = 5, pattern = \"(?<id>[0-9A-F]{12})\" }", 1, "dtu.profiles.default.registration.length", "5 bytes never match", null)]
    [InlineData("dtu.profiles.default.registration { kind = hsl, length = 5 }", 1, "dtu.profiles.default.registration.length", "means nothing with kind = hsl", null)]
    [InlineData("dtu { listeners.a.profile = p, profiles.p.registration.kind = frame }", 1, "dtu.profiles.p.registration.codec", "is missing", null)]
    [InlineData("dtu.profiles.default.registration { kind = json, id = imei }", 1, "dtu.profiles.default.registration.id", "no field in braces", "{mn}")]
    [InlineData("dtu.profiles.default.registration { kind = text, id = \"{mn}\" }", 1, "dtu.profiles.default.registration.id", "means nothing with kind = text", "frame")]
    [InlineData("dtu.profiles.default.registration.kind = template", 1, "dtu.profiles.default.registration.pattern", "is missing", "{imei}")]
    [InlineData("dtu.profiles.default.registration { kind = template, pattern = \"{ime}\" }", 1, "dtu.profiles.default.registration.pattern", "no field {ime}", null)]
    [InlineData("dtu.profiles.default.registration { kind = template, pattern = \"{imei}\", id = \"{mn}\" }", 1, "dtu.profiles.default.registration.pattern", "no field {mn}", null)]
    [InlineData("dtu.profiles.default.registration.kind = frame", 1, "dtu.profiles.default.registration.codec", "is missing", "hj212")]
    [InlineData("dtu.profiles.default.registration { kind = frame, codec = raw }", 1, "dtu.profiles.default.registration.codec", "'raw' carry no id", "hj212")]
    [InlineData("dtu.profiles.default.registration { kind = frame, codec = hj212, id = \"{station}\" }", 1, "dtu.profiles.default.registration.id", "no field {station}", "{mn}")]
    [InlineData("dtu.profiles.default { envelope = ddp, registration.id = \"{mn}\" }", 1, "dtu.profiles.default.registration.id", "no field {mn}", "{device}")]
    [InlineData("dtu.profiles.default.registration.kind = probe", 1, "dtu.profiles.default.registration.send", "is missing", "hex:")]
    [InlineData("dtu.profiles.default.registration { kind = probe, send = \"\" }", 1, "dtu.profiles.default.registration.send", "is empty", null)]
    [InlineData("dtu.profiles.default.registration.kind = jsn", 1, "dtu.profiles.default.registration.kind", "none of its words", "json")]
    [InlineData("dtu.profiles.default.application.answer = hj212", 1, "dtu.profiles.default.application.answer", "framing.codec is raw", "codec = hj212")]
    [InlineData("dtu.listeners.a.profiles = [defualt]", 1, "dtu.listeners.a.profiles[0]", "no profile 'defualt'", "default")]
    [InlineData("dtu.listeners.a { profile = default, profiles = [default] }", 1, "dtu.listeners.a.profile", "stands beside profiles", null)]
    [InlineData("dtu.listeners.a.profiles = [default, default]", 1, "dtu.listeners.a.profiles[1]", "twice", null)]
    [InlineData("dtu { listeners.a.profiles = [default, n]\nprofiles.n.registration.kind = address }", 1, "dtu.listeners.a.profiles[1]", "not read from what the DTU sends", null)]
    [InlineData("dtu.profiles.default.heartbeat.match = [a, \"\"]", 1, "dtu.profiles.default.heartbeat.match[1]", "is empty", null)]
    [InlineData("dtu.profiles.default.heartbeat.match = { }", 1, "dtu.profiles.default.heartbeat.match", "a block where a list", null)]
    [InlineData("dtu.profiles.default.keepalive.count = 128", 1, "dtu.profiles.default.keepalive.count", "whole number from 1 to 127", null)]
    [InlineData("dtu.profiles.default.framing.codec = modbusrtu", 1, "dtu.profiles.default.framing.codec", "no codec", "modbus-rtu")]
    [InlineData("dtu.profiles.default.framing.codec = fixed", 1, "dtu.profiles.default.framing.length", "needs the frames' length", null)]
    [InlineData("dtu.profiles.default.framing { codec = delimiter, delimiter = \"\" }", 1, "dtu.profiles.default.framing.delimiter", "needs delimiter", null)]
    [InlineData("dtu.profiles.default.framing { codec = delimiter, delimiter = abc, max-frame = 2 }", 1, "dtu.profiles.default.framing.delimiter", "more than max-frame", null)]
    [InlineData("dtu.profiles.default.framing { codec = start-end, start = \"<\" }", 1, "dtu.profiles.default.framing.end", "needs end", null)]
    [InlineData("dtu.profiles.default.framing { codec = start-end, start = \"hex:7E\", end = \"hex:7E\", max-frame = 1 }", 1, "dtu.profiles.default.framing.codec", "cannot work", null)]
    [InlineData("dtu.profiles.default.framing { codec = length-field, max-frame = 1 }", 1, "dtu.profiles.default.framing.offset", "ends behind max-frame", null)]
    [InlineData("dtu.profiles.default.framing.max-frame = 64 kg", 1, "dtu.profiles.default.framing.max-frame", "is not a size", null)]
    [InlineData("dtu.profiles.default.framing.include = maybe", 1, "dtu.profiles.default.framing.include", "yes or no", null)]
    [InlineData("dtu.profiles.default.bus.mode = request", 1, "dtu.profiles.default.bus.mode", "none of its words", "request-response")]
    [InlineData("dtu.profiles.default.text-encoding = gbk", 1, "dtu.profiles.default.text-encoding", "none of its words", "gb18030")]
    [InlineData("dtu.profiles.a.preset = ursr", 1, "dtu.profiles.a.preset", "no preset", "usr")]
    [InlineData("dtu.dtus { a { ids = [b] }\n b { } }", 1, "dtu.dtus.a.ids[0]", "already the DTU 'b'", null)]
    [InlineData("dtu.dtus { a { ids = [c] }\n b { ids = [c] } }", 2, "dtu.dtus.b.ids[0]", "already the DTU 'a'", null)]
    [InlineData("dtu.dtus.a.remote = x", 1, "dtu.dtus.a.remote", "is not an IP address", null)]
    [InlineData("dtu.dtus.a.profile = x", 1, "dtu.dtus.a.profile", "no profile 'x'", "default")]
    [InlineData("dtu.dtus { wtp.07 { name = x } }", 1, "dtu.dtus.wtp.07", "unknown key", "quotes around an id")]
    [InlineData("dtu.endpoints.a { port = 1 }", 1, "dtu.endpoints.a.kind", "is missing", "serial")]
    [InlineData("dtu.endpoints.a { kind = seriel }", 1, "dtu.endpoints.a.kind", "none of its words", "serial")]
    [InlineData("dtu.endpoints.a { kind = serial }", 1, "dtu.endpoints.a.device", "is missing", null)]
    [InlineData("dtu.endpoints.a { kind = serial, device = \"\\tmp\" }", 1, "dtu.endpoints.a.device", "control character", null)]
    [InlineData("dtu.endpoints.a { kind = pty, link = \"data\\new\" }", 1, "dtu.endpoints.a.link", "control character", null)]
    [InlineData("dtu.endpoints { a { kind = serial, device = COM3 }\n b { kind = serial, device = COM3 } }", 2, "dtu.endpoints.b.device", "already dtu.endpoints.a's", null)]
    [InlineData("dtu.endpoints.a { kind = serial, device = COM3, parity = nil }", 1, "dtu.endpoints.a.parity", "none of its words", "none, odd")]
    [InlineData("dtu.endpoints.a { kind = tcp }", 1, "dtu.endpoints.a.port", "is missing", null)]
    [InlineData("dtu.endpoints.a { kind = tcp, port = 1, baud = 9600 }", 1, "dtu.endpoints.a.baud", "unknown key", "kind = serial")]
    [InlineData("dtu { listeners.a.port = 1\nendpoints.a { kind = tcp, port = 2 } }", 2, "dtu.endpoints.a", "taken by dtu.listeners.a", null)]
    [InlineData("dtu.endpoints.m { kind = modbus-tcp, port = 2, units { 256 { dtu = x } } }", 1, "dtu.endpoints.m.units.256", "is no unit", null)]
    [InlineData("dtu.endpoints.m { kind = modbus-tcp, port = 2, units { } }", 1, "dtu.endpoints.m.units", "is empty", null)]
    [InlineData("dtu.endpoints.m { kind = modbus-tcp, port = 2, units { 1 { dtu = x, slave = 300 } } }", 1, "dtu.endpoints.m.units.1.slave", "from 0 to 255", null)]
    [InlineData("dtu.routes = [{ dtu = x, to = meter }]", 1, "dtu.routes[0].to", "no endpoint 'meter'", "under dtu.endpoints")]
    [InlineData("dtu { endpoints.meters { kind = tcp, port = 2 }\nroutes = [{ dtu = x, to = meter }] }", 2, "dtu.routes[0].to", "no endpoint 'meter'", "meters")]
    [InlineData("dtu { endpoints.m { kind = modbus-tcp, port = 2, units { 1 { dtu = x } } }\nroutes = [{ dtu = x, to = m }] }", 2, "dtu.routes[0].to", "modbus-tcp endpoint", null)]
    [InlineData("dtu.endpoints.m { kind = modbus-tcp, port = 2, units = passthrough }", 1, "dtu.endpoints.m.units", "does not say to which DTU", "ports beside it")]
    [InlineData("dtu.endpoints.m { kind = modbus-tcp, port = 2, units = passthru }", 1, "dtu.endpoints.m.units", "a single value where a block", null)]
    [InlineData("dtu.endpoints.m { kind = modbus-tcp, ports = \"2-3\", units { 1 { dtu = x } } }", 1, "dtu.endpoints.m.units", "stands beside ports", "passthrough")]
    [InlineData("dtu.endpoints.e { kind = tcp, ports = \"20001-20\" }", 1, "dtu.endpoints.e.ports", "is not a range of ports", null)]
    [InlineData("dtu.endpoints.e { kind = tcp, ports = \"0-20\" }", 1, "dtu.endpoints.e.ports", "is not a range of ports", null)]
    [InlineData("dtu.endpoints.e { kind = tcp, ports = \"10001-20001\" }", 1, "dtu.endpoints.e.ports", "10001 ports are too many", "10000")]
    [InlineData("dtu.endpoints.e { kind = tcp, ports = \"2-3\", port = 2 }", 1, "dtu.endpoints.e.ports", "beside port", null)]
    [InlineData("dtu.endpoints.e { kind = tcp, port = 2, assign = column }", 1, "dtu.endpoints.e.assign", "there are none", "ports")]
    [InlineData("dtu.endpoints.e { kind = tcp, ports = \"2-3\", assign = row }", 1, "dtu.endpoints.e.assign", "none of its words", "column")]
    [InlineData("dtu.endpoints.e { kind = tcp, ports = \"2-3\", select = broadcast }", 1, "dtu.endpoints.e.select", "beside ports", null)]
    [InlineData("dtu.endpoints.e { kind = tcp, ports = \"8000-8100\" }", 1, "dtu.endpoints.e", "127.0.0.1:8080 is already dtu.http's", null)]
    [InlineData("dtu.endpoints { a { kind = tcp, ports = \"2-5\" }\n b { kind = modbus-tcp, address = 0.0.0.0, ports = \"5-9\" } }", 2, "dtu.endpoints.b", "0.0.0.0:5 is already dtu.endpoints.a's", null)]
    [InlineData("dtu { listeners.a { ports = \"9100-9109\", dtu = \"x-{port}\" }\nendpoints.e { kind = tcp, ports = \"9109-9200\" } }", 2, "dtu.endpoints.e", "127.0.0.1:9109 is already dtu.listeners.a's", null)]
    [InlineData("dtu { endpoints.e { kind = tcp, ports = \"2-3\" }\nstorage.provider = none }", 1, "dtu.endpoints.e.ports", "a column of the register", "sqlite")]
    [InlineData("dtu { endpoints.m { kind = modbus-tcp, ports = \"2-3\" }\nroutes = [{ dtu = x, to = m }] }", 2, "dtu.routes[0].to", "modbus-tcp endpoint", null)]
    [InlineData("dtu { endpoints.a { kind = tcp, port = 2 }\nroutes = [{ dtu = \"x*\", to = a }] }", 1, "dtu.endpoints.a.select", "only online DTU", "broadcast")]
    [InlineData("dtu { endpoints.a { kind = tcp, port = 2 }\nroutes = [{ dtu = x, to = a }, { dtu = y, to = a, direction = down }] }", 1, "dtu.endpoints.a.select", "only online DTU", "broadcast")]
    [InlineData("dtu.routes { }", 1, "dtu.routes", "a block where a list", null)]
    [InlineData("dtu { profiles.m { preset = dlt645 }\nlisteners.u { transport = udp, profile = m } }", 2, "dtu.listeners.u.profile", "nobody is there before its first datagram", "transport = tcp")]
    [InlineData("dtu { profiles.m { preset = teltonika }\nlisteners.u { transport = udp, profile = m } }", 2, "dtu.listeners.u.profile", "another layout over udp", "transport = tcp")]
    [InlineData("dtu { profiles.m { preset = teltonika }\nlisteners.u { transport = udp, profiles = [default, m] } }", 2, "dtu.listeners.u.profiles", "another layout over udp", "transport = tcp")]
    [InlineData("dtu.listeners { a { transport = udp, port = 9 }\nb { transport = udp, port = 9 } }", 2, "dtu.listeners.b", "127.0.0.1:9 is already dtu.listeners.a's", null)]
    [InlineData("dtu.listeners.u { transport = udp, proxy-protocol = v1 }", 1, "dtu.listeners.u.proxy-protocol", "before a stream", "off or v2")]
    [InlineData("dtu.listeners.u { transport = udp, engine = akka-io }", 1, "dtu.listeners.u.engine", "unknown key", "a key of transport = tcp or tls")]
    [InlineData("dtu.routes = [x]", 1, "dtu.routes[0]", "a single value where a block", null)]
    [InlineData("dtu.polls.p { dtu = a, every = 1m }", 1, "dtu.polls.p.hex", "is missing", "01 03")]
    [InlineData("dtu.polls.p { dtu = a, hex = \"\", every = 1m }", 1, "dtu.polls.p.hex", "is empty", "01 03")]
    [InlineData("dtu.polls.p { dtu = a, hex = \"01 0\", every = 1m }", 1, "dtu.polls.p.hex", "'01 0' is not hex", "pairs")]
    [InlineData("dtu.polls.p { dtu = a, hex = \"0g\", every = 1m }", 1, "dtu.polls.p.hex", "is not hex", "pairs")]
    [InlineData("dtu.polls.p { dtu = a, hex = \"01\", crc = modbsu, every = 1m }", 1, "dtu.polls.p.crc", "none of its words", "modbus")]
    [InlineData("dtu.polls.p { dtu = a, hex = \"01\", every = 999ms }", 1, "dtu.polls.p.every", "from 1s to", null)]
    [InlineData("dtu.polls.p { dtu = a, hex = \"01\", every = 5s, jitter = 6s }", 1, "dtu.polls.p.jitter", "longer than every", "5s")]
    [InlineData("dtu.polls.p { dtu = a, hex = \"01\" }", 1, "dtu.polls.p.every", "is missing", "keep-warm")]
    [InlineData("dtu.polls.p { hex = \"01\", every = 1m }", 1, "dtu.polls.p.dtu", "is missing", "glob")]
    [InlineData("dtu.polls { \"a b\" { dtu = a, hex = \"01\", every = 1m } }", 1, "dtu.polls.\"a b\"", "is no name", null)]
    [InlineData("dtu.profiles.default.keep-warm.every = 1m", 1, "dtu.profiles.default.keep-warm.poll", "is missing", "dtu.polls")]
    [InlineData("dtu.profiles.default.keep-warm { every = 1m, poll = p }", 1, "dtu.profiles.default.keep-warm.poll", "no poll 'p'", "under dtu.polls")]
    [InlineData("dtu { polls.read { hex = \"01\", every = off }\nprofiles.default.keep-warm { every = 1m, poll = raed } }", 2, "dtu.profiles.default.keep-warm.poll", "no poll 'raed'", "read")]
    [InlineData("dtu { polls.p.hex = \"010300000001\"\nprofiles.a { framing.codec = modbus-rtu, keep-warm { every = 1m, poll = p } } }", 2, "dtu.profiles.a.keep-warm.poll", "the poll 'p' is no whole modbus-rtu request", "crc = modbus beside its hex?")]
    [InlineData("dtu { polls.p { hex = \"01\", crc = modbus }\nprofiles.a { framing.codec = modbus-rtu, keep-warm { every = 1m, poll = p } } }", 2, "dtu.profiles.a.keep-warm.poll", "the poll 'p' is no whole modbus-rtu request", "its check included")]
    [InlineData("dtu { polls.p.hex = \"68\"\nprofiles.a { framing.codec = dlt645, keep-warm { every = 1m, poll = p } } }", 2, "dtu.profiles.a.keep-warm.poll", "the poll 'p' is no whole dlt645 request", "its check included")]
    [InlineData("dtu { polls.p.hex = \"01\"\nprofiles.default.keep-warm { every = 10ms, poll = p } }", 2, "dtu.profiles.default.keep-warm.every", "from 1s to", null)]
    [InlineData("dtu.storage.provider = postgresql", 1, "dtu.storage.connection", "is missing", "Host=")]
    [InlineData("dtu.storage { provider = postgresql\nconnection = \"\" }", 2, "dtu.storage.connection", "is missing", "Host=")]
    [InlineData("dtu.storage { provider = postgresql\nconnection = \"Username=dtu;Password=pa55\" }", 2, "dtu.storage.connection", "no connection string with a host", "Host=")]
    [InlineData("dtu.storage { provider = postgresql\nconnection = \"postgres://dtu:pa55@db/dtu\" }", 2, "dtu.storage.connection", "no connection string with a host", "Host=")]
    [InlineData("dtu.storage { provider = postgresql\nconnection = \"Host=db;Pasword=pa55\" }", 2, "dtu.storage.connection", "no connection string with a host", "Host=")]
    [InlineData("dtu.storage { provider = postgresql\nconnection = \"Host=db;Port=pa55\" }", 2, "dtu.storage.connection", "no connection string with a host", "Host=")]
    [InlineData("dtu.storage.provider = mysql", 1, "dtu.storage.provider", "none of its words", "postgresql")]
    [InlineData("dtu { endpoints.e { kind = tcp, port = 1 }, routes = [{ dtu = a, to = e, when-offline = queue }]\nstorage.provider = none }", 1, "dtu.routes[0].when-offline", "what waits is stored", "sqlite")]
    [InlineData("dtu { endpoints.e { kind = tcp, port = 1 }, routes = [{ dtu = a, to = e, ttl = 1h }] }", 1, "dtu.routes[0].ttl", "nothing waits", "when-offline = queue")]
    [InlineData("dtu { endpoints.e { kind = tcp, port = 1 }, routes = [{ dtu = a, to = e, when-offline = queue, ttl = 90d }] }", 1, "dtu.routes[0].ttl", "from 1s to 30d", null)]
    [InlineData("dtu.storage.retention = 1s", 1, "dtu.storage.retention", "from 60s to", null)]
    [InlineData("dtu.storage.max-history = 1kB", 1, "dtu.storage.max-history", "as 500MB or 4GB", null)]
    [InlineData("dtu.storage.max-known = many", 1, "dtu.storage.max-known", "whole number", null)]
    [InlineData("dtu.endpoints.e { kind = tcp, port = 1, protocol = telnet }", 1, "dtu.endpoints.e.protocol", "'telnet' is none of its words", "rfc2217")]
    [InlineData("dtu.profiles.p.line-control = on", 1, "dtu.profiles.p.line-control", "'on' is none of its words", "usr")]
    [InlineData("dtu.endpoints.e { kind = mqtt, host = h, topic-prefix = \"a/#\" }", 1, "dtu.endpoints.e.topic-prefix", "no beginning of a topic", "as dtu")]
    [InlineData("dtu.endpoints.e { kind = mqtt, host = h, password = p }", 1, "dtu.endpoints.e.password", "no username", "username")]
    [InlineData("dtu.endpoints.e { kind = mqtt, host = h, ca-path = \"ca.pem\" }", 1, "dtu.endpoints.e.ca-path", "no meaning without TLS", "tls = on")]
    [InlineData("dtu.endpoints.e { kind = mqtt, host = h, tls = on, ca-path = \"no-such.pem\" }", 1, "dtu.endpoints.e.ca-path", "there is no file", null)]
    [InlineData("dtu.endpoints.e { kind = mqtt, host = h, tls = on, certificate { path = \"no-such.pem\" } }", 1, "dtu.endpoints.e.certificate.path", "there is no file", "openssl")]
    [InlineData("dtu.endpoints.e { kind = mqtt, host = h, qos = 3 }", 1, "dtu.endpoints.e.qos", "0 to 2", null)]
    [InlineData("dtu.endpoints.e { kind = mqtt, host = h, select = broadcast }", 1, "dtu.endpoints.e.select", "unknown key", null)]
    [InlineData("dtu.cluster.seed-nodes = [\"a\"]", 1, "dtu.cluster.seed-nodes[0]", "is no seed node", "HOST:PORT")]
    [InlineData("dtu.routes = [{ dtu = a, to = \"dtu:b*\" }]", 1, "dtu.routes[0].to", "'b*' is a glob", "group:NAME")]
    [InlineData("dtu.routes = [{ dtu = a, to = \"dtu:\" }]", 1, "dtu.routes[0].to", "'' is not a DTU's id", "dtu:ID")]
    [InlineData("dtu { dtus.a.ids = [b], routes = [{ dtu = a, to = \"dtu:b\" }] }", 1, "dtu.routes[0].to", "the DTU 'a' would talk to itself", "another DTU")]
    [InlineData("dtu.routes = [{ dtu = a, to = \"group: \" }]", 1, "dtu.routes[0].to", "is no group's name", "group:NAME")]
    public void A_fault_names_key_line_problem_and_what_would_be_right(string text, int line, string key, string problem, string? expected)
    {
        var fault = Conf.Fault(text);
        Assert.Equal(("f1.conf", line, key), (fault.File, fault.Line, fault.KeyPath));
        Assert.Contains(problem, fault.Problem, StringComparison.Ordinal);
        Assert.True(fault.Column > 0);
        if (expected is not null)
        {
            Assert.Contains(expected, fault.Expected, StringComparison.Ordinal);
        }

        Assert.DoesNotContain("pa55", fault.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void All_faults_of_a_file_come_in_one_go_in_the_order_of_the_file()
    {
        var faults = Conf.Load("dtu {\n http.port = x\n listeners.a.port = ${NOT}\n endpoints.e { kind = serial, device = COM1, baud = fast }\n routes = [{ dtu = a, to = f }]\n nonsense = 1\n}").Faults;
        Assert.Equal([2, 3, 4, 5, 6], faults.Select(fault => fault.Line));
    }

    [Fact]
    public void A_fault_that_profiles_inherit_is_told_once_under_the_default()
    {
        var fault = Conf.Fault("dtu.profiles { a { }, b { }, default.bus.queue = 0 }");
        Assert.Equal("dtu.profiles.default.bus.queue", fault.KeyPath);
    }

    [Fact]
    public void An_unbalanced_brace_hides_what_stands_in_the_wrong_place_because_of_it()
    {
        var fault = Conf.Fault("dtu {\n listeners {\n a { port = 1\n }\n endpoints { e { kind = x } }\n}");
        Assert.Contains("never closed", fault.Problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("dtu.http.api-keys = [\"SECRET WORD\"]")]
    [InlineData("dtu.http.api-keys = \"SECRET\"")]
    [InlineData("dtu.http.api-keys = [{ key = \"SECRET WORD\", role = admin }]")]
    [InlineData("dtu.http.api-keys = [{ key = [\"SECRET\"], role = admin }]")]
    [InlineData("dtu.http.api-keys = [SECRET, SECRET]")]
    [InlineData("dtu.dtus.a.secret = \"SECRET\\q\"")]
    [InlineData("dtu.dtus.a.secret = \"SECRET WORD\"")]
    [InlineData("dtu.dtus.a.secret = SECRET=x")]
    [InlineData("dtu.endpoints.e { kind = mqtt, host = h, password = \"SECRET WORD\" }")]
    public void A_secret_is_never_repeated(string text)
    {
        var faults = Conf.Load(text).Faults;
        Assert.NotEmpty(faults);
        Assert.All(faults, fault => Assert.DoesNotContain("SECRET", fault.ToString(), StringComparison.Ordinal));
    }

    [Fact]
    public void A_pty_on_windows_is_refused()
    {
        var loaded = Conf.Load(["dtu.endpoints.e { kind = pty, link = a }"], _ => null, isWindows: true).Loaded;
        Assert.Contains("Linux only", Assert.Single(loaded.Faults).Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_fault_reads_as_compilers_write_them() =>
        Assert.Equal("a.conf:3:7: dtu.x: is wrong (expected right)", new ConfigurationFault("dtu.x", "a.conf", 3, 7, "is wrong", "right").ToString());
}
