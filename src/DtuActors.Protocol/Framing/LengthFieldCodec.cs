namespace DtuActors.Protocol.Framing;

/// <summary>
/// <c>length-field</c>: a number in the frame's head, plus <c>adjust</c>, says how many bytes follow the field. A frame that says it is longer than max-frame is
/// skipped as a whole, since nothing in it could be told from a frame's beginning; silence ends the skipping, so that a damaged
/// number costs one burst. One that says it ends before its own field is garbage up to the field's end.
/// </summary>
internal sealed class LengthFieldCodec(int offset, int size, bool littleEndian, int adjust, TimeSpan gap) : Codec
{
    private readonly int _head = offset + size;

    public override string Name => "length-field";

    public override bool IsProtocol => false;

    public override TimeSpan? Gap { get; } = LongGap(gap);

    public override TimeSpan? BurstGap => gap;

    public override Cut Next(ReadOnlySpan<byte> pending, int examined, bool silent)
    {
        if (pending.Length >= _head)
        {
            var length = FrameLength(pending);
            if (length < _head)
            {
                return Cut.Drop(_head, DropReasons.Garbage);
            }

            if (pending.Length >= length)
            {
                return Cut.Frame((int)length);
            }
        }

        return silent ? Cut.Drop(pending.Length, DropReasons.Truncated) : Cut.Wait();
    }

    public override long Overrun(ReadOnlySpan<byte> pending, out bool more)
    {
        more = false;
        return pending.Length >= _head ? FrameLength(pending) : pending.Length;
    }

    private long FrameLength(ReadOnlySpan<byte> head)
    {
        var field = head.Slice(offset, size);
        long value = 0;
        for (var i = 0; i < field.Length; i++)
        {
            value = (value << 8) | field[littleEndian ? field.Length - 1 - i : i];
        }

        return _head + value + adjust;
    }
}
