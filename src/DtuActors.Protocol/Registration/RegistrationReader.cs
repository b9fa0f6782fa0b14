using System.Buffers;

namespace DtuActors.Protocol.Registration;

/// <summary>Where a registration stands.</summary>
public enum RegistrationState
{
    /// <summary>Not decided: more bytes, or silence of <see cref="RegistrationForm.Gap"/>, are needed.</summary>
    Waiting,

    /// <summary>Complete; see <see cref="RegistrationReader.Id"/>.</summary>
    Registered,

    /// <summary>It can't be one any more; see <see cref="RegistrationReader.Reason"/>.</summary>
    Refused,
}

/// <summary>
/// Reads one connection's registration (CONTRACT, "Registration"): kinds text and hex. Where it has a newline or a length it is the same
/// however the stream is cut; a bare text is the longest run of whole pieces that matches, decided when the next piece does not fit or the
/// line falls silent. Bounded: what is longer than <see cref="MaxLength"/> bytes is refused. Never throws.
/// </summary>
/// <remarks>
/// A heartbeat in front may also be the beginning of the registration itself (USR's LOG and LOGIN:1001). So what stands there is first read with it,
/// then without it; only a piece that is a heartbeat as a whole is skipped first in a bare text, where pieces are all there is.
/// In a text, a piece that does not fit may still be the middle of a line (an optional part, a secret): as long as it is
/// printable, newline or silence decide, else at once.
/// </remarks>
public sealed class RegistrationReader
{
    /// <summary>The most bytes a registration may have, heartbeats before it not counted.</summary>
    public const int MaxLength = 1024;

    private const int KeptForInbox = 64;
    private const byte LineFeed = (byte)'\n';
    private const byte CarriageReturn = (byte)'\r';

    private readonly RegistrationForm _form;
    private readonly ArrayBufferWriter<byte> _first = new(KeptForInbox);

    // Everything not decided yet, from _from on, and where its received pieces ended.
    private byte[] _bytes = [];
    private int _count;
    private readonly List<int> _ends = [];

    // The longest run of whole pieces that matched so far; _runEnd is 0 where there is none. Frozen: a heartbeat came behind it.
    private int _runStart;
    private int _runEnd;
    private bool _runFrozen;

    private ReadOnlyMemory<byte> _rest;

    /// <exception cref="ArgumentException">The form's kind needs no reader (none) or is read elsewhere (envelope), or its length is not within 0 and <see cref="MaxLength"/>.</exception>
    public RegistrationReader(RegistrationForm form)
    {
        ArgumentNullException.ThrowIfNull(form);
        if (form.Kind is not (RegistrationKind.Text or RegistrationKind.Hex))
        {
            throw new ArgumentException($"a registration of kind {form.Kind} is not read from text or hex", nameof(form));
        }

        if (form.Length is < 0 or > MaxLength)
        {
            throw new ArgumentException($"a registration's length is within 0 and {MaxLength} bytes, not {form.Length}", nameof(form));
        }

        _form = form;
    }

    /// <summary>Where it stands.</summary>
    public RegistrationState State { get; private set; }

    /// <summary>The id as presented, once registered.</summary>
    public string Id { get; private set; } = "";

    /// <summary>The secret as presented, or null.</summary>
    public string? Secret { get; private set; }

    /// <summary>Why it was refused: <c>no-match</c>, <c>rejected-id</c>, <c>too-long</c>.</summary>
    public string? Reason { get; private set; }

    /// <summary>Whether <see cref="Silence"/> would decide something: arm a timer of <see cref="RegistrationForm.Gap"/>, anew with every piece.</summary>
    public bool WaitsForSilence => State == RegistrationState.Waiting && _count > 0 && (_form.Length == 0 || HeartbeatsAtHead(_count).End == _count);

    /// <summary>How many heartbeats were skipped.</summary>
    public int Heartbeats { get; private set; }

    /// <summary>The registration's own bytes, terminator not included, once registered: the same burst again on the live session is a heartbeat.</summary>
    public ReadOnlyMemory<byte> Registration { get; private set; }

    /// <summary>What came behind the registration: data, in order.</summary>
    public ReadOnlyMemory<byte> Rest => _rest;

    /// <summary>The first 64 bytes that came, for the inbox of refused connections.</summary>
    public ReadOnlyMemory<byte> FirstBytes => _first.WrittenMemory;

    private ReadOnlySpan<byte> Bytes => _bytes.AsSpan(0, _count);

    /// <summary>Takes one received piece. Once registered, pieces are data and join <see cref="Rest"/>; once refused they are ignored.</summary>
    public RegistrationState Feed(ReadOnlySpan<byte> piece)
    {
        var kept = Math.Min(piece.Length, KeptForInbox - _first.WrittenCount);
        _first.Write(piece[..kept]);
        if (State == RegistrationState.Registered)
        {
            _rest = (byte[])[.. _rest.Span, .. piece];
        }

        if (State != RegistrationState.Waiting || piece.IsEmpty)
        {
            return State;
        }

        Append(piece);
        if (_form.Length > 0)
        {
            ReadLength();
        }
        else if (_form.Kind != RegistrationKind.Text || !ReadLine())
        {
            ReadBare(piece);
        }

        return State;
    }

