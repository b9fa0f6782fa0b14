using DtuActors.Archives.Targets;
using DtuActors.Configuration;

namespace DtuActors.Integration.Tests.Archives;

public sealed class SftpServerTests(OpenSshServer server) : ArchiveServerSpec<OpenSshServer>(server)
{
    private SftpTargetOptions Options => (SftpTargetOptions)Server.Options;

    [SkippableFact]
    public async Task A_server_with_another_key_hears_no_password_and_its_key_is_named()
    {
        var other = "SHA256:" + new string('A', 43);
        await using var target = ArchiveTargets.Create(Options with { HostKey = other });
        var failure = await FailsAsync(ArchiveProblem.WrongHostKey, () => target.LengthAsync("a.csv", Uncancelled));
        Assert.Contains(Options.HostKey, failure.Message, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task A_key_file_opens_as_a_password_does()
    {
        await using var target = ArchiveTargets.Create(Options with { Password = null, KeyFile = Server.KeyFile, KeyPassphrase = OpenSshServer.Passphrase });
        using var content = new MemoryStream([1]);
        await target.WriteAsync("a.csv", 0, content, Uncancelled);
        Assert.Equal([1], Lying("a.csv"));
    }

    [SkippableFact]
    public async Task A_key_file_that_does_not_open_is_told_but_not_its_passphrase()
    {
        await using var target = ArchiveTargets.Create(Options with { Password = null, KeyFile = Server.KeyFile, KeyPassphrase = "not-this-0ne" });
        var failure = await FailsAsync(ArchiveProblem.WrongPassword, () => target.LengthAsync("a.csv", Uncancelled));
        Assert.DoesNotContain("not-this-0ne", failure.ToString(), StringComparison.Ordinal);

        await using var missing = ArchiveTargets.Create(Options with { Password = null, KeyFile = Server.KeyFile + "-of-nobody" });
        await FailsAsync(ArchiveProblem.WrongPassword, () => missing.LengthAsync("a.csv", Uncancelled));
    }

    [SkippableFact]
    public async Task What_lies_behind_the_offset_is_gone()
    {
        await WriteAsync("a.csv", 0, [1, 2, 3, 4, 5]);
        await WriteAsync("a.csv", 2, [9]);
        Assert.Equal([1, 2, 9], Lying("a.csv"));
    }
}

public sealed class OldSftpServerTests(OldSshServer server) : ArchiveServerSpec<OldSshServer>(server);
