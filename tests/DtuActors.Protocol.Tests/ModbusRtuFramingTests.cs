using DtuActors.Protocol.Framing;
using DtuActors.Protocol.Modbus;

namespace DtuActors.Protocol.Tests;

public sealed class ModbusRtuFramingTests
{
    private static readonly byte[] Request = ModbusRtu.Build(1, [3, 0, 0x7C, 0, 2]);
    private static readonly byte[] Response = ModbusRtu.Build(1, [3, 4, 0, 141, 0, 142]);

    /// <summary>Every row of the tables: a request and its response, without unit and CRC.</summary>
    public static TheoryData<string, string> Rows() => new()
    {
        { "0100130025", "0105CD6BB20E1B" },
        { "0200C40016", "0203ACDB35" },
        { "03006B0003", "0306022B00000064" },
        { "0400080001", "0402000A" },
        { "0500ACFF00", "0500ACFF00" },
        { "0600010003", "0600010003" },
        { "07", "076D" },
        { "080000A537", "080000A537" },
        { "0B", "0BFFFF0108" },
        { "0C", "0C08000001080121" + "2000" },
        { "0F0013000A02CD01", "0F0013000A" },
        { "1000010002" + "04000A0102", "1000010002" },
        { "11", "1103" + "41FF42" },
        { "140E0600040001000206000300090002", "140C0506" + "0DFE00200506" + "33CD0040" },
        { "150D0600040007000306AF04BE100D", "150D0600040007000306AF04BE100D" },
        { "16000400F20025", "16000400F20025" },
        { "1700030006000E000306" + "00FF00FF00FF", "170C00FE0ACD00010003000D00FF" },
        { "1804DE", "180006000201B81284" },
        { "2B0E0100", "2B0E01010000030009436F6D70616E79494401044964656E0205" + "56322E3131" },
        { "0300000001", "8302" },
        { "4100", "C101" },
    };

    [Theory]
    [MemberData(nameof(Rows))]
    public void Requests_and_responses_of_every_function_come_out_at_every_cut(string request, string response)
    {
        var asked = ModbusRtu.Build(0x11, Recording.Hex(request));
        var answered = ModbusRtu.Build(0x11, Recording.Hex(response));
        if (request[0] != '4')
        {
            AssertWhole(ModbusRole.Auto, asked);
            AssertWhole(ModbusRole.Requests, asked);
        }

        AssertWhole(ModbusRole.Auto, answered);
        AssertWhole(ModbusRole.Responses, answered);

        void AssertWhole(ModbusRole role, byte[] frame) => Assert.All(Recording.Cuts([.. frame, .. frame]), pieces =>
        {
            var sink = new Recording();
            var framer = Make(role);
            Array.ForEach(pieces, piece => framer.Feed(piece, ref sink));
            Assert.Equal([Convert.ToHexString(frame), Convert.ToHexString(frame)], sink.Frames);
        });
    }

    [Fact]
    public void A_listener_reads_requests_and_responses_as_they_pass()
    {
        var sink = Recording.Of(Make(ModbusRole.Auto), [.. Request, .. Response, .. Request]);
        Assert.Equal([Convert.ToHexString(Request), Convert.ToHexString(Response), Convert.ToHexString(Request)], sink.Frames);
    }

    [Fact]
    public void A_role_takes_only_its_own_side()
    {
        Assert.Empty(Recording.Of(Make(ModbusRole.Responses), Request).Frames);
        Assert.Empty(Recording.Of(Make(ModbusRole.Requests), Response).Frames);
        Assert.Empty(Recording.Of(Make(ModbusRole.Requests), ModbusRtu.Build(1, [0x83, 2])).Frames);
    }

    [Fact]
    public void An_unknown_function_is_a_frame_when_the_line_falls_silent_and_its_CRC_is_right()
    {
        var frame = ModbusRtu.Build(9, [0x44, 1, 2, 3, 4, 5]);
        Assert.All(Recording.Cuts([.. Response, .. frame]), pieces =>
        {
            var framer = Make(ModbusRole.Responses);
            var sink = new Recording();
            Array.ForEach(pieces, piece => framer.Feed(piece, ref sink));
            Assert.Equal([Convert.ToHexString(Response)], sink.Frames);
            Assert.Equal(TimeSpan.FromSeconds(1), framer.SilenceDue);
            framer.Silence(ref sink);
            Assert.Equal([Convert.ToHexString(Response), Convert.ToHexString(frame)], sink.Frames);
        });
    }

    [Fact]
    public void An_unknown_function_with_a_wrong_CRC_is_dropped()
    {
        var frame = ModbusRtu.Build(9, [0x44, 1, 2, 3, 4, 5]);
        frame[4] ^= 1;
        var sink = Recording.Of(Make(ModbusRole.Auto), frame);
        Assert.Empty(sink.Frames);
        Assert.Equal(frame.Length, sink.DroppedBytes);
    }

