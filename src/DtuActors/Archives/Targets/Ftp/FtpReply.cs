namespace DtuActors.Archives.Targets.Ftp;

/// <summary>What a server says to a command: three digits, the first of which tells how it went, and words (RFC 959, section 4.2).</summary>
internal sealed record FtpReply(int Code, IReadOnlyList<string> Lines)
{
    /// <summary>1yz: it has begun, another reply follows.</summary>
    public bool IsPreliminary => Code is >= 100 and <= 199;

    /// <summary>2yz: it is done.</summary>
    public bool IsDone => Code is >= 200 and <= 299;

    /// <summary>3yz: it waits for the next command that belongs to it.</summary>
    public bool IsHalf => Code is >= 300 and <= 399;

    /// <summary>5yz: asking again changes nothing.</summary>
    public bool IsForGood => Code >= 500;

    /// <summary>The first line's words; of a reply of many lines they say what it is about.</summary>
    public string Words => Lines[0];
}
