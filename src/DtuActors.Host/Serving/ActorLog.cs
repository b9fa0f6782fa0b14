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
    private const string Ours = "/user/";

    // A bind that fails is said by the gateway's own actors too, with its key: here one line without its stack will do.
    private const string Sockets = "/system/IO-TCP";

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

        // Akka's own parts speak of every socket they bind and each phase of a stop.
        if (level <= Level.Information && !logged.LogSource.Contains(Ours, StringComparison.Ordinal))
        {
            return;
        }

        var cause = logged.LogSource.Contains(Sockets, StringComparison.Ordinal) ? null : logged.Cause;
        _log.Log(level, default, (Source: Short(logged.LogSource), logged.Message), cause, static (state, _) => $"{state.Source}: {state.Message}");
    }

    // akka://dtu/user/gateway/listener-main/$a → gateway/listener-main/$a
    private static string Short(string source)
    {
        var at = source.IndexOf(Ours, StringComparison.Ordinal);
        return at < 0 ? source : source[(at + Ours.Length)..].TrimEnd(']');
    }
}
