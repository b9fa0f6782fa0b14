using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace DtuActors.Tests.Archives;

/// <summary>
/// An FTP server on loopback whose files are in memory: right in all that a test does not script otherwise. It answers one command at a time, in the way of vsftpd.
/// </summary>
internal sealed class FakeFtpServer : IAsyncDisposable
{
    public const string User = "archive";
    public const string Password = "s3cret-of-the-account";

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stopping = new();
    private readonly ConcurrentBag<Task> _talks = [];
    private readonly Task _accepting;

    public FakeFtpServer()
    {
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public ConcurrentDictionary<string, byte[]> Files { get; } = new();

    public ConcurrentDictionary<string, bool> Folders { get; } = new() { [""] = true };

    /// <summary>Each command that came, whole.</summary>
    public ConcurrentQueue<string> Commands { get; } = new();

    /// <summary>What is sent in place of the right answer, which is not given: lines with their ends; "": nothing at all.</summary>
    public ConcurrentDictionary<string, string> Answers { get; } = new();

    /// <summary>What comes of a file before the data connection is cut; null: all of it.</summary>
    public int? CutAfter { get; set; }

    /// <summary>What an upload ends with, in place of 226; null: the control connection is cut, too.</summary>
    public string? EndsWith { get; set; } = "226 done\r\n";

    /// <summary>Where data connections of active mode are looked for; not what PORT says, if there is something.</summary>
    public Func<IPEndPoint, Task<Socket>> Dial { get; set; } = async there =>
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(there);
        return socket;
    };

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        _listener.Stop();
        await _accepting;
        await Task.WhenAll(_talks);
        _stopping.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                _talks.Add(TalkAsync(await _listener.AcceptSocketAsync(_stopping.Token)));
            }
        }
        catch (Exception end) when (end is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private async Task TalkAsync(Socket socket)
    {
        using var talk = new Talk(this, socket);
        try
        {
            await talk.RunAsync(_stopping.Token);
        }
        catch (Exception end) when (end is OperationCanceledException or SocketException or IOException or ObjectDisposedException)
        {
            // The client went, or the test is over.
        }
    }

    private sealed class Talk(FakeFtpServer server, Socket socket) : IDisposable
    {
        private readonly NetworkStream _stream = new(socket, ownsSocket: true);
        private TcpListener? _passive;
        private IPEndPoint? _active;
        private long _restart;
        private string _from = "";

        public async Task RunAsync(CancellationToken stopping)
        {
            using var reader = new StreamReader(_stream, new UTF8Encoding(false), detectEncodingFromByteOrderMarks: false, leaveOpen: true);
            await SayAsync(server.Answers.TryGetValue("greeting", out var greeting) ? greeting : "220 ready\r\n", stopping);
            while (await reader.ReadLineAsync(stopping) is { } line)
            {
                server.Commands.Enqueue(line);
                var (verb, argument) = line.IndexOf(' ', StringComparison.Ordinal) is > 0 and var blank ? (line[..blank], line[(blank + 1)..]) : (line, "");
                var answer = server.Answers.TryGetValue(verb, out var scripted) ? scripted : await AnswerAsync(verb, argument, stopping);
                if (answer is null)
                {
                    return;
                }

                await SayAsync(answer, stopping);
                if ((verb == "QUIT" && answer.Length > 0) || answer.StartsWith("421", StringComparison.Ordinal))
                {
                    return;
                }
            }
        }

        public void Dispose()
        {
            _passive?.Dispose();
            _stream.Dispose();
        }

        private ValueTask SayAsync(string text, CancellationToken stopping) => _stream.WriteAsync(Encoding.UTF8.GetBytes(text), stopping);

        private async Task<string?> AnswerAsync(string verb, string argument, CancellationToken stopping)
        {
            switch (verb)
            {
                case "USER":
                    return "331 the password\r\n";
                case "PASS":
                    return argument == Password ? "230-welcome\r\n 230 is not the end\r\n230 logged in\r\n" : $"530 not with {argument}\r\n";
                case "FEAT":
                    return "211-features\r\n EPSV\r\n UTF8\r\n SIZE\r\n211 end\r\n";
                case "SIZE":
                    return server.Files.TryGetValue(argument, out var file) ? $"213 {file.Length}\r\n" : "550 Could not get file size.\r\n";
                case "EPSV":
                    return $"229 Entering Extended Passive Mode (|||{Listen()}|)\r\n";
                case "PASV":
                    var port = Listen();
                    return $"227 Entering Passive Mode (127,0,0,1,{port >> 8},{port & 255}).\r\n";
                case "PORT":
                    var numbers = argument.Split(',').Select(number => byte.Parse(number, CultureInfo.InvariantCulture)).ToArray();
                    _active = new IPEndPoint(new IPAddress(numbers[..4]), (numbers[4] << 8) | numbers[5]);
                    return "200 well\r\n";
                case "REST":
                    _restart = long.Parse(argument, CultureInfo.InvariantCulture);
                    return "350 Restart position accepted.\r\n";
                case "STOR" or "APPE":
                    return server.Folders.ContainsKey(Parent(argument)) ? await StoreAsync(argument, verb == "APPE", stopping) : "553 Could not create file.\r\n";
                case "RNFR":
                    _from = argument;
                    return server.Files.ContainsKey(argument) ? "350 Ready for RNTO.\r\n" : "550 RNFR command failed.\r\n";
                case "RNTO":
                    server.Files[argument] = server.Files[_from];
                    server.Files.TryRemove(_from, out _);
                    return "250 Rename successful.\r\n";
                case "DELE":
                    return server.Files.TryRemove(argument, out _) ? "250 gone\r\n" : "550 Delete operation failed.\r\n";
                case "MKD":
                    return server.Folders.ContainsKey(Parent(argument)) && server.Folders.TryAdd(argument, true) ? $"257 \"{argument}\" created\r\n" : "550 Create directory operation failed.\r\n";
                case "PWD":
                    return "257 \"/the \"\"home\"\"\" is the current directory\r\n";
                case "CWD":
                    return argument == "/the \"home\"" || server.Folders.ContainsKey(argument) ? "250 there\r\n" : "550 Failed to change directory.\r\n";
                case "QUIT":
                    return "221 Goodbye.\r\n";
                default:
                    return "200 well\r\n";
            }
        }

        private static string Parent(string path) => path.LastIndexOf('/') is >= 0 and var slash ? path[..slash] : "";

        private int Listen()
        {
            _passive?.Dispose();
            _active = null;
            _passive = new TcpListener(IPAddress.Loopback, 0);
            _passive.Start();
            return ((IPEndPoint)_passive.LocalEndpoint).Port;
        }

        private async Task<string?> StoreAsync(string path, bool isAppended, CancellationToken stopping)
        {
            var there = server.Files.GetValueOrDefault(path) ?? [];
            var start = isAppended ? there.Length : (int)_restart;
            _restart = 0;
            await SayAsync("150 Ok to send data.\r\n", stopping);
            using var data = _active is { } active ? await server.Dial(active) : await _passive!.AcceptSocketAsync(stopping);
            using var came = new MemoryStream();
            var buffer = new byte[16 * 1024];
            while (server.CutAfter is not { } most || came.Length < most)
            {
                var count = await data.ReceiveAsync(buffer.AsMemory(0, (int)Math.Min(buffer.Length, (server.CutAfter ?? int.MaxValue) - came.Length)), stopping);
                if (count == 0)
                {
                    break;
                }

                came.Write(buffer.AsSpan(0, count));
            }

            var bytes = came.ToArray();
            byte[] behind = start > 0 && start + bytes.Length < there.Length ? there[(start + bytes.Length)..] : [];
            server.Files[path] = [.. there[..start], .. bytes, .. behind];
            return server.EndsWith;
        }
    }
}
