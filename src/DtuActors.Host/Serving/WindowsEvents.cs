using System.Diagnostics;
using System.Runtime.Versioning;
using Microsoft.Extensions.Hosting.WindowsServices;
using Microsoft.Extensions.Logging.EventLog;

namespace DtuActors.Host.Serving;

/// <summary>A Windows service has no standard error: what a person would read there goes to the event log (Application, source <c>dtu</c>).</summary>
internal static class WindowsEvents
{
    public const string Source = "dtu";

    // ERROR_EXCEPTION_IN_SERVICE: anything but 0 makes the service manager take its recovery actions.
    private const int Failure = 1064;

    /// <summary>One error; does nothing unless this process is a Windows service.</summary>
    public static void Error(string text)
    {
        if (OperatingSystem.IsWindows() && WindowsServiceHelpers.IsWindowsService())
        {
            try
            {
                EventLog.WriteEntry(Source, text, EventLogEntryType.Error);
            }
            catch (Exception unwritable) when (unwritable is System.Security.SecurityException or InvalidOperationException or System.ComponentModel.Win32Exception)
            {
                // No source (installed by hand) or a full log: there is nobody else to tell.
            }
        }
    }

    /// <summary>Lets the service manager stop the run, and sends warnings and errors to the event log; nothing elsewhere.</summary>
    public static void AddTo(IServiceCollection services)
    {
        services.AddWindowsService(service => service.ServiceName = Source);
        if (OperatingSystem.IsWindows() && WindowsServiceHelpers.IsWindowsService())
        {
            services.AddLogging(Filter);
        }
    }

    [SupportedOSPlatform("windows")]
    private static void Filter(ILoggingBuilder logging) => logging.AddFilter<EventLogLoggerProvider>(null, LogLevel.Warning);

    /// <summary>Before the stop of a run that failed: the service manager sees a failure, and restarts it.</summary>
    public static void Fail(IServiceProvider services)
    {
        if (OperatingSystem.IsWindows() && services.GetService<IHostLifetime>() is WindowsServiceLifetime service)
        {
            service.ExitCode = Failure;
        }
    }
}
