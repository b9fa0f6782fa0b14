using DtuActors.Protocol.Modbus;
using DtuActors.Protocol.Pairing;

namespace DtuActors.Sessions;

/// <summary>Finds Modbus RTU answers in pieces that another codec cut, wherever they begin and whatever stands around them.</summary>
/// <param name="handBack">Takes what turned out to be no answer, in order, cut as the frames were that it came in.</param>
internal sealed class ModbusPieces(Action<byte[]> handBack)
{
    /// <summary>What is taken at a time, so that an answer is never pushed out before it is found.</summary>
    public const int MostAtOnce = ModbusRtu.MaxFrame;

    private readonly byte[] _bytes = new byte[2 * ModbusRtu.MaxFrame];
    private readonly List<int> _frameEnds = [];
    private int _count;

    // What ends before here has been looked at.
    private int _from;

    public bool IsEmpty => _count == 0;

    /// <summary>No answer is expected in them any more.</summary>
    public void HandBack() => HandBack(_count);

    /// <summary>Takes at most <see cref="MostAtOnce"/> bytes.</summary>
    public void Add(ReadOnlySpan<byte> piece, bool endsFrame)
    {
        var over = _count + piece.Length - _bytes.Length;
        if (over > 0)
        {
            HandBack(over);
        }

        _from = _count;
        piece.CopyTo(_bytes.AsSpan(_count));
        _count += piece.Length;
        if (endsFrame)
        {
            _frameEnds.Add(_count);
        }
    }

    /// <summary>The answer to <paramref name="request"/> that ends in what was added last, taken out; null where there is none.</summary>
    public byte[]? Take(ReadOnlySpan<byte> request)
    {
        var (at, length) = ModbusRtuPairing.Find(request, _bytes.AsSpan(0, _count), _from).GetOffsetAndLength(_count);
        if (length == 0)
        {
            return null;
        }

        HandBack(at);
        var answer = _bytes.AsSpan(0, length).ToArray();
        Remove(length);
        return answer;
    }

    private void HandBack(int head)
    {
        var from = 0;
        foreach (var end in _frameEnds.TakeWhile(end => end < head).Append(head))
        {
            if (end > from)
            {
                handBack(_bytes[from..end]);
                from = end;
            }
        }

        Remove(head);
    }

    private void Remove(int head)
    {
        _bytes.AsSpan(head, _count - head).CopyTo(_bytes);
        _count -= head;
        _from = Math.Max(0, _from - head);
        _frameEnds.RemoveAll(end => end <= head);
        for (var i = 0; i < _frameEnds.Count; i++)
        {
            _frameEnds[i] -= head;
        }
    }
}
