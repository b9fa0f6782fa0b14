using DtuActors.Protocol.Framing;
using DtuActors.Protocol.Transports;

namespace DtuActors.Protocol.Tests;

public sealed class ZgTests
{
    private const string Id = "13800138000";
    private static readonly string IdHex = Convert.ToHexString("13800138000"u8);
    private static readonly byte[] Register = Recording.Hex("7B 31 0B 00 31 33 38 30 30 31 33 38 30 30 30 7D");
    private static readonly byte[] Heartbeat = [0x7B, 0x30, 0x00, 0x00, 0x7D];
    private static readonly byte[] NumberedRegister = Zg.BuildNumbered(ZgType.Register, Id, "192.168.1.100,5002"u8);
    private static readonly byte[] NumberedHeartbeat = Zg.BuildNumbered(ZgType.Heartbeat, Id, "HEARTBEAT"u8);

    [Fact]
    public void A_plain_DTU_is_understood_at_every_cut()
    {
        byte[] stream = [.. Register, .. Heartbeat, .. Zg.Build(ZgType.Data, Opened.EveryByte), .. Zg.Build(ZgType.Configuration, [1]), .. Heartbeat];
        Assert.All(Recording.Cuts(stream), pieces =>
        {
            var opened = Opened.Of("zg", pieces);
            Assert.Equal([$"Registration {Id}", "Heartbeat", "Data " + Convert.ToHexString(Opened.EveryByte), "Notice 01", "Heartbeat"], opened.Log);
            Assert.Equal("7B3000007D7B3000007D", opened.Replies);
            Assert.Equal((0, 0), (opened.Pending, opened.Drops.Count));
        });
    }

    [Fact]
    public void A_numbered_DTU_is_understood_at_every_cut_and_answered_with_its_own_heartbeat()
    {
        byte[] stream =
        [
            .. NumberedRegister,
            .. NumberedHeartbeat,
            .. Zg.BuildNumbered(ZgType.Data, Id, Opened.EveryByte),
            .. Zg.BuildNumbered(ZgType.Configuration, Id, []),
        ];
        Assert.All(Recording.Cuts(stream), pieces =>
        {
            var opened = Opened.Of("zg", pieces);
            Assert.Equal([$"Registration {Id}", $"Heartbeat {Id}", "Data " + Convert.ToHexString(Opened.EveryByte), $"Notice {Id}"], opened.Log);
            Assert.Equal(Convert.ToHexString(NumberedHeartbeat), opened.Replies);
            Assert.Equal((0, 0), (opened.Pending, opened.Drops.Count));
        });
        Assert.Equal(Id, Opened.Of("zg", Zg.BuildNumbered(ZgType.Data, Id, [1])).Units[0].Id);
    }

