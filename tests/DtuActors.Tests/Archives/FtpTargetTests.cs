using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using DtuActors.Archives.Targets;
using DtuActors.Archives.Targets.Ftp;
using DtuActors.Configuration;
using DtuActors.Tests.Sockets;

namespace DtuActors.Tests.Archives;

public abstract class FtpTargetSpec : ArchiveTargetSpec
{
    private IArchiveTarget? _target;

    private protected FakeFtpServer Server { get; } = new();

    private protected override IArchiveTarget Target => _target ??= ArchiveTargets.Create(Options);

    private protected virtual FtpTargetOptions Options => new()
    {
        Host = "127.0.0.1", Port = Server.Port, Username = FakeFtpServer.User, Password = FakeFtpServer.Password, Timeout = TimeSpan.FromSeconds(20),
    };

    public override Task InitializeAsync() => Task.CompletedTask;

    public override async Task DisposeAsync()
    {
        if (_target is not null)
        {
            await _target.DisposeAsync();
        }

        await Server.DisposeAsync();
    }

    protected override byte[]? Lying(string path) => Server.Files.GetValueOrDefault(path);

    /// <summary>One that does not wait for long, yet long enough for all that a busy machine does in time.</summary>
    private protected IArchiveTarget Hurried(int? port = null) => ArchiveTargets.Create(Options with { Timeout = TimeSpan.FromSeconds(1.5), Port = port ?? Server.Port });
}

public sealed class FtpTargetTests : FtpTargetSpec
{
    [Fact]
    public async Task It_logs_in_takes_utf8_where_it_is_offered_asks_for_bytes_and_takes_leave()
    {
        await Target.LengthAsync("a.csv", Uncancelled);
        await Target.DisposeAsync();
        Assert.Equal(["USER archive", $"PASS {FakeFtpServer.Password}", "FEAT", "OPTS UTF8 ON", "TYPE I", "SIZE a.csv", "QUIT"], Server.Commands);
    }

    [Fact]
    public async Task A_reply_of_many_lines_ends_where_its_number_stands_before_a_blank()
    {
        Server.Answers["greeting"] = "220-hello\r\n 220 of\n220-the line\r\n2201\r\n220 ready\r\n";
        Server.Answers["SIZE"] = "213 5\r\n";
        Assert.Equal(5, await Target.LengthAsync("a.csv", Uncancelled));
    }

    [Fact]
    public async Task A_server_that_is_ready_in_a_minute_is_awaited()
    {
        Server.Answers["greeting"] = "120 in a minute\r\n220 ready\r\n";
        Assert.Null(await Target.LengthAsync("a.csv", Uncancelled));
    }

    [Fact]
    public async Task A_wrong_password_is_told_but_not_the_password()
    {
        await using var target = ArchiveTargets.Create(Options with { Password = "not-this-0ne" });
        var failure = await FailsAsync(ArchiveProblem.WrongPassword, () => target.LengthAsync("a.csv", Uncancelled));
        Assert.Equal("PASS: 530 not with ***", failure.Message);
    }

