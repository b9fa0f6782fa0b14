namespace DtuActors.Protocol;

/// <summary>
/// Why bytes did not go further, as counters, metrics and the monitor name it. A closed set: these words are metric labels.
/// </summary>
public static class DropReasons
{
    /// <summary>It has the shape of a frame and a wrong checksum.</summary>
    public const string BadChecksum = "bad-checksum";

    /// <summary>Bytes that begin no frame of the codec.</summary>
    public const string Garbage = "garbage";

    /// <summary>The beginning of a frame whose rest never came before the line fell silent.</summary>
    public const string Truncated = "truncated";

    /// <summary>Longer than the codec's max-frame.</summary>
    public const string Oversize = "oversize";
}
