namespace DtuActors.Protocol.Pairing;

/// <summary>Addresses of Chinese meters: AA in a byte's place stands for any (DL/T 645-2007, 5.2.4; CJ/T 188-2004 for the whole address).</summary>
internal static class MeterAddresses
{
    private const byte Any = 0xAA;
    private const byte OfAll = 0x99;

    /// <summary>Whether a meter whose reply carries <paramref name="answered"/> may have been meant by <paramref name="asked"/>.</summary>
    public static bool Overlap(ReadOnlySpan<byte> asked, ReadOnlySpan<byte> answered)
    {
        for (var i = 0; i < asked.Length; i++)
        {
            if (asked[i] != answered[i] && asked[i] != Any && answered[i] != Any)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Whether an address means every meter.</summary>
    public static bool IsAll(ReadOnlySpan<byte> address) => !address.ContainsAnyExcept(OfAll);
}
