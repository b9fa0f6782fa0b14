using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Akka.Hosting;
using DtuActors.Clustering;
using DtuActors.Configuration;
using DtuActors.Host.Api;
using DtuActors.Host.Auditing;
using DtuActors.Host.Commands;
using DtuActors.Host.WebConsole;
using DtuActors.Listening;
using DtuActors.Protocol;
using DtuActors.Routing;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Logging.Console;

namespace DtuActors.Host.Serving;

/// <summary>A gateway that is ready, and what it has bound, by name; <c>http</c> is the API.</summary>
internal sealed record RunningGateway(DtuGateway Gateway, IReadOnlyDictionary<string, string> Bound)
{
    public string Url => $"http://{Bound["http"]}";
}

/// <summary>
/// One run of the gateway, from options to exit code: starts actors and HTTP, prints what is bound, waits for the end, stops in good order.
/// </summary>
internal static partial class GatewayRun
{
    // The contract gives five seconds from the signal to the end; what is left is for the runtime. A node of a cluster hands over what it has.
    private static TimeSpan StopWithin(GatewayOptions options) => options.Cluster.Enabled ? ClusterSetup.StopWithin : TimeSpan.FromSeconds(4.5);

    /// <param name="options">What to run.</param>
    /// <param name="files">Where it is from, for a reload.</param>
    /// <param name="hangUps">What reloads by signal; null: nothing does.</param>
    /// <param name="whenReady">Runs beside the gateway from <c>ready</c> on, until the token ends it; null: nothing does.</param>
    public static async Task<int> RunAsync(
        GatewayOptions options, GatewayFiles files, HangUps? hangUps = null, Func<RunningGateway, CancellationToken, Task>? whenReady = null)
    {
        await using var app = Build(options, files);
        var lifetime = app.Lifetime;
        var manager = app.Services.GetRequiredService<ServiceManager>();
        using var telling = lifetime.ApplicationStopping.Register(manager.Stopping);
        var log = app.Services.GetRequiredService<ILoggerFactory>().CreateLogger("DtuActors.Host");
        foreach (var warning in WeakKeys.Of(options))
        {
            LogWarning(log, warning);
        }

        try
        {
            await app.StartAsync(lifetime.ApplicationStopping);
        }
        catch (IOException failure) when (failure.Message.Contains("bind", StringComparison.OrdinalIgnoreCase))
        {
            var address = new IPEndPoint(options.Http.Address, options.Http.Port);
            SayBindFailed("dtu.http.port", address, failure.InnerException?.Message ?? failure.Message, failure is { InnerException: AddressInUseException });
            WindowsEvents.Fail(app.Services);
            await StopAsync(app, log);
            return ExitCodes.Failed;
        }
        catch (Exception failure) when (options.Cluster.Enabled && NodePort.Problem(failure) is { } problem)
        {
            var address = IPAddress.TryParse(options.Cluster.Host, out var ip) ? new IPEndPoint(ip, options.Cluster.Port) : null;
            SayBindFailed("dtu.cluster.port", address, problem.Message, problem.SocketErrorCode is SocketError.AddressAlreadyInUse, new SeedNode(options.Cluster.Host, options.Cluster.Port).ToString());
            WindowsEvents.Fail(app.Services);
            await StopAsync(app, log);
            return ExitCodes.Failed;
        }
        catch (OperationCanceledException) when (lifetime.ApplicationStopping.IsCancellationRequested)
        {
            await StopAsync(app, log);
            return ExitCodes.Done;
        }

        SeedMetrics();
        var gateway = app.Services.GetRequiredService<DtuGateway>();
        app.Services.GetRequiredService<Reloader>().Serve();
        var code = await StartUpAsync(app, gateway) switch
        {
            StartUp.Failed => ExitCodes.Failed,
            StartUp.Stopped => ExitCodes.Done,
            _ => await ServeAsync(app, gateway, hangUps, whenReady, log),
        };
        if (code != ExitCodes.Done)
        {
            WindowsEvents.Fail(app.Services);
        }

        await StopAsync(app, log);
        return code;
    }

    private enum StartUp
    {
        Ready,
        Failed,
        Stopped,
    }

    private static async Task<StartUp> StartUpAsync(WebApplication app, DtuGateway gateway)
    {
        var bound = app.Services.GetRequiredService<Sockets>();
        try
        {
            await foreach (var happened in gateway.StartUp.ReadAllAsync(app.Lifetime.ApplicationStopping))
            {
                switch (happened)
                {
                    case StartUpEvent.Bound socket:
                        bound.Add(socket.Name, socket.Transport, socket.Address);
                        break;
                    case StartUpEvent.Failed failed:
                        SayBindFailed(failed.KeyPath, IPEndPoint.TryParse(failed.Address, out var address) ? address : null, failed.Problem, failed.AddressInUse, failed.Address);
                        return StartUp.Failed;
                    case StartUpEvent.NotStored failed:
                        Terminal.Fault($"{failed.KeyPath}: can't open {failed.Place}: {failed.Problem}; with dtu.storage.provider = none nothing is stored");
                        return StartUp.Failed;
                    case StartUpEvent.NotJoined failed:
                        Terminal.Fault($"{failed.KeyPath}: {failed.Problem}");
                        return StartUp.Failed;
                    case StartUpEvent.Ready:
                        bound.Add("http", "http", HttpAddress(app));
                        app.Services.GetRequiredService<Readiness>().Set();
                        Terminal.Line("ready");
                        app.Services.GetRequiredService<ServiceManager>().Ready();
                        return StartUp.Ready;
                }
            }
        }
        catch (OperationCanceledException)
        {
            return StartUp.Stopped;
        }

        Terminal.Fault("the gateway ended before it was ready; the log tells why");
        return StartUp.Failed;
    }

