using DtuActors.Protocol.Framing;
using DtuActors.Protocol.Transports;

namespace DtuActors.Protocol.Tests;

public sealed class DdpTests
{
    private readonly Envelope _ddp = Envelopes.Find("ddp")!();
    private static readonly byte[] Registration = Recording.Hex("7B01001631333430333135343332390A1BBE2D0FA07B");

    [Fact]
    public void The_table_knows_ddp_and_has_no_row_for_none()
    {
        Assert.Equal(["ddp", "four-faith-prot", "zg", "jbt"], Envelopes.Names);
        Assert.Null(Envelopes.Find("none"));
        Assert.Equal("ddp", _ddp.Name);
    }

    [Fact]
    public void A_registration_is_answered_with_81_and_the_same_id()
    {
        var unit = _ddp.Open(Registration);
        Assert.Equal((EnvelopeKind.Registration, "13403154329", 0), (unit.Kind, unit.Id, unit.PayloadLength));
        Assert.Equal("7B81001031333430333135343332397B", Convert.ToHexString(unit.Reply.Span));
    }

    [Fact]
    public void Data_are_opened_without_an_answer()
    {
        var bytes = Ddp.Build(DdpType.Data, "330", "a{b"u8);
        Assert.Equal("7B0900133333300000000000000000617B627B", Convert.ToHexString(bytes));
        var unit = _ddp.Open(bytes);
        Assert.Equal((EnvelopeKind.Data, "330"), (unit.Kind, unit.Id));
        Assert.Equal("a{b"u8.ToArray(), bytes.AsSpan(unit.PayloadOffset, unit.PayloadLength).ToArray());
        Assert.True(unit.Reply.IsEmpty);
    }

    [Fact]
    public void A_leave_is_never_answered_since_82_restarts_the_DTU()
    {
        var unit = _ddp.Open(Ddp.Build(DdpType.Unregister, "13800138000", []));
        Assert.Equal((EnvelopeKind.Leave, "13800138000", true), (unit.Kind, unit.Id, unit.Reply.IsEmpty));
    }

    [Theory]
    [InlineData(DdpType.CentreDataTaken)]
    [InlineData(DdpType.Invalid)]
    [InlineData(DdpType.ParametersRead)]
    [InlineData(DdpType.CentreData)]
    public void Everything_else_is_a_notice(DdpType type)
    {
        var unit = _ddp.Open(Ddp.Build(type, "13800138000", []));
        Assert.Equal((EnvelopeKind.Notice, true), (unit.Kind, unit.Reply.IsEmpty));
    }

    [Fact]
    public void A_unit_without_a_readable_id_has_none()
    {
        byte[] unit = [.. Registration];
        unit.AsSpan(4, 11).Clear();
        Assert.Null(_ddp.Open(unit).Id);
        unit[4] = 0x07;
        Assert.Null(_ddp.Open(unit).Id);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(1024)]
    [InlineData(1025)]
    [InlineData(5000)]
    public void A_downlink_is_wrapped_in_as_many_units_as_it_takes_and_nothing_is_changed(int length)
    {
        var payload = Enumerable.Range(0, length).Select(i => (byte)i).ToArray();
        var wrapped = _ddp.Wrap("13800138000", payload);
        Assert.All(new[] { 7, 100, 1460, 100000 }, size =>
        {
            var sink = Recording.Of(new Framer(_ddp.Codec, 1040), Recording.Cut(wrapped, [size - 1]));
            Assert.Equal((length + 1023) / 1024, sink.Frames.Count);
            Assert.All(sink.Frames, frame => Assert.StartsWith("7B89", frame, StringComparison.Ordinal));
            Assert.Equal(payload, sink.Frames.SelectMany(frame => Convert.FromHexString(frame)[15..^1]));
        });
    }

    [Fact]
    public void Nothing_is_wrapped_as_nothing() => Assert.Empty(_ddp.Wrap("13800138000", []));

    [Theory]
    [InlineData("")]
    [InlineData("138001380001")]
    [InlineData("七号")]
    public void An_id_that_no_unit_can_carry_is_refused(string id) => Assert.Throws<ArgumentException>(() => _ddp.Wrap(id, [1]));

    [Fact]
    public void A_unit_with_a_length_its_type_cannot_have_is_garbage_at_once()
    {
        var sink = new Recording();
        var framer = new Framer(_ddp.Codec, 1040);
        framer.Feed([0x7B, 0x01, 0x00, 0x17, 0x7B, 0x09, 0x04, 0x11, 0x7B, 0x10], ref sink);
        Assert.Equal((10, 0), (sink.DroppedBytes, framer.Pending));
    }

    [Fact]
    public void Every_registration_is_answered_anew_since_it_is_the_heartbeat() =>
        Assert.All(Enumerable.Range(0, 3), _ => Assert.Equal("7B81001031333430333135343332397B", Convert.ToHexString(_ddp.Open(Registration).Reply.Span)));

    [Fact]
    public void What_goes_down_carries_the_id_as_the_DTU_pads_it()
    {
        byte[] registration = [.. Registration];
        "330        "u8.CopyTo(registration.AsSpan(4));
        var unit = _ddp.Open(registration);
        Assert.Equal("330", unit.Id);
        Assert.Equal("7B810010" + "3333302020202020202020" + "7B", Convert.ToHexString(unit.Reply.Span));
        Assert.Equal("7B890011" + "3333302020202020202020" + "317B", Convert.ToHexString(_ddp.Wrap("330", "1"u8)));
    }

    [Fact]
    public void A_DTU_that_its_listener_names_gets_its_own_id_with_every_downlink()
    {
        _ddp.Open(Registration);
        Assert.Equal("7B890011" + Convert.ToHexString("13403154329"u8) + "317B", Convert.ToHexString(_ddp.Wrap("the pump behind the mill", "1"u8)));
    }
}
