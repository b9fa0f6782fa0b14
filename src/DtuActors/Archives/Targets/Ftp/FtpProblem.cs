namespace DtuActors.Archives.Targets.Ftp;

/// <summary>Replies as problems (the codes: RFC 959, section 4.2.1 and 4.2.2).</summary>
internal static class FtpProblem
{
    private static readonly string[] NoRoom = ["no space", "disk full", "disc full", "quota", "insufficient"];
    private static readonly string[] HalfWritten = ["writing", "input/output error"];

    /// <summary>What a reply that is not the hoped-for one means to whoever sent the command, and its words behind the command's name: never what stood behind that, which may be a password.</summary>
    public static ArchiveTargetException Of(string verb, FtpReply reply, string? secret) =>
        new(Of(verb, reply), $"{verb}: {reply.Code} {TargetWords.Of(reply.Words, secret)}");

    private static ArchiveProblem Of(string verb, FtpReply reply) => reply.Code switch
    {
        // Service ends; no data connection; it broke off.
        421 or 425 or 426 => ArchiveProblem.Broken,

        // An account on top of user and password (RFC 959's ACCT) is nothing that configuration has.
        332 or 530 or 532 => ArchiveProblem.WrongPassword,
        452 or 552 => ArchiveProblem.DiskFull,
        < 400 => ArchiveProblem.Refused,
        _ when Array.Exists(NoRoom, word => reply.Words.Contains(word, StringComparison.OrdinalIgnoreCase)) => ArchiveProblem.DiskFull,

        // A disk that takes half of what it is given, so mostly a full one: vsftpd says "451 Failure writing to local file.", ProFTPD "451 Transfer aborted. Input/output error".
        451 when IsWrite(verb) && Array.Exists(HalfWritten, word => reply.Words.Contains(word, StringComparison.OrdinalIgnoreCase)) => ArchiveProblem.DiskFull,

        // 550 is also what is said of a folder that is not there.
        550 or 553 when IsWrite(verb) && !reply.Words.Contains("no such", StringComparison.OrdinalIgnoreCase) => ArchiveProblem.NoPermission,
        _ => ArchiveProblem.Refused,
    };

    private static bool IsWrite(string verb) => verb is "STOR" or "APPE" or "MKD" or "RNTO" or "DELE";
}