    [Fact]
    public void The_length_of_a_numbered_unit_counts_from_the_id_to_the_end_mark()
    {
        // alotcer's example: 11 of the id, 50 of the data and the end mark are 62.
        var unit = Zg.BuildNumbered(ZgType.Data, Id, new byte[50]);
        Assert.Equal("7B323E00", Convert.ToHexString(unit[..4]));
        Assert.Equal((66, 0x7D), (unit.Length, unit[^1]));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void No_whole_unit_waits_for_a_byte_behind_it(bool numbered) => Assert.All(Enumerable.Range(0, 30), length =>
    {
        var opened = Opened.Of("zg", numbered ? NumberedRegister : Register, Unit(numbered, Enumerable.Repeat((byte)0x7D, length).ToArray()));
        Assert.Equal((0, 2), (opened.Pending, opened.Units.Count));
    });

    [Fact]
    public void Text_that_ends_with_a_brace_does_not_pass_for_the_other_dialect_before_any_registration()
    {
        var json = "{\"flow\":12345678.9,\"id\":{}}"u8.ToArray();
        Assert.All(Recording.Cuts(Zg.Build(ZgType.Data, json)), pieces => Assert.Equal(["Data " + Convert.ToHexString(json)], Opened.Of("zg", pieces).Log));
    }

    [Fact]
    public void Downlinks_go_in_the_DTU_s_dialect_with_its_own_id()
    {
        var envelope = Envelopes.Find("zg")!();
        Assert.Equal("7B32020001027D", Convert.ToHexString(envelope.Wrap(Id, [1, 2])));
        new Opened(envelope).Feed(Register);
        Assert.Equal("7B32020001027D", Convert.ToHexString(envelope.Wrap("anything", [1, 2])));
        Assert.Empty(envelope.Wrap(Id, []));
        envelope = Opened.Of("zg", Zg.BuildNumbered(ZgType.Heartbeat, "330", [])).Envelope;
        Assert.Equal("7B320E00" + "3333300000000000000000" + "01027D", Convert.ToHexString(envelope.Wrap("the pump behind the mill", [1, 2])));
        Assert.Empty(envelope.Wrap(Id, []));
    }

    [Fact]
    public void A_dialect_that_was_taken_for_the_other_is_put_right_by_the_next_unit()
    {
        // A registration of 12 bytes whose last one is the end mark's value reads as a numbered one.
        var opened = Opened.Of("zg", Zg.Build(ZgType.Register, [.. "13800138000}"u8]), Heartbeat);
        Assert.Equal([$"Registration {Id}", "Heartbeat"], opened.Log);
        Assert.Equal("7B3201007F7D", Convert.ToHexString(opened.Envelope.Wrap(Id, [0x7F])));
        Assert.Equal([("7D", DropReasons.Garbage)], opened.Drops);
    }

    [Theory]
    [InlineData(false, 1024)]
    [InlineData(false, 5000)]
    [InlineData(true, 1024)]
    [InlineData(true, 5000)]
    public void A_long_downlink_goes_in_several_units_and_nothing_is_changed(bool numbered, int length)
    {
        var payload = Enumerable.Range(0, length).Select(i => (byte)i).ToArray();
        var centre = Opened.Of("zg", numbered ? NumberedRegister : Register);
        var dtu = Opened.Of("zg", numbered ? NumberedRegister : Register).Feed(centre.Envelope.Wrap(Id, payload));
        Assert.Equal(payload, dtu.Data);
        Assert.Equal(1 + ((length + 1023) / 1024), dtu.Units.Count);
    }

    [Theory]
    [InlineData("00 00 00 00 00")]
    [InlineData("7B")]
    [InlineData("7B 32")]
    [InlineData("7B 36 00 00 7D")]
    [InlineData("7B 30 00 00 7E")]
    [InlineData("7B 31 0A 00 31 33 38 30 30 31 33 38 30 30 7D")]
    [InlineData("7B 31 0B 00 00 33 38 30 30 31 33 38 30 30 30 7D")]
    [InlineData("7B 32 FF FF")]
    [InlineData("7B 32 04 00 01 02 03 04 7C")]
    [InlineData("7B 32 0C 00 41 42 43 44 45 46 47 48 49 4A 4B 7C")]
    public void Garbage_and_false_heads_do_not_swallow_the_unit_behind_them(string garbage)
    {
        var bytes = Recording.Hex(garbage);
        byte[] stream = [.. bytes, .. Register, .. Zg.Build(ZgType.Data, new byte[40]), .. new byte[5]];
        Assert.All(Recording.Cuts(stream), pieces =>
        {
            var opened = Opened.Of("zg", pieces).Silence();
            Assert.Equal([$"Registration {Id}", "Data " + new string('0', 80)], opened.Log);
            Assert.Equal(bytes.Length + 5, opened.Drops.Sum(drop => drop.Hex.Length / 2));
        });
    }

    [Fact]
    public void A_false_head_with_a_large_length_gives_the_unit_behind_it_free_at_silence()
    {
        var opened = Opened.Of("zg", [0x7B, 0x32, 0x00, 0x04], Register, Heartbeat);
        Assert.Empty(opened.Log);
        Assert.Equal([$"Registration {Id}", "Heartbeat"], opened.Silence().Log);
    }

    [Fact]
    public void Units_are_built_of_what_they_can_carry_only()
    {
        Assert.Equal(Register, Zg.Build(ZgType.Register, "13800138000"u8));
        Assert.Equal("7B300C00" + IdHex + "7D", Convert.ToHexString(Zg.BuildNumbered(ZgType.Heartbeat, Id, [])));
        Assert.Equal(Zg.MaxUnit, Zg.BuildNumbered(ZgType.Data, Id, new byte[1024]).Length);
        Assert.Throws<ArgumentException>(() => Zg.Build(ZgType.Data, new byte[1036]));
        Assert.Throws<ArgumentException>(() => Zg.BuildNumbered(ZgType.Data, Id, new byte[1025]));
        Assert.Throws<ArgumentException>(() => Zg.BuildNumbered(ZgType.Data, "", []));
    }

    private static byte[] Unit(bool numbered, byte[] data) => numbered ? Zg.BuildNumbered(ZgType.Data, Id, data) : Zg.Build(ZgType.Data, data);
}
