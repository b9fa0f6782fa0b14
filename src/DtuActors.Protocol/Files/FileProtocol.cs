namespace DtuActors.Protocol.Files;

/// <summary>How files cross a serial line (Forsberg, XMODEM/YMODEM Protocol Reference, 1988).</summary>
public enum FileProtocol
{
    /// <summary>One file without a name or a size, in blocks of 128 bytes, the last one padded. The receiver chooses between checksum and CRC.</summary>
    Xmodem,

    /// <summary>The same in blocks of 1,024 bytes.</summary>
    Xmodem1K,

    /// <summary>Files with names and sizes, one after the other, in blocks of 1,024 bytes.</summary>
    Ymodem,
}

/// <summary>What the protocols are called where they are asked for.</summary>
public static class FileProtocols
{
    private static readonly Dictionary<string, FileProtocol> ByName = new(StringComparer.Ordinal)
    {
        ["xmodem"] = FileProtocol.Xmodem, ["xmodem-1k"] = FileProtocol.Xmodem1K, ["ymodem"] = FileProtocol.Ymodem,
    };

    /// <summary>All of them.</summary>
    public static IReadOnlyCollection<string> Names => ByName.Keys;

    /// <summary>False where none is called so.</summary>
    public static bool TryParse(string name, out FileProtocol protocol) => ByName.TryGetValue(name, out protocol);

    /// <summary>What it is called.</summary>
    public static string Name(this FileProtocol protocol) => ByName.First(named => named.Value == protocol).Key;
}
