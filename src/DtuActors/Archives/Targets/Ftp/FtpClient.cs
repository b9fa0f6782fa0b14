using System.Globalization;
using System.Net;
using System.Net.Sockets;
using DtuActors.Configuration;

namespace DtuActors.Archives.Targets.Ftp;

/// <summary>
/// As much of FTP as uploads need: RFC 959, with EPSV and EPRT (RFC 2428), SIZE and REST (RFC 3659), names in UTF-8 (RFC 2640). In the clear. Throws <see cref="ArchiveTargetException"/>; after that,
/// and after a call that was cancelled, nobody knows what the server would answer to.
/// </summary>
internal sealed class FtpClient : IAsyncDisposable
{
    // A server that stops taking bytes says why on the other connection, mostly at once.
    private static readonly TimeSpan ReasonLimit = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan QuitLimit = TimeSpan.FromSeconds(1);

    private readonly FtpControl _control;
    private readonly FtpTargetOptions _options;
    private bool _hasNoEpsv;

    private FtpClient(FtpControl control, FtpTargetOptions options)
    {
        _control = control;
        _options = options;
    }

    /// <summary>Connects and logs in.</summary>
    public static async Task<FtpClient> OpenAsync(FtpTargetOptions options, CancellationToken cancellation)
    {
        var control = await FtpControl.ConnectAsync(options, cancellation).ConfigureAwait(false);
        try
        {
            var client = new FtpClient(control, options);
            await client.LogInAsync(cancellation).ConfigureAwait(false);
            return client;
        }
        catch
        {
            control.Dispose();
            throw;
        }
    }

    /// <summary>Bytes of a file; null: there is none. 550 is what RFC 3659 (section 4.2) has for it, and for a folder.</summary>
    public async Task<long?> SizeAsync(string path, CancellationToken cancellation)
    {
        var reply = await _control.AskAsync("SIZE", path, cancellation).ConfigureAwait(false);
        return reply.Code switch
        {
            213 when long.TryParse(reply.Words, NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out var size) => size,
            550 => null,
            _ => throw _control.Refusal("SIZE", reply),
        };
    }

    /// <summary>Sends what a stream has from where it stands, to stand in the file from an offset on. Done is what the server says is done.</summary>
    public async Task StoreAsync(string path, long offset, Stream content, CancellationToken cancellation)
    {
        // Most servers would fill the gap with zeroes and call it well done.
        var there = offset == 0 ? 0 : await SizeAsync(path, cancellation).ConfigureAwait(false) ?? 0;
        if (there < offset)
        {
            throw new ArchiveTargetException(ArchiveProblem.Refused, $"{TargetWords.Of(path)} has {there} bytes: nothing can go on at {offset}");
        }

        using var data = await OfferAsync(cancellation).ConfigureAwait(false);
        var verb = offset > 0 && !await RestartAsync(offset, isAtEnd: there == offset, cancellation).ConfigureAwait(false) ? "APPE" : "STOR";
        var begun = await _control.AskAsync(verb, path, cancellation).ConfigureAwait(false);
        if (!begun.IsPreliminary)
        {
            throw offset == 0 ? _control.Refusal(verb, begun) : await NotResumedAsync(path, verb, begun, cancellation).ConfigureAwait(false);
        }

        await data.OpenAsync(cancellation).ConfigureAwait(false);
        var sent = await TargetLimits.CopyAsync(content, block => SendAsync(verb, data, block, cancellation), cancellation).ConfigureAwait(false);
        try
        {
            data.End();
        }
        catch (SocketException failure)
        {
            throw await ReasonAsync(verb, failure, cancellation).ConfigureAwait(false);
        }

        var done = await _control.EndAsync(verb, _options.Timeout, cancellation).ConfigureAwait(false);
        if (!done.IsDone)
        {
            throw _control.Refusal(verb, done);
        }

        // FTP has no word for cutting a file.
        if (there > offset + sent)
        {
            throw new ArchiveTargetException(ArchiveProblem.Refused, $"{TargetWords.Of(path)} has {there} bytes, more than the {offset + sent} that it should have");
        }
    }

    /// <summary>Some servers replace what has the new name, others refuse: then it is deleted first.</summary>
    public async Task RenameAsync(string from, string to, CancellationToken cancellation)
    {
        var reply = await TryRenameAsync(from, to, cancellation).ConfigureAwait(false);
        if (reply.IsForGood && await SizeAsync(to, cancellation).ConfigureAwait(false) is not null)
        {
            var deleted = await _control.AskAsync("DELE", to, cancellation).ConfigureAwait(false);
            reply = deleted.IsDone ? await TryRenameAsync(from, to, cancellation).ConfigureAwait(false) : reply;
        }

        if (!reply.IsDone)
        {
            throw _control.Refusal("RNTO", reply);
        }
    }

