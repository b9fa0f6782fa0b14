using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace DtuActors.Writing;

/// <summary>The encodings a downlink's text can be sent in.</summary>
public static class Encodings
{
    public const string Names = "utf-8, gb18030, ascii or latin1";

    static Encodings() => Encoding.RegisterProvider(CodePagesEncodingProvider.Instance);

    /// <summary>The encoding of a name; one that throws for what it can't write, so that no text is changed in silence.</summary>
    public static bool TryFind(string name, [NotNullWhen(true)] out Encoding? encoding)
    {
        encoding = name.ToLowerInvariant() switch
        {
            "utf-8" or "utf8" => Encoding.UTF8,
            "gb18030" => Encoding.GetEncoding("gb18030"),
            "ascii" or "us-ascii" => Encoding.ASCII,
            "latin1" or "iso-8859-1" => Encoding.Latin1,
            _ => null,
        };
        encoding = encoding is null ? null : Strict(encoding);
        return encoding is not null;
    }

    /// <summary>The same encoding, which throws <see cref="EncoderFallbackException"/> for what it can't write.</summary>
    public static Encoding Strict(Encoding encoding)
    {
        var strict = (Encoding)encoding.Clone();
        strict.EncoderFallback = EncoderFallback.ExceptionFallback;
        return strict;
    }
}
