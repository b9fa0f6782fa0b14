using System.Collections.Immutable;
using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using DtuActors.Configuration;
using DtuActors.Listening;
using DtuActors.Protocol.Framing;
using DtuActors.Protocol.Registration;
using DtuActors.Protocol.Transports;
using DtuActors.Tests.Sessions;

namespace DtuActors.Tests.Listening;

public sealed class UdpEntranceTests
{
    private static readonly Peer Remote = Peer.Of(new IPEndPoint(IPAddress.Parse("10.8.0.7"), 5000));

    private static Regex Whole(string pattern) => new($@"\A(?:{pattern})\z", RegexOptions.NonBacktracking);

    private static ProfileOptions Profile(RegistrationForm form, string codec = "raw", string? envelope = null, bool everyPacket = false) => Options.Profile() with
    {
        Envelope = envelope is null ? null : Envelopes.ForDatagrams(Envelopes.Find(envelope)),
        Framing = new FramingOptions { Codec = codec },
        Registration = new RegistrationOptions { Form = form, EveryPacket = everyPacket },
    };

    private static FrameForm Frame(string codec, string id) => new() { Framing = new FramingOptions { Codec = codec }, Id = IdTemplate.Of(id) };

    private static UdpEntrance Entrance(ProfileOptions profile, string? dtu = null, GatewayOptions? options = null) =>
        new(SetupOf(options ?? Options.Gateway(profile), [profile], dtu));

    private static DtuActors.Sessions.SessionSetup SetupOf(GatewayOptions options, ProfileOptions[] candidates, string? dtu) =>
        SessionSetups.Nowhere(options) with { Candidates = candidates, Dtu = dtu is null ? null : Protocol.DtuId.Parse(dtu), IdPrefix = "" };

    [Theory]
    [InlineData("10.8.0.7", null)]
    [InlineData("10.8.0.8", "wrong-address")]
    public void Who_is_looked_for_at_one_address_is_nobody_at_another_though_the_listener_names_him(string only, string? refusal)
    {
        foreach (var profile in (ProfileOptions[])[Profile(new NoForm()), Profile(new EnvelopeForm(), envelope: "ddp")])
        {
            var options = Options.Gateway(profile).With(Options.Dtu("pump-7") with { Remote = IPAddress.Parse(only) });
            Assert.Equal(refusal, Entrance(profile, "pump-7", options).Read(Ddp.Build(DdpType.Register, "13403154329", new byte[6]), Remote).Refusal);
        }
    }

    [Fact]
    public void An_address_moves_where_every_datagram_carries_the_id_and_nowhere_else()
    {
        var text = new PatternForm { Pattern = Whole("(?<id>[0-9]{11})"), Length = 11 };
        (ProfileOptions Profile, string? Dtu, bool IsInAll, bool IsProven)[] cases =
        [
            (Profile(new EnvelopeForm(), envelope: "ddp"), null, true, true),
            (Profile(new EnvelopeForm(), envelope: "jbt"), null, true, true),
            (Profile(new EnvelopeForm(), envelope: "zg"), null, false, false),
            (Profile(new EnvelopeForm(), envelope: "four-faith-prot"), null, false, false),
            (Profile(text), null, false, false),
            (Profile(text, everyPacket: true), null, true, false),
            (Profile(new JsonForm()), null, false, false),
            (Profile(Frame("hj212", "mn"), codec: "hj212"), null, true, true),
            (Profile(Frame("sl651", "station"), codec: "sl651"), null, true, true),
            (Profile(Frame("hj212", "mn")), null, false, false),
            (Profile(Frame("dlt645", "meter"), codec: "dlt645"), null, false, false),
            (Profile(new AddressForm { Pattern = Whole("(?<id>.+)") }), null, true, true),
            (Profile(new LoginForm(VendorLogins.Find("hsl")!)), null, false, false),
            (Profile(new NoForm()), "pump-7", true, false),
            (Profile(text), "pump-7", true, false),
        ];
        Assert.All(cases, row =>
        {
            var entrance = Entrance(row.Profile, row.Dtu);
            Assert.Equal((row.IsInAll, row.IsProven), (entrance.IsInAll(0), entrance.IsProven(0)));
        });
    }

    [Fact]
    public void A_datagram_registers_by_itself_or_not_at_all()
    {
        var entrance = Entrance(Options.Profile());
        Assert.Equal("dtu-1", Read(entrance, "dtu-1").Id.Value);
        Assert.Equal("dtu-1", Read(entrance, "dtu-1\r\n").Id.Value);
        Assert.Equal(UdpEntrance.Unregistered, Read(entrance, "what is this?").Refusal);
        var fixedLength = Entrance(Profile(new PatternForm { Pattern = Whole("(?<id>[0-9]{11})"), Length = 11 }));
        Assert.Equal(UdpEntrance.Unregistered, Read(fixedLength, "138001").Refusal);
        Assert.Equal(UdpEntrance.Unregistered, Read(fixedLength, "38000").Refusal);
    }

    [Fact]
    public void What_is_never_an_id_and_who_is_not_admitted_are_told_apart_from_data()
    {
        var rejecting = Profile(new PatternForm { Pattern = Whole("(?<id>.+)"), Reject = ["www.usr.cn"] });
        Assert.Equal("rejected-id", Read(Entrance(rejecting), "www.usr.cn").Refusal);
        var options = Options.Gateway() with { Dtus = new[] { Options.Dtu("dtu-1", secret: "s3cret") }.ToImmutableDictionary(dtu => dtu.Id) };
        var guarded = Entrance(Options.Profile(), options: options);
        Assert.Equal("wrong-secret", Read(guarded, "dtu-1,other").Refusal);
        Assert.Null(Read(guarded, "dtu-1,s3cret").Refusal);
    }

    [Fact]
    public void Where_the_listener_names_the_DTU_every_datagram_is_that_DTU_s_but_for_one_that_is_no_unit_of_its_envelope()
    {
        Assert.Equal("pump-7", Read(Entrance(Profile(new NoForm()), "pump-7"), "\u0001\u0003").Id.Value);
        var ddp = Entrance(Profile(new EnvelopeForm(), envelope: "ddp"), "pump-7");
        Assert.Equal("pump-7", ddp.Read(DdpDatagram.Build(DdpType.Data, "330", "x"u8), Remote).Id.Value);
        Assert.Equal(UdpEntrance.Unregistered, Read(ddp, "x").Refusal);
    }

    [Fact]
    public void An_address_is_a_DTU_whatever_its_port() => Assert.Equal(
        "10.8.0.7", Read(Entrance(Profile(new AddressForm { Pattern = Whole("(?<id>.+)") })), "anything").Id.Value);

    private static DatagramVerdict Read(UdpEntrance entrance, string text) => entrance.Read(Encoding.ASCII.GetBytes(text), Remote);
}
