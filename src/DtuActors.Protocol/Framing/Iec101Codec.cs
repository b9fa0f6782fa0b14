using DtuActors.Protocol.Layouts;

namespace DtuActors.Protocol.Framing;

/// <summary>
/// <c>iec101</c>: frames of FT1.2 (IEC 60870-5-1, 6.2.4.2), whose layout is <see cref="Iec101"/>. Whether a fixed frame has a link address of one
/// byte or two, its sum and its end tell, the shorter first.
/// The single character E5 proves nothing, so it is a frame only where it stands between frames: behind bytes that are none it goes with them, up to the next
/// 10 or 68, to silence, or to max-frame, where the first byte is dropped alone. That is why the last byte of garbage waits: without it nobody would know what
/// an E5 that follows stands behind.
/// </summary>
internal sealed class Iec101Codec(TimeSpan gap) : Codec
{
    public override string Name => "iec101";

    public override Proof Proof => Proof.Checksum;

    public override TimeSpan? Gap { get; } = HalvesGap(gap);

    public override Cut Next(ReadOnlySpan<byte> pending, int examined, bool silent) => pending[0] switch
    {
        Iec101.SingleCharacter => Cut.Frame(1),
        Iec101.StartFixed => Fixed(pending, silent),
        Iec101.StartVariable => Variable(pending, silent),
        _ => NoFrame(pending, silent, DropReasons.Garbage),
    };

    private static Cut Fixed(ReadOnlySpan<byte> pending, bool silent)
    {
        for (var length = Iec101.ShortFixed; length <= Math.Min(pending.Length, Iec101.LongFixed); length++)
        {
            if (Iec101.IsSummed(pending[..length], 1))
            {
                return Cut.Frame(length);
            }
        }

        if (pending.Length < Iec101.LongFixed && !silent)
        {
            return Cut.Wait();
        }

        for (var length = Iec101.ShortFixed; length <= Math.Min(pending.Length, Iec101.LongFixed); length++)
        {
            if (pending[length - 1] == Iec101.End)
            {
                return Damaged(pending[..length]);
            }
        }

        return NoFrame(pending, silent, pending.Length < Iec101.LongFixed ? DropReasons.Truncated : DropReasons.Garbage);
    }

    private static Cut Variable(ReadOnlySpan<byte> pending, bool silent)
    {
        var length = Iec101.VariableLength(pending);
        if (length < 0)
        {
            return NoFrame(pending, silent, DropReasons.Garbage);
        }

        if (length == 0 || length > pending.Length)
        {
            return silent ? NoFrame(pending, silent, DropReasons.Truncated) : Cut.Wait();
        }

        var shape = pending[..length];
        if (shape[^1] != Iec101.End)
        {
            return NoFrame(pending, silent, DropReasons.Garbage);
        }

        return Iec101.IsSummed(shape, Iec101.HeaderLength) ? Cut.Frame(length) : Damaged(shape);
    }

    /// <summary>An E5 inside a damaged frame is its data; one behind it stands between frames.</summary>
    private static Cut Damaged(ReadOnlySpan<byte> shape)
    {
        var next = NextStart(shape);
        return Cut.Damaged(shape.Length) with { Length = next < 0 ? shape.Length : next };
    }

    private static Cut NoFrame(ReadOnlySpan<byte> pending, bool silent, string reason)
    {
        var next = NextStart(pending);
        if (next > 0)
        {
            return Cut.Drop(next, reason);
        }

        if (silent)
        {
            return Cut.Drop(pending.Length, reason);
        }

        // The head is no E5, so there is such a byte.
        var last = pending.LastIndexOfAnyExcept(Iec101.SingleCharacter);
        return last == 0 ? Cut.Wait() : Cut.Drop(last, reason);
    }

    /// <summary>Where behind the head a frame of more than one byte may begin, or -1.</summary>
    private static int NextStart(ReadOnlySpan<byte> pending)
    {
        var next = pending[1..].IndexOfAny(Iec101.StartFixed, Iec101.StartVariable);
        return next < 0 ? -1 : next + 1;
    }
}
