using System.Text;
using DtuActors.Protocol.Framing;
using DtuActors.Protocol.Transports;

namespace DtuActors.Tests.Shared;

/// <summary>
/// Whole frames for every codec and envelope there is, and the settings to cut them with. What has vectors of its own name needs no row here: the tables
/// hold the codecs whose frames are what a setting says, and the protocols that the file names otherwise.
/// </summary>
internal static class SampleFrames
{
    private static readonly Dictionary<string, string[]> EnvelopeProtocols = new() { ["ddp"] = ["ddp-tcp", "ddp-stream"] };

    private static readonly Dictionary<string, FramingOptions[]> SettingsOfCodec = new()
    {
        ["delimiter"] = [new() { Codec = "delimiter", Delimiter = "\r\n"u8.ToArray() }],
        ["fixed"] = [new() { Codec = "fixed", Length = 24 }],
        ["length-field"] = [new() { Codec = "length-field", Offset = 1 }],
        ["start-end"] = [new() { Codec = "start-end", Start = new byte[] { 0x02 }, End = new byte[] { 0x03 } }],
        ["modbus-rtu"] =
        [
            new() { Codec = "modbus-rtu", Role = ModbusRole.Responses },
            new() { Codec = "modbus-rtu", Role = ModbusRole.Requests },
            new() { Codec = "modbus-rtu", Role = ModbusRole.Auto },
        ],
    };

    private static readonly Dictionary<string, byte[][]> Generic = new()
    {
        ["raw"] = [.. Lines()],
        ["idle-gap"] = [.. Lines()],
        ["delimiter"] = [.. Lines().Select(line => (byte[])[.. line, 13, 10])],
        ["fixed"] = [.. Lines().Select(line => line.Concat(Enumerable.Repeat((byte)' ', 24)).Take(24).ToArray())],
        ["length-field"] = [.. Lines().Select(line => (byte[])[0x55, 0, (byte)line.Length, .. line])],
        ["start-end"] = [.. Lines().Select(line => (byte[])[0x02, .. line, 0x03])],
        ["slip"] = [.. Lines().Select(line => (byte[])[0xC0, .. line, 0xDB, 0xDC, 0xDB, 0xDD, 0xC0])],
    };

    // Envelopes whose units the file does not hold: data as the vendor's layout puts them (ZG 7B 32 length 7D; JBT a head of function 01; PROT as they are).
    private static readonly Dictionary<string, byte[][]> EnvelopeUnits = new()
    {
        ["zg"] = [.. Lines().Select(line => (byte[])[0x7B, 0x32, (byte)line.Length, 0, .. line, 0x7D])],
        ["jbt"] = [.. Lines().Select(line => (byte[])[.. JbtHead(0x01), .. line])],
        ["four-faith-prot"] = [.. Lines().Select(line => (byte[])[.. line, 0xFD, 0xED, 0xFD, 0xEE])],
    };

    private static readonly Dictionary<string, byte[][]> EnvelopeLogins = new()
    {
        ["jbt"] = [JbtHead(0x02)],
        ["four-faith-prot"] = [.. Vectors(["four-faith-prot"], "good")],
    };

    /// <summary>The settings under which a codec is measured and fuzzed: one, or one for each role.</summary>
    public static FramingOptions[] Settings(string codec) => SettingsOfCodec.GetValueOrDefault(codec) ?? [new FramingOptions { Codec = codec }];

    /// <summary>Frames that a codec lets through one by one with these settings; none where neither the file nor a table here has any.</summary>
    public static byte[][] Of(FramingOptions options) =>
        Generic.GetValueOrDefault(options.Codec)
        ?? [.. Vectors(ProtocolsOf(options.Codec), "good").Where(frame => ComesOutWhole(Codecs.Create(options), options.MaxFrame, frame))];

    /// <summary>What an envelope has to see before its data, once; mostly nothing.</summary>
    public static byte[][] Logins(string name) => EnvelopeLogins.GetValueOrDefault(name) ?? [];

    /// <summary>Units of an envelope; none where neither the file nor a table here has any.</summary>
    public static byte[][] OfEnvelope(string name) =>
        EnvelopeUnits.GetValueOrDefault(name)
        ?? [.. Vectors(ProtocolsOfEnvelope(name), "good").Where(unit => ComesOutWhole(Envelopes.Find(name)!().Codec, SampleStream.MaxUnit, unit))];

    /// <summary>What the file has of a codec or envelope besides its good frames.</summary>
    public static byte[][] Odd(string name, bool envelope) => [.. Vectors(envelope ? ProtocolsOfEnvelope(name) : ProtocolsOf(name), "bad", "stream")];

    private static string[] ProtocolsOf(string codec) => codec == "modbus-tcp" ? ["mbap"] : [codec, codec + "-stream"];

    private static string[] ProtocolsOfEnvelope(string name) => EnvelopeProtocols.GetValueOrDefault(name) ?? [name, name + "-stream"];

    private static IEnumerable<byte[]> Vectors(string[] protocols, params string[] expect) =>
        FrameVector.All.Where(vector => protocols.Contains(vector.Protocol) && expect.Contains(vector.Expect)).Select(vector => vector.Bytes);

    private static bool ComesOutWhole(Codec codec, int maxFrame, byte[] frame)
    {
        var sink = default(CountingSink);
        var framer = new Framer(codec, maxFrame);
        framer.Feed(frame, ref sink);
        return sink.Frames == 1 && sink.FrameBytes == frame.Length && framer.Pending == 0;
    }

    private static byte[] JbtHead(byte function)
    {
        byte[] head = [0xA8, 0x81, .. "13800138000"u8, .. "0000"u8, function, 0];
        return [.. head, (byte)head.Sum(b => b)];
    }

    private static IEnumerable<byte[]> Lines() =>
        Enumerable.Range(0, 16).Select(i => Encoding.ASCII.GetBytes($"+{i:000}.{i * 7:00} degC, {new string('#', i)}"));
}

/// <summary>A sink that counts and keeps nothing.</summary>
internal struct CountingSink : IFrameSink
{
    public int Frames;
    public int FrameBytes;
    public int OtherBytes;

    public void OnFrame(ReadOnlySpan<byte> frame)
    {
        Frames++;
        FrameBytes += frame.Length;
    }

    public void OnHeartbeat(ReadOnlySpan<byte> heartbeat) => OtherBytes += heartbeat.Length;

    public void OnDropped(ReadOnlySpan<byte> bytes, string reason) => OtherBytes += bytes.Length;
}
