using DtuActors.Protocol.Modbus;

namespace DtuActors.Simulator;

/// <summary>
/// Cuts the requests out of a Modbus RTU line, as a slave that is told no gaps must: by each function's length and the CRC. Holds at most one
/// frame's worth of bytes; where the head is no request it gives up one byte and looks again.
/// </summary>
internal sealed class ModbusRequestCutter
{
    private const int Shortest = 4;
    private const int LongestTried = 16;

    private byte[]? _pending;
    private int _length;

    /// <summary>Bytes that belonged to no request so far.</summary>
    public long Discarded { get; private set; }

    /// <summary>Bytes that wait for their rest.</summary>
    public int Pending => _length;

    /// <summary>Takes bytes from <paramref name="bytes"/> until it is empty or the buffer is full, and says how many it took.</summary>
    public int Append(ReadOnlySpan<byte> bytes)
    {
        _pending ??= new byte[ModbusRtu.MaxFrame];
        var taken = Math.Min(bytes.Length, ModbusRtu.MaxFrame - _length);
        bytes[..taken].CopyTo(_pending.AsSpan(_length));
        _length += taken;
        return taken;
    }

    /// <summary>Gives the next whole request with a right CRC, without its CRC; null where more bytes are needed.</summary>
    public byte[]? Next()
    {
        while (_length >= 2)
        {
            var pending = _pending.AsSpan(0, _length);
            var length = LengthOf(pending);
            if (length is > 0 and <= ModbusRtu.MaxFrame)
            {
                if (length > _length)
                {
                    return null;
                }

                if (ModbusRtu.IsValid(pending[..length]))
                {
                    return Take(length);
                }
            }
            else if (length == Unknown && FindByChecksum(pending) is var found and > 0)
            {
                return Take(found);
            }
            else if (length is Unknown or NeedsMore && _length < ModbusRtu.MaxFrame)
            {
                return null;
            }

            Drop(1);
        }

        return null;
    }

    /// <summary>The line was silent: what is pending is no request's beginning any more.</summary>
    public void Forget() => Drop(_length);

    private const int NeedsMore = 0;
    private const int Unknown = -1;
    private const int Never = -2;

    // Request lengths by function, CRC included: MODBUS Application Protocol V1.1b3, 6.
    private static int LengthOf(ReadOnlySpan<byte> head) => head[1] switch
    {
        >= 1 and <= 6 => 8,
        7 or 11 or 12 or 17 => 4,
        8 => 8,
        15 or 16 => head.Length > 6 ? 9 + head[6] : NeedsMore,
        20 or 21 => head.Length > 2 ? 5 + head[2] : NeedsMore,
        22 => 10,
        23 => head.Length > 10 ? 13 + head[10] : NeedsMore,
        24 => 6,
        0x2B when head.Length < 3 => NeedsMore,
        0x2B when head[2] == 0x0E => 7,
        0 or >= 0x80 => Never,
        _ => Unknown,
    };

    // A function nobody knows has no length: it ends where its CRC is right, so that it gets its exception 01. Long ones are looked for at the end
    // of what is pending only, since trying every length of every head makes noise cost its square.
    private static int FindByChecksum(ReadOnlySpan<byte> pending)
    {
        for (var length = Shortest; length <= Math.Min(pending.Length, LongestTried); length++)
        {
            if (ModbusRtu.IsValid(pending[..length]))
            {
                return length;
            }
        }

        return ModbusRtu.IsValid(pending) ? pending.Length : 0;
    }

    private byte[] Take(int length)
    {
        var request = _pending.AsSpan(0, length - 2).ToArray();
        Shift(length);
        return request;
    }

    private void Drop(int count)
    {
        Discarded += count;
        Shift(count);
    }

    private void Shift(int count)
    {
        if (count < _length)
        {
            _pending.AsSpan(count, _length - count).CopyTo(_pending);
        }

        _length -= count;
    }
}
