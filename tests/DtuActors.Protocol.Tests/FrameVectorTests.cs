using DtuActors.Protocol.Framing;
using DtuActors.Protocol.Registration;
using DtuActors.Protocol.Transports;
using DtuActors.Tests.Shared;

namespace DtuActors.Protocol.Tests;

/// <summary>vectors/frames.tsv, with the source of every frame, against the codecs that are built. The next codec adds its protocol to the table here.</summary>
public sealed class FrameVectorTests
{
    private static readonly Dictionary<string, Func<Codec>> Built = new()
    {
        ["modbus-rtu"] = () => Codecs.Create(new FramingOptions { Codec = "modbus-rtu" }),
        ["modbus-ascii"] = () => Codecs.Create(new FramingOptions { Codec = "modbus-ascii" }),
        ["mbap"] = () => Codecs.Create(new FramingOptions { Codec = "modbus-tcp" }),
        ["dnp3"] = () => Codecs.Create(new FramingOptions { Codec = "dnp3" }),
        ["dnp3-stream"] = () => Codecs.Create(new FramingOptions { Codec = "dnp3" }),
        ["hj212"] = () => Codecs.Create(new FramingOptions { Codec = "hj212" }),
        ["sl651"] = () => Codecs.Create(new FramingOptions { Codec = "sl651" }),
        ["jt808"] = () => Codecs.Create(new FramingOptions { Codec = "jt808" }),
        ["dlt645"] = () => Codecs.Create(new FramingOptions { Codec = "dlt645" }),
        ["cjt188"] = () => Codecs.Create(new FramingOptions { Codec = "cjt188" }),
        ["iec101"] = () => Codecs.Create(new FramingOptions { Codec = "iec101" }),
        ["iec104"] = () => Codecs.Create(new FramingOptions { Codec = "iec104" }),
        ["ddp-tcp"] = () => Envelopes.Find("ddp")!().Codec,
        ["ddp-stream"] = () => Envelopes.Find("ddp")!().Codec,
        ["four-faith-prot"] = () => Envelopes.Find("four-faith-prot")!().Codec,
    };

    // What is read whole and never cut out of a stream: logins by their own length, datagrams, commands.
    private static readonly Dictionary<string, Func<byte[], bool>> ReadWhole = new()
    {
        ["ddp-udp"] = bytes => DdpDatagram.TryOpen(bytes, out _),
        ["teltonika-imei"] = bytes => VendorLogins.Find("teltonika")!.TryRead(bytes, out _),
        ["inhand-ihdmp"] = bytes => Ihdmp.Read(bytes) is not null,
        ["usr-2217"] = bytes => UsrBaudFrame.TryRead(bytes, out _),
    };

    private static readonly IReadOnlyList<FrameVector> Vectors = FrameVector.All;

    // Bytes that no frame of these protocols begins with, and that do not complete one: a Modbus function 0, a Modbus TCP length or function of 0, and none of the
    // marks with which the others begin.
    private static readonly byte[] Garbage = [0x00, 0x00, 0x00, 0x00, 0x00];

    public static TheoryData<string, string, byte[]> Good() => Of("good");

    public static TheoryData<string, string, byte[]> Bad() => Of("bad");

    [Fact]
    public void Every_protocol_of_the_file_is_built() =>
        Assert.Empty(Vectors.Select(vector => vector.Protocol).Except(Built.Keys).Except(ReadWhole.Keys));

    [Fact]
    public void The_file_holds_vectors_for_every_protocol_that_is_built() =>
        Assert.All(Built.Keys.Concat(ReadWhole.Keys), protocol => Assert.Contains(Vectors, vector => vector.Protocol == protocol));

    [Theory]
    [MemberData(nameof(Good))]
    public void A_good_frame_comes_out_once_at_every_cut(string protocol, string name, byte[] frame)
    {
        _ = name;
        Assert.All(Recording.Cuts(frame), pieces => AssertFrames(protocol, pieces, frame));
    }

