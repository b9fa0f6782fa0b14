using DtuActors.Protocol.Framing;

namespace DtuActors.Protocol.Transports;

/// <summary>
/// Cuts a stream of <see cref="Jbt"/>: a head is a unit, and what follows it is units as it comes, up to the next head. Whoever opens them tells whether
/// data are expected. An end that may be the beginning of a head waits, a lone A8 very briefly: any instrument's frame may end with it.
/// </summary>
internal sealed class JbtCodec(Func<bool> expectsData) : Codec
{
    /// <summary>One byte of an instrument's frame in 256 is an A8: its answer must not be late for whoever asked.</summary>
    private static readonly TimeSpan LoneMarkGap = TimeSpan.FromMilliseconds(50);

    /// <summary>Both marks at the end of data are a head's beginning almost for certain.</summary>
    private static readonly TimeSpan BegunHeadGap = TimeSpan.FromSeconds(1);

    /// <summary>Where no data are expected nothing is late, and a cellular link may hand over a head's rest seconds later.</summary>
    private static readonly TimeSpan PartGap = TimeSpan.FromSeconds(5);

    private TimeSpan _gap = PartGap;

    public override string Name => "jbt";

    /// <summary>How long the bytes that wait are kept back: it depends on how likely they are the beginning of a head.</summary>
    public override TimeSpan? Gap => _gap;

    public override Cut Next(ReadOnlySpan<byte> pending, int examined, bool silent)
    {
        var at = 0;
        while (true)
        {
            var mark = pending[at..].IndexOf(Jbt.First);
            if (mark < 0)
            {
                return Other(pending.Length);
            }

            at += mark;
            var head = pending.Length - at > Jbt.HeadLength ? pending.Slice(at, Jbt.HeadLength) : pending[at..];
            if (Jbt.CanBegin(head) && (head.Length == Jbt.HeadLength || !silent))
            {
                return at > 0 ? Other(at) : head.Length == Jbt.HeadLength ? Cut.Frame(Jbt.HeadLength) : Wait(head.Length);
            }

            if (Jbt.CanBegin(head) && !expectsData())
            {
                return at > 0 ? Other(at) : Cut.Drop(1, DropReasons.Truncated);
            }

            at++;
        }
    }

    /// <summary>Bytes at the head that belong to no head: data, or garbage where none are expected.</summary>
    private Cut Other(int length) => expectsData() ? Cut.Frame(length) : Cut.Drop(length, DropReasons.Garbage);

    private Cut Wait(int length)
    {
        _gap = !expectsData() ? PartGap : length == 1 ? LoneMarkGap : BegunHeadGap;
        return Cut.Wait();
    }
}
