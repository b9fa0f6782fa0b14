using DtuActors.Protocol.Framing;
using DtuActors.Protocol.Transports;

namespace DtuActors.Protocol.Tests;

public sealed class FourFaithProtTests
{
    // Four-Faith, "Modem (DTU) Data in PROT mode".
    private static readonly byte[] Login = Recording.Hex("78 56 34 12 31 33 30 36 36 36 36 38 38 38 38 00 C0 A8 01 42 00");
    private const string LoggedIn = "Registration 13066668888 78563412";

    [Fact]
    public void The_documented_login_is_the_phone_number_and_the_device_id_at_every_cut() => Assert.All(Recording.Cuts(Login), pieces =>
    {
        var opened = Opened.Of("four-faith-prot", pieces);
        Assert.Equal([LoggedIn], opened.Log);
        Assert.Equal(("", 0, 0), (opened.Replies, opened.Pending, opened.Drops.Count));
    });

    [Fact]
    public void Data_glued_to_the_login_are_data_at_every_cut()
    {
        byte[] stream = [.. Login, .. FourFaithProt.Escape(Opened.EveryByte), FourFaithProt.Heartbeat, 0x01];
        Assert.All(Recording.Cuts(stream), pieces =>
        {
            var opened = Opened.Of("four-faith-prot", pieces);
            Assert.Equal([LoggedIn, "Data " + Convert.ToHexString(Opened.EveryByte), "Heartbeat", "Data 01"], opened.Log);
            Assert.Empty(opened.Drops);
        });
    }

    [Fact]
    public void Escaping_is_that_of_the_document()
    {
        Assert.Equal("00FDED01FDEEFDEDEDFDEDEE", Convert.ToHexString(FourFaithProt.Escape([0x00, 0xFD, 0x01, 0xFE, 0xFD, 0xED, 0xFD, 0xEE])));
        Assert.Equal(Opened.EveryByte, FourFaithProt.Unescape(FourFaithProt.Escape(Opened.EveryByte)));
        Assert.Equal("FDEDFDEE", Convert.ToHexString(new Opened(Envelopes.Find("four-faith-prot")!()).Envelope.Wrap("13066668888", [0xFD, 0xFE])));
        Assert.Empty(Envelopes.Find("four-faith-prot")!().Wrap("13066668888", []));
    }

    [Fact]
    public void Unescaping_leaves_out_an_FD_that_escapes_nothing() =>
        Assert.Equal("01FE02", Convert.ToHexString(FourFaithProt.Unescape([0x01, 0xFD, 0xFD, 0xEE, 0xFD, 0x02, 0xFD])));

    [Fact]
    public void Data_without_escapes_are_a_slice_of_their_unit_and_copied_nowhere()
    {
        var opened = Opened.Of("four-faith-prot", Login, [1, 2, 3]);
        Assert.Null(opened.Units[1].Unescaped);
        Assert.Equal((0, 3), (opened.Units[1].PayloadOffset, opened.Units[1].PayloadLength));
    }

    [Fact]
    public void Data_come_on_at_once_piece_by_piece()
    {
        var opened = Opened.Of("four-faith-prot", Login, [1, 3], [4], [2]);
        Assert.Equal([2, 1, 1], opened.Units.Skip(1).Select(unit => unit.PayloadLength));
        Assert.Equal((0, (TimeSpan?)null), (opened.Pending, opened.SilenceDue));
    }

    [Fact]
    public void A_cut_escape_waits_for_its_rest_and_what_stands_before_it_does_not()
    {
        var opened = Opened.Of("four-faith-prot", Login, [1, 2, 0xFD]);
        Assert.Equal("Data 0102", opened.Log[1]);
        Assert.Equal((1, TimeSpan.FromSeconds(5)), (opened.Pending, opened.SilenceDue));
        Assert.Equal("Data 0102FE03", opened.Feed([0xEE, 3]).Log[1]);
        Assert.Empty(opened.Drops);
    }

    [Theory]
    [InlineData("FD 41", "41")]
    [InlineData("FD 00", "00")]
    [InlineData("FD FD EE", "FE")]
    public void An_FD_that_escapes_nothing_is_dropped_without_the_byte_behind_it(string stream, string data) =>
        Assert.All(Recording.Cuts([.. Login, 1, .. Recording.Hex(stream), 2]), pieces =>
        {
            var opened = Opened.Of("four-faith-prot", pieces);
            Assert.Equal($"Data 01{data}02", opened.Log[1]);
            Assert.Equal([("FD", DropReasons.Garbage)], opened.Drops);
        });