    [Theory]
    [MemberData(nameof(Good))]
    public void Two_glued_frames_come_out_as_two_at_every_cut(string protocol, string name, byte[] frame)
    {
        _ = name;
        Assert.All(Recording.Cuts([.. frame, .. frame]), pieces => AssertFrames(protocol, pieces, frame, frame));
    }

    [Theory]
    [MemberData(nameof(Good))]
    public void Garbage_before_and_behind_costs_only_the_garbage(string protocol, string name, byte[] frame)
    {
        _ = name;
        Assert.All(Recording.Cuts([.. Garbage, .. frame, .. Garbage]), pieces =>
        {
            var sink = AssertFrames(protocol, pieces, frame);
            Assert.Equal(2 * Garbage.Length, sink.DroppedBytes);
        });
    }

    [Theory]
    [MemberData(nameof(Good))]
    public void A_whole_frame_waits_for_nothing(string protocol, string name, byte[] frame)
    {
        _ = name;
        var sink = new Recording();
        var framer = new Framer(Built[protocol](), 4096);
        framer.Feed(frame, ref sink);
        Assert.Equal([Convert.ToHexString(frame)], sink.Frames);
        Assert.Equal(0, framer.Pending);
        Assert.Null(framer.SilenceDue);
    }

    [Theory]
    [MemberData(nameof(Bad))]
    public void A_bad_frame_does_not_come_out_and_all_of_it_is_dropped(string protocol, string name, byte[] frame)
    {
        _ = name;
        Assert.All(Recording.Cuts(frame), pieces =>
        {
            var sink = AssertFrames(protocol, pieces);
            Assert.Equal(frame.Length, sink.DroppedBytes);
        });
    }

    [Theory]
    [MemberData(nameof(Bad))]
    public void Behind_a_bad_frame_only_the_good_one_comes_out(string protocol, string name, byte[] bad)
    {
        _ = name;
        var good = Vectors.First(vector => vector.Protocol == protocol && vector.Expect == "good").Bytes;
        Assert.All(Recording.Cuts([.. bad, .. good]), pieces => AssertFrames(protocol, pieces, good));
    }

    [Fact]
    public void Of_three_glued_DDP_units_of_which_two_are_damaged_one_comes_out()
    {
        var stream = Vectors.Single(vector => vector.Protocol == "ddp-stream").Bytes;
        Assert.All(Recording.Cuts(stream), pieces => AssertFrames("ddp-stream", pieces, stream[51..102]));
    }

    [Fact]
    public void What_is_read_whole_is_read_where_it_is_good_and_not_where_it_is_bad() =>
        Assert.All(
            Vectors.Where(vector => ReadWhole.ContainsKey(vector.Protocol)),
            vector => Assert.Equal(vector.Expect == "good", ReadWhole[vector.Protocol](vector.Bytes)));

    [Fact]
    public void Two_glued_DNP3_frames_are_two_and_a_false_start_costs_itself()
    {
        byte[][] streams = [.. Vectors.Where(vector => vector.Protocol == "dnp3-stream").Select(vector => vector.Bytes)];
        Assert.All(Recording.Cuts(streams[0]), pieces => AssertFrames("dnp3-stream", pieces, streams[0][..10], streams[0][..10]));
        Assert.All(Recording.Cuts(streams[1]), pieces => AssertFrames("dnp3-stream", pieces, streams[1][2..]));
    }

    private static Recording AssertFrames(string protocol, byte[][] pieces, params byte[][] expected)
    {
        var framer = new Framer(Built[protocol](), 4096);
        var sink = Recording.Of(framer, pieces);
        Assert.Equal(expected.Select(Convert.ToHexString), sink.Frames);
        Assert.Equal(0, framer.Pending);
        return sink;
    }

    private static TheoryData<string, string, byte[]> Of(string expect)
    {
        var data = new TheoryData<string, string, byte[]>();
        foreach (var (protocol, name, _, bytes) in Vectors.Where(vector => vector.Expect == expect && Built.ContainsKey(vector.Protocol)))
        {
            data.Add(protocol, name, bytes);
        }

        return data;
    }
}
