using DtuActors.Protocol.Framing;
using DtuActors.Protocol.Layouts;
using DtuActors.Protocol.Modbus;
using DtuActors.Protocol.Transports;
using FsCheck.Xunit;

namespace DtuActors.Protocol.Tests;

/// <summary>What holds of every framer, whatever comes in and however it is cut.</summary>
public sealed class FramerProperties
{
    private static readonly byte[][] Heartbeats = [[0xFE], [0x00], "ping"u8.ToArray(), "pin"u8.ToArray()];

    private static readonly FramingOptions[] Options =
    [
        new() { Codec = "raw", MaxFrame = 64 },
        new() { Codec = "idle-gap", MaxFrame = 64 },
        new() { Codec = "delimiter", Delimiter = new byte[] { 0 }, MaxFrame = 64, Include = true },
        new() { Codec = "delimiter", Delimiter = new byte[] { 1, 1, 0 }, MaxFrame = 16, Include = true },
        new() { Codec = "fixed", Length = 7, MaxFrame = 64 },
        new() { Codec = "length-field", Size = 1, MaxFrame = 64 },
        new() { Codec = "length-field", Offset = 1, Size = 2, LittleEndian = true, Adjust = -3, MaxFrame = 300 },
        new() { Codec = "start-end", Start = new byte[] { 1 }, End = new byte[] { 2 }, MaxFrame = 64 },
        new() { Codec = "start-end", Start = new byte[] { 1, 1 }, End = new byte[] { 0, 1, 2 }, MaxFrame = 24 },
        new() { Codec = "start-end", Start = new byte[] { 0 }, End = new byte[] { 0 } },
        new() { Codec = "start-end", Start = new byte[] { 0, 1 }, End = new byte[] { 1 } },
        new() { Codec = "start-end", Start = new byte[] { 1 }, End = new byte[] { 1, 2, 1 } },
        new() { Codec = "modbus-ascii" },
        new() { Codec = "modbus-ascii", MaxFrame = 20 },
        new() { Codec = "modbus-tcp" },
        new() { Codec = "modbus-tcp", Role = ModbusRole.Requests, MaxFrame = 40 },
        new() { Codec = "modbus-tcp", Role = ModbusRole.Responses },
        new() { Codec = "dnp3" },
        new() { Codec = "dnp3", MaxFrame = 30 },
        new() { Codec = "slip" },
        new() { Codec = "slip", MaxFrame = 12 },
        new() { Codec = "modbus-rtu" },
        new() { Codec = "modbus-rtu", Role = ModbusRole.Requests },
        new() { Codec = "modbus-rtu", Role = ModbusRole.Responses, MaxFrame = 32 },
        new() { Codec = "hj212" },
        new() { Codec = "hj212", MaxFrame = 32 },
        new() { Codec = "sl651" },
        new() { Codec = "sl651", MaxFrame = 32 },
        new() { Codec = "jt808" },
        new() { Codec = "jt808", MaxFrame = 32 },
        new() { Codec = "dlt645" },
        new() { Codec = "dlt645", MaxFrame = 32 },
        new() { Codec = "cjt188" },
        new() { Codec = "cjt188", MaxFrame = 32 },
        new() { Codec = "iec101" },
        new() { Codec = "iec101", MaxFrame = 32 },
        new() { Codec = "iec104" },
        new() { Codec = "iec104", MaxFrame = 32 },
    ];

    [Property(MaxTest = 300)]
    public void Modbus_responses_come_out_in_order_at_any_chunking((byte Unit, byte Function, byte[] Data)[] answers, int[] cuts) =>
        AssertFrames(
            new FramingOptions { Codec = "modbus-rtu", Role = ModbusRole.Responses },
            cuts,
            [.. answers.Select(answer => Answer(answer.Unit, answer.Function, answer.Data))]);

    [Property(MaxTest = 300)]
    public void Modbus_requests_come_out_in_order_at_any_chunking((byte Unit, byte Function, ushort Address, ushort Count)[] requests, int[] cuts)
    {
        byte[] functions = [1, 2, 3, 4, 5, 6, 8];
        AssertFrames(
            new FramingOptions { Codec = "modbus-rtu", Role = ModbusRole.Requests },
            cuts,
            [.. requests.Select(r => ModbusRtu.Build(
                r.Unit,
                [functions[r.Function % functions.Length], (byte)(r.Address >> 8), (byte)r.Address, (byte)(r.Count >> 8), (byte)r.Count]))]);
    }

    [Property(MaxTest = 300)]
    public void Lines_come_out_in_order_at_any_chunking(byte[][] lines, int[] cuts)
    {
        byte[] end = [13, 10];
        AssertFrames(
            new FramingOptions { Codec = "delimiter", Delimiter = end, Include = true },
            cuts,
            [.. lines.Select(line => (byte[])[.. line.Where(b => b != 10), .. end])]);
    }