    [Fact]
    public void An_FD_in_front_of_a_heartbeat_costs_itself_only()
    {
        var opened = Opened.Of("four-faith-prot", Login, [0xFD, 0xFE, 7]);
        Assert.Equal([LoggedIn, "Heartbeat", "Data 07"], opened.Log);
        Assert.Equal([("FD", DropReasons.Garbage)], opened.Drops);
    }

    [Fact]
    public void An_FD_whose_rest_never_comes_is_truncated()
    {
        var opened = Opened.Of("four-faith-prot", Login, [0xFD]).Silence();
        Assert.Equal([("FD", DropReasons.Truncated)], opened.Drops);
        Assert.Equal([LoggedIn], opened.Log);
    }

    [Fact]
    public void Heartbeats_are_heartbeats_before_and_behind_the_login_and_amid_data()
    {
        byte[] stream = [0xFE, 0xFE, .. Login, 0xFE, 0x01, 0xFE, 0xFE, 0x02];
        Assert.All(Recording.Cuts(stream), pieces =>
            Assert.Equal(
                ["Heartbeat", "Heartbeat", LoggedIn, "Heartbeat", "Data 01", "Heartbeat", "Heartbeat", "Data 02"],
                Opened.Of("four-faith-prot", pieces).Log));
    }

    [Fact]
    public void A_lone_heartbeat_before_the_login_is_one_once_the_line_is_silent()
    {
        var opened = Opened.Of("four-faith-prot", [0xFE]);
        Assert.Empty(opened.Log);
        Assert.Equal(["Heartbeat", LoggedIn], opened.Silence().Feed(Login).Log);
    }

    [Fact]
    public void A_device_id_of_FD_and_FE_is_read_as_it_is_and_its_login_again()
    {
        var login = FourFaithProt.BuildLogin([0xFE, 0xFD, 0xED, 0xFE], "13066668888", [192, 168, 1, 66]);
        Assert.All(Recording.Cuts([.. login, .. login, 0xFE, 0x05]), pieces =>
            Assert.Equal(
                ["Registration 13066668888 FEFDEDFE", "Registration 13066668888 FEFDEDFE", "Heartbeat", "Data 05"],
                Opened.Of("four-faith-prot", pieces).Log));
    }

    [Theory]
    [InlineData("00 00 00 00 00")]
    [InlineData("01 03 02 00 64 B9 AF")]
    [InlineData("31 33 30 36 36 36 36")]
    [InlineData("78 56 34 12 31 33 30 36 36 36 36 38 38 38 38 01 C0 A8 01 42 00")]
    [InlineData("78 56 34 12 31 33 30 36 36 36 36 38 38 38 38 00 C0 A8 01 42 01")]
    [InlineData("78 56 34 12 00 00 00 00 00 00 00 00 00 00 00 00 C0 A8 01 42 00")]
    public void Before_the_login_everything_else_is_garbage_and_costs_only_itself(string garbage)
    {
        var bytes = Recording.Hex(garbage);
        Assert.All(Recording.Cuts([.. bytes, .. Login, 9]), pieces =>
        {
            var opened = Opened.Of("four-faith-prot", pieces);
            Assert.Equal([LoggedIn, "Data 09"], opened.Log);
            Assert.Equal(Convert.ToHexString(bytes), string.Concat(opened.Drops.Select(drop => drop.Hex)));
        });
    }

    [Theory]
    [InlineData("13800", "13800")]
    [InlineData("13800      ", "13800")]
    [InlineData("   13800", "13800")]
    [InlineData("+8613800138", "+8613800138")]
    public void A_phone_number_is_freed_of_its_padding(string written, string id) =>
        Assert.Equal([$"Registration {id} 01020304"], Opened.Of("four-faith-prot", FourFaithProt.BuildLogin([1, 2, 3, 4], written, [10, 0, 0, 1])).Log);