    /// <summary>The line was silent for the gap.</summary>
    public RegistrationState Silence()
    {
        if (State != RegistrationState.Waiting || _count == 0)
        {
            return State;
        }

        var (end, number) = HeartbeatsAtHead(_count);
        if (end == _count)
        {
            Skip(end, number);
        }
        else if (_form.Length == 0)
        {
            if (_runEnd > 0)
            {
                RegisterRun();
            }
            else
            {
                Refuse("no-match");
            }
        }

        return State;
    }

    // ---- a form with a fixed length ----

    private void ReadLength()
    {
        var (at, number) = (0, 0);
        while (_count >= at + _form.Length)
        {
            if (_form.TryRead(Bytes.Slice(at, _form.Length), out var presented))
            {
                Register(presented, at, at + _form.Length, at + _form.Length, number);
                return;
            }

            var heartbeat = HeartbeatAt(Bytes[at..]);
            if (heartbeat == 0)
            {
                // A cut heartbeat at the buffer's end is shorter than the registration would be, unless it is a long one.
                if (!IsBeginningOfHeartbeat(Bytes[at..]))
                {
                    Refuse("no-match");
                }

                break;
            }

            at += heartbeat;
            number++;
        }

        if (State == RegistrationState.Waiting && at > 0)
        {
            Skip(at, number);
        }
    }

    // ---- a line ----

    /// <summary>Reads up to the first newline. False where there is none yet, or where it belongs to what came behind a bare text.</summary>
    private bool ReadLine()
    {
        for (; ; )
        {
            var feed = Bytes.IndexOf(LineFeed);
            if (feed < 0)
            {
                return false;
            }

            var line = Bytes[..feed];
            if (line.Length > 0 && line[^1] == CarriageReturn)
            {
                line = line[..^1];
            }

            // A heartbeat may have a newline of its own, in it or behind it.
            var heartbeat = HeartbeatAt(Bytes);
            if (heartbeat > feed)
            {
                Skip(heartbeat, 1);
                continue;
            }

            if (IsBeginningOfHeartbeat(Bytes))
            {
                return true;
            }

            var (at, number) = HeartbeatsIn(line);
            if (number > 0 && at == line.Length)
            {
                Skip(feed + 1, number);
                continue;
            }

            (at, number) = (0, 0);
            do
            {
                if (line.Length - at <= MaxLength && _form.TryRead(line[at..], out var presented))
                {
                    Register(presented, at, line.Length, feed + 1, number);
                    return true;
                }

                heartbeat = HeartbeatAt(line[at..]);
                at += heartbeat;
                number++;
            }
            while (heartbeat > 0);

            if (_runEnd > 0)
            {
                RegisterRun();
            }
            else
            {
                Refuse(line.Length > MaxLength ? "too-long" : "no-match");
            }

            return true;
        }
    }

    // ---- a bare text ----

    private void ReadBare(ReadOnlySpan<byte> piece)
    {
        if (_count == 0)
        {
            return;
        }

        var head = HeartbeatsAtHead(_count);
        if (head.End == _count)
        {
            // A heartbeat, whole or put together; what looked like a text was its beginning.
            _runEnd = 0;
            Bound();
            return;
        }

        if (_runEnd > 0 && piece.Length > 1 && IsHeartbeat(piece))
        {
            _runFrozen = true;
        }

        if (_count <= MaxLength + head.End && TryMatchRun(out var start))
        {
            if (!_runFrozen)
            {
                (_runStart, _runEnd) = (start, _count);
            }
        }
        else if (_runEnd > 0 && (_form.Kind == RegistrationKind.Hex || !IsText(Bytes[_runEnd..])))
        {
            RegisterRun();
            return;
        }

        Bound();
    }

    /// <summary>Whether all pieces together, without the heartbeats in front, match: pieces that are heartbeats first left out, then everything, then without what may be one.</summary>
    private bool TryMatchRun(out int start)
    {
        start = HeartbeatPieces();
        if (start > 0 && _form.TryRead(Bytes[start..], out _))
        {
            return true;
        }

        start = 0;
        for (; ; )
        {
            if (_form.TryRead(Bytes[start..], out _))
            {
                return true;
            }

            var heartbeat = HeartbeatAt(Bytes[start..]);
            if (heartbeat == 0)
            {
                return false;
            }

            start += heartbeat;
        }
    }

    /// <summary>Where the pieces end that are, each as a whole, a heartbeat or several.</summary>
    private int HeartbeatPieces()
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