    [Fact]
    public void A_frame_with_a_wrong_CRC_is_one_bad_checksum_at_every_cut()
    {
        byte[] bad = [.. Response];
        bad[4] ^= 0x10;
        Assert.All(Recording.Cuts([.. bad, .. Response]), pieces =>
            Assert.Equal(
                [$"d {Convert.ToHexString(bad)} {DropReasons.BadChecksum}", $"f {Convert.ToHexString(Response)}"],
                Recording.Of(Make(ModbusRole.Responses), pieces).Log));
    }

    [Theory]
    [InlineData("0083029121")]
    [InlineData("008302F09131")]
    public void A_good_frame_right_behind_one_with_a_wrong_CRC_comes_out(string bad)
    {
        var good = Recording.Hex("0083029131");
        Assert.All(Recording.Cuts([.. Recording.Hex(bad), .. good]), pieces =>
        {
            var sink = Recording.Of(Make(ModbusRole.Auto), pieces);
            Assert.Equal([Convert.ToHexString(good)], sink.Frames);
            Assert.Equal(bad.Length / 2, sink.DroppedBytes);
        });
    }

    [Fact]
    public void A_response_of_two_registers_whose_CRC_ends_with_00_is_no_request_of_eight_bytes()
    {
        // Every eighth value of the first register, so that the CRC ends with 00 for some 30 of them.
        byte[][] responses = [.. Enumerable.Range(0, 8192).Select(i => ModbusRtu.Build(1, [3, 4, (byte)(i >> 5), (byte)((i << 3) | 1), 0, 0x8E]))];
        byte[][] doubtful = [.. responses.Where(response => response[^1] == 0)];
        Assert.NotEmpty(doubtful);
        Assert.All(doubtful, response => Assert.All(Recording.Cuts([.. response, .. response]), pieces =>
        {
            var framer = Make(ModbusRole.Auto);
            var sink = new Recording();
            Array.ForEach(pieces, piece => framer.Feed(piece, ref sink));
            Assert.Equal([Convert.ToHexString(response), Convert.ToHexString(response)], sink.Frames);
        }));
    }

    [Fact]
    public void A_request_for_more_registers_than_the_standard_allows_is_a_frame_when_it_is_no_response()
    {
        // As a response it would have 4 bytes of data: one byte more than the request.
        var request = ModbusRtu.Build(1, [3, 4, 0, 0x40, 0]);
        Assert.All(Recording.Cuts([.. request, .. Response]), pieces =>
            Assert.Equal([Convert.ToHexString(request), Convert.ToHexString(Response)], Recording.Of(Make(ModbusRole.Auto), pieces).Frames));
        Assert.All(Recording.Cuts(request), pieces =>
            Assert.Equal([Convert.ToHexString(request)], Recording.Of(Make(ModbusRole.Auto), pieces).Frames));
    }

    [Theory]
    [InlineData(ModbusRole.Auto)]
    [InlineData(ModbusRole.Requests)]
    [InlineData(ModbusRole.Responses)]
    public void Functions_without_a_row_are_frames_at_silence_in_every_role(ModbusRole role)
    {
        int[] known = [1, 2, 3, 4, 5, 6, 7, 8, 11, 12, 15, 16, 17, 20, 21, 22, 23, 24];
        foreach (var function in Enumerable.Range(1, 127).Except(known))
        {
            var frame = ModbusRtu.Build(1, [(byte)function, 0x0D, 1, 2, 3]);
            Assert.Equal(["f " + Convert.ToHexString(frame)], Recording.Of(Make(role), frame).Log);
        }
    }

    [Theory]
    [InlineData(ModbusRole.Auto)]
    [InlineData(ModbusRole.Responses)]
    public void Every_function_has_an_exception_of_five_bytes(ModbusRole role)
    {
        foreach (var function in Enumerable.Range(1, 127))
        {
            var frame = ModbusRtu.Build(1, [(byte)(function | 0x80), 2]);
            var sink = new Recording();
            Make(role).Feed(frame, ref sink);
            Assert.Equal(["f " + Convert.ToHexString(frame)], sink.Log);
        }
    }

    [Theory]
    [InlineData("03FA", 250)]
    [InlineData("14F5", 245)]
    [InlineData("17FB", 251)]
    [InlineData("1800F8", 248)]
    [InlineData("2B0E0101000001" + "00F3", 243)]
    public void The_longest_responses_come_out_and_a_longer_length_begins_no_frame(string head, int data)
    {
        byte[] pdu = [.. Recording.Hex(head), .. Enumerable.Repeat((byte)0x5A, data)];
        var frame = ModbusRtu.Build(1, pdu);
        Assert.InRange(frame.Length, 250, 256);
        Assert.All(new[] { ModbusRole.Auto, ModbusRole.Responses }, role =>
            Assert.Equal([Convert.ToHexString(frame)], Recording.Of(Make(role), [.. frame]).Frames));
        byte[] beyond = [1, .. Recording.Hex(head)];
        beyond[^1] = 0xFF;
        Assert.Equal([Convert.ToHexString(Response)], Recording.Of(Make(ModbusRole.Responses), [.. beyond, .. Response]).Frames);
    }

