using DtuActors.Protocol.Framing;
using DtuActors.Protocol.Transports;

namespace DtuActors.Protocol.Tests;

public sealed class JbtTests
{
    private const string Phone = "13800138000";
    private static readonly byte[] Register = Recording.Hex("A8 81 31 33 38 30 30 31 33 38 30 30 30 30 30 30 30 02 00 13");
    private const string Answer = "A881313338303031333830303030303030030014";

    [Fact]
    public void A_registration_identifies_the_DTU_and_is_answered_with_03_at_every_cut() => Assert.All(Recording.Cuts(Register), pieces =>
    {
        var opened = Opened.Of("jbt", pieces);
        Assert.Equal([$"Registration {Phone}"], opened.Log);
        Assert.Equal((Answer, 0, 0), (opened.Replies, opened.Pending, opened.Drops.Count));
    });

    [Fact]
    public void The_recorded_form_with_a_byte_behind_it_identifies_the_same_DTU() => Assert.All(Recording.Cuts([.. Register, 0x20, .. Register]), pieces =>
    {
        var opened = Opened.Of("jbt", pieces);
        Assert.Equal([$"Registration {Phone}", $"Registration {Phone}"], opened.Log);
        Assert.Equal([("20", DropReasons.Garbage)], opened.Drops);
    });

    [Fact]
    public void The_first_port_s_bytes_are_data_up_to_the_next_head_at_every_cut()
    {
        byte[] stream =
        [
            .. Register,
            .. Jbt.Build(JbtFunction.Data, Phone, Opened.EveryByte),
            .. Jbt.Build(JbtFunction.Data, Phone, [0xA8, 0x81, 0x31, 0xA8, 0xA8, 0x81]),
            .. Register,
            .. Jbt.Build(JbtFunction.Data, Phone, [1, 2]),
        ];
        Assert.All(Recording.Cuts(stream), pieces =>
        {
            var opened = Opened.Of("jbt", pieces);
            Assert.Equal(
                [$"Registration {Phone}", "Data " + Convert.ToHexString(Opened.EveryByte) + "A88131A8A881", $"Registration {Phone}", "Data 0102"],
                opened.Log);
            Assert.Equal((Answer + Answer, 0, 0), (opened.Replies, opened.Pending, opened.Drops.Count));
        });
    }

    [Fact]
    public void The_second_port_s_bytes_never_mix_with_the_first_port_s()
    {
        byte[] stream =
        [
            .. Jbt.Build(JbtFunction.Data, Phone, [1, 0xA8]),
            .. Jbt.Build(JbtFunction.SecondPortData, Phone, [0xEE, 0xA8, 0xEE]),
            .. Jbt.Build(JbtFunction.Data, Phone, [2]),
        ];
        Assert.All(Recording.Cuts(stream), pieces =>
        {
            var opened = Opened.Of("jbt", pieces);
            Assert.Equal([1, 0xA8, 2], opened.Data);
            var notices = opened.Log.Where(line => line.StartsWith("Notice", StringComparison.Ordinal)).Select(line => line.Split(' ')[^1]).ToArray();
            Assert.Equal(Phone, notices[0]);
            Assert.Equal("EEA8EE", string.Concat(notices[1..]));
            Assert.Empty(opened.Drops);
        });
    }

    [Fact]
    public void Data_come_on_at_once_piece_by_piece()
    {
        var opened = Opened.Of("jbt", Jbt.Build(JbtFunction.Data, Phone, [1]), [2, 3], [4]);
        Assert.Equal([0, 1, 2, 1], opened.Units.Select(unit => unit.PayloadLength));
        Assert.Equal((Phone, 0, (TimeSpan?)null), (opened.Units[0].Id, opened.Pending, opened.SilenceDue));
    }

    [Fact]
    public void A_lone_A8_at_the_end_waits_very_briefly_and_is_data()
    {
        var opened = Opened.Of("jbt", Jbt.Build(JbtFunction.Data, Phone, [1, 0xA8]));
        Assert.Equal(("Data 01", 1, TimeSpan.FromMilliseconds(50)), (opened.Log[0], opened.Pending, opened.SilenceDue));
        Assert.Equal(["Data 01A8"], opened.Silence().Log);
        Assert.Equal(TimeSpan.FromSeconds(1), opened.Feed([0xA8, 0x81]).SilenceDue);
        Assert.Equal(["Data 01A8A881"], opened.Silence().Log);
        Assert.Equal(["Data 01A8A88105"], opened.Feed([5]).Log);
    }

    [Fact]
    public void A_head_with_a_wrong_sum_is_no_head()
    {
        byte[] damaged = [.. Register];
        damaged[^1]++;
        Assert.Equal(["Data " + Convert.ToHexString(damaged)], Opened.Of("jbt", Jbt.Build(JbtFunction.Data, Phone, damaged)).Log);
        Assert.All(Recording.Cuts([.. damaged, .. Register]), pieces =>
        {
            var opened = Opened.Of("jbt", pieces);
            Assert.Equal([$"Registration {Phone}"], opened.Log);
            Assert.Equal(Convert.ToHexString(damaged), string.Concat(opened.Drops.Select(drop => drop.Hex)));
        });
    }

    [Theory]
    [InlineData("00 00 00 00 00")]
    [InlineData("A8")]
    [InlineData("A8 81")]
    [InlineData("A8 81 31 33")]
    [InlineData("A8 A8 81 A8")]
    [InlineData("A8 81 31 33 38 30 30 31 33 38 30 30 30 30 30 30 30 07 00 18")]
    public void Before_the_first_head_everything_else_is_garbage_and_costs_only_itself(string garbage)
    {
        var bytes = Recording.Hex(garbage);
        Assert.All(Recording.Cuts([.. bytes, .. Register]), pieces =>
        {
            var opened = Opened.Of("jbt", pieces).Silence();
            Assert.Equal([$"Registration {Phone}"], opened.Log);
            Assert.Equal(Convert.ToHexString(bytes), string.Concat(opened.Drops.Select(drop => drop.Hex)));
        });
    }

    [Fact]
    public void The_beginning_of_a_head_whose_rest_never_comes_is_truncated()
    {
        var opened = Opened.Of("jbt", Register[..19]);
        Assert.Equal(TimeSpan.FromSeconds(5), opened.SilenceDue);
        Assert.Empty(opened.Silence().Log);
        Assert.Equal(19, opened.Drops.Sum(drop => drop.Hex.Length / 2));
        Assert.Equal([$"Registration {Phone}"], opened.Feed(Register).Log);
    }

    [Fact]
    public void What_goes_down_is_the_instrument_s_bytes_alone() =>
        Assert.Equal(Opened.EveryByte, Opened.Of("jbt", Register).Envelope.Wrap(Phone, Opened.EveryByte));

    [Fact]
    public void Heads_are_built_with_their_sum()
    {
        Assert.Equal(Register, Jbt.Build(JbtFunction.Register, Phone, []));
        Assert.True(Jbt.IsHead(Jbt.Build(JbtFunction.SecondPortDown, "330", [])));
        Assert.False(Jbt.IsHead(Register.AsSpan(0, 19)));
        Assert.Throws<ArgumentException>(() => Jbt.Build(JbtFunction.Data, "138001380001", []));
    }
}