    [Property(MaxTest = 300)]
    public void Frames_of_a_fixed_length_come_out_in_order_at_any_chunking(byte[] bytes, byte length, int[] cuts) =>
        AssertFrames(
            new FramingOptions { Codec = "fixed", Length = 1 + (length % 9) },
            cuts,
            [.. bytes.Chunk(1 + (length % 9)).Where(chunk => chunk.Length == 1 + (length % 9))]);

    [Property(MaxTest = 300)]
    public void Frames_with_a_length_field_come_out_in_order_at_any_chunking(byte[][] payloads, bool littleEndian, byte size, int[] cuts)
    {
        var width = 1 + (size % 4);
        AssertFrames(
            new FramingOptions { Codec = "length-field", Offset = 1, Size = width, LittleEndian = littleEndian },
            cuts,
            [.. payloads.Select(payload =>
            {
                var field = new byte[width];
                field[littleEndian ? 0 : width - 1] = (byte)payload.Length;
                return (byte[])[0x55, .. field, .. payload];
            })]);
    }

    [Property(MaxTest = 300)]
    public void Frames_between_marks_come_out_in_order_at_any_chunking(byte[][] payloads, int[] cuts)
    {
        byte[] start = [2, 2];
        byte[] end = [13, 3];
        AssertFrames(
            new FramingOptions { Codec = "start-end", Start = start, End = end },
            cuts,
            [.. payloads.Select(payload => (byte[])[.. start, .. payload.Where(b => b is not (2 or 3)), .. end])]);
    }

    [Property(MaxTest = 300)]
    public void Modbus_ASCII_frames_come_out_in_order_at_any_chunking((byte Unit, byte[] Pdu, bool Small)[] frames, int[] cuts) =>
        AssertFrames(
            new FramingOptions { Codec = "modbus-ascii" },
            cuts,
            [.. frames.Select(f => (f.Small, Frame: ModbusAscii.Build(f.Unit, [3, .. f.Pdu[..Math.Min(252, f.Pdu.Length)]])))
                .Select(f => f.Small ? [.. f.Frame.Select(b => b is >= (byte)'A' and <= (byte)'F' ? (byte)(b + 32) : b)] : f.Frame)]);

    [Property(MaxTest = 300)]
    public void Modbus_TCP_responses_come_out_in_order_at_any_chunking((ushort Transaction, byte Unit, byte Function, byte[] Data)[] answers, int[] cuts)
    {
        byte[][] frames = [.. answers.Select(answer => Mbap.Build(answer.Transaction, answer.Unit, Answer(answer.Unit, answer.Function, answer.Data).AsSpan()[1..^2]))];
        AssertFrames(new FramingOptions { Codec = "modbus-tcp" }, cuts, frames);
        AssertFrames(new FramingOptions { Codec = "modbus-tcp", Role = ModbusRole.Responses }, cuts, frames);
    }

    [Property(MaxTest = 300)]
    public void DNP3_frames_come_out_in_order_at_any_chunking((byte Control, ushort To, ushort From, byte[] Data)[] frames, int[] cuts) =>
        AssertFrames(
            new FramingOptions { Codec = "dnp3" },
            cuts,
            [.. frames.Select(f => Dnp3Link.Build(f.Control, f.To, f.From, f.Data.AsSpan(0, Math.Min(Dnp3Link.MaxData, f.Data.Length))))]);

    [Property(MaxTest = 300)]
    public void SLIP_packets_come_out_in_order_at_any_chunking((byte[] Packet, bool LeadingEnd)[] packets, int[] cuts) =>
        AssertFrames(
            new FramingOptions { Codec = "slip" },
            cuts,
            [.. packets.Where(p => p.Packet.Length > 0).Select(p => Slip.Build([.. p.Packet, 0xC0, 0xDB], p.LeadingEnd))]);

    [Property(MaxTest = 300)]
    public void DDP_units_come_out_in_order_at_any_chunking(byte[][] payloads, int[] cuts)
    {
        byte[][] units = [.. payloads.Select(payload => Ddp.Build(DdpType.Data, "13800138000", payload))];
        AssertFrames(new Framer(Envelopes.Find("ddp")!().Codec, Ddp.MaxUnit), cuts, units);
    }

    [Property(MaxTest = 300)]
    public void Wrapping_and_unwrapping_is_the_identity(byte[] payload, int[] cuts)
    {
        var sink = Recording.Of(new Framer(Envelopes.Find("ddp")!().Codec, Ddp.MaxUnit), Recording.Cut(Envelopes.Find("ddp")!().Wrap("330", payload), cuts));
        Assert.Equal(payload, sink.Frames.SelectMany(hex => Convert.FromHexString(hex)[Ddp.DataOffset..^1]));
    }

