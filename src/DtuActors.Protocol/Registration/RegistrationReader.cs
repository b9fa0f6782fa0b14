using System.Buffers;
using System.Text;

namespace DtuActors.Protocol.Registration;

/// <summary>
/// Reads one connection's registration whose form is a <see cref="ReadForm"/>. Where it has a newline or a length it is the same
/// however the stream is cut; a bare text is the longest run of whole pieces that matches, decided when the next piece does not fit or the
/// line falls silent. Bounded: what is longer than <see cref="MaxLength"/> bytes is refused. Never throws.
/// </summary>
/// <remarks>
/// A heartbeat in front may also be the beginning of the registration itself (USR's LOG and LOGIN:1001). So what stands there is first read with it,
/// then without it; only a piece that is a heartbeat as a whole is skipped first in a bare text, where pieces are all there is.
/// In a text, a piece that does not fit may still be the middle of a line (an optional part, a secret): as long as it is
/// printable, newline or silence decide, else at once.
/// </remarks>
public sealed class RegistrationReader : Registrar
{
    /// <summary>The most bytes a registration may have, heartbeats before it not counted.</summary>
    public const int MaxLength = 1024;

    // So many heartbeats in front may still be the registration's beginning; each of them is tried as that, so there are not many.
    private const int MostHeartbeatsInFront = 8;

    private const byte LineFeed = (byte)'\n';
    private const byte CarriageReturn = (byte)'\r';

    private readonly ReadForm _form;
    private readonly RegistrationBuffer _buffer;

    // The longest run of whole pieces that matched so far; _runEnd is 0 where there is none. Frozen: a heartbeat came behind it.
    private int _runStart;
    private int _runEnd;
    private bool _runFrozen;

    public RegistrationReader(ReadForm form)
    {
        ArgumentNullException.ThrowIfNull(form);
        _form = form;
        _buffer = new RegistrationBuffer(form.Heartbeats);
    }

    /// <summary>Whether <see cref="Registrar.Silence"/> would decide something.</summary>
    public bool WaitsForSilence =>
        State == RegistrationState.Waiting && _buffer.Count > 0 && (!_form.IsDelimited || _buffer.HeartbeatsIn(Bytes).End == _buffer.Count);

    public override TimeSpan? SilenceDue => WaitsForSilence ? _form.Gap : null;

    private ReadOnlySpan<byte> Bytes => _buffer.Bytes;

    protected override void Take(ReadOnlySpan<byte> piece)
    {
        _buffer.Append(piece);
        SkipRejected();
        SkipMany();
        if (_form.IsDelimited)
        {
            ReadDelimited();
        }
        else if (!_form.EndsAtNewline || !ReadLine())
        {
            ReadBare(piece);
        }
    }

    protected override void FallSilent()
    {
        var (end, number) = _buffer.HeartbeatsIn(Bytes);
        if (end == _buffer.Count)
        {
            Skip(end, number);
        }
        else if (!_form.IsDelimited)
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
    }

    // ---- a form that tells its length ----

