using System.Buffers;

namespace DtuActors.Protocol.Framing;

/// <summary>Where a <see cref="Framer"/> puts what it cut. The spans are valid during the call only.</summary>
public interface IFrameSink
{
    /// <summary>A whole frame of the codec.</summary>
    void OnFrame(ReadOnlySpan<byte> frame);

    /// <summary>A heartbeat of the profile stood between frames.</summary>
    void OnHeartbeat(ReadOnlySpan<byte> heartbeat);

    /// <summary>Bytes that belong to no frame, with the reason (<see cref="DropReasons"/>).</summary>
    void OnDropped(ReadOnlySpan<byte> bytes, string reason);
}

/// <summary>
/// The incremental decoder of one stream: keeps what is not decided yet in a buffer of at most <c>max-frame</c> bytes and one read, asks the
/// <see cref="Codec"/> about its head, and resynchronises where bytes belong to no frame. Never throws, whatever comes in.
/// A frame that lies whole in the fed piece is handed on from there; the buffer is rented only while something waits.
/// </summary>
public sealed partial class Framer
{
    // What is moved into the buffer at once to complete a pending head: more would copy frames that can be handed on from the piece itself.
    private const int LeastTake = 512;

    private readonly int _maxFrame;
    private readonly int _limit;
    private readonly bool _burstEndsAtSilence;
    private readonly HeartbeatSet _heartbeats;

    // _buffer[0.._count) is pending; the first _dead bytes of it are known to be part of a damaged frame that is not reported yet. Or its first _told bytes
    // were handed on as the end of a frame and are kept only because the next one may begin with them: they are no longer pending to anybody outside.
    private byte[]? _buffer;
    private int _count;
    private int _dead;
    private int _told;

    private int _examined;      // what the codec said of the head at its last Wait
    private int _damaged;       // bytes that still belong to the shape of a damaged frame
    private long _skip;         // bytes of an oversize unit that have not come yet
    private bool _overrun;      // inside an oversize unit whose end was not seen yet
    private bool _continued;    // a burst that ends at silence was cut at max-frame: its tail is no burst of its own

    /// <param name="codec">How the stream is cut.</param>
    /// <param name="maxFrame">The longest frame in bytes; a longer head is dropped as <see cref="DropReasons.Oversize"/>.</param>
    /// <param name="heartbeats">Byte strings that are heartbeats where they stand between frames.</param>
    /// <exception cref="ArgumentException">maxFrame is below 1.</exception>
    public Framer(Codec codec, int maxFrame, IReadOnlyList<byte[]>? heartbeats = null)
    {
        ArgumentNullException.ThrowIfNull(codec);
        ArgumentOutOfRangeException.ThrowIfLessThan(maxFrame, 1);
        Codec = codec;
        _burstEndsAtSilence = codec.BurstEndsAtSilence;
        _maxFrame = maxFrame;
        _heartbeats = HeartbeatSet.Of(heartbeats);
        _limit = Math.Max(maxFrame, _heartbeats.Longest);
    }

    /// <summary>The codec that cuts this stream.</summary>
    public Codec Codec { get; }

    /// <summary>Bytes that wait for their rest.</summary>
    public int Pending => _count - _told;

    /// <summary>The bytes that wait for their rest; valid until the next call.</summary>
    public ReadOnlySpan<byte> PendingBytes => _buffer.AsSpan(_told, Pending);

    /// <summary>
    /// Whether behind a head that waits for its rest a whole frame stands at the end of what is pending, proven by its checksum. Of a head that has waited long it says that it
    /// is none: <see cref="Silence"/> gives it up, and finds the frames behind it.
    /// </summary>
    public bool EndsWithFrame
    {
        get
        {
            if (Codec.Proof is not Proof.Checksum || InOversize)
            {
                return false;
            }

            for (var rest = PendingBytes; rest.Length > 1;)
            {
                rest = rest[1..];
                if (EndOfFrame(rest) == rest.Length)
                {
                    return true;
                }
            }

            return false;
        }
    }

    /// <summary>How many bytes at the head of what comes next were the last frame's as well (a mark that two frames share).</summary>
    internal int Told => _told;

    /// <summary>How long the line must be silent until <see cref="Silence"/> is due; null while nothing waits for silence.</summary>
    public TimeSpan? SilenceDue
    {
        get
        {
            if (Pending == 0)
            {
                return _continued || _overrun || _skip > 0 ? Codec.Gap : null;
            }

            return !Codec.IsProtocol && IsHeartbeatBurst(_buffer.AsSpan(0, _count)) ? Codec.BurstGap : Codec.Gap;
        }
    }

    private bool InOversize => _overrun || _skip > 0;

