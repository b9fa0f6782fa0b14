namespace DtuActors.Host.Attaching;

/// <summary>What keys become on the line: Enter as the instrument wants it, and Ctrl-] as the way out.</summary>
internal sealed class Keyboard(byte[] enter)
{
    /// <summary>Ctrl-].</summary>
    public const byte Leave = 0x1D;

    private const byte Return = 0x0D;

    /// <summary>The bytes of keys up to <see cref="Leave"/>, and whether it was among them.</summary>
    public (byte[] Bytes, bool IsOver) Read(ReadOnlySpan<byte> keys)
    {
        var end = keys.IndexOf(Leave);
        var bytes = new List<byte>(keys.Length);
        foreach (var key in end < 0 ? keys : keys[..end])
        {
            if (key == Return)
            {
                bytes.AddRange(enter);
            }
            else
            {
                bytes.Add(key);
            }
        }

        return ([.. bytes], end >= 0);
    }
}
