namespace DtuActors.Host.Commands;

/// <summary>What the process ends with.</summary>
internal static class ExitCodes
{
    public const int Done = 0;

    /// <summary>Refused, or it failed.</summary>
    public const int Failed = 1;

    /// <summary>Wrong usage, or a wrong configuration.</summary>
    public const int Usage = 2;
}
