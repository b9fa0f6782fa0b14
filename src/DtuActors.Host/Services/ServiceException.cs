using DtuActors.Host.Commands;

namespace DtuActors.Host.Services;

/// <summary>The service was not installed or removed; the message is for a person.</summary>
internal sealed class ServiceException(string message, int exitCode = ExitCodes.Failed) : Exception(message)
{
    public int ExitCode { get; } = exitCode;
}
