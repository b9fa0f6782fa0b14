using DtuActors.Protocol.Framing;
using DtuActors.Protocol.Modbus;

namespace DtuActors.Protocol.Tests;

public sealed class ModbusTcpFramingTests
{
    private static readonly byte[] Request = Mbap.Build(0x0C05, 0x11, [3, 0, 0x7C, 0, 2]);
    private static readonly byte[] Response = Mbap.Build(0x0C05, 0x11, [3, 4, 0, 0x8D, 0, 0x8E]);

    [Theory]
    [MemberData(nameof(ModbusRtuFramingTests.Rows), MemberType = typeof(ModbusRtuFramingTests))]
    public void Requests_and_responses_of_every_function_come_out_at_every_cut_and_wait_for_nothing(string request, string response)
    {
        AssertWhole(ModbusRole.Requests, Mbap.Build(1, 0x11, Recording.Hex(request)));
        AssertWhole(ModbusRole.Responses, Mbap.Build(1, 0x11, Recording.Hex(response)));
        AssertWhole(ModbusRole.Auto, Mbap.Build(1, 0x11, Recording.Hex(request)));
        AssertWhole(ModbusRole.Auto, Mbap.Build(1, 0x11, Recording.Hex(response)));

        static void AssertWhole(ModbusRole role, byte[] frame) => Assert.All(Recording.Cuts([.. frame, .. frame]), pieces =>
        {
            var framer = Make(role);
            var sink = new Recording();
            Array.ForEach(pieces, piece => framer.Feed(piece, ref sink));
            Assert.Equal([Convert.ToHexString(frame), Convert.ToHexString(frame)], sink.Frames);
            Assert.Equal(0, framer.Pending);
        });
    }

    [Theory]
    [InlineData("FF")]
    [InlineData("00")]
    [InlineData("000000")]
    [InlineData("0001000000FE0103")]
    [InlineData("0001000000FE01")]
    [InlineData("0001000000FE4103")]
    [InlineData("00010000")]
    [InlineData("000100000009")]
    [InlineData("0001000000050103")]
    [InlineData("0001000100060103007C0002")]
    [InlineData("0001000001060103007C0002")]
    [InlineData("0001000000010103")]
    [InlineData("0001000000FF0103")]
    [InlineData("FFFFFFFFFFFFFFFFFFFFFFFF")]
    public void What_stands_before_a_good_frame_costs_only_itself(string garbage)
    {
        foreach (var good in new[] { Request, Response, Mbap.Build(0x0C05, 0x11, [0x83, 2]) })
        {
            byte[] stream = [.. Recording.Hex(garbage), .. good];
            Assert.All(Recording.Cuts(stream), pieces =>
            {
                var sink = Recording.Of(Make(ModbusRole.Auto), pieces);
                Assert.Equal([Convert.ToHexString(good)], sink.Frames);
                Assert.Equal(garbage.Length / 2, sink.DroppedBytes);
            });
        }
    }

    [Fact]
    public void A_false_start_with_a_large_length_keeps_the_frames_behind_it_no_silence()
    {
        // Function 3, but neither a request nor a response of 254 bytes.
        var framer = Make(ModbusRole.Auto);
        var sink = new Recording();
        framer.Feed([0x00, 0x01, 0x00, 0x00, 0x00, 0xFE, 0x01, 0x03, 0x00, .. Response], ref sink);
        Assert.Equal([Convert.ToHexString(Response)], sink.Frames);
    }

    [Fact]
    public void A_role_tells_false_starts_that_both_sides_together_would_not()
    {
        // Fits as a request; a centre that sees responses only knows better.
        byte[] stream = [.. Recording.Hex("0001000000060103"), .. Mbap.Build(0, 1, [3, 2, 0, 1]), .. Response];
        Assert.Equal(
            [Convert.ToHexString(Mbap.Build(0, 1, [3, 2, 0, 1])), Convert.ToHexString(Response)],
            Recording.Of(Make(ModbusRole.Responses), stream).Frames);
    }

    [Theory]
    [InlineData("03FF")]
    [InlineData("030400")]
    [InlineData("0804D2" + "0102030405")]
    [InlineData("830201")]
    [InlineData("0306010203")]
    public void A_frame_whose_PDU_has_another_length_than_its_function_s_is_a_frame_as_its_header_says(string pdu)
    {
        var frame = Mbap.Build(7, 1, Recording.Hex(pdu));
        Assert.All(Recording.Cuts([.. frame, .. frame, .. Response]), pieces =>
            Assert.Equal(
                [Convert.ToHexString(frame), Convert.ToHexString(frame), Convert.ToHexString(Response)],
                Recording.Of(Make(ModbusRole.Auto), pieces).Frames));
        Assert.All(Recording.Cuts(frame), pieces => Assert.Equal([Convert.ToHexString(frame)], Recording.Of(Make(ModbusRole.Auto), pieces).Frames));
    }

    [Fact]
    public void The_longest_frame_comes_out()
    {
        foreach (var pdu in new byte[][] { [3, 251, .. new byte[251]], [0x41, .. Enumerable.Repeat((byte)0xFF, 252)], [3, .. new byte[252]], [3, .. Enumerable.Repeat((byte)0xFF, 252)] })
        {
            var frame = Mbap.Build(1, 1, pdu);
            Assert.Equal(Mbap.MaxFrame, frame.Length);
            Assert.All(new[] { ModbusRole.Auto, ModbusRole.Responses }, role =>
                Assert.Equal([Convert.ToHexString(frame)], Recording.Of(Make(role), [.. frame]).Frames));
        }
    }

    [Fact]
    public void A_frame_carried_in_another_frame_s_data_is_data()
    {
        var outer = Mbap.Build(1, 1, [3, (byte)Request.Length, .. Request]);
        Assert.All(Recording.Cuts(outer), pieces => Assert.Equal([Convert.ToHexString(outer)], Recording.Of(Make(ModbusRole.Auto), pieces).Frames));
    }

    [Fact]
    public void Function_0_begins_no_frame()
    {
        var sink = Recording.Of(Make(ModbusRole.Auto), [.. Mbap.Build(1, 1, [0, 1, 2]), .. Mbap.Build(1, 1, [0x80, 1]), .. Request]);
        Assert.Equal([Convert.ToHexString(Request)], sink.Frames);
    }

    [Theory]
    [InlineData("FE")]
    [InlineData("00")]
    [InlineData("70696E67")]
    public void A_heartbeat_glued_before_behind_and_between_frames_is_stripped_at_every_cut(string hex)
    {
        var heartbeat = Recording.Hex(hex);
        var frame = Convert.ToHexString(Response);
        Assert.All(Recording.Cuts([.. heartbeat, .. Response, .. heartbeat, .. Response, .. heartbeat]), pieces =>
            Assert.Equal(
                ["h " + hex, "f " + frame, "h " + hex, "f " + frame, "h " + hex],
                Recording.Of(new Framer(Codecs.Create(new FramingOptions { Codec = "modbus-tcp" }), 4096, [heartbeat]), pieces).Log));
    }

    private static Framer Make(ModbusRole role) => new(Codecs.Create(new FramingOptions { Codec = "modbus-tcp", Role = role }), 4096);
}
