using DtuActors.Protocol.Framing;

namespace DtuActors.Protocol.Transports;

/// <summary>
/// Cuts a stream into units of <see cref="Zg"/>. Which dialect a unit is of shows where its end mark stands; the one that the DTU has spoken so far is tried
/// first, and before that the numbered one, whose units are a byte shorter for the same length, so that neither waits for a byte behind it.
/// </summary>
internal sealed class ZgCodec(ZgEnvelope envelope) : Codec
{
    private enum Fit
    {
        No,
        NotYet,
        Whole,
    }

    public override string Name => "zg";

    /// <summary>A unit goes out of the DTU at once, but a cellular link may hand it over in parts: seconds apart at worst.</summary>
    public override TimeSpan? Gap { get; } = TimeSpan.FromSeconds(5);

    public override Cut Next(ReadOnlySpan<byte> pending, int examined, bool silent)
    {
        var head = pending.IndexOf(Zg.Head);
        if (head != 0)
        {
            return Cut.Drop(head < 0 ? pending.Length : head, DropReasons.Garbage);
        }

        if (pending.Length > 1 && !Zg.IsType(pending[1]))
        {
            return Cut.Drop(1, DropReasons.Garbage);
        }

        var fit = Fit.NotYet;
        if (pending.Length >= Zg.ContentOffset)
        {
            var dialect = envelope.Dialect ?? ZgDialect.Numbered;
            fit = FitOf(dialect, pending);
            if (fit == Fit.No)
            {
                dialect = dialect == ZgDialect.Plain ? ZgDialect.Numbered : ZgDialect.Plain;
                fit = FitOf(dialect, pending);
            }

            if (fit == Fit.Whole)
            {
                return Cut.Frame(Zg.UnitLength(dialect, Zg.ReadLength(pending)));
            }
        }

        return fit == Fit.No ? Cut.Drop(1, DropReasons.Garbage) : silent ? Cut.Drop(1, DropReasons.Truncated) : Cut.Wait();
    }

    private static Fit FitOf(ZgDialect dialect, ReadOnlySpan<byte> pending)
    {
        var length = Zg.ReadLength(pending);
        if (!Zg.IsLength(dialect, pending[1], length))
        {
            return Fit.No;
        }

        var content = pending[Zg.ContentOffset..];
        if (!content.IsEmpty && !(dialect == ZgDialect.Numbered ? Zg.CanBeginNumber(content) : CanBeginPlain(pending[1], content)))
        {
            return Fit.No;
        }

        var end = Zg.UnitLength(dialect, length) - 1;
        return end >= pending.Length ? Fit.NotYet : pending[end] == Zg.End ? Fit.Whole : Fit.No;
    }

    private static bool CanBeginPlain(byte type, ReadOnlySpan<byte> content) =>
        (ZgType)type != ZgType.Register || IdField.CanBegin(content, Zg.IdLength);
}