    /// <summary>
    /// Whether bytes behind a matching text may still belong to its line: no control characters but a tab or a last carriage return, and no broken UTF-8.
    /// </summary>
    private static bool IsText(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > 0 && bytes[^1] == CarriageReturn)
        {
            bytes = bytes[..^1];
        }

        while (bytes.Length > 0)
        {
            var status = System.Text.Rune.DecodeFromUtf8(bytes, out var rune, out var length);
            if (status == OperationStatus.NeedMoreData)
            {
                return true;
            }

            if (status != OperationStatus.Done || (System.Text.Rune.IsControl(rune) && rune.Value != '\t'))
            {
                return false;
            }

            bytes = bytes[length..];
        }

        return true;
    }

    private void Bound()
    {
        if (_count <= MaxLength)
        {
            return;
        }

        // With so much behind it, the first heartbeat can't be the registration's beginning any more.
        var (end, number) = HeartbeatsAtHead(_count - MaxLength);
        if (end > 0)
        {
            Skip(end, number);
        }

        if (_count <= MaxLength)
        {
            return;
        }

        if (_runEnd > 0)
        {
            RegisterRun();
        }
        else
        {
            Refuse("too-long");
        }
    }

    // ---- ends ----

    private void RegisterRun()
    {
        var (start, end) = (_runStart, _runEnd);
        if (_form.TryRead(Bytes[start..end], out var presented))
        {
            Register(presented, start, end, end, HeartbeatsIn(Bytes[..start]).Number);
        }
        else
        {
            Refuse("no-match");
        }
    }

    private void Register(in Presented presented, int start, int end, int restAt, int heartbeats)
    {
        if (_form.IsRejected(presented))
        {
            Refuse("rejected-id");
            return;
        }

        State = RegistrationState.Registered;
        Id = presented.Id;
        Secret = presented.Secret;
        Heartbeats += heartbeats;
        Registration = Bytes[start..end].ToArray();
        _rest = Bytes[restAt..].ToArray();
        Forget();
    }

    private void Refuse(string reason)
    {
        State = RegistrationState.Refused;
        Reason = reason;
        Forget();
    }

    // ---- heartbeats and the buffer ----

    private bool IsHeartbeat(ReadOnlySpan<byte> bytes)
    {
        foreach (var heartbeat in _form.Heartbeats)
        {
            if (bytes.Length > 0 && bytes.SequenceEqual(heartbeat))
            {
                return true;
            }
        }

        return false;
    }

    private int HeartbeatAt(ReadOnlySpan<byte> bytes)
    {
        var longest = 0;
        foreach (var heartbeat in _form.Heartbeats)
        {
            if (heartbeat.Length > longest && bytes.StartsWith(heartbeat))
            {
                longest = heartbeat.Length;
            }
        }

        return longest;
    }

    private bool IsBeginningOfHeartbeat(ReadOnlySpan<byte> bytes)
    {
        foreach (var heartbeat in _form.Heartbeats)
        {
            if (heartbeat.Length > bytes.Length && heartbeat.AsSpan().StartsWith(bytes))
            {
                return true;
            }
        }

        return false;
    }

    private (int End, int Number) HeartbeatsIn(ReadOnlySpan<byte> bytes)
    {
        var (end, number) = (0, 0);
        for (int heartbeat; (heartbeat = HeartbeatAt(bytes[end..])) > 0; end += heartbeat)
        {
            number++;
        }

        return (end, number);
    }

    private (int End, int Number) HeartbeatsAtHead(int atLeast)
    {
        var (end, number) = (0, 0);
        for (int heartbeat; end < atLeast && (heartbeat = HeartbeatAt(Bytes[end..])) > 0; end += heartbeat)
        {
            number++;
        }

        return (end, number);
    }

    private void Append(ReadOnlySpan<byte> piece)
    {
        var needed = _count + piece.Length;
        if (_bytes.Length < needed)
        {
            Array.Resize(ref _bytes, Math.Max(needed, Math.Min(2 * _bytes.Length, 2 * MaxLength)));
        }

        piece.CopyTo(_bytes.AsSpan(_count));
        _count = needed;
        _ends.Add(needed);
    }

    /// <summary>Takes <paramref name="length"/> bytes of heartbeats off the head.</summary>
    private void Skip(int length, int number)
    {
        Heartbeats += number;
        Bytes[length..].CopyTo(_bytes);
        _count -= length;
        _ends.RemoveAll(end => end <= length);
        for (var i = 0; i < _ends.Count; i++)
        {
            _ends[i] -= length;
        }

        if (_runEnd > 0 && _runStart >= length)
        {
            (_runStart, _runEnd) = (_runStart - length, _runEnd - length);
        }
        else
        {
            (_runStart, _runEnd, _runFrozen) = (0, 0, false);
        }
    }

    private void Forget()
    {
        _bytes = [];
        _count = 0;
        _ends.Clear();
    }
}
