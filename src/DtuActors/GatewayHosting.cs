using Akka.Actor;
using Akka.Hosting;
using DtuActors.Alarming;
using DtuActors.Archives;
using DtuActors.Clustering;
using DtuActors.Commanding;
using DtuActors.Configuration;
using DtuActors.Endpoints;
using DtuActors.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace DtuActors;

/// <summary>Embeds a gateway in an Akka.Hosting application.</summary>
/// <example>
/// <code>
/// services.AddAkka("dtu", builder =&gt; builder.WithDtuGateway(options));
/// services.AddDtuGateway();   // then DtuGateway is a service
/// </code>
/// </example>
public static class GatewayHosting
{
    // What the gateway wants of the actor system: a failed root ends instead of hiding, an idle session holds little, and a stop has time to write what waits.
    private const string Settings = """
        akka {
          actor.guardian-supervisor-strategy = "Akka.Actor.StoppingSupervisorStrategy"
          actor.default-mailbox.mailbox-type = "DtuActors.Mailboxes.LinkedMailbox, DtuActors"
          coordinated-shutdown.phases.service-unbind.timeout = 6 s
          io.tcp.register-timeout = 20s
          log-dead-letters = off
          log-dead-letters-during-shutdown = off
        }
        """;

    /// <summary>Starts a gateway in the actor system, and stops it in good order with it.</summary>
    public static AkkaConfigurationBuilder WithDtuGateway(this AkkaConfigurationBuilder builder, GatewayOptions options)
    {
        if (options.AkkaHocon.Length > 0)
        {
            builder.AddHocon(options.AkkaHocon, HoconAddMode.Prepend);
        }

        if (Database.Of(options.Storage) is { } database)
        {
            builder.AddSetup(CommandJournal.Connections(database));
            builder.AddHocon(CommandJournal.Hocon(database), HoconAddMode.Append).AddHocon(CommandJournal.SerializerHocon, HoconAddMode.Append);
        }

        if (options.Cluster.Enabled)
        {
            builder.WithCluster(options);
        }

        return builder
            .AddHocon(Settings, HoconAddMode.Append)
            .AddHocon(EndpointDispatchers.Hocon, HoconAddMode.Append)
            .WithActors((system, registry, resolver) =>
            {
                var gateway = new DtuGateway(system, options, resolver.GetService<StorageHealth>());
                CoordinatedShutdown.Get(system).AddTask(CoordinatedShutdown.PhaseServiceUnbind, "dtu-gateway", async () =>
                {
                    gateway.StopsBecause(CoordinatedShutdown.Get(system).ShutdownReason);
                    await gateway.StopAsync().ConfigureAwait(false);
                    return Akka.Done.Instance;
                });
                registry.Register<GatewayActor>(gateway.Actor);
                GatewayOf.Add(system, gateway);
            });
    }

    /// <summary>
    /// Makes <see cref="DtuGateway"/> a service, which can be resolved once the application's host has started; posts its alarms, where configuration has a
    /// webhook; and carries its archives. It comes behind AddAkka.
    /// </summary>
    public static IServiceCollection AddDtuGateway(this IServiceCollection services)
    {
        AlarmWebhook.AddTo(services);
        ArchiveService.AddTo(services);
        services.AddSingleton<StorageHealth>();
        return services.AddSingleton(provider =>
            GatewayOf.TryGetValue(provider.GetRequiredService<ActorSystem>(), out var gateway)
                ? gateway
                : throw new InvalidOperationException("no gateway in this actor system yet: WithDtuGateway, and a started host, come first"));
    }

    private static readonly System.Runtime.CompilerServices.ConditionalWeakTable<ActorSystem, DtuGateway> GatewayOf = [];
}
