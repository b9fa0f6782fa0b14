using System.Net;
using System.Text;
using DtuActors.Protocol.Transports;

namespace DtuActors.Tests.Shared;

/// <summary>
/// The PROXY header fuzzed, as a connection's first bytes in both versions and before a datagram: the verdict of a beginning never changes, a whole header lies within
/// its bound and ends where it ends whatever follows, and what is shown of it is one line.
/// </summary>
internal static class ProxyTarget
{
    public const string Name = "proxy";

    private static ReadOnlySpan<byte> Signature => "\r\n\r\n\0\r\nQUIT\n"u8;

    public static IEnumerable<byte[]> Seeds()
    {
        byte[] addresses = [10, 8, 0, 7, 10, 8, 0, 1, 0x9C, 0x41, 0x23, 0x28];
        byte[] six = [.. IPAddress.Parse("fd00::7").GetAddressBytes(), .. IPAddress.Parse("fd00::1").GetAddressBytes(), 0x9C, 0x41, 0x23, 0x28];
        byte[] path = [.. "/run/a.sock"u8, .. new byte[205]];
        byte[][] chosen =
        [
            [.. "PROXY TCP4 10.8.0.7 10.8.0.1 40001 9000\r\nabc"u8],
            [.. "PROXY TCP6 fd00::7 fd00::1 40001 9000\r\n"u8],
            [.. "PROXY UNKNOWN whatever\r\n\r\n"u8],
            [.. "PROXY TCP4 10.8.0.07 10.8.0.1 40001 9000\r\n"u8],
            [.. Signature, 0x21, 0x11, 0, 12, .. addresses, 0xAA],
            [.. Signature, 0x21, 0x21, 0, 36, .. six],
            [.. Signature, 0x21, 0x12, 0, 15, .. addresses, 4, 0, 0, 0xBB],
            [.. Signature, 0x20, 0x00, 0, 0, 1],
            [.. Signature, 0x21, 0x31, 0, 216, .. path],
        ];
        return chosen.Select(bytes => FuzzInput.Write(0, false, [0x7F], bytes));
    }

    public static void Run(FuzzInput input)
    {
        foreach (var version in (ReadOnlySpan<ProxyVersion>)[ProxyVersion.V1, ProxyVersion.V2])
        {
            AssertSteady(version, input.Stream);
        }

        if (ProxyHeader.TryReadDatagram(input.Stream, out var header))
        {
            AssertHeader(header, ProxyVersion.V2, input.Stream);
            BrokenPromiseException.Unless(header.SourcePath is null, "no datagram comes from a Unix socket");
        }
    }

    private static void AssertSteady(ProxyVersion version, ReadOnlySpan<byte> stream)
    {
        var (before, first) = (ProxyVerdict.Unfinished, default(ProxyHeader));
        for (var length = 0; length <= Math.Min(stream.Length, ProxyHeader.Most(version) + 1); length++)
        {
            var verdict = ProxyHeader.Read(version, stream[..length], out var header);
            if (before == ProxyVerdict.Unfinished)
            {
                first = header;
            }

            BrokenPromiseException.Unless(
                before == ProxyVerdict.Unfinished || (verdict == before && header == first), $"the verdict stays what it was: {before}, then {verdict} at {length} bytes of {version}");
            BrokenPromiseException.Unless(verdict != ProxyVerdict.Unfinished || length < ProxyHeader.Most(version), $"a header of {version} ends within its bound");
            if (verdict == ProxyVerdict.Whole)
            {
                AssertHeader(header, version, stream[..length]);
            }

            before = verdict;
        }
    }

    private static void AssertHeader(ProxyHeader header, ProxyVersion version, ReadOnlySpan<byte> seen)
    {
        BrokenPromiseException.Unless(header.Length > 0 && header.Length <= seen.Length && header.Length <= ProxyHeader.Most(version), $"a header lies within what came: {header}");
        BrokenPromiseException.Unless(header.Source is null || header.SourcePath is null, "a peer has one address");
        BrokenPromiseException.Unless(header.SourcePath is null || !header.SourcePath.Any(char.IsControl), "a path is shown in one line");
        BrokenPromiseException.Unless(
            version == ProxyVersion.V2 || header.Source is not { } source || Encoding.ASCII.GetString(seen[..header.Length]).Contains($" {source.Port} ", StringComparison.Ordinal),
            "a port is the one that was written");
    }
}
