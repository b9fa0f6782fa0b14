using DtuActors.Protocol.Layouts;

namespace DtuActors.Protocol.Framing;

/// <summary>
/// <c>jt808</c>: frames of JT/T 808 as they go over the wire, escaped and with both marks (<see cref="Jt808"/>). A frame's last mark may be the next one's
/// first (7E ... 7E ... 7E): both frames are handed on whole. What stands between two marks and is no frame never takes the second mark with it.
/// </summary>
internal sealed class Jt808Codec(TimeSpan gap) : Codec
{
    public override string Name => "jt808";

    public override Proof Proof => Proof.Checksum;

    public override TimeSpan? Gap { get; } = LongGap(gap);

    public override Cut Next(ReadOnlySpan<byte> pending, int examined, bool silent)
    {
        if (pending[0] != Jt808.Mark)
        {
            var mark = pending.IndexOf(Jt808.Mark);
            return Cut.Drop(mark < 0 ? pending.Length : mark, DropReasons.Garbage);
        }

        var from = Math.Max(1, examined);
        var end = pending[from..].IndexOf(Jt808.Mark);
        if (end < 0)
        {
            return pending.Length >= Jt808.MaxFrame ? Cut.Drop(1, DropReasons.Garbage)
                : silent ? Cut.Drop(1, DropReasons.Truncated)
                : Cut.Wait(pending.Length);
        }

        end += from;
        return Jt808.Look(pending[1..end]) switch
        {
            Jt808.Content.Right => Cut.Frame(end, 0, end + 1),
            Jt808.Content.WrongCheck => Cut.Damaged(end + 1),
            _ => Cut.Drop(end, DropReasons.Garbage),
        };
    }
}