    /// <summary>Takes one received piece and hands every frame, heartbeat and dropped byte that is decided by it to <paramref name="sink"/>, in order.</summary>
    public void Feed<TSink>(ReadOnlySpan<byte> piece, ref TSink sink)
        where TSink : IFrameSink, allows ref struct
    {
        if (_count == 0 && !Codec.IsProtocol && !_burstEndsAtSilence && IsHeartbeatBurst(piece))
        {
            sink.OnHeartbeat(piece);
            return;
        }

        DecideAside(piece, ref sink);
        if (SetAside(piece, ref sink))
        {
            return;
        }

        while (_count > 0 && piece.Length > 0)
        {
            var take = Math.Min(piece.Length, Math.Min(Math.Max(LeastTake, _count), _limit + _dead - _count));
            if (take <= 0)
            {
                // Only a codec that waits at its own limit comes here: it loses its head, so that nothing loops.
                DropHead(ref sink);
                continue;
            }

            var before = _count;
            Append(piece[..take]);
            var consumed = Run(_buffer.AsSpan(0, _count), silent: false, ref sink);
            if (consumed >= before)
            {
                // Nothing old is left: the rest, a damaged frame's first bytes (_dead) among it, is read from the piece itself.
                piece = piece[(consumed - before)..];
                Release();
            }
            else
            {
                piece = piece[take..];
                Keep(consumed);
            }
        }

        if (piece.Length > 0)
        {
            var consumed = Run(piece, silent: false, ref sink);
            if (consumed < piece.Length)
            {
                Append(piece[consumed..]);
            }
        }
    }

    /// <summary>The line was silent for <see cref="SilenceDue"/>: decides about everything that is pending.</summary>
    public void Silence<TSink>(ref TSink sink)
        where TSink : IFrameSink, allows ref struct
    {
        _aside = 0;
        var pending = _buffer.AsSpan(0, _count);
        if (_count > 0 && !Codec.IsProtocol && IsHeartbeatBurst(pending))
        {
            sink.OnHeartbeat(pending);
        }
        else if (_count > 0)
        {
            Run(pending, silent: true, ref sink);
        }

        Reset();
    }

    /// <summary>Forgets what is pending (the stream begins anew) and says how many bytes that were.</summary>
    public int Reset()
    {
        var count = Pending;
        Release();
        _aside = 0;
        _told = 0;
        _dead = 0;
        _examined = 0;
        _damaged = 0;
        _skip = 0;
        _overrun = false;
        _continued = false;
        return count;
    }

    /// <summary>Decides about <paramref name="data"/> from its head on and says how many bytes of it are done with. When silent, that is all of them.</summary>
    private int Run<TSink>(ReadOnlySpan<byte> data, bool silent, ref TSink sink)
        where TSink : IFrameSink, allows ref struct
    {
        var drops = new DropRun { Reason = _dead > 0 ? DropReasons.BadChecksum : null };
        var at = _dead;
        var truncated = false;
        _dead = 0;
        while (at < data.Length)
        {
            var rest = data[at..];
            if (InOversize)
            {
                var skipped = SkipOversize(rest, silent);
                if (skipped == 0)
                {
                    break;
                }

                drops.Add(data, at, DropReasons.Oversize, ref sink);
                at += skipped;
                continue;
            }

            var head = rest.Length > _maxFrame ? rest[.._maxFrame] : rest;
            var ended = silent && head.Length == rest.Length;
            var cut = Codec.Next(head, _examined, ended);
            _examined = 0;
            if (cut.Kind == CutKind.Frame && cut.Length > 0 && cut.Length <= head.Length)
            {
                drops.Flush(data, at, ref sink);
                _damaged = 0;
                truncated = false;
                _continued = _burstEndsAtSilence && !silent;
                if (cut.FrameLength > 0)
                {
                    sink.OnFrame(head.Slice(cut.Offset, cut.FrameLength));
                }

                at += cut.Length;
                _told = Math.Max(0, cut.Offset + cut.FrameLength - cut.Length);
                continue;
            }

            var oversize = cut.Kind == CutKind.Wait && head.Length == _maxFrame;
            if (cut.Kind == CutKind.Wait && !oversize && !silent)
            {
                _examined = cut.Examined;
                break;
            }

            if (ended && FrameBeforeHeartbeat(head) is > 0 and var framed)
            {
                drops.Flush(data, at, ref sink);
                _damaged = 0;
                truncated = false;
                sink.OnFrame(head[..framed]);
                at += framed;
                _told = 0;
                continue;
            }

            var drop = cut.Kind == CutKind.Drop ? Math.Clamp(cut.Length, 1, head.Length) : 1;
            if (_told > 0)
            {
                // No frame begins with them: they were told with the one before. What is said of the head holds for what follows them.
                _damaged = Math.Max(0, cut.FrameLength - _told);
                at += _told;
                _told = 0;
                continue;
            }

            if (Codec.IsProtocol && _damaged == 0 && _heartbeats.Longest > 0)
            {
                var standing = Look(rest, ref drop, silent, out var heartbeat);
                if (standing == HeartbeatStanding.Beginning)
                {
                    break;
                }

                if (standing == HeartbeatStanding.Whole)
                {
                    drops.Flush(data, at, ref sink);
                    sink.OnHeartbeat(rest[..heartbeat]);
                    truncated = false;
                    at += heartbeat;
                    continue;
                }
            }

            if (oversize)
            {
                _overrun = true;
                continue;
            }

            // At silence, what follows a head without its rest, up to the next frame, is that frame's remains, whatever it looks like by itself. Before
            // silence a codec may say so of a head, but not of what follows, of which some may not have come.
            truncated |= silent && _damaged == 0 && cut.Reason is null or DropReasons.Truncated;
            if (_damaged == 0 && cut.FrameLength > 0 && !truncated)
            {
                drops.Flush(data, at, ref sink);
                _damaged = cut.FrameLength;
            }

            if (_damaged > 0)
            {
                drop = Math.Min(drop, _damaged);
                _damaged -= drop;
                drops.Add(data, at, DropReasons.BadChecksum, ref sink);
            }
            else
            {
                drops.Add(data, at, truncated ? DropReasons.Truncated : cut.Reason!, ref sink);
            }

            at += drop;
        }

        if (_damaged > 0 && !silent && drops.Reason is not null && data.Length - drops.From <= _maxFrame)
        {
            // The damaged frame is not read, or has not come, to its end: it waits with its rest, to be reported as one, while there is room.
            _dead = at - drops.From;
            return drops.From;
        }

        drops.Flush(data, at, ref sink);
        return at;
    }