    [Property(MaxTest = 500)]
    public void Modbus_frames_come_out_between_heartbeats_at_any_chunking((byte Unit, byte[] Data, bool Before)[] answers, int[] cuts)
    {
        // Units and functions for which FE begins no frame of its own, so that only the heartbeat explains it.
        byte[][] frames = [.. answers.Select(answer => Answer(1, 3, answer.Data))];
        byte[] stream = [.. answers.Zip(frames).SelectMany(pair => pair.First.Before ? (byte[])[0xFE, .. pair.Second] : pair.Second)];
        var sink = Recording.Of(
            new Framer(Codecs.Create(new FramingOptions { Codec = "modbus-rtu", Role = ModbusRole.Responses }), 4096, [[0xFE]]),
            Recording.Cut(stream, cuts));
        Assert.Equal(frames.Select(Convert.ToHexString), sink.Frames);
        Assert.Equal(answers.Count(answer => answer.Before), sink.Heartbeats.Count);
        Assert.Empty(sink.Drops);
    }

    [Property(MaxTest = 300)]
    public void Garbage_before_a_Modbus_frame_costs_only_the_garbage(byte[] garbage, byte[] data, int[] cuts)
    {
        // Functions 0 and 80 begin no frame: nothing of this garbage can swallow what follows it.
        byte[] harmless = [.. garbage.Select(b => (byte)(b & 0x80)), 0, 0];
        var frame = Answer(0, 3, data);
        var sink = Recording.Of(
            new Framer(Codecs.Create(new FramingOptions { Codec = "modbus-rtu", Role = ModbusRole.Responses }), 4096),
            Recording.Cut([.. harmless, .. frame], cuts));
        Assert.Equal([Convert.ToHexString(frame)], sink.Frames);
        Assert.Equal(harmless.Length, sink.DroppedBytes);
    }

    [Property(MaxTest = 1000)]
    public void Anything_at_all_is_cut_the_same_at_any_chunking_and_accounted_for(byte[] noise, byte[] data, int[] cuts, bool heartbeats)
    {
        foreach (var options in Options.Where(options => options.Codec != "raw"))
        {
            // Small values make lengths, delimiters and functions likely.
            byte[] stream = [.. noise.Select(b => (byte)(b % 5)), .. Answer(2, 3, data), .. noise, .. "ping"u8, .. data, .. Answer(0, 4, noise),
                .. Mbap.Build((ushort)data.Length, 1, Answer(0, 4, noise).AsSpan()[1..^2]), .. noise.Select(b => (byte)(b % 2 * 0xDB)), 0xC0,
                .. Dnp3Link.Build(0x44, 1, 2, data.AsSpan(0, Math.Min(data.Length, 40))), 5, 0x64, .. ModbusAscii.Build(1, [3, .. noise.Take(99)]), (byte)':', .. data];
            var beats = heartbeats && Codecs.Create(options).IsProtocol ? Heartbeats : [];
            var whole = Recording.Of(new Framer(Codecs.Create(options), options.MaxFrame, beats), stream);
            var pieces = new Framer(Codecs.Create(options), options.MaxFrame, beats);
            var cut = Feed(pieces, options.MaxFrame, Recording.Cut(stream, cuts));
            Assert.Equal(whole.Frames, cut.Frames);
            Assert.Equal(whole.Heartbeats, cut.Heartbeats);
            Assert.Equal(string.Concat(whole.Drops.Select(drop => drop.Hex)), string.Concat(cut.Drops.Select(drop => drop.Hex)));
            Assert.Equal(stream.Length, cut.FrameBytes + cut.HeartbeatBytes + cut.DroppedBytes);
            Assert.Equal(0, pieces.Pending);
        }
    }

