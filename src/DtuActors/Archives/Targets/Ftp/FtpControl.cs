using System.Buffers;
using System.Net;
using System.Net.Sockets;
using System.Text;
using DtuActors.Configuration;

namespace DtuActors.Archives.Targets.Ftp;

/// <summary>
/// The control connection: commands go, replies come, one after the other (RFC 959, section 4 and 5.3). A command is sent, and a whole reply has come, within the time that is configured; lines and
/// replies are bounded, so that no server makes memory grow. Whatever goes wrong is an <see cref="ArchiveTargetException"/>.
/// </summary>
internal sealed class FtpControl : IDisposable
{
    /// <summary>Bytes of a reply's line; RFC 959 names no limit, and the longest path of Linux fits.</summary>
    public const int MostBytesOfLine = 4096 + 256;

    /// <summary>Lines of a reply; the longest FEAT has some 40.</summary>
    public const int MostLines = 256;

    // A greeting may come after "in a minute" (120), a transfer's end after "it has begun" (150, 125).
    private const int MostPreliminary = 4;

    // A name with more addresses than that is a farm; four that don't answer tell enough.
    private const int MostAddresses = 4;

    // Seconds. A router that forgets a silent connection does so after minutes, and an upload may take longer.
    private const int KeepAlive = 60;

    private static readonly SearchValues<char> LineEnds = SearchValues.Create("\r\n\0");

    private readonly Socket _socket;
    private readonly FtpTargetOptions _options;
    private readonly byte[] _bytes = new byte[MostBytesOfLine];
    private int _start;
    private int _end;

    private FtpControl(Socket socket, FtpTargetOptions options)
    {
        _socket = socket;
        _options = options;
        Peer = ((IPEndPoint)socket.RemoteEndPoint!).Address;
        Local = ((IPEndPoint)socket.LocalEndPoint!).Address;
    }

    /// <summary>The server's address: the only one that data goes to and comes from.</summary>
    public IPAddress Peer { get; }

    public IPAddress Local { get; }

    public static async Task<FtpControl> ConnectAsync(FtpTargetOptions options, CancellationToken cancellation)
    {
        Exception? why = null;
        try
        {
            var addresses = await TargetLimits.WithinAsync(options.Timeout, until => TargetLimits.FindAsync(options.Host, until), cancellation).ConfigureAwait(false);
            foreach (var address in addresses.Take(MostAddresses))
            {
                try
                {
                    return new FtpControl(await ConnectAsync(new IPEndPoint(address, options.Port), options.Timeout, cancellation).ConfigureAwait(false), options);
                }
                catch (Exception failure) when (failure is SocketException or TimeoutException)
                {
                    why = failure;
                }
            }
        }
        catch (Exception failure) when (failure is SocketException or TimeoutException)
        {
            why = failure;
        }

        throw TargetLimits.NotReached(options, why ?? new SocketException((int)SocketError.HostNotFound));
    }

