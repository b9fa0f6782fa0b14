namespace DtuActors.Endpoints;

/// <summary>
/// What a centre is expected to answer to a registration or a heartbeat. The DTU itself would keep it; so it is taken off the head of what comes from the centre, each
/// once, for as long as an answer may take. Pure: times come as arguments.
/// </summary>
internal sealed class ExpectedReplies
{
    /// <summary>An answer that did not come by then is none: the same bytes are the instrument's after it.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromSeconds(10);

    // Different ones in a row: the same again is counted.
    private const int Most = 64;

    private readonly List<(ReadOnlyMemory<byte> Bytes, DateTimeOffset At, int Times)> _expected = [];

    public void Expect(ReadOnlyMemory<byte> reply, DateTimeOffset now)
    {
        if (reply.IsEmpty)
        {
            return;
        }

        if (_expected.Count > 0 && _expected[^1].Bytes.Span.SequenceEqual(reply.Span))
        {
            _expected[^1] = (reply, now, _expected[^1].Times + 1);
            return;
        }

        if (_expected.Count == Most)
        {
            _expected.RemoveAt(0);
        }

        _expected.Add((reply, now, 1));
    }

    /// <summary>How many bytes at the head of what came are answers.</summary>
    public int Take(ReadOnlyMemory<byte> piece, DateTimeOffset now)
    {
        _expected.RemoveAll(expected => now - expected.At > Longest);
        var taken = 0;
        for (var i = 0; i < _expected.Count && taken < piece.Length;)
        {
            if (piece.Span[taken..].StartsWith(_expected[i].Bytes.Span))
            {
                var (bytes, at, times) = _expected[i];
                taken += bytes.Length;
                if (times > 1)
                {
                    _expected[i] = (bytes, at, times - 1);
                }
                else
                {
                    _expected.RemoveAt(i);
                }

                i = 0;
            }
            else
            {
                i++;
            }
        }

        return taken;
    }

    public void Clear() => _expected.Clear();
}