    [Fact]
    public void A_good_frame_that_begins_inside_a_damaged_one_comes_out()
    {
        // The head says 20 bytes follow; the line broke off and the next answer came.
        byte[] stream = [0x01, 0x03, 0x14, 0x00, 0x01, .. Response, .. Response, .. Response];
        Assert.All(Recording.Cuts(stream), pieces =>
        {
            var sink = Recording.Of(Make(ModbusRole.Responses), pieces);
            Assert.Equal(3, sink.Frames.Count);
            Assert.Equal(5, sink.DroppedBytes);
        });
    }

    [Fact]
    public void A_head_whose_rest_never_came_costs_no_frame_behind_it()
    {
        byte[] stream = [0x01, 0x03, 0xFA, .. Response];
        Assert.All(Recording.Cuts(stream), pieces =>
        {
            var sink = Recording.Of(Make(ModbusRole.Responses), pieces);
            Assert.Equal([Convert.ToHexString(Response)], sink.Frames);
            Assert.Equal([("0103FA", DropReasons.Truncated)], sink.Drops);
        });
    }

    [Fact]
    public void A_frame_carried_in_another_frame_s_data_is_data()
    {
        var outer = ModbusRtu.Build(1, [3, 8, .. Request]);
        Assert.All(Recording.Cuts(outer), pieces =>
            Assert.Equal([Convert.ToHexString(outer)], Recording.Of(Make(ModbusRole.Responses), pieces).Frames));
    }

    // ---- heartbeats ----

    public static TheoryData<string> Heartbeats() => new() { "FE", "00", "70696E67" };

    [Theory]
    [MemberData(nameof(Heartbeats))]
    public void A_heartbeat_glued_before_behind_and_between_frames_is_stripped_at_every_cut(string hex)
    {
        var heartbeat = Recording.Hex(hex);
        var frame = Convert.ToHexString(Response);
        AssertLog([.. heartbeat], ["h " + hex]);
        AssertLog([.. heartbeat, .. Response], ["h " + hex, "f " + frame]);
        AssertLog([.. Response, .. heartbeat], ["f " + frame, "h " + hex]);
        AssertLog([.. Response, .. heartbeat, .. Response], ["f " + frame, "h " + hex, "f " + frame]);
        AssertLog([.. heartbeat, .. heartbeat, .. Response, .. heartbeat], ["h " + hex, "h " + hex, "f " + frame, "h " + hex]);

        void AssertLog(byte[] stream, string[] expected) => Assert.All(
            Recording.Cuts(stream),
            pieces => Assert.Equal(expected, Recording.Of(Make(ModbusRole.Auto, heartbeat), pieces).Log));
    }

    [Theory]
    [MemberData(nameof(Heartbeats))]
    public void A_heartbeat_inside_a_frame_is_data(string hex)
    {
        var heartbeat = Recording.Hex(hex);
        var frame = ModbusRtu.Build(0xFE, [0x41, .. heartbeat, .. heartbeat]);
        var read = ModbusRtu.Build(1, [3, (byte)(4 * heartbeat.Length), .. heartbeat, .. heartbeat, .. heartbeat, .. heartbeat]);
        Assert.All(Recording.Cuts([.. read, .. frame]), pieces =>
            Assert.Equal(
                ["f " + Convert.ToHexString(read), "f " + Convert.ToHexString(frame)],
                Recording.Of(Make(ModbusRole.Auto, heartbeat), pieces).Log));
    }

    [Fact]
    public void A_heartbeat_glued_behind_an_unknown_function_does_not_hide_it()
    {
        var frame = ModbusRtu.Build(9, [0x44, 1, 2, 3]);
        Assert.All(Recording.Cuts([.. frame, 0xFE]), pieces =>
            Assert.Equal(["f " + Convert.ToHexString(frame), "h FE"], Recording.Of(Make(ModbusRole.Auto, [0xFE]), pieces).Log));
    }

    [Fact]
    public void The_beginning_of_a_heartbeat_waits_for_its_rest_and_silence_drops_it()
    {
        // 70 80 begins no Modbus frame, so only the heartbeat keeps it waiting.
        var framer = Make(ModbusRole.Auto, [0x70, 0x80, 0x55]);
        var sink = new Recording();
        framer.Feed([0x70, 0x80], ref sink);
        Assert.Empty(sink.Log);
        framer.Feed([0x55], ref sink);
        Assert.Equal(["h 708055"], sink.Log);
        framer.Feed([0x70, 0x80], ref sink);
        framer.Silence(ref sink);
        Assert.Equal(2, sink.DroppedBytes);
    }

    private static Framer Make(ModbusRole role, params byte[][] heartbeats) =>
        new(Codecs.Create(new FramingOptions { Codec = "modbus-rtu", Role = role }), 4096, heartbeats);
}
