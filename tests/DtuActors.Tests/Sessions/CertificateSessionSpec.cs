using System.Text;
using Akka.IO;
using DtuActors.Configuration;
using DtuActors.Protocol.Framing;
using DtuActors.Protocol.Registration;
using DtuActors.Protocol.Transports;
using DtuActors.Routing;

namespace DtuActors.Tests.Sessions;

/// <summary>A DTU that its certificate names is that one, whatever number its frames carry.</summary>
public sealed class CertificateSessionSpec : SessionSpec
{
    [Fact]
    public void A_frame_with_a_number_in_it_is_data()
    {
        var framing = new FramingOptions { Codec = "hj212" };
        Assert.True(IdTemplate.TryParse("{mn}", out var id, out _));
        var form = new FrameForm { Framing = framing, Id = id };
        var session = Connect([Options.Profile(framing: framing) with { Registration = new RegistrationOptions { Form = form } }], remote: Remote with { Identity = "pump-7" });
        Grant(session, "pump-7");
        Router.ExpectMsg<Registry.SessionOpened>();
        var frame = Protocol.Layouts.Hj212.Build(Encoding.ASCII.GetBytes("QN=20260101000000000;ST=22;CN=2011;PW=123456;MN=ABCDEFG;CP=&&&&"));
        Receive(session, frame);
        Assert.Equal(frame, Uplink().Frame!.Payload.ToArray());
    }

    [Fact]
    public void An_envelope_with_a_number_in_it_is_opened()
    {
        var profile = Options.Profile() with { Envelope = Envelopes.Find("ddp"), Registration = new RegistrationOptions { Form = new EnvelopeForm() } };
        var session = Connect([profile], remote: Remote with { Identity = "pump-7" });
        Socket.ExpectMsg<Tcp.ResumeReading>();
        Receive(session, Ddp.Build(DdpType.Register, "13403154329", new byte[6]));
        Grant(session, "pump-7");
        Router.ExpectMsg<Registry.SessionOpened>();
        Receive(session, Ddp.Build(DdpType.Data, "13403154330", "data"u8));
        Assert.Equal("data"u8.ToArray(), Uplink().Frame!.Payload.ToArray());
    }
}
