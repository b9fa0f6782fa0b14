namespace DtuActors.Protocol.Framing;

/// <summary>
/// <c>delimiter</c>: a frame ends with one to n fixed bytes, which are part of it with <c>include</c>. Without, an empty frame carries nothing and is not
/// handed on. Max-frame counts the delimiter; a longer line is dropped up to its delimiter, so that its tail is not taken for a frame.
/// </summary>
internal sealed class DelimiterCodec(byte[] delimiter, bool include, TimeSpan gap) : Codec
{
    public override string Name => "delimiter";

    public override bool IsProtocol => false;

    public override TimeSpan? Gap { get; } = LongGap(gap);

    public override TimeSpan? BurstGap => gap;

    public override Cut Next(ReadOnlySpan<byte> pending, int examined, bool silent)
    {
        var at = pending[examined..].IndexOf(delimiter);
        if (at >= 0)
        {
            at += examined;
            var whole = at + delimiter.Length;
            return include ? Cut.Frame(whole) : Cut.Frame(whole, 0, at);
        }

        // The last bytes may be the delimiter's first.
        return silent ? Cut.Drop(pending.Length, DropReasons.Truncated) : Cut.Wait(Math.Max(0, pending.Length - delimiter.Length + 1));
    }

    public override long Overrun(ReadOnlySpan<byte> pending, out bool more)
    {
        var at = pending.IndexOf(delimiter);
        more = at < 0;
        return more ? Math.Max(0, pending.Length - delimiter.Length + 1) : at + delimiter.Length;
    }
}