    private void ReadDelimited()
    {
        var (at, number) = (0, 0);
        while (at < _buffer.Count)
        {
            var head = Bytes[at..];
            var length = _form.LengthOf(head);
            if (length > MaxLength || (length == 0 && head.Length > MaxLength))
            {
                Refuse("too-long");
                break;
            }

            if (length > 0 && length <= head.Length)
            {
                if (_form.TryRead(head[..length], out var presented))
                {
                    Register(presented, at, at + length, at + length, number);
                    return;
                }

                length = -1;
            }

            if (length >= 0)
            {
                break;
            }

            var heartbeat = _buffer.HeartbeatAt(head);
            if (heartbeat == 0)
            {
                // A cut heartbeat at the buffer's end is shorter than the registration would be, unless it is a long one.
                if (!_buffer.IsBeginningOfHeartbeat(head))
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
            var heartbeat = _buffer.HeartbeatAt(Bytes);
            if (heartbeat > feed)
            {
                Skip(heartbeat, 1);
                continue;
            }

            if (_buffer.IsBeginningOfHeartbeat(Bytes))
            {
                return true;
            }

            var (at, number) = _buffer.HeartbeatsIn(line);
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

                heartbeat = _buffer.HeartbeatAt(line[at..]);
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
        if (_buffer.Count == 0)
        {
            return;
        }

        var head = _buffer.HeartbeatsIn(Bytes);
        if (head.End == _buffer.Count)
        {
            // A heartbeat, whole or put together; what looked like a text was its beginning.
            _runEnd = 0;
            Bound();
            return;
        }

        if (_runEnd > 0 && piece.Length > 1 && _buffer.IsHeartbeat(piece))
        {
            _runFrozen = true;
        }

        if (_buffer.Count <= MaxLength + head.End && TryMatchRun(out var start))
        {
            if (!_runFrozen)
            {
                (_runStart, _runEnd) = (start, _buffer.Count);
            }
        }
        else if (_runEnd > 0 && (!_form.EndsAtNewline || !IsText(Bytes[_runEnd..])))
        {
            RegisterRun();
            return;
        }

        Bound();
    }

    /// <summary>Whether all pieces together, without the heartbeats in front, match: pieces that are heartbeats first left out, then everything, then without what may be one.</summary>
    private bool TryMatchRun(out int start)
    {
        start = _buffer.HeartbeatPieces();
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

            var heartbeat = _buffer.HeartbeatAt(Bytes[start..]);
            if (heartbeat == 0)
            {
                return false;
            }

            start += heartbeat;
        }
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
        if (_buffer.Count <= MaxLength)
        {
            return;
        }

        // With so much behind it, the first heartbeat can't be the registration's beginning any more.
        var (end, number) = _buffer.HeartbeatsIn(Bytes, _buffer.Count - MaxLength);
        if (end > 0)
        {
            Skip(end, number);
        }

        if (_buffer.Count <= MaxLength)
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
            Register(presented, start, end, end, _buffer.HeartbeatsIn(Bytes[..start]).Number);
        }
        else
        {
            Refuse("no-match");
        }
    }

    private void Register(in Presented presented, int start, int end, int restAt, int heartbeats)
    {
        Heartbeats += heartbeats;
        Register(_form, presented, _buffer.Count - restAt);
        if (State == RegistrationState.Registered)
        {
            AsReceived = Bytes[start..restAt].ToArray();
            Registration = AsReceived[..(end - start)];
            Rest = Bytes[restAt..].ToArray();
        }

        _buffer.Clear();
    }

    private new void Refuse(string reason)
    {
        base.Refuse(reason);
        _buffer.Clear();
    }

    // What is never an id is no registration's beginning either: USR's factory heartbeat, glued before the text that somebody entered.
    private void SkipRejected()
    {
        while (_buffer.HeartbeatAt(Bytes) is > 0 and var heartbeat && _form.Reject.Contains(Encoding.UTF8.GetString(Bytes[..heartbeat])))
        {
            Skip(heartbeat, 1);
        }
    }

    private void SkipMany()
    {
        var number = _buffer.HeartbeatsIn(Bytes).Number - MostHeartbeatsInFront;
        if (number <= 0)
        {
            return;
        }

        var end = 0;
        for (var i = 0; i < number; i++)
        {
            end += _buffer.HeartbeatAt(Bytes[end..]);
        }

        Skip(end, number);
    }

    /// <summary>Takes <paramref name="length"/> bytes of heartbeats off the head.</summary>
    private void Skip(int length, int number)
    {
        Heartbeats += number;
        _buffer.Remove(length);
        if (_runEnd > 0 && _runStart >= length)
        {
            (_runStart, _runEnd) = (_runStart - length, _runEnd - length);
        }
        else
        {
            (_runStart, _runEnd, _runFrozen) = (0, 0, false);
        }
    }
}