    [Property(MaxTest = 1000)]
    public void Starts_ends_and_preambles_of_meters_and_telecontrol_are_cut_the_same_at_any_chunking(byte[] noise, byte[] more, int[] cuts, byte beats)
    {
        // Only bytes that mean something to one of them, so that false starts, damaged frames, single characters and heartbeats stand close together.
        byte[] words = [0x68, 0x16, 0x10, 0xE5, 0xFE, 0xFF, 0x00, 0x01, 0x02, 0x04, 0x07, 0x68, 0x0B, 0x11];
        byte[][] frames =
        [
            Dlt645.Build("000000000001", 0x91, more.AsSpan()[..Math.Min(more.Length, 20)], noise.Length % 5),
            Cjt188.Build(0x10, "00000010000192", 0x81, [0x90, 0x1F, 0, .. more.Take(20)]),
            Iec101.BuildFixed(0x49, 0xE5),
            [0xE5],
            Iec101.BuildVariable(0x53, 1, 2, [.. more.Take(40)]),
            Iec104.BuildU(0x07),
            Iec104.BuildI(1, 2, [0xD2, 1, 5, 0, 1, 0, .. more.Take(20)]),
            [0x10, 0x49, 0x01, 0x00, 0x16],
        ];
        byte[] stream =
        [
            .. noise.Select(b => words[b % words.Length]),
            .. more.SelectMany(b => b % 3 == 0 ? frames[b % frames.Length] : [words[b % words.Length]]),
            .. frames[noise.Length % frames.Length],
            .. noise.Select(b => words[b % words.Length]),
        ];
        byte[][] heartbeats = (beats % 4) switch { 0 => [[0xFE]], 1 => [[0x00]], 2 => [[0x00, 0x01], [0xE5, 0x00]], _ => [] };
        foreach (var options in Options.Where(options => options.Codec is "dlt645" or "cjt188" or "iec101" or "iec104"))
        {
            var whole = Recording.Of(new Framer(Codecs.Create(options), options.MaxFrame, heartbeats), stream);
            var pieces = new Framer(Codecs.Create(options), options.MaxFrame, heartbeats);
            var cut = Feed(pieces, options.MaxFrame, WithoutLone(heartbeats, Recording.Cut(stream, [.. cuts.Select(c => c % 40)])));
            Assert.Equal(whole.Frames, cut.Frames);
            Assert.Equal(whole.Heartbeats, cut.Heartbeats);
            Assert.Equal(string.Concat(whole.Drops.Select(drop => drop.Hex)), string.Concat(cut.Drops.Select(drop => drop.Hex)));
            Assert.Equal(stream.Length, cut.FrameBytes + cut.HeartbeatBytes + cut.DroppedBytes);
            Assert.Equal(0, pieces.Pending);
        }
    }

    /// <summary>
    /// The pieces, none of which is a heartbeat and nothing else: one that comes by itself while a frame waits is taken out of it where the checksum says so, and of a sum of one
    /// byte chance says so, too. That is the one thing that pieces may decide.
    /// </summary>
    private static byte[][] WithoutLone(byte[][] heartbeats, byte[][] pieces)
    {
        var joined = new List<byte[]>();
        foreach (var piece in pieces)
        {
            if (joined.Count > 0 && IsLone(joined[^1]))
            {
                joined[^1] = [.. joined[^1], .. piece];
            }
            else
            {
                joined.Add(piece);
            }
        }

        while (joined.Count > 1 && IsLone(joined[^1]))
        {
            joined[^2] = [.. joined[^2], .. joined[^1]];
            joined.RemoveAt(joined.Count - 1);
        }

        return [.. joined];

        bool IsLone(byte[] piece) => Array.Exists(heartbeats, heartbeat => heartbeat.AsSpan().SequenceEqual(piece));
    }

    [Property(MaxTest = 300)]
    public void Raw_and_heartbeats_of_every_codec_lose_and_invent_nothing(byte[][] pieces)
    {
        foreach (var options in Options)
        {
            var framer = new Framer(Codecs.Create(options), options.MaxFrame, Heartbeats);
            var sink = Feed(framer, options.MaxFrame, pieces);
            Assert.Equal(pieces.Sum(piece => piece.Length), sink.FrameBytes + sink.HeartbeatBytes + sink.DroppedBytes + framer.Pending);
        }
    }

    private static byte[] Answer(byte unit, byte function, byte[] data)
    {
        byte[] functions = [1, 2, 3, 4, 23];
        var code = function is 3 or 4 ? function : functions[function % functions.Length];
        byte[] kept = data.Length > 250 ? data[..250] : data;
        return function % 16 == 15 ? ModbusRtu.Build(unit, [(byte)(code | 0x80), 2]) : ModbusRtu.Build(unit, [code, (byte)kept.Length, .. kept]);
    }

    private static Recording Feed(Framer framer, int maxFrame, byte[][] pieces)
    {
        var sink = new Recording();
        foreach (var piece in pieces)
        {
            framer.Feed(piece, ref sink);
            Assert.True(framer.Pending < maxFrame + 1 + piece.Length);
        }

        if (framer.SilenceDue is not null)
        {
            framer.Silence(ref sink);
        }

        return sink;
    }

    private static void AssertFrames(FramingOptions options, int[] cuts, byte[][] frames) =>
        AssertFrames(new Framer(Codecs.Create(options), options.MaxFrame), cuts, frames);

    private static void AssertFrames(Framer framer, int[] cuts, byte[][] frames)
    {
        // Without any silence: whole frames wait for nothing.
        var sink = new Recording();
        Array.ForEach(Recording.Cut([.. frames.SelectMany(frame => frame)], cuts), piece => framer.Feed(piece, ref sink));
        Assert.Equal(frames.Select(Convert.ToHexString), sink.Frames);
        Assert.Empty(sink.Drops);
        Assert.Equal(0, framer.Pending);
    }
}
