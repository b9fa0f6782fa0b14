using DtuActors.Protocol.Modbus;
using DtuActors.Protocol.Pairing;

namespace DtuActors.Sessions;

/// <summary>Finds Modbus RTU answers in pieces that another codec cut, wherever they begin and whatever stands around them.</summary>
internal sealed class ModbusPieces
{
    /// <summary>What is taken at a time, so that an answer is never pushed out before it is found.</summary>
    public const int MostAtOnce = ModbusRtu.MaxFrame;

    private readonly byte[] _bytes = new byte[2 * ModbusRtu.MaxFrame];
    private int _count;

    // What ends before here has been looked at.
    private int _from;

    public void Forget() => (_count, _from) = (0, 0);

    /// <summary>Takes at most <see cref="MostAtOnce"/> bytes.</summary>
    public void Add(ReadOnlySpan<byte> piece)
    {
        var over = _count + piece.Length - _bytes.Length;
        if (over > 0)
        {
            Remove(over);
        }

        _from = _count;
        piece.CopyTo(_bytes.AsSpan(_count));
        _count += piece.Length;
    }

    /// <summary>The answer to <paramref name="request"/> that ends in what was added last, taken out; null where there is none.</summary>
    public byte[]? Take(ReadOnlySpan<byte> request)
    {
        var (at, length) = ModbusRtuPairing.Find(request, _bytes.AsSpan(0, _count), _from).GetOffsetAndLength(_count);
        if (length == 0)
        {
            return null;
        }

        var answer = _bytes.AsSpan(at, length).ToArray();
        Remove(at + length);
        return answer;
    }

    private void Remove(int head)
    {
        _bytes.AsSpan(head, _count - head).CopyTo(_bytes);
        _count -= head;
        _from = Math.Max(0, _from - head);
    }
}