    [Theory]
    [InlineData("USER", "332 which account?\r\n", ArchiveProblem.WrongPassword)]
    [InlineData("USER", "530 nobody may\r\n", ArchiveProblem.WrongPassword)]
    [InlineData("PASS", "332 which account?\r\n", ArchiveProblem.WrongPassword)]
    [InlineData("greeting", "421 too many\r\n", ArchiveProblem.Broken)]
    [InlineData("greeting", "HTTP/1.1 400 Bad Request\r\n", ArchiveProblem.Refused)]
    [InlineData("TYPE", "504 text only\r\n", ArchiveProblem.Refused)]
    [InlineData("SIZE", "502 what is that?\r\n", ArchiveProblem.Refused)]
    [InlineData("SIZE", "213 much\r\n", ArchiveProblem.Refused)]
    [InlineData("EPSV", "229 (|||0|)\r\n", ArchiveProblem.Refused)]
    [InlineData("EPSV", "229 (\r\n", ArchiveProblem.Refused)]
    [InlineData("EPSV", "425 no\r\n", ArchiveProblem.Broken)]
    [InlineData("STOR", "550 Permission denied.\r\n", ArchiveProblem.NoPermission)]
    [InlineData("STOR", "553 Could not create file.\r\n", ArchiveProblem.NoPermission)]
    [InlineData("STOR", "550 a: No such file or directory\r\n", ArchiveProblem.Refused)]
    [InlineData("STOR", "452 no room\r\n", ArchiveProblem.DiskFull)]
    [InlineData("STOR", "552 too much\r\n", ArchiveProblem.DiskFull)]
    [InlineData("STOR", "550 a: No space left on device\r\n", ArchiveProblem.DiskFull)]
    [InlineData("STOR", "425 Can't open data connection.\r\n", ArchiveProblem.Broken)]
    [InlineData("STOR", "504 no\r\n", ArchiveProblem.Refused)]
    [InlineData("STOR", "226 done already\r\n", ArchiveProblem.Refused)]
    public async Task A_refusal_is_what_its_number_and_words_say(string verb, string answer, object problem)
    {
        Server.Answers[verb] = answer;
        Server.Files["a.csv"] = [1];
        await FailsAsync((ArchiveProblem)problem, async () =>
        {
            await Target.LengthAsync("a.csv", Uncancelled);
            await WriteAsync("a.csv", 0, [1]);
        });
    }

    [Theory]
    [InlineData("426 Failure reading network stream.\r\n", ArchiveProblem.Broken)]
    [InlineData("451 Failure writing to local file.\r\n", ArchiveProblem.DiskFull)]
    [InlineData("451 Transfer aborted. Input/output error\r\n", ArchiveProblem.DiskFull)]
    [InlineData("552 quota\r\n", ArchiveProblem.DiskFull)]
    [InlineData("451 virus found\r\n", ArchiveProblem.Refused)]
    [InlineData("421 going down\r\n", ArchiveProblem.Broken)]
    public async Task An_upload_is_done_when_the_server_says_so_and_not_before(string end, object problem)
    {
        Server.EndsWith = end;
        await FailsAsync((ArchiveProblem)problem, () => WriteAsync("a.csv", 0, Bytes(1000)));
    }

    [Theory]
    [InlineData("421 going down\r\n", ArchiveProblem.Broken)]
    [InlineData("552 no room\r\n", ArchiveProblem.DiskFull)]
    [InlineData(null, ArchiveProblem.Broken)]
    public async Task A_server_that_stops_in_mid_upload_is_asked_why(string? end, object problem)
    {
        (Server.CutAfter, Server.EndsWith) = (100_000, end);
        await FailsAsync((ArchiveProblem)problem, () => WriteAsync("a.csv", 0, Bytes(64 << 20)));
        Assert.Equal(100_000, Lying("a.csv")!.Length);
    }

    [Fact]
    public async Task A_server_that_takes_no_restart_is_appended_to()
    {
        Server.Answers["REST"] = "502 Command not implemented.\r\n";
        await WriteAsync("a.csv", 0, [1, 2]);
        await WriteAsync("a.csv", 2, [3]);
        Assert.Equal([1, 2, 3], Lying("a.csv"));
        Assert.Contains("APPE a.csv", Server.Commands);
    }

    [Fact]
    public async Task A_server_that_takes_no_restart_is_not_appended_to_before_the_files_end()
    {
        Server.Answers["REST"] = "502 Command not implemented.\r\n";
        await WriteAsync("a.csv", 0, [1, 2]);
        await FailsAsync(ArchiveProblem.Refused, () => WriteAsync("a.csv", 1, [3]));
        Assert.Equal([1, 2], Lying("a.csv"));
    }