    /// <summary>A connection to there. Throws <see cref="SocketException"/>, <see cref="TimeoutException"/>.</summary>
    public static async Task<Socket> ConnectAsync(IPEndPoint there, TimeSpan limit, CancellationToken cancellation)
    {
        var socket = new Socket(there.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.NoDelay = true;
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, KeepAlive);
            return await TargetLimits.WithinAsync(
                limit,
                async until =>
                {
                    await socket.ConnectAsync(there, until).ConfigureAwait(false);
                    return socket;
                },
                cancellation).ConfigureAwait(false);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Sends a command and awaits the reply. An argument that would end the line is refused unsent: what stands behind would be a command of its own.</summary>
    public async Task<FtpReply> AskAsync(string verb, string? argument, CancellationToken cancellation)
    {
        if (argument is not null && argument.AsSpan().ContainsAny(LineEnds))
        {
            throw new ArchiveTargetException(ArchiveProblem.Refused, $"{verb}: no line of FTP can hold a CR, LF or NUL");
        }

        var line = Encoding.UTF8.GetBytes(argument is null ? $"{verb}\r\n" : $"{verb} {argument}\r\n");
        try
        {
            await SendAsync(_socket, line, _options.Timeout, cancellation).ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is SocketException or TimeoutException)
        {
            throw Broken(verb, failure);
        }

        return await ReplyAsync(verb, _options.Timeout, cancellation).ConfigureAwait(false);
    }

    /// <summary>The reply that ends a command that has begun, or the greeting.</summary>
    public async Task<FtpReply> EndAsync(string verb, TimeSpan limit, CancellationToken cancellation)
    {
        for (var count = 0; count < MostPreliminary; count++)
        {
            var reply = await ReplyAsync(verb, limit, cancellation).ConfigureAwait(false);
            if (!reply.IsPreliminary)
            {
                return reply;
            }
        }

        throw new ArchiveTargetException(ArchiveProblem.Refused, $"{verb}: it begins, and begins, and never ends");
    }

    public ArchiveTargetException Refusal(string verb, FtpReply reply) => FtpProblem.Of(verb, reply, _options.Password);

    public static ArchiveTargetException Broken(string what, Exception cause) => new(ArchiveProblem.Broken, $"{what}: {TargetWords.Of(cause.Message)}", cause);

    /// <summary>Sends all of it. Throws <see cref="SocketException"/>, <see cref="TimeoutException"/>.</summary>
    public static async Task SendAsync(Socket socket, ReadOnlyMemory<byte> bytes, TimeSpan limit, CancellationToken cancellation)
    {
        while (bytes.Length > 0)
        {
            var rest = bytes;
            var sent = await TargetLimits.WithinAsync(limit, until => socket.SendAsync(rest, SocketFlags.None, until), cancellation).ConfigureAwait(false);
            bytes = bytes[sent..];
        }
    }

    public void Dispose() => _socket.Dispose();

    private async Task<FtpReply> ReplyAsync(string verb, TimeSpan limit, CancellationToken cancellation)
    {
        try
        {
            return await TargetLimits.WithinAsync(limit, ReadAsync, cancellation).ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is SocketException or TimeoutException or EndOfStreamException)
        {
            throw Broken(verb, failure);
        }
    }

    // A reply of many lines begins with "ddd-" and ends with a line that begins with the same digits and a blank; between them stands anything (RFC 959, section 4.2).
    private async ValueTask<FtpReply> ReadAsync(CancellationToken until)
    {
        var line = await LineAsync(until).ConfigureAwait(false);
        if (line.Length < 3 || line[0] is < '1' or > '5' || !char.IsAsciiDigit(line[1]) || !char.IsAsciiDigit(line[2]) || (line.Length > 3 && line[3] is not (' ' or '-')))
        {
            throw new ArchiveTargetException(ArchiveProblem.Refused, $"it speaks no FTP: {TargetWords.Of(line, _options.Password)}");
        }

        var (code, digits) = (((line[0] - '0') * 100) + ((line[1] - '0') * 10) + (line[2] - '0'), line[..3]);
        var lines = new List<string> { Words(line) };
        for (var isMore = line.Length > 3 && line[3] == '-'; isMore;)
        {
            if (lines.Count == MostLines)
            {
                throw new ArchiveTargetException(ArchiveProblem.Refused, $"it says more than {MostLines} lines at once");
            }

            line = await LineAsync(until).ConfigureAwait(false);
            isMore = !line.StartsWith(digits, StringComparison.Ordinal) || (line.Length > 3 && line[3] != ' ');
            lines.Add(isMore ? line : Words(line));
        }

        return new FtpReply(code, lines);
    }

    private static string Words(string line) => line.Length > 4 ? line[4..] : "";

    private async ValueTask<string> LineAsync(CancellationToken until)
    {
        var seen = _start;
        while (true)
        {
            var end = _bytes.AsSpan(seen, _end - seen).IndexOf((byte)'\n');
            if (end >= 0)
            {
                var line = Encoding.UTF8.GetString(_bytes.AsSpan(_start, seen + end - _start)).TrimEnd('\r');
                _start = seen + end + 1;
                return line;
            }

            if (_start > 0)
            {
                _bytes.AsSpan(_start, _end - _start).CopyTo(_bytes);
                (_start, _end) = (0, _end - _start);
            }

            if (_end == _bytes.Length)
            {
                throw new ArchiveTargetException(ArchiveProblem.Refused, $"it says more than {MostBytesOfLine} bytes in a line");
            }

            seen = _end;
            var count = await _socket.ReceiveAsync(_bytes.AsMemory(_end), SocketFlags.None, until).ConfigureAwait(false);
            if (count == 0)
            {
                throw new EndOfStreamException("the server hung up");
            }

            _end += count;
        }
    }
}
