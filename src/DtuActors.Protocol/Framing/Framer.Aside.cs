using System.Buffers;

namespace DtuActors.Protocol.Framing;

/// <summary>
/// A heartbeat that came by itself while a frame waited for its rest: a part of the frame, or, since DTUs speak when they like, noise within it. With the next
/// piece the frame's own checksum tells.
/// </summary>
public sealed partial class Framer
{
    // How many bytes at the end of what is pending are in doubt; 0 for none.
    private int _aside;

    /// <summary>Takes a heartbeat that is in doubt, and says so.</summary>
    private bool SetAside<TSink>(ReadOnlySpan<byte> piece, ref TSink sink)
        where TSink : IFrameSink, allows ref struct
    {
        if (_count == 0 || Codec.Proof is not Proof.Checksum || _told > 0 || _dead > 0 || _damaged > 0 || InOversize
            || _count + piece.Length >= _maxFrame || !_heartbeats.Equals(piece))
        {
            return false;
        }

        Append(piece);
        var all = _buffer.AsSpan(0, _count);
        if (EndOfFrame(all) > 0)
        {
            Keep(Run(all, silent: false, ref sink));
        }
        else
        {
            _aside = piece.Length;
        }

        return true;
    }

    /// <summary>Takes the heartbeat out where what is pending becomes a frame with <paramref name="next"/> without it, and not with it.</summary>
    private void DecideAside<TSink>(ReadOnlySpan<byte> next, ref TSink sink)
        where TSink : IFrameSink, allows ref struct
    {
        if (_aside == 0)
        {
            return;
        }

        var before = _count - _aside;
        next = next[..Math.Min(next.Length, _maxFrame - _count)];
        var place = ArrayPool<byte>.Shared.Rent(_count + next.Length);
        var pending = _buffer.AsSpan(0, _count);
        pending.CopyTo(place);
        next.CopyTo(place.AsSpan(_count));
        if (EndOfFrame(place.AsSpan(0, _count + next.Length)) <= before)
        {
            next.CopyTo(place.AsSpan(before));
            if (EndOfFrame(place.AsSpan(0, before + next.Length)) > before)
            {
                sink.OnHeartbeat(pending[before..]);
                _count = before;
            }
        }

        ArrayPool<byte>.Shared.Return(place);
        _aside = 0;
    }

    private int EndOfFrame(ReadOnlySpan<byte> head) => Codec.Next(head, 0, silent: false) is { Kind: CutKind.Frame } cut ? cut.Length : 0;
}