    private static async Task SayBoundLaterAsync(WebApplication app, DtuGateway gateway, CancellationToken stopping)
    {
        var bound = app.Services.GetRequiredService<Sockets>();
        try
        {
            await foreach (var socket in gateway.BoundLater.ReadAllAsync(stopping))
            {
                bound.Add(socket.Name, socket.Transport, socket.Address);
            }
        }
        catch (OperationCanceledException)
        {
            // Nothing is bound any more.
        }
    }

    private static async Task<int> ServeAsync(
        WebApplication app, DtuGateway gateway, HangUps? hangUps, Func<RunningGateway, CancellationToken, Task>? whenReady, ILogger log)
    {
        var stopping = app.Lifetime.ApplicationStopping;
        _ = SayBoundLaterAsync(app, gateway, stopping);
        _ = app.Services.GetRequiredService<Pulse>().RunAsync(gateway, stopping);
        var manager = app.Services.GetRequiredService<ServiceManager>();
        _ = manager.RunAsync(gateway, stopping);
        _ = hangUps?.RunAsync(app.Services.GetRequiredService<Reloader>(), manager, log, stopping);
        var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var registration = stopping.Register(stopped.SetResult);
        var beside = whenReady?.Invoke(new RunningGateway(gateway, app.Services.GetRequiredService<Sockets>().ByName), stopping) ?? stopped.Task;
        var first = await Task.WhenAny(gateway.Ended, stopped.Task, beside);
        if (gateway.OutOfCluster is { } reason)
        {
            Terminal.Fault($"out of the cluster: {reason}; started again, it joins anew");
            app.Lifetime.StopApplication();
            await SettleAsync(beside, log);
            return ExitCodes.Failed;
        }

        if (stopping.IsCancellationRequested)
        {
            await SettleAsync(beside, log);
            return ExitCodes.Done;
        }

        if (first == gateway.Ended)
        {
            LogGatewayEnded(log, gateway.Ended.Exception);
            app.Lifetime.StopApplication();
            await SettleAsync(beside, log);
            return ExitCodes.Failed;
        }

        // What runs beside ended of itself: it failed, or it has nothing more to do and the gateway stays.
        if (!await SettleAsync(beside, log))
        {
            return ExitCodes.Failed;
        }

        await Task.WhenAny(gateway.Ended, stopped.Task);
        if (gateway.OutOfCluster is { } why)
        {
            Terminal.Fault($"out of the cluster: {why}; started again, it joins anew");
            return ExitCodes.Failed;
        }

        return stopping.IsCancellationRequested ? ExitCodes.Done : ExitCodes.Failed;
    }

    private static async Task<bool> SettleAsync(Task beside, ILogger log)
    {
        try
        {
            await beside;
            return true;
        }
        catch (OperationCanceledException)
        {
            return true;
        }
        catch (Exception failure)
        {
            LogBesideFailed(log, failure);
            return false;
        }
    }

    private static async Task StopAsync(WebApplication app, ILogger log)
    {
        try
        {
            await app.StopAsync();
        }
        catch (Exception failure) when (failure is OperationCanceledException or AggregateException or TimeoutException)
        {
            LogStopCutShort(log, StopWithin(app.Services.GetRequiredService<GatewayOptions>()).TotalSeconds, failure.Message);
        }
    }

    // Browsers, scrapers and followers of events are tens. What is more must not take the descriptors that DTUs need, and the process to live.
    private const int MostHttpConnections = 1000;