    /// <summary>Folders, the topmost first. One that is there is refused with 550 or 521, and so is one that may not be made: of the last one it is found out which it was.</summary>
    public async Task MakeFoldersAsync(IReadOnlyList<string> folders, CancellationToken cancellation)
    {
        FtpReply? refusal = null;
        foreach (var folder in folders)
        {
            var reply = await _control.AskAsync("MKD", folder, cancellation).ConfigureAwait(false);
            refusal = reply.IsDone ? null : reply.Code is 550 or 521 ? reply : throw _control.Refusal("MKD", reply);
        }

        if (refusal is not null && !await IsFolderAsync(folders[^1], cancellation).ConfigureAwait(false))
        {
            throw _control.Refusal("MKD", refusal);
        }
    }

    /// <summary>Takes leave, if there is still somebody.</summary>
    public async ValueTask DisposeAsync()
    {
        using var limit = new CancellationTokenSource(QuitLimit);
        try
        {
            await _control.AskAsync("QUIT", null, limit.Token).ConfigureAwait(false);
        }
        catch (Exception gone) when (gone is ArchiveTargetException or OperationCanceledException)
        {
            // It was a courtesy.
        }

        _control.Dispose();
    }

    // A folder is what one can go to (and come back from, for paths begin where the account does): FTP of 1985 has no other question. "257 "/home" is current", a quote within is doubled (RFC 959, appendix II).
    private async Task<bool> IsFolderAsync(string folder, CancellationToken cancellation)
    {
        var here = await _control.AskAsync("PWD", null, cancellation).ConfigureAwait(false);
        Expect(here.Code == 257, "PWD", here);
        var (open, close) = (here.Words.IndexOf('"', StringComparison.Ordinal), here.Words.LastIndexOf('"'));
        Expect(close > open, "PWD", here);
        var there = await _control.AskAsync("CWD", folder, cancellation).ConfigureAwait(false);
        if (!there.IsDone)
        {
            return false;
        }

        var back = await _control.AskAsync("CWD", here.Words[(open + 1)..close].Replace("\"\"", "\"", StringComparison.Ordinal), cancellation).ConfigureAwait(false);
        Expect(back.IsDone, "CWD", back);
        return true;
    }

    // What it says to RNTO; a name that can't be taken away from anything (RNFR) throws, so that nothing is deleted for its sake.
    private async Task<FtpReply> TryRenameAsync(string from, string to, CancellationToken cancellation)
    {
        var ready = await _control.AskAsync("RNFR", from, cancellation).ConfigureAwait(false);
        Expect(ready.IsHalf, "RNFR", ready);
        return await _control.AskAsync("RNTO", to, cancellation).ConfigureAwait(false);
    }

    private async Task LogInAsync(CancellationToken cancellation)
    {
        var greeting = await _control.EndAsync("greeting", _options.Timeout, cancellation).ConfigureAwait(false);
        Expect(greeting.IsDone, "greeting", greeting);
        var user = await _control.AskAsync("USER", _options.Username, cancellation).ConfigureAwait(false);
        if (user.Code == 331)
        {
            var password = await _control.AskAsync("PASS", _options.Password ?? "", cancellation).ConfigureAwait(false);
            Expect(password.IsDone, "PASS", password);
        }
        else
        {
            Expect(user.IsDone, "USER", user);
        }

        var features = await _control.AskAsync("FEAT", null, cancellation).ConfigureAwait(false);
        if (features.IsDone && features.Lines.Any(line => line.Trim().StartsWith("UTF8", StringComparison.OrdinalIgnoreCase)))
        {
            // Those that have it on by themselves (RFC 2640) know no such option; both is well.
            await _control.AskAsync("OPTS", "UTF8 ON", cancellation).ConfigureAwait(false);
        }

        var binary = await _control.AskAsync("TYPE", "I", cancellation).ConfigureAwait(false);
        Expect(binary.IsDone, "TYPE", binary);
    }

    private void Expect(bool isSo, string verb, FtpReply reply)
    {
        if (!isSo)
        {
            throw _control.Refusal(verb, reply);
        }
    }

    private async Task<FtpData> OfferAsync(CancellationToken cancellation)
    {
        if (!_options.IsActive)
        {
            var port = await EpsvAsync(cancellation).ConfigureAwait(false) ?? await PasvAsync(cancellation).ConfigureAwait(false);
            return await FtpData.ConnectAsync(_control.Peer, port, _options.Timeout, cancellation).ConfigureAwait(false);
        }

        var data = FtpData.Listen(_control.Local, _control.Peer, _options.Timeout);
        try
        {
            var (verb, where) = Named(data.Awaits!);
            var reply = await _control.AskAsync(verb, where, cancellation).ConfigureAwait(false);
            Expect(reply.IsDone, verb, reply);
            return data;
        }
        catch
        {
            data.Dispose();
            throw;
        }
    }

