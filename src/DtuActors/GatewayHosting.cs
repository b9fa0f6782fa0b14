using Akka.Hosting;
using DtuActors.Configuration;

namespace DtuActors;

/// <summary>Embeds a gateway in an Akka.Hosting application.</summary>
public static class GatewayHosting
{
    /// <summary>Starts the gateway's tree in the actor system; <see cref="DtuGateway"/> is then a service. Call <c>services.AddDtuGateway()</c> for it.</summary>
    public static AkkaConfigurationBuilder WithDtuGateway(this AkkaConfigurationBuilder builder, GatewayOptions options) => throw new NotSupportedException();
}
