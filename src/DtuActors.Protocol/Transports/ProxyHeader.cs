using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Text;

namespace DtuActors.Protocol.Transports;

/// <summary>Which form of header a proxy writes.</summary>
public enum ProxyVersion
{
    /// <summary>One line of text.</summary>
    V1,

    /// <summary>Binary.</summary>
    V2,
}

/// <summary>What the first bytes of a connection are, read as a PROXY header.</summary>
public enum ProxyVerdict
{
    /// <summary>The beginning of a header.</summary>
    Unfinished,

    /// <summary>A whole one.</summary>
    Whole,

    /// <summary>None, whatever follows.</summary>
    Invalid,
}

/// <summary>
/// The PROXY protocol's header: what a load balancer writes before a connection's own bytes, or before each datagram's, so that the peer's address is known behind it.
/// Layout: HAProxy's "The PROXY protocol", versions 1 and 2 (proxy-protocol.txt, revision 2020/03/05).
/// </summary>
/// <param name="Length">Its bytes; behind them the connection's own, or the datagram's, begin.</param>
/// <param name="Source">The peer's address, or null: the proxy speaks for itself (LOCAL, a health check), does not know it (UNKNOWN), or it is a Unix socket's.</param>
/// <param name="SourcePath">Where the peer is a Unix socket: its path, which may be empty; else null.</param>
public readonly record struct ProxyHeader(int Length, IPEndPoint? Source, string? SourcePath)
{
    /// <summary>The longest line of version 1, its line end included.</summary>
    public const int MostOfV1 = 107;

    /// <summary>The most bytes of version 2 that are read: addresses take 216 at most, what follows (TLVs) is skipped. The format itself allows 65,551.</summary>
    public const int MostOfV2 = 4096;

    private const int FixedOfV2 = 16;
    private const int PathLength = 108;

    // The low half of version 2's family byte.
    private const byte Stream = 1;
    private const byte Datagram = 2;

    private static ReadOnlySpan<byte> Signature => "\r\n\r\n\0\r\nQUIT\n"u8;

    /// <summary>The most bytes that a header of <paramref name="version"/> takes.</summary>
    public static int Most(ProxyVersion version) => version == ProxyVersion.V1 ? MostOfV1 : MostOfV2;

    /// <summary>Reads the header that <paramref name="bytes"/> begin with. The verdict is the same however they were cut.</summary>
    public static ProxyVerdict Read(ProxyVersion version, ReadOnlySpan<byte> bytes, out ProxyHeader header)
    {
        header = default;
        return version == ProxyVersion.V1 ? ReadV1(bytes, out header) : ReadV2(bytes, Stream, out header);
    }

    /// <summary>Reads the header of version 2 that <paramref name="datagram"/> begins with; false where it begins with none that is whole, for nothing follows a datagram.</summary>
    public static bool TryReadDatagram(ReadOnlySpan<byte> datagram, out ProxyHeader header) => ReadV2(datagram, Datagram, out header) == ProxyVerdict.Whole;

    private static ProxyVerdict ReadV1(ReadOnlySpan<byte> bytes, out ProxyHeader header)
    {
        header = default;
        var start = "PROXY "u8;
        if (!bytes[..Math.Min(bytes.Length, start.Length)].SequenceEqual(start[..Math.Min(bytes.Length, start.Length)]))
        {
            return ProxyVerdict.Invalid;
        }

        var within = bytes[..Math.Min(bytes.Length, MostOfV1)];
        var end = within.IndexOf("\r\n"u8);
        if (end < 0)
        {
            return bytes.Length < MostOfV1 ? ProxyVerdict.Unfinished : ProxyVerdict.Invalid;
        }

        // Behind UNKNOWN whatever stands is to be ignored.
        var rest = within[start.Length..end];
        if (rest.SequenceEqual("UNKNOWN"u8) || rest.StartsWith("UNKNOWN "u8))
        {
            header = new ProxyHeader(end + 2, null, null);
            return ProxyVerdict.Whole;
        }

        if (Encoding.ASCII.GetString(rest).Split(' ') is not [("TCP4" or "TCP6") and var family, var from, var to, var fromPort, var toPort]
            || Address(family, from) is not { } source || Address(family, to) is null || Port(fromPort) is not { } port || Port(toPort) is null)
        {
            return ProxyVerdict.Invalid;
        }

        header = new ProxyHeader(end + 2, new IPEndPoint(source, port), null);
        return ProxyVerdict.Whole;
    }

    private static ProxyVerdict ReadV2(ReadOnlySpan<byte> bytes, byte transport, out ProxyHeader header)
    {
        header = default;
        var seen = Math.Min(bytes.Length, Signature.Length);
        if (!bytes[..seen].SequenceEqual(Signature[..seen]))
        {
            return ProxyVerdict.Invalid;
        }

        if (bytes.Length < FixedOfV2)
        {
            return ProxyVerdict.Unfinished;
        }

        var (command, family) = (bytes[12], bytes[13]);
        var length = FixedOfV2 + BinaryPrimitives.ReadUInt16BigEndian(bytes[14..]);
        if (command is not (0x20 or 0x21) || length > MostOfV2)
        {
            return ProxyVerdict.Invalid;
        }

        // LOCAL: the proxy's own connection, whatever family it names.
        var isLocal = command == 0x20;
        if (!isLocal && (AddressBytes(family, transport) is not { } least || length < FixedOfV2 + least))
        {
            return ProxyVerdict.Invalid;
        }

        if (bytes.Length < length)
        {
            return ProxyVerdict.Unfinished;
        }

        header = isLocal ? new ProxyHeader(length, null, null) : WithSource(family, bytes[FixedOfV2..], length);
        return ProxyVerdict.Whole;
    }

    // A datagram's address can't be a connection's, nor the other way round; and what came by UDP did not come from a Unix socket.
    private static int? AddressBytes(byte family, byte transport) => (family >> 4, family & 0x0F) switch
    {
        (0, 0) => 0,
        (1, var carried) when carried == transport => 12,
        (2, var carried) when carried == transport => 36,
        (3, Stream) when transport == Stream => 2 * PathLength,
        _ => null,
    };

    private static ProxyHeader WithSource(byte family, ReadOnlySpan<byte> addresses, int length) => (family >> 4) switch
    {
        1 => new ProxyHeader(length, new IPEndPoint(new IPAddress(addresses[..4]), BinaryPrimitives.ReadUInt16BigEndian(addresses[8..])), null),
        2 => new ProxyHeader(length, new IPEndPoint(new IPAddress(addresses[..16]), BinaryPrimitives.ReadUInt16BigEndian(addresses[32..])), null),
        3 => new ProxyHeader(length, null, Path(addresses[..PathLength])),
        _ => new ProxyHeader(length, null, null),
    };

    // It is shown in one line of a log.
    private static string Path(ReadOnlySpan<byte> path)
    {
        var end = path.IndexOf((byte)0);
        var text = Encoding.UTF8.GetString(end < 0 ? path : path[..end]);
        return string.Concat(text.Select(c => char.IsControl(c) ? '?' : c));
    }

    // Version 1 writes addresses in their one usual form; what .NET takes beyond that (octal, scopes) no proxy writes.
    private static IPAddress? Address(string family, string text)
    {
        var isIPv4 = family == "TCP4";
        var allowed = text.Length > 0 && text.All(c => char.IsAsciiHexDigit(c) || c == '.' || (c == ':' && !isIPv4));
        return allowed && (!isIPv4 || IsDotted(text)) && (isIPv4 || text.Contains(':', StringComparison.Ordinal)) && IPAddress.TryParse(text, out var address)
            ? address
            : null;
    }

    // A leading zero is octal to some readers and decimal to others: the specification allows none, in ports neither.
    private static bool IsDotted(string text) => text.Split('.') is { Length: 4 } parts && parts.All(part => part.Length > 0 && (part.Length == 1 || part[0] != '0'));

    private static int? Port(string text) =>
        text.Length is > 0 and <= 5 && (text.Length == 1 || text[0] != '0') && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port <= ushort.MaxValue ? port : null;
}
