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

    // A bind that fails is said by the gateway's own actors, with its key; a port that is taken is tried for ever, and each time said here too.
    private const string Sockets = "/system/IO-TCP";
    private const string BindFailed = "Bind failed";

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

        var isSocket = logged.LogSource.Contains(Sockets, StringComparison.Ordinal);
        if (isSocket && logged.Message.ToString()?.StartsWith(BindFailed, StringComparison.Ordinal) == true)
        {
            return;
        }

        _log.Log(level, default, (Source: Short(logged.LogSource), logged.Message), isSocket ? null : logged.Cause, static (state, _) => Line(state.Source, state.Message));
    }

    /// <summary>One line, though a broker's or a system's own words are in it.</summary>
    internal static string Line(string source, object message) => Commands.Terminal.Safe($"{source}: {message}");

    // akka://dtu/user/gateway/listener-main/$a → gateway/listener-main/$a
    private static string Short(string source)
    {
        var at = source.IndexOf(Ours, StringComparison.Ordinal);
        return at < 0 ? source : source[(at + Ours.Length)..].TrimEnd(']');
    }
}