    // IPv4 has had PORT from the first day; what it lacks is IPv6 (RFC 2428, section 2), whose scope is no part of the address for anybody else.
    private static (string Verb, string Where) Named(IPEndPoint here) => here.AddressFamily == AddressFamily.InterNetwork
        ? ("PORT", $"{here.Address.ToString().Replace('.', ',')},{here.Port >> 8},{here.Port & 255}")
        : ("EPRT", $"|2|{new IPAddress(here.Address.GetAddressBytes())}|{here.Port}|");

    // "229 Entering Extended Passive Mode (|||6446|)" (RFC 2428, section 3); the delimiter is any character. Null: it knows no EPSV, and is not asked again.
    private async Task<int?> EpsvAsync(CancellationToken cancellation)
    {
        if (_hasNoEpsv)
        {
            return null;
        }

        var reply = await _control.AskAsync("EPSV", null, cancellation).ConfigureAwait(false);
        if (reply.IsForGood && _control.Peer.AddressFamily == AddressFamily.InterNetwork)
        {
            _hasNoEpsv = true;
            return null;
        }

        Expect(reply.Code == 229, "EPSV", reply);
        var open = reply.Words.LastIndexOf('(');
        var fields = open >= 0 && reply.Words.Length > open + 1 ? reply.Words[(open + 1)..].Split(reply.Words[open + 1]) : [];
        return fields.Length > 3 ? Port(fields[3]) ?? throw _control.Refusal("EPSV", reply) : throw _control.Refusal("EPSV", reply);
    }

    // "227 Entering Passive Mode (h1,h2,h3,h4,p1,p2)"; the brackets may be missing (RFC 1123, section 4.1.2.6). The address is not looked at.
    private async Task<int> PasvAsync(CancellationToken cancellation)
    {
        var reply = await _control.AskAsync("PASV", null, cancellation).ConfigureAwait(false);
        Expect(reply.Code == 227, "PASV", reply);
        var first = reply.Words.AsSpan().IndexOfAnyInRange('0', '9');
        var last = reply.Words.AsSpan().LastIndexOfAnyInRange('0', '9');
        var fields = first >= 0 ? reply.Words[first..(last + 1)].Split(',') : [];
        return fields.Length == 6 && byte.TryParse(fields[4], NumberStyles.AllowLeadingWhite, CultureInfo.InvariantCulture, out var high)
            && byte.TryParse(fields[5], NumberStyles.AllowLeadingWhite, CultureInfo.InvariantCulture, out var low)
            ? Port($"{(high << 8) | low}") ?? throw _control.Refusal("PASV", reply)
            : throw _control.Refusal("PASV", reply);
    }

    private static int? Port(string digits) =>
        int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port is > IPEndPoint.MinPort and <= IPEndPoint.MaxPort ? port : null;

    /// <summary>Whether the server goes on at the offset by itself; where it can't, and that is the file's end, it can still append.</summary>
    private async Task<bool> RestartAsync(long offset, bool isAtEnd, CancellationToken cancellation)
    {
        var reply = await _control.AskAsync("REST", offset.ToString(CultureInfo.InvariantCulture), cancellation).ConfigureAwait(false);
        return reply.IsHalf || (reply.IsForGood && isAtEnd ? false : throw _control.Refusal("REST", reply));
    }

    /// <summary>
    /// ProFTPD refuses to go on with a file unless its AllowStoreRestart is on, which it is not of itself ("451 ... Append/Restart not permitted"), after it has taken REST. Asked again it
    /// would say so for ever: what was begun is deleted, and the next try begins at 0.
    /// </summary>
    private async Task<ArchiveTargetException> NotResumedAsync(string path, string verb, FtpReply reply, CancellationToken cancellation)
    {
        var refusal = _control.Refusal(verb, reply);
        if (reply.Code == 451 && refusal.Problem == ArchiveProblem.Refused)
        {
            await _control.AskAsync("DELE", path, cancellation).ConfigureAwait(false);
        }

        return refusal;
    }

    private async ValueTask SendAsync(string verb, FtpData data, ReadOnlyMemory<byte> block, CancellationToken cancellation)
    {
        try
        {
            await data.WriteAsync(block, cancellation).ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is SocketException or TimeoutException)
        {
            throw await ReasonAsync(verb, failure, cancellation).ConfigureAwait(false);
        }
    }

    // The data connection broke off; a full disk, say, is told on the other one.
    private async Task<ArchiveTargetException> ReasonAsync(string verb, Exception failure, CancellationToken cancellation)
    {
        try
        {
            var limit = _options.Timeout < ReasonLimit ? _options.Timeout : ReasonLimit;
            var reply = await _control.EndAsync(verb, limit, cancellation).ConfigureAwait(false);
            return reply.IsDone ? FtpControl.Broken(verb, failure) : _control.Refusal(verb, reply);
        }
        catch (ArchiveTargetException)
        {
            return FtpControl.Broken(verb, failure);
        }
    }
}