    [Fact]
    public void The_beginning_of_a_login_whose_rest_never_comes_is_truncated()
    {
        var opened = Opened.Of("four-faith-prot", Login[..20]).Silence();
        Assert.Empty(opened.Log);
        Assert.Equal(Login[..20], opened.Drops.SelectMany(drop => Convert.FromHexString(drop.Hex)));
        Assert.Equal([LoggedIn], opened.Feed(Login).Log);
    }

    [Fact]
    public void The_same_login_on_a_live_link_is_a_registration_again_at_every_cut_of_it() => Assert.All(Recording.Cuts(Login), pieces =>
    {
        var opened = Opened.Of("four-faith-prot", Login, [1, 2]).Feed(pieces).Feed([3]);
        Assert.Equal([LoggedIn, "Data 0102", LoggedIn, "Data 03"], opened.Log);
    });

    [Fact]
    public void Another_login_on_a_live_link_is_data_as_nothing_tells_it_from_data()
    {
        var other = FourFaithProt.BuildLogin([1, 2, 3, 4], "13066668889", [192, 168, 1, 66]);
        Assert.Equal([LoggedIn, "Data " + Convert.ToHexString(other)], Opened.Of("four-faith-prot", Login, other).Log);
    }

    [Fact]
    public void Data_that_begin_like_the_login_wait_briefly_and_are_data()
    {
        var opened = Opened.Of("four-faith-prot", Login, Login[..5]);
        Assert.Equal((5, TimeSpan.FromMilliseconds(200)), (opened.Pending, opened.SilenceDue));
        Assert.Equal("Data " + Convert.ToHexString(Login[..5]), opened.Silence().Log[1]);
        Assert.Equal("Data " + Convert.ToHexString(Login[..5]) + Convert.ToHexString(Login[..5]) + "FF", opened.Feed(Login[..5], [0xFF]).Log[1]);
    }

    [Fact]
    public void A_known_DTU_needs_no_login()
    {
        byte[] data = [0x01, 0x03, 0x02, 0x00, 0x64, 0xB9, 0xAF];
        Assert.All(Recording.Cuts([0xFE, .. FourFaithProt.Escape([.. data, .. Opened.EveryByte]), 0xFE, 0x07]), pieces =>
        {
            var opened = Known().Feed(pieces);
            Assert.Equal(["Heartbeat", "Data " + Convert.ToHexString(data) + Convert.ToHexString(Opened.EveryByte), "Heartbeat", "Data 07"], opened.Log);
            Assert.Empty(opened.Drops);
        });
    }

    [Fact]
    public void A_known_DTU_may_log_in_nevertheless_at_the_beginning() => Assert.All(Recording.Cuts([0xFE, .. Login, 1]), pieces =>
        Assert.Equal(["Heartbeat", LoggedIn, "Data 01"], Known().Feed(pieces).Log));

    [Fact]
    public void What_a_known_DTU_sends_first_waits_a_second_where_it_may_begin_a_login()
    {
        var opened = Known().Feed([1, 3, 2]);
        Assert.Equal((3, TimeSpan.FromSeconds(1)), (opened.Pending, opened.SilenceDue));
        Assert.Equal(["Data 010302"], opened.Silence().Log);
        Assert.Equal(["Data 0103020103"], opened.Feed([1, 3]).Log);
        Assert.Equal(["Data 0103020103" + Convert.ToHexString(Login)], opened.Feed(Login).Log);
    }

    [Fact]
    public void A_login_is_built_of_what_it_can_carry_only()
    {
        Assert.Equal(Login, FourFaithProt.BuildLogin([0x78, 0x56, 0x34, 0x12], "13066668888", [192, 168, 1, 66]));
        Assert.Throws<ArgumentException>(() => FourFaithProt.BuildLogin([1, 2, 3], "1", [1, 2, 3, 4]));
        Assert.Throws<ArgumentException>(() => FourFaithProt.BuildLogin([1, 2, 3, 4], "1", [1, 2, 3]));
        Assert.Throws<ArgumentException>(() => FourFaithProt.BuildLogin([1, 2, 3, 4], "", [1, 2, 3, 4]));
        Assert.Throws<ArgumentException>(() => FourFaithProt.BuildLogin([1, 2, 3, 4], "130666688881", [1, 2, 3, 4]));
    }

    private static Opened Known()
    {
        var envelope = Envelopes.Find("four-faith-prot")!();
        envelope.AssumeLoggedIn();
        return new Opened(envelope);
    }
}
