using System.IO.Ports;
using System.Text;
using DtuActors.Endpoints;
using Xunit;

namespace DtuActors.Tests.Endpoints;

/// <summary>Real pseudo-terminals.</summary>
public sealed class PtyOpenerTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly string _folder = System.IO.Directory.CreateTempSubdirectory("dtu-pty-").FullName;

    private string Link => Path.Combine(_folder, "made", "com1");

    public void Dispose() => System.IO.Directory.Delete(_folder, recursive: true);

    private static void OnLinux() => Skip.IfNot(OperatingSystem.IsLinux(), "pseudo-terminals need Linux");

    /// <summary>As an ordinary program opens a COM port.</summary>
    private static SerialPort Program(string link)
    {
        var port = new SerialPort(link, 19200, Parity.Even, 8, StopBits.One) { ReadTimeout = (int)Patience.TotalMilliseconds };
        port.Open();
        return port;
    }

    private static string Read(SerialPort port, int count)
    {
        var bytes = new byte[count];
        port.BaseStream.ReadExactly(bytes);
        return Encoding.ASCII.GetString(bytes);
    }

    private static async Task<string> Read(IPort port)
    {
        var buffer = new byte[4096];
        return Encoding.ASCII.GetString(buffer, 0, await port.ReadAsync(buffer).AsTask().WaitAsync(Patience));
    }

    [SkippableFact]
    public async Task A_program_opens_the_link_as_a_COM_port_and_bytes_go_both_ways_unchanged()
    {
        OnLinux();
        using var port = new PtyOpener(Link).Open();
        using var program = Program(Link);
        var all = Enumerable.Range(0, 256).Select(value => (byte)value).ToArray();

        Assert.Equal(PortWrite.Written, port.Write(all, default));
        var down = new byte[256];
        program.BaseStream.ReadExactly(down);
        Assert.Equal(all, down);

        program.BaseStream.Write(all);
        var up = new List<byte>();
        var buffer = new byte[4096];
        while (up.Count < 256)
        {
            up.AddRange(buffer[..await port.ReadAsync(buffer).AsTask().WaitAsync(Patience)]);
        }

        Assert.Equal(all, up);
    }

    [SkippableFact]
    public void With_no_program_there_nothing_is_written_and_the_next_one_gets_nothing_stale()
    {
        OnLinux();
        using var port = new PtyOpener(Link).Open();
        Assert.Equal(PortWrite.NoReader, port.Write("never"u8.ToArray(), default));

        using (Program(Link))
        {
            Assert.Equal(PortWrite.Written, port.Write("unread"u8.ToArray(), default));
        }

        Assert.Equal(PortWrite.NoReader, port.Write("nobody"u8.ToArray(), default));
        using var next = Program(Link);
        Assert.Equal(PortWrite.Written, port.Write("fresh"u8.ToArray(), default));
        Assert.Equal("fresh", Read(next, 5));
    }

    [SkippableFact]
    public async Task What_a_program_wrote_before_it_left_is_read()
    {
        OnLinux();
        using var port = new PtyOpener(Link).Open();
        using (var program = Program(Link))
        {
            program.Write("bye");
        }

        Assert.Equal("bye", await Read(port));
    }

    [SkippableFact]
    public async Task A_pending_read_sees_the_next_program_too()
    {
        OnLinux();
        using var port = new PtyOpener(Link).Open();
        var read = Read(port);
        using (Program(Link))
        {
        }

        Assert.Equal(PortWrite.NoReader, port.Write("gone"u8.ToArray(), default));
        using var second = Program(Link);
        second.Write("second");

        Assert.Equal("second", await read);
    }

    [SkippableFact]
    public void A_program_that_does_not_read_does_not_hold_a_write_for_ever()
    {
        OnLinux();
        using var port = new PtyOpener(Link, TimeSpan.FromMilliseconds(300)).Open();
        using var program = Program(Link);
        var piece = new byte[4096];
        var outcomes = Enumerable.Range(0, 100).Select(_ => port.Write(piece, default)).TakeWhile(outcome => outcome == PortWrite.Written).Count();

        Assert.InRange(outcomes, 0, 99);
    }

    [SkippableFact]
    public void A_write_that_waits_ends_when_the_endpoint_stops()
    {
        OnLinux();
        using var port = new PtyOpener(Link, TimeSpan.FromMinutes(5)).Open();
        using var program = Program(Link);
        using var stop = new CancellationTokenSource();
        stop.CancelAfter(TimeSpan.FromMilliseconds(300));

        Assert.Throws<OperationCanceledException>(() => Fill(port, stop.Token));
    }

    private static void Fill(IPort port, CancellationToken stop)
    {
        while (port.Write(new byte[4096], stop) == PortWrite.Written)
        {
        }
    }

    [SkippableFact]
    public async Task Closing_ends_a_pending_read_and_removes_the_link()
    {
        OnLinux();
        var port = new PtyOpener(Link).Open();
        Assert.NotNull(new FileInfo(Link).LinkTarget);
        var read = Read(port);

        port.Dispose();

        Assert.Equal("", await read);
        Assert.Null(new FileInfo(Link).LinkTarget);
    }

    [SkippableFact]
    public void A_link_that_dangles_is_replaced()
    {
        OnLinux();
        System.IO.Directory.CreateDirectory(Path.GetDirectoryName(Link)!);
        File.CreateSymbolicLink(Link, "/dev/pts/999999");

        using var port = new PtyOpener(Link).Open();

        Assert.True(File.Exists(new FileInfo(Link).LinkTarget));
        using var program = Program(Link);
        Assert.Equal(PortWrite.Written, port.Write("there"u8.ToArray(), default));
    }

    [SkippableFact]
    public void A_link_to_a_stranger_that_took_a_dead_ones_number_is_replaced()
    {
        OnLinux();
        System.IO.Directory.CreateDirectory(Path.GetDirectoryName(Link)!);
        using var stranger = new PtyOpener(Path.Combine(_folder, "stranger")).Open();
        var taken = new FileInfo(Path.Combine(_folder, "stranger")).LinkTarget!;
        File.CreateSymbolicLink(Link, taken);

        // The link is a day older than the pty that has its number now.
        Touch(Link);
        using var port = new PtyOpener(Link).Open();

        Assert.NotEqual(taken, new FileInfo(Link).LinkTarget);
    }

    private static void Touch(string link)
    {
        using var touch = System.Diagnostics.Process.Start("touch", ["-h", "-d", "yesterday", link]);
        touch.WaitForExit();
        Assert.Equal(0, touch.ExitCode);
    }

    [SkippableFact]
    public void A_link_to_a_pty_that_somebody_holds_is_left_alone()
    {
        OnLinux();
        using var first = new PtyOpener(Link).Open();
        var target = new FileInfo(Link).LinkTarget;

        var problem = Assert.Throws<IOException>(() => new PtyOpener(Link).Open());

        Assert.Contains("another program holds", problem.Message, StringComparison.Ordinal);
        Assert.Equal(target, new FileInfo(Link).LinkTarget);
    }

    [SkippableFact]
    public void A_file_in_the_links_place_is_left_alone()
    {
        OnLinux();
        System.IO.Directory.CreateDirectory(Path.GetDirectoryName(Link)!);
        File.WriteAllText(Link, "precious");

        var problem = Assert.Throws<IOException>(() => new PtyOpener(Link).Open());

        Assert.Contains("no link stands there", problem.Message, StringComparison.Ordinal);
        Assert.Equal("precious", File.ReadAllText(Link));
    }
}
