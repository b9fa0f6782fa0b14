using DtuActors.Protocol.Transports;

namespace DtuActors.Protocol.Tests;

public sealed class DdpDatagramTests
{
    // The two ddp-udp vectors and the TCP form of the first.
    private static readonly byte[] Down = Recording.Hex("7B 89 00 10 31 33 39 31 32 33 34 35 36 37 38 7B 31 32 33");
    private static readonly byte[] Up = Recording.Hex("7B 09 00 10 31 31 31 31 31 31 31 31 31 31 31 7B 24 23 30 30 30 34 4A 46 30 30 33 30 30 31 42 42");
    private static readonly byte[] Registration = Recording.Hex("7B01001631333430333135343332390A1BBE2D0FA07B");

    [Fact]
    public void Data_stand_behind_the_second_mark()
    {
        Assert.True(DdpDatagram.TryOpen(Up, out var unit));
        Assert.Equal((EnvelopeKind.Data, "11111111111", true), (unit.Kind, unit.Id, unit.Reply.IsEmpty));
        Assert.Equal("$#0004JF003001BB"u8, unit.Payload(Up));
        Assert.True(DdpDatagram.TryOpen(Down, out unit));
        Assert.Equal((EnvelopeKind.Notice, "13912345678"), (unit.Kind, unit.Id));
        Assert.Equal("123"u8, unit.Payload(Down));
    }

    [Theory]
    [InlineData("7B 09 00 13 31 33 39 31 32 33 34 35 36 37 38 31 32 33 7B")]
    [InlineData("7B 09 00 13 31 33 39 31 32 33 34 35 36 37 38 7B 31 32 33")]
    [InlineData("7B 09 00 10 31 33 39 31 32 33 34 35 36 37 38 7B 31 32 33")]
    public void A_length_that_counts_the_data_is_read_as_well(string hex)
    {
        var datagram = Recording.Hex(hex);
        Assert.True(DdpDatagram.TryOpen(datagram, out var unit));
        Assert.Equal((EnvelopeKind.Data, "13912345678"), (unit.Kind, unit.Id));
        Assert.Equal("123"u8, unit.Payload(datagram));
    }

    [Fact]
    public void A_registration_is_answered_with_81_and_the_same_id()
    {
        Assert.True(DdpDatagram.TryOpen(Registration, out var unit));
        Assert.Equal((EnvelopeKind.Registration, "13403154329", 0), (unit.Kind, unit.Id, unit.PayloadLength));
        Assert.Equal("7B81001031333430333135343332397B", Convert.ToHexString(unit.Reply.Span));
        Assert.Equal(unit.Reply.ToArray(), DdpDatagram.Acknowledge(Registration));
        Assert.Throws<ArgumentException>(() => DdpDatagram.Acknowledge(Registration.AsSpan(0, 15)));
    }

    [Fact]
    public void A_leave_is_not_answered()
    {
        Assert.True(DdpDatagram.TryOpen(DdpDatagram.Build(DdpType.Unregister, "330", []), out var unit));
        Assert.Equal((EnvelopeKind.Leave, "330", true), (unit.Kind, unit.Id, unit.Reply.IsEmpty));
    }

    [Fact]
    public void What_is_built_is_opened_again_whatever_the_data()
    {
        Assert.Equal(Down, DdpDatagram.Build(DdpType.CentreData, "13912345678", "123"u8));
        foreach (var data in new[] { [], Opened.EveryByte, [0x7B], [0x7B, 0x7B], new byte[Ddp.MaxData] })
        {
            var datagram = DdpDatagram.Build(DdpType.Data, "330", data);
            Assert.True(DdpDatagram.TryOpen(datagram, out var unit));
            Assert.Equal(data, unit.Payload(datagram).ToArray());
        }

        Assert.Throws<ArgumentException>(() => DdpDatagram.Build(DdpType.Data, "330", new byte[1025]));
        Assert.Throws<ArgumentException>(() => DdpDatagram.Build(DdpType.Data, "", []));
    }

    [Theory]
    [InlineData("")]
    [InlineData("7B")]
    [InlineData("7B 01 00 16 31 33 34 30 33 31 35 34 33 32 39")]
    [InlineData("7C 89 00 10 31 33 39 31 32 33 34 35 36 37 38 7B 31 32 33")]
    [InlineData("7B 77 00 10 31 33 39 31 32 33 34 35 36 37 38 7B 31 32 33")]
    [InlineData("7B 89 00 11 31 33 39 31 32 33 34 35 36 37 38 7B 31 32 33")]
    [InlineData("7B 89 00 10 31 33 39 31 32 33 34 35 36 37 38 7C 31 32 33")]
    [InlineData("7B 01 00 16 31 33 34 30 33 31 35 34 33 32 39 0A 1B BE 2D 0F A0 7C")]
    [InlineData("7B 01 00 16 31 33 34 30 33 31 35 34 33 32 39 0A 1B BE 2D 0F A0 7B 00")]
    public void Anything_else_is_no_unit(string hex) => Assert.False(DdpDatagram.TryOpen(Recording.Hex(hex), out _));

    [Fact]
    public void No_part_of_a_unit_is_taken_for_a_whole_one()
    {
        Assert.All(Enumerable.Range(0, Registration.Length), length => Assert.False(DdpDatagram.TryOpen(Registration.AsSpan(0, length), out _)));
        Assert.False(DdpDatagram.TryOpen([.. DdpDatagram.Build(DdpType.Data, "330", new byte[1024]), 0], out _));
    }

    [Fact]
    public void Over_datagrams_the_envelope_is_read_in_either_form_and_written_with_the_length_16()
    {
        var envelope = Envelopes.ForDatagrams(Envelopes.Find("ddp"))!();
        Assert.Equal(("ddp", true), (envelope.Name, envelope.NamesDtuInEveryUnit));
        Assert.Equal(EnvelopeKind.Registration, envelope.Open(Registration).Kind);
        var up = envelope.Open(Up);
        Assert.Equal("$#0004JF003001BB"u8, up.Payload(Up));
        byte[] inFront = Recording.Hex("7B 09 00 13 31 33 39 31 32 33 34 35 36 37 38 31 32 33 7B");
        Assert.Equal("123"u8, envelope.Open(inFront).Payload(inFront));
        Assert.Equal(Down, envelope.Wrap("unused", "123"u8));
        Assert.Equal(Ddp.MaxData, envelope.MostPayload);
        Assert.Equal(EnvelopeKind.Notice, envelope.Open([0x7B]).Kind);
    }

    [Fact]
    public void An_envelope_without_a_form_of_its_own_for_datagrams_is_the_same_there()
    {
        Assert.Same(Envelopes.Find("zg"), Envelopes.ForDatagrams(Envelopes.Find("zg")));
        Assert.Null(Envelopes.ForDatagrams(null));
    }
}
