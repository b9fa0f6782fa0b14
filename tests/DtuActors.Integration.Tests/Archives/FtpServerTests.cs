using DtuActors.Archives.Targets;
using DtuActors.Configuration;
using DtuActors.Tests.Archives;

namespace DtuActors.Integration.Tests.Archives;

public sealed class FtpServerTests(ProFtpd server) : ArchiveServerSpec<ProFtpd>(server);

public sealed class ActiveFtpServerTests(ProFtpd server) : ArchiveServerSpec<ProFtpd>(server)
{
    private protected override ServerTargetOptions Told(ServerTargetOptions options) => (FtpTargetOptions)options with { IsActive = true };
}

public sealed class ForgetfulFtpServerTests(ForgetfulProFtpd server) : IClassFixture<ForgetfulProFtpd>
{
    [SkippableFact]
    public async Task What_it_does_not_go_on_with_it_takes_anew_at_the_next_try()
    {
        server.Need();
        await using (var target = ArchiveTargets.Create(server.Options))
        {
            using var content = new MemoryStream([1, 2]);
            await target.WriteAsync("a.csv", 0, content, CancellationToken.None);
            using var rest = new MemoryStream([3]);
            var refusal = await Assert.ThrowsAsync<ArchiveTargetException>(() => target.WriteAsync("a.csv", 2, rest, CancellationToken.None));
            Assert.Equal(ArchiveProblem.Refused, refusal.Problem);
        }

        await using var next = ArchiveTargets.Create(server.Options);
        Assert.Null(await next.LengthAsync("a.csv", CancellationToken.None));
        using var whole = new MemoryStream([1, 2, 3]);
        await next.WriteAsync("a.csv", 0, whole, CancellationToken.None);
        Assert.Equal([1, 2, 3], await File.ReadAllBytesAsync(Path.Combine(server.Home, "a.csv")));
    }
}
