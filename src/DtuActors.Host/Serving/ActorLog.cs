using Akka.Actor;
using Akka.Dispatch;
using Akka.Event;
using Akka.Hosting.Logging;
using AkkaLevel = Akka.Event.LogLevel;
using Level = Microsoft.Extensions.Logging.LogLevel;

namespace DtuActors.Host.Serving;

/// <summary>
/// Carries what actors log to the program's log, in one line and with one time: Akka.Hosting's own would put level, time and thread into each message once
/// more.
/// </summary>
internal sealed class ActorLog : ReceiveActor, IRequiresMessageQueue<ILoggerMessageQueueSemantics>
{
    // Its parts speak of every socket they bind and close; what matters of it the gateway's own actors say.
    private const string Internals = "/system/IO-TCP";

    private readonly ILogger _log;

    public ActorLog()
    {
        var setup = Context.System.Settings.Setup.Get<LoggerFactorySetup>();
        _log = setup.Value.LoggerFactory.CreateLogger("DtuActors");
        Receive<InitializeLogger>(_ => Sender.Tell(new LoggerInitialized()));
        Receive<LogEvent>(Write);
    }

    private void Write(LogEvent logged)
    {
        var level = logged.LogLevel() switch
        {
            AkkaLevel.DebugLevel => Level.Debug,
            AkkaLevel.InfoLevel => Level.Information,
            AkkaLevel.WarningLevel => Level.Warning,
            _ => Level.Error,
        };
        if (level <= Level.Information && logged.LogSource.Contains(Internals, StringComparison.Ordinal))
        {
            return;
        }

        _log.Log(level, default, (Source: Short(logged.LogSource), logged.Message), logged.Cause, static (state, _) => $"{state.Source}: {state.Message}");
    }

    // akka://dtu/user/gateway/listener-main/$a → gateway/listener-main/$a
    private static string Short(string source)
    {
        const string user = "/user/";
        var at = source.IndexOf(user, StringComparison.Ordinal);
        return at < 0 ? source : source[(at + user.Length)..].TrimEnd(']');
    }
}