    [Fact]
    public async Task What_a_server_will_never_go_on_with_is_deleted_so_that_the_next_try_begins_anew()
    {
        Server.Files["a.csv"] = [1, 2];
        Server.Answers["STOR"] = "451 a.csv: Append/Restart not permitted, try again\r\n";
        await FailsAsync(ArchiveProblem.Refused, () => WriteAsync("a.csv", 2, [3]));
        Assert.Null(Lying("a.csv"));
    }

    [Fact]
    public async Task What_could_be_gone_on_with_another_time_stays()
    {
        Server.Files["a.csv"] = [1, 2];
        Server.Answers["STOR"] = "452 no room\r\n";
        await FailsAsync(ArchiveProblem.DiskFull, () => WriteAsync("a.csv", 2, [3]));
        Assert.Equal([1, 2], Lying("a.csv"));
    }

    [Fact]
    public async Task A_file_that_can_not_be_cut_is_not_called_whole()
    {
        Server.Files["a.csv"] = [1, 2, 3, 4];
        await FailsAsync(ArchiveProblem.Refused, () => WriteAsync("a.csv", 1, [9]));
    }

    [Fact]
    public async Task A_server_that_replaces_nothing_is_told_to_delete_it_first()
    {
        Server.Files["a.part"] = [1];
        Server.Files["a.csv"] = [2];
        Server.Answers["RNTO"] = "550 a.csv exists\r\n";
        await FailsAsync(ArchiveProblem.NoPermission, () => Target.RenameAsync("a.part", "a.csv", Uncancelled));
        Assert.Equal(["RNFR a.part", "RNTO a.csv", "SIZE a.csv", "DELE a.csv", "RNFR a.part", "RNTO a.csv"], Server.Commands.SkipWhile(command => command != "RNFR a.part"));
    }

    [Theory]
    [InlineData("500 what?\r\n")]
    [InlineData("522 no\r\n")]
    public async Task A_server_without_epsv_is_asked_by_pasv_and_by_epsv_only_once(string answer)
    {
        Server.Answers["EPSV"] = answer;
        await WriteAsync("a.csv", 0, [1]);
        await WriteAsync("b.csv", 0, [2]);
        Assert.Equal([1], Lying("a.csv"));
        Assert.Equal([2], Lying("b.csv"));
        Assert.Single(Server.Commands, "EPSV");
    }

    [Fact]
    public async Task The_address_that_pasv_names_is_never_called()
    {
        using var victim = new TcpListener(IPAddress.Parse("127.0.0.2"), 0);
        victim.Start();
        var port = ((IPEndPoint)victim.LocalEndpoint).Port;
        using var right = new TcpListener(IPAddress.Loopback, port);
        right.Start();
        Server.Answers["EPSV"] = "500 what?\r\n";
        Server.Answers["PASV"] = $"227 Entering Passive Mode (127,0,0,2,{port >> 8},{port & 255}).\r\n";
        Server.Answers["STOR"] = "553 no\r\n";
        await FailsAsync(ArchiveProblem.NoPermission, () => WriteAsync("a.csv", 0, [1]));
        Assert.True(right.Pending());
        Assert.False(victim.Pending());
    }

    [Theory]
    [InlineData("greeting")]
    [InlineData("PASS")]
    [InlineData("STOR")]
    public async Task A_server_that_says_nothing_is_not_awaited_for_ever(string verb)
    {
        Server.Answers[verb] = "";
        await using var target = Hurried();
        using var content = new MemoryStream([1]);
        await FailsAsync(ArchiveProblem.Broken, () => target.WriteAsync("a.csv", 0, content, Uncancelled));
    }

    [Fact]
    public async Task A_server_that_never_says_that_it_has_all_is_not_awaited_for_ever()
    {
        Server.EndsWith = "";
        await using var target = Hurried();
        using var content = new MemoryStream([1]);
        await FailsAsync(ArchiveProblem.Broken, () => target.WriteAsync("a.csv", 0, content, Uncancelled));
    }