    private static WebApplication Build(GatewayOptions options, GatewayFiles files)
    {
        // Empty: ASPNETCORE_ variables and an appsettings.json that lies about must not change what dtu.conf says.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "dtu", ContentRootPath = AppContext.BaseDirectory });
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = Body.MostBytes;
            kestrel.Limits.MaxConcurrentConnections = Descriptors.OfProcess.PartFor(MostHttpConnections);
            kestrel.Listen(options.Http.Address, options.Http.Port);
        });
        AddLogging(builder.Logging);

        var services = builder.Services;
        services.AddRoutingCore();
        services.AddSingleton(options);
        services.AddSingleton(files);
        services.AddSingleton<Reloader>();
        services.AddSingleton<RoutesEditor>();
        services.AddSingleton<Sockets>();
        services.AddSingleton<ServiceManager>();
        WindowsEvents.AddTo(services);
        services.AddGatewayApi();
        services.AddWebConsole();
        services.Configure<HostOptions>(host => host.ShutdownTimeout = StopWithin(options));
        services.Configure<ConsoleLifetimeOptions>(console => console.SuppressStatusMessages = true);
        services.AddAkka("dtu", akka => akka
            .ConfigureLoggers(loggers =>
            {
                loggers.ClearLoggers();
                loggers.AddLoggerFactory();
                loggers.ClearLoggers();
                loggers.AddLogger<ActorLog>();
            })

            // The host hears the signal and stops everything in its order; Akka's own hook would race it.
            .AddHocon("akka.coordinated-shutdown.run-by-clr-shutdown-hook = off", HoconAddMode.Prepend)
            .WithDtuGateway(options));
        services.AddDtuGateway();
        services.AddTelemetry(options);

        var app = builder.Build();
        app.UseGatewayApi();
        app.MapWebConsole();
        return app;
    }

    private static void AddLogging(ILoggingBuilder logging)
    {
        // Standard output belongs to the lines of the contract.
        logging.AddSimpleConsole(format =>
        {
            format.SingleLine = true;
            format.UseUtcTimestamp = true;
            format.TimestampFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z' ";
            format.ColorBehavior = Terminal.ErrorsInColour ? LoggerColorBehavior.Enabled : LoggerColorBehavior.Disabled;
        });
        logging.Services.Configure<ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        logging.SetMinimumLevel(LogLevel.Information);
        logging.AddFilter("Microsoft", LogLevel.Warning);

        // A port in use is said in one line, with its key; these two would add a stack trace each.
        logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.None);
        logging.AddFilter("Microsoft.AspNetCore.Server.Kestrel", LogLevel.None);
    }

    // A counter that was never moved is not exported, and an alert on what is missing can't tell it from a gateway that is gone.
    private static void SeedMetrics()
    {
        GatewayMetrics.Connections.Add(0);
        GatewayMetrics.Registrations.Add(0, new KeyValuePair<string, object?>("result", "accepted"));
        foreach (var reason in (ReadOnlySpan<string>)[DropReasons.BadChecksum, DropReasons.Garbage, RelayDrops.QueueFull, RelayDrops.DtuOffline])
        {
            GatewayMetrics.FramesDropped.Add(0, new KeyValuePair<string, object?>("reason", reason));
        }

        foreach (var kind in AlarmKinds.All)
        {
            GatewayMetrics.Alarms.Add(0, new KeyValuePair<string, object?>("kind", kind));
        }

        foreach (var result in (ReadOnlySpan<KeyValuePair<string, object?>>)[GatewayMetrics.Delivered, GatewayMetrics.Failed, GatewayMetrics.Dropped])
        {
            GatewayMetrics.WebhookCalls.Add(0, result);
        }

        foreach (var counter in (ReadOnlySpan<System.Diagnostics.Metrics.Counter<long>>)[GatewayMetrics.HistoryFrames, GatewayMetrics.HistorySessions])
        {
            counter.Add(0, GatewayMetrics.Kept);
            counter.Add(0, GatewayMetrics.Lost, GatewayMetrics.ByNumber);
            counter.Add(0, GatewayMetrics.Lost, GatewayMetrics.ByStorage);
        }

        GatewayMetrics.HistoryWaiting.Add(0);
        GatewayMetrics.Conflicts.Add(0);
        AuditTrail.Seed();
    }

    private static string HttpAddress(WebApplication app)
    {
        var address = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        return address["http://".Length..].TrimEnd('/');
    }

    private static void SayBindFailed(string keyPath, IPEndPoint? address, string problem, bool inUse, string? text = null)
    {
        var where = text ?? address?.ToString();
        var holder = inUse && address is not null ? PortHolder.Find(address) : null;
        Terminal.Fault(inUse
            ? $"{keyPath}: {where} is in use" + (holder is null ? " by another process" : $" by {holder}")
            : $"{keyPath}: can't listen on {where}: {problem}");
    }

    [LoggerMessage(LogLevel.Warning, "{Warning}")]
    private static partial void LogWarning(ILogger log, string warning);

    [LoggerMessage(LogLevel.Critical, "the gateway's root actor has ended by failure; the process ends")]
    private static partial void LogGatewayEnded(ILogger log, Exception? failure);

    [LoggerMessage(LogLevel.Error, "what runs beside the gateway failed")]
    private static partial void LogBesideFailed(ILogger log, Exception failure);

    [LoggerMessage(LogLevel.Warning, "stopping took longer than {Seconds} s and was cut short: {Reason}")]
    private static partial void LogStopCutShort(ILogger log, double seconds, string reason);

    /// <summary>The sockets that are bound; each is printed as soon as it is.</summary>
    private sealed class Sockets
    {
        // Sockets are bound while others look them up.
        private readonly ConcurrentDictionary<string, string> _byName = new(StringComparer.Ordinal);

        public IReadOnlyDictionary<string, string> ByName => _byName;

        public void Add(string name, string transport, string address)
        {
            _byName[name] = address;
            Terminal.Line($"listening {name} {transport} {address}");
        }
    }
}
