using System.Net;
using System.Net.Sockets;
using DtuActors.Archives.Targets;
using DtuActors.Configuration;

namespace DtuActors.Tests.Archives;

/// <summary>What needs no SSH server; what does is tried at OpenSSH's.</summary>
public sealed class SftpTargetTests : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);

    public SftpTargetTests() => _listener.Start();

    private SftpTargetOptions Options => new()
    {
        Host = "127.0.0.1", Port = ((IPEndPoint)_listener.LocalEndpoint).Port, Username = "archive", Password = "s3cret-of-the-account", HostKey = "SHA256:" + new string('A', 43),
        Timeout = TimeSpan.FromSeconds(1.5),
    };

    public void Dispose() => _listener.Dispose();

    [Fact]
    public async Task A_server_that_says_nothing_is_not_awaited_for_ever() => Assert.Equal(ArchiveProblem.Unreachable, await ProblemAsync(Options));

    [Fact]
    public async Task A_server_whose_first_line_never_ends_is_not_awaited_for_ever()
    {
        using var over = new CancellationTokenSource();
        var trickling = ServeAsync(async socket =>
        {
            using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
            while (await timer.WaitForNextTickAsync(over.Token))
            {
                await socket.SendAsync("x"u8.ToArray(), over.Token);
            }
        });
        Assert.Equal(ArchiveProblem.Unreachable, await ProblemAsync(Options with { Timeout = TimeSpan.FromMilliseconds(500) }));
        await over.CancelAsync();
        await trickling;
    }

    [Fact]
    public async Task A_server_that_hangs_up_at_once_is_out_of_reach_or_a_connection_that_broke()
    {
        var serving = ServeAsync(_ => Task.CompletedTask);
        Assert.Contains(await ProblemAsync(Options), (ArchiveProblem[])[ArchiveProblem.Unreachable, ArchiveProblem.Broken]);
        await serving;
    }

    [Fact]
    public async Task Who_does_not_want_to_wait_any_more_does_not()
    {
        using var cancelling = new CancellationTokenSource();
        await using var target = ArchiveTargets.Create(Options with { Timeout = TimeSpan.FromMinutes(5) });
        var asking = target.LengthAsync("a.csv", cancelling.Token);
        using var socket = await _listener.AcceptSocketAsync();
        await cancelling.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asking.WaitAsync(TimeSpan.FromMinutes(1)));
    }

    [Fact]
    public async Task An_account_with_neither_a_password_nor_a_key_is_not_tried() => Assert.Equal(ArchiveProblem.WrongPassword, await ProblemAsync(Options with { Password = null }));

    private static async Task<ArchiveProblem> ProblemAsync(SftpTargetOptions options)
    {
        await using var target = ArchiveTargets.Create(options);
        return (await Assert.ThrowsAsync<ArchiveTargetException>(() => target.LengthAsync("a.csv", CancellationToken.None))).Problem;
    }

    private async Task ServeAsync(Func<Socket, Task> serve)
    {
        using var socket = await _listener.AcceptSocketAsync();
        try
        {
            await serve(socket);
        }
        catch (Exception end) when (end is OperationCanceledException or SocketException)
        {
            // The client has had enough, or the test has.
        }
    }
}