    private int SkipOversize(ReadOnlySpan<byte> rest, bool silent)
    {
        if (_overrun)
        {
            _skip = Math.Max(0, Codec.Overrun(rest, out _overrun));
            if (_skip == 0 && (silent || !_overrun || rest.Length >= _limit))
            {
                _skip = silent ? rest.Length : 1;
            }
        }

        var skipped = (int)Math.Min(_skip, rest.Length);
        _skip -= skipped;
        return skipped;
    }

    /// <summary>
    /// Looks for a heartbeat in the next <paramref name="drop"/> bytes, which are no frame's. One at the head is told; one further on shortens the drop,
    /// so that it becomes the head.
    /// </summary>
    private HeartbeatStanding Look(ReadOnlySpan<byte> rest, ref int drop, bool silent, out int heartbeat)
    {
        for (var i = 0; i < drop; i++)
        {
            var standing = _heartbeats.At(rest[i..], silent, out heartbeat);
            if (standing == HeartbeatStanding.None)
            {
                continue;
            }

            if (i == 0)
            {
                return standing;
            }

            drop = i;
            break;
        }

        heartbeat = 0;
        return HeartbeatStanding.None;
    }

    /// <summary>At silence: the length of a frame that was only hidden by a heartbeat glued behind it (a codec that reads to the burst's end), else 0.</summary>
    private int FrameBeforeHeartbeat(ReadOnlySpan<byte> head)
    {
        if (!Codec.IsProtocol || _heartbeats.Longest == 0)
        {
            return 0;
        }

        var framed = head.Length - _heartbeats.AtEnd(head);
        if (framed == 0 || framed == head.Length)
        {
            return 0;
        }

        var cut = Codec.Next(head[..framed], 0, silent: true);
        return cut.Kind == CutKind.Frame && cut.Length == framed && cut.FrameLength == framed ? framed : 0;
    }

    private void DropHead<TSink>(ref TSink sink)
        where TSink : IFrameSink, allows ref struct
    {
        if (_told > 0)
        {
            Keep(_told);
            _told = 0;
            return;
        }

        var head = _dead + 1;
        sink.OnDropped(_buffer.AsSpan(0, head), DropReasons.Oversize);
        _dead = 0;
        _damaged = 0;
        _examined = 0;
        Keep(head);
    }

    private bool IsHeartbeatBurst(ReadOnlySpan<byte> burst) => !InOversize && !_continued && _heartbeats.Equals(burst);

    private void Append(ReadOnlySpan<byte> bytes)
    {
        var needed = _count + bytes.Length;
        if (_buffer is null || _buffer.Length < needed)
        {
            var larger = ArrayPool<byte>.Shared.Rent(needed);
            if (_buffer is not null)
            {
                _buffer.AsSpan(0, _count).CopyTo(larger);
                ArrayPool<byte>.Shared.Return(_buffer);
            }

            _buffer = larger;
        }

        bytes.CopyTo(_buffer.AsSpan(_count));
        _count = needed;
    }

    private void Keep(int from)
    {
        _count -= from;
        if (_count == 0)
        {
            Release();
        }
        else if (from > 0)
        {
            _buffer.AsSpan(from, _count).CopyTo(_buffer);
        }
    }

    private void Release()
    {
        if (_buffer is not null)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = null;
        }

        _count = 0;
    }

    /// <summary>Neighbouring bytes dropped for one reason, reported by one call.</summary>
    private ref struct DropRun
    {
        public int From;
        public string? Reason;

        public void Add<TSink>(ReadOnlySpan<byte> data, int at, string reason, ref TSink sink)
            where TSink : IFrameSink, allows ref struct
        {
            if (ReferenceEquals(Reason, reason) || Reason == reason)
            {
                return;
            }

            Flush(data, at, ref sink);
            From = at;
            Reason = reason;
        }

        public void Flush<TSink>(ReadOnlySpan<byte> data, int at, ref TSink sink)
            where TSink : IFrameSink, allows ref struct
        {
            if (Reason is not null && at > From)
            {
                sink.OnDropped(data[From..at], Reason);
            }

            Reason = null;
        }
    }
}
