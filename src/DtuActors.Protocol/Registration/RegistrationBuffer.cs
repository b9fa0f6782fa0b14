namespace DtuActors.Protocol.Registration;

/// <summary>What a registration's connection sent and nobody decided yet: the bytes, where their pieces ended, and which of them are heartbeats.</summary>
internal sealed class RegistrationBuffer(IReadOnlyList<byte[]> heartbeats)
{
    private readonly List<int> _ends = [];
    private byte[] _bytes = [];
    private int _count;

    public int Count => _count;

    public ReadOnlySpan<byte> Bytes => _bytes.AsSpan(0, _count);

    public void Append(ReadOnlySpan<byte> piece)
    {
        var needed = _count + piece.Length;
        if (_bytes.Length < needed)
        {
            Array.Resize(ref _bytes, Math.Max(needed, Math.Min(2 * _bytes.Length, 2 * RegistrationReader.MaxLength)));
        }

        piece.CopyTo(_bytes.AsSpan(_count));
        _count = needed;
        _ends.Add(needed);
    }

    /// <summary>Takes <paramref name="length"/> bytes off the head.</summary>
    public void Remove(int length)
    {
        Bytes[length..].CopyTo(_bytes);
        _count -= length;
        _ends.RemoveAll(end => end <= length);
        for (var i = 0; i < _ends.Count; i++)
        {
            _ends[i] -= length;
        }
    }

    public void Clear()
    {
        _bytes = [];
        _count = 0;
        _ends.Clear();
    }

    public bool IsHeartbeat(ReadOnlySpan<byte> bytes)
    {
        foreach (var heartbeat in heartbeats)
        {
            if (bytes.Length > 0 && bytes.SequenceEqual(heartbeat))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The length of the longest heartbeat that <paramref name="bytes"/> begin with, else 0.</summary>
    public int HeartbeatAt(ReadOnlySpan<byte> bytes)
    {
        var longest = 0;
        foreach (var heartbeat in heartbeats)
        {
            if (heartbeat.Length > longest && bytes.StartsWith(heartbeat))
            {
                longest = heartbeat.Length;
            }
        }

        return longest;
    }

    public bool IsBeginningOfHeartbeat(ReadOnlySpan<byte> bytes)
    {
        foreach (var heartbeat in heartbeats)
        {
            if (heartbeat.Length > bytes.Length && heartbeat.AsSpan().StartsWith(bytes))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>How far <paramref name="bytes"/> are heartbeats one behind the other, until <paramref name="atLeast"/> bytes are, and how many.</summary>
    public (int End, int Number) HeartbeatsIn(ReadOnlySpan<byte> bytes, int atLeast = int.MaxValue)
    {
        var (end, number) = (0, 0);
        for (int heartbeat; end < atLeast && (heartbeat = HeartbeatAt(bytes[end..])) > 0; end += heartbeat)
        {
            number++;
        }

        return (end, number);
    }

    /// <summary>Where the pieces end that are, each as a whole, a heartbeat or several; the last piece is not looked at.</summary>
    public int HeartbeatPieces()
    {
        var start = 0;
        foreach (var end in _ends)
        {
            if (end < _count && HeartbeatsIn(Bytes[start..end]).End == end - start)
            {
                start = end;
            }
            else
            {
                break;
            }
        }

        return start;
    }
}
