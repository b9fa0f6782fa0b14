using DtuActors.Protocol.Layouts;

namespace DtuActors.Protocol.Framing;

/// <summary>
/// <c>iec104</c>: frames of IEC 60870-5-104 (5), whose layout is <see cref="Iec104"/>. Nothing sums them, so a 68 begins one only if control field and ASDU can
/// be so.
/// Where they can, but do not prove it (a vendor's type, other field widths, a frame that broke off and took the next one's first bytes), what follows must:
/// the next 68, or silence.
/// </summary>
internal sealed class Iec104Codec(TimeSpan gap) : Codec
{
    public override string Name => "iec104";

    public override TimeSpan? Gap { get; } = HalvesGap(gap);

    public override Cut Next(ReadOnlySpan<byte> pending, int examined, bool silent)
    {
        var start = pending.IndexOf(Iec104.Start);
        if (start != 0)
        {
            return Cut.Drop(start < 0 ? pending.Length : start, DropReasons.Garbage);
        }

        var length = Iec104.Length(pending);
        if (length == Iec104.Never)
        {
            return Cut.Drop(1, DropReasons.Garbage);
        }

        if (length == Iec104.More || length > pending.Length)
        {
            return silent ? Cut.Drop(1, DropReasons.Truncated) : Cut.Wait();
        }

        var shape = pending[..length];
        var proven = Iec104.IsProven(shape);
        if (proven && !Iec104.HidesBeginning(shape))
        {
            return Cut.Frame(length);
        }

        if (length == pending.Length && !silent)
        {
            return Cut.Wait();
        }

        var followed = length == pending.Length || pending[length] == Iec104.Start;
        return followed && (proven || !EndsInProvenFrames(shape)) ? Cut.Frame(length) : Cut.Drop(1, DropReasons.Garbage);
    }

    /// <summary>Whether frames beyond doubt fill the end of a shape that is in doubt: then it is a false start that swallowed them.</summary>
    private static bool EndsInProvenFrames(ReadOnlySpan<byte> shape)
    {
        for (var from = 1; from < shape.Length; from++)
        {
            var at = from;
            while (at < shape.Length && Iec104.ProvenLength(shape[at..]) is > 0 and var length)
            {
                at += length;
            }

            if (at == shape.Length)
            {
                return true;
            }
        }

        return false;
    }
}
