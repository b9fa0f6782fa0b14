namespace DtuActors.Tests.Shared;

/// <summary>A fuzzer's bytes broke a promise of the code under test; the message says which.</summary>
internal sealed class BrokenPromiseException(string message) : Exception(message)
{
    public static void Unless(bool holds, string promise)
    {
        if (!holds)
        {
            throw new BrokenPromiseException(promise);
        }
    }
}

/// <summary>
/// What a fuzzer's bytes mean: byte 0 chooses the settings, bit 0 of byte 1 whether there are heartbeats and its other bits how many cuts follow;
/// each cut is a byte, the length of a piece (bits 0 to 6, see <see cref="LengthOf"/>) and silence behind it (bit 7), used over and over; the rest is the
/// stream.
/// </summary>
internal readonly ref struct FuzzInput
{
    private readonly ReadOnlySpan<byte> _cuts;

    public FuzzInput(ReadOnlySpan<byte> bytes)
    {
        Settings = bytes.Length > 0 ? bytes[0] : 0;
        var second = bytes.Length > 1 ? bytes[1] : (byte)0;
        HasHeartbeats = (second & 1) != 0;
        var rest = bytes.Length > 2 ? bytes[2..] : [];
        var cuts = Math.Min(second >> 1, rest.Length);
        _cuts = rest[..cuts];
        Stream = rest[cuts..];
    }

    /// <summary>A number that chooses among a target's settings.</summary>
    public int Settings { get; }

    /// <summary>Whether the profile names heartbeats.</summary>
    public bool HasHeartbeats { get; }

    /// <summary>The stream, uncut.</summary>
    public ReadOnlySpan<byte> Stream { get; }

    /// <summary>The bytes that stand for such an input.</summary>
    public static byte[] Write(int settings, bool heartbeats, ReadOnlySpan<byte> cuts, ReadOnlySpan<byte> stream) =>
        [(byte)settings, (byte)((cuts.Length << 1) | (heartbeats ? 1 : 0)), .. cuts, .. stream];

    /// <summary>The pieces in which the stream comes: where each ends, and whether the line falls silent behind it.</summary>
    public List<(int End, bool Silence)> Pieces()
    {
        var pieces = new List<(int End, bool Silence)>();
        for (var (at, i) = (0, 0); at < Stream.Length; i++)
        {
            var cut = _cuts.Length > 0 ? _cuts[i % _cuts.Length] : (byte)0x7F;
            at = Math.Min(Stream.Length, at + LengthOf(cut & 0x7F));
            pieces.Add((at, cut >= 0x80));
        }

        return pieces;
    }

    /// <summary>1 to 100 bytes as they are, then hundreds, and everything at once for 7F.</summary>
    private static int LengthOf(int code) => code switch
    {
        0x7F => int.MaxValue / 2,
        < 100 => code + 1,
        _ => (code - 99) * 100,
    };
}
