namespace DtuActors.Protocol.Layouts;

/// <summary>
/// Fields of two decimal digits a byte, the low byte first on the wire and the high one first for a person (DL/T 645-2007 and CJ/T 188-2004).
/// </summary>
internal static class LowFirstBcd
{
    /// <summary>All digits of the field, the high byte's first; A to F where the field holds no decimal digits.</summary>
    public static string Digits(ReadOnlySpan<byte> field)
    {
        Span<byte> highFirst = stackalloc byte[field.Length];
        field.CopyTo(highFirst);
        highFirst.Reverse();
        return Convert.ToHexString(highFirst);
    }

    /// <summary>Writes hexadecimal digits, the high byte's first, as a field of exactly their bytes. False where they do not fill it or are none.</summary>
    public static bool TryWrite(string digits, Span<byte> field)
    {
        if (digits.Length != 2 * field.Length || Convert.FromHexString(digits, field, out _, out _) != System.Buffers.OperationStatus.Done)
        {
            return false;
        }

        field.Reverse();
        return true;
    }
}