    [Fact]
    public async Task A_server_that_takes_no_bytes_is_not_awaited_for_ever()
    {
        // It listens, and nobody ever reads.
        using var deaf = new TcpListener(IPAddress.Loopback, 0);
        deaf.Start();
        Server.Answers["EPSV"] = $"229 (|||{((IPEndPoint)deaf.LocalEndpoint).Port}|)\r\n";
        Server.Answers["STOR"] = "150 go on\r\n";
        await using var target = Hurried();
        using var content = new MemoryStream(Bytes(64 << 20));
        await FailsAsync(ArchiveProblem.Broken, () => target.WriteAsync("a.csv", 0, content, Uncancelled));
    }

    [Fact]
    public async Task A_reply_that_trickles_is_cut_off_as_one_that_does_not_come()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var over = new CancellationTokenSource();
        var trickling = TrickleAsync(listener, over.Token);
        await using var target = Hurried(((IPEndPoint)listener.LocalEndpoint).Port);
        await FailsAsync(ArchiveProblem.Broken, () => target.LengthAsync("a.csv", Uncancelled));
        await over.CancelAsync();
        await trickling;
    }

    [Fact]
    public async Task A_line_without_an_end_ends_the_talk()
    {
        Server.Answers["SIZE"] = "213 " + new string('1', FtpControl.MostBytesOfLine);
        var failure = await FailsAsync(ArchiveProblem.Refused, () => Target.LengthAsync("a.csv", Uncancelled));
        Assert.Contains("in a line", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_reply_without_an_end_ends_the_talk()
    {
        Server.Answers["SIZE"] = "213-and\r\n" + string.Concat(Enumerable.Repeat("more\r\n", FtpControl.MostLines));
        var failure = await FailsAsync(ArchiveProblem.Refused, () => Target.LengthAsync("a.csv", Uncancelled));
        Assert.Contains("lines at once", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_begins_again_and_again_ends_the_talk()
    {
        Server.Answers["greeting"] = string.Concat(Enumerable.Repeat("120 soon\r\n", 100));
        await FailsAsync(ArchiveProblem.Refused, () => Target.LengthAsync("a.csv", Uncancelled));
    }

    [Fact]
    public async Task What_a_server_says_is_shown_without_what_moves_a_terminal_and_not_at_length()
    {
        Server.Answers["SIZE"] = "500 \u001b[2Jred\u202e\t" + new string('x', 1000) + "\r\n";
        var failure = await FailsAsync(ArchiveProblem.Refused, () => Target.LengthAsync("a.csv", Uncancelled));
        Assert.DoesNotContain(failure.Message, character => char.IsControl(character) || character == '\u202e');
        Assert.InRange(failure.Message.Length, 100, "SIZE: 500 ".Length + 200);
    }

    [Theory]
    [InlineData("arch\r\nDELE a.csv", FakeFtpServer.Password)]
    [InlineData("archive", "s3cret\nDELE a.csv")]
    [InlineData("archive\0", FakeFtpServer.Password)]
    public async Task No_name_and_no_password_ends_its_line(string user, string password)
    {
        await using var target = ArchiveTargets.Create(Options with { Username = user, Password = password });
        var failure = await FailsAsync(ArchiveProblem.Refused, () => target.LengthAsync("a.csv", Uncancelled));
        Assert.DoesNotContain("s3cret", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(Server.Commands, command => command.StartsWith("DELE", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_folder_that_is_refused_is_one_that_is_there_or_it_fails()
    {
        Server.Folders["a"] = true;
        Server.Answers["MKD"] = "550 Permission denied.\r\n";
        await Target.MakeFolderAsync("a", Uncancelled);
        Assert.Equal(["MKD a", "PWD", "CWD a", "CWD /the \"home\""], Server.Commands.SkipWhile(command => command != "MKD a"));
        await FailsAsync(ArchiveProblem.NoPermission, () => Target.MakeFolderAsync("a/b", Uncancelled));
    }

    [Fact]
    public async Task A_path_may_begin_at_the_servers_root()
    {
        Server.Folders["/a"] = true;
        await Target.MakeFolderAsync("/a/b", Uncancelled);
        Assert.Equal(["MKD /a", "MKD /a/b"], Server.Commands.Where(command => command.StartsWith("MKD", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_port_where_nobody_listens_is_unreachable()
    {
        await using var target = ArchiveTargets.Create(Options with { Port = FreePorts.Row(1) });
        await FailsAsync(ArchiveProblem.Unreachable, () => target.LengthAsync("a.csv", Uncancelled));
    }

    [Fact]
    public async Task A_name_that_nobody_has_is_unknown()
    {
        await using var target = ArchiveTargets.Create(Options with { Host = "ftp.nowhere.invalid" });
        await FailsAsync(ArchiveProblem.UnknownHost, () => target.LengthAsync("a.csv", Uncancelled));
    }

    [Fact]
    public async Task A_data_port_that_is_closed_is_unreachable()
    {
        using (var closed = new TcpListener(IPAddress.Loopback, 0))
        {
            closed.Start();
            Server.Answers["EPSV"] = $"229 (|||{((IPEndPoint)closed.LocalEndpoint).Port}|)\r\n";
        }

        await FailsAsync(ArchiveProblem.Unreachable, () => WriteAsync("a.csv", 0, [1]));
    }

    [Fact]
    public async Task Leave_is_taken_of_a_server_that_says_nothing_within_a_second_or_two()
    {
        Server.Answers["QUIT"] = "";
        await Target.LengthAsync("a.csv", Uncancelled);
        var watch = Stopwatch.StartNew();
        await Target.DisposeAsync();
        Assert.InRange(watch.Elapsed, TimeSpan.FromSeconds(0.5), TimeSpan.FromSeconds(15));
    }

    private static async Task TrickleAsync(TcpListener listener, CancellationToken over)
    {
        using var socket = await listener.AcceptSocketAsync(over);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        try
        {
            await socket.SendAsync("220-"u8.ToArray(), over);
            while (await timer.WaitForNextTickAsync(over))
            {
                await socket.SendAsync("x"u8.ToArray(), over);
            }
        }
        catch (Exception end) when (end is OperationCanceledException or SocketException)
        {
            // The client has had enough.
        }
    }
}

public sealed class ActiveFtpTargetTests : FtpTargetSpec
{
    private protected override FtpTargetOptions Options => base.Options with { IsActive = true };

    [Fact]
    public async Task The_server_is_told_where_to_call_and_is_never_asked_where_it_listens()
    {
        await WriteAsync("a.csv", 0, [1]);
        Assert.Contains(Server.Commands, command => command.StartsWith("PORT 127,0,0,1,", StringComparison.Ordinal));
        Assert.DoesNotContain(Server.Commands, command => command is "EPSV" or "PASV");
    }

    [Fact]
    public async Task Who_calls_from_elsewhere_is_turned_away_and_the_server_is_still_awaited()
    {
        var dial = Server.Dial;
        var turnedAway = false;
        Server.Dial = async there =>
        {
            using var stranger = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            stranger.Bind(new IPEndPoint(IPAddress.Parse("127.0.0.2"), 0));
            await stranger.ConnectAsync(there);
            turnedAway = await stranger.ReceiveAsync(new byte[1]) == 0;
            return await dial(there);
        };
        await WriteAsync("a.csv", 0, [1, 2, 3]);
        Assert.True(turnedAway);
        Assert.Equal([1, 2, 3], Lying("a.csv"));
    }

    [Fact]
    public async Task A_server_that_never_calls_is_not_awaited_for_ever()
    {
        Server.Answers["STOR"] = "150 I call you\r\n";
        await using var target = Hurried();
        using var content = new MemoryStream([1]);
        await FailsAsync(ArchiveProblem.Broken, () => target.WriteAsync("a.csv", 0, content, Uncancelled));
    }

    [Fact]
    public async Task A_server_that_calls_nobody_says_so()
    {
        Server.Answers["PORT"] = "500 Illegal PORT command.\r\n";
        await FailsAsync(ArchiveProblem.Refused, () => WriteAsync("a.csv", 0, [1]));
    }
}
