using System.Text;
using DtuActors.Protocol.Checksums;

namespace DtuActors.Writing;

/// <summary>A downlink as people write it that can't be made bytes.</summary>
/// <param name="member">The member that is wrong: <c>hex</c>, <c>text</c>, <c>crc</c>, <c>encoding</c>; <c>payload</c> for all of it, <c>too-large</c> for its length.</param>
/// <param name="problem">In words.</param>
internal sealed class DownlinkFaultException(string member, string problem) : Exception(problem)
{
    public const string TooLarge = "too-large";

    public string Member => member;
}

/// <summary>A downlink as the API's <c>send</c> and a broker's JSON write it: exactly one of hex and text, a check behind it where <paramref name="Crc"/> names one.</summary>
internal sealed record DownlinkBody(string? Hex, string? Text, string? Crc = null, string? Encoding = null)
{
    /// <summary>The most bytes of one downlink: above any max-frame that makes sense, well below a window of the data path.</summary>
    public const int MostPayload = 16 * 1024;

    /// <summary>Whether its bytes depend on the encoding that holds where it names none.</summary>
    public bool TakesDefaultEncoding => Text is not null && Encoding is null;

    /// <summary>The bytes to write. Throws <see cref="DownlinkFaultException"/>.</summary>
    /// <param name="fallback">The text's encoding where it names none; one that throws for what it can't write.</param>
    public byte[] ToBytes(Encoding fallback) => this switch
    {
        { Hex: { } hex, Text: null, Encoding: null } => WithCheck(FromHex(hex), Crc),
        { Hex: null, Text: { Length: > 0 } text } => WithCheck(Encode(text, Encoding is { } name ? Find(name) : fallback), Crc),
        { Hex: not null, Text: null } => throw new DownlinkFaultException("payload", "encoding is for text; hex is bytes already"),
        _ => throw new DownlinkFaultException("payload", "the body has exactly one of hex and text, not empty; right would be {\"hex\":\"0103000A0001\"} or {\"text\":\"AT\"}"),
    };

    public static byte[] FromHex(string hex) => HexText.TryParse(hex, out var bytes, out var problem) ? bytes : throw new DownlinkFaultException("hex", $"hex: {problem}");

    /// <summary>The bytes with the check of that name behind them, within <see cref="MostPayload"/>.</summary>
    public static byte[] WithCheck(byte[] bytes, string? crc)
    {
        var whole = bytes;
        if (crc is not null && !ChecksumAppend.TryAppend(crc, bytes, out whole))
        {
            throw new DownlinkFaultException("crc", $"crc '{crc}': expected {string.Join(", ", ChecksumAppend.Names)}");
        }

        return whole.Length <= MostPayload
            ? whole
            : throw new DownlinkFaultException(DownlinkFaultException.TooLarge, $"{whole.Length} bytes; one downlink may have {MostPayload}");
    }

    private static Encoding Find(string name) =>
        Encodings.TryFind(name, out var encoding) ? encoding : throw new DownlinkFaultException("encoding", $"encoding '{name}': expected {Encodings.Names}");

    private static byte[] Encode(string text, Encoding encoding)
    {
        try
        {
            return encoding.GetBytes(text);
        }
        catch (EncoderFallbackException unencodable)
        {
            throw new DownlinkFaultException("text", $"the character at position {unencodable.Index + 1} can't be written in {encoding.WebName}");
        }
    }
}
