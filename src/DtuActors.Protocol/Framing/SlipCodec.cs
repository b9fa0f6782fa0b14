using DtuActors.Protocol.Layouts;

namespace DtuActors.Protocol.Framing;

/// <summary>
/// <c>slip</c>: packets that end with C0 (RFC 1055). A frame is what went over the wire: all C0 in front of a packet, if there are any, the packet with
/// its escapes, and the C0 that ends it. So a C0 too many is never lost: it is the next frame's first, or <see cref="DropReasons.Truncated"/> where the
/// line falls silent. A packet with DB and anything but DC or DD behind it is <see cref="DropReasons.Garbage"/> up to and with its end. Any byte begins a
/// packet: a heartbeat is a burst of its own.
/// </summary>
internal sealed class SlipCodec(TimeSpan gap) : Codec
{
    public override string Name => "slip";

    public override bool IsProtocol => false;

    public override TimeSpan? Gap { get; } = LongGap(gap);

    public override TimeSpan? BurstGap => gap;

    public override Cut Next(ReadOnlySpan<byte> pending, int examined, bool silent)
    {
        // Where the bytes that were looked at end with C0, all of them are: another one would have ended a packet.
        var from = examined;
        if (examined == 0 || pending[examined - 1] == Slip.End)
        {
            var ends = pending[examined..].IndexOfAnyExcept(Slip.End);
            from = ends < 0 ? pending.Length : examined + ends;
        }

        var end = pending[from..].IndexOf(Slip.End);
        if (end >= 0)
        {
            var whole = from + end + 1;
            var packet = pending[pending.IndexOfAnyExcept(Slip.End)..(whole - 1)];
            return Slip.PacketLength(packet) < 0 ? Cut.Drop(whole, DropReasons.Garbage) : Cut.Frame(whole);
        }

        return silent ? Cut.Drop(pending.Length, DropReasons.Truncated) : Cut.Wait(pending.Length);
    }

    /// <summary>The tail of a packet that is too long is no packet.</summary>
    public override long Overrun(ReadOnlySpan<byte> pending, out bool more)
    {
        var end = pending.IndexOf(Slip.End);
        more = end < 0;
        return more ? pending.Length : end + 1;
    }
}
