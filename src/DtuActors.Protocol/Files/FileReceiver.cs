using System.Buffers;
using static DtuActors.Protocol.Files.FileBlocks;

namespace DtuActors.Protocol.Files;

/// <summary>Receives files from a device by XMODEM or YMODEM: asks for the first block, takes each that is the next and whole, and asks again for what is not.</summary>
/// <remarks>
/// <code>
/// asking ──block──▶ taking ──EOT, EOT──▶ (YMODEM: asking for the next file ──none──▶) lingering ──▶ done
///    ▲  C, then NAK     │ damaged or cut: the line has to be quiet, then NAK
///    └──────────────────┘
/// </code>
/// </remarks>
public sealed class FileReceiver : FileExchange
{
    // A device that knows no CRC does not hear these, and the next ones are NAK.
    private const int AsksForCrc = 4;

    // Of one that has said that a file ends, and not that none follows.
    private const int AsksForNext = 3;

    private static readonly TimeSpan AskEvery = TimeSpan.FromSeconds(3);

    // If the last acknowledgement was lost the device says its last word again.
    private static readonly TimeSpan LingerTime = TimeSpan.FromSeconds(2);

    private readonly FileProtocol _protocol;
    private readonly long _most;
    private readonly ArrayBufferWriter<byte> _content = new();
    private readonly List<IncomingFile> _files = [];
    private readonly byte[] _pending = new byte[HeadLength + Large + 2];
    private Stage _stage;
    private int _held;
    private byte _expected;
    private bool _isCrc = true;
    private bool _isOpen;
    private bool _sawEnd;
    private bool _hasBlocks;
    private int _attempts;
    private long _total;
    private string? _name;
    private long? _size;
    private DateTimeOffset _giveUpAt;
    private DateTimeOffset _saidAt;

    // Whether the last word asked for the next block, and nothing went wrong since.
    private bool _isAnswered;

    // A line that is never quiet is asked then all the same.
    private DateTimeOffset _quietUntil;

    /// <param name="protocol">XMODEM takes blocks of both lengths.</param>
    /// <param name="most">The most bytes of all files together.</param>
    /// <param name="line">What it writes to.</param>
    /// <param name="times">How long it waits; null: the defaults.</param>
    public FileReceiver(FileProtocol protocol, long most, IFileLine line, FileTimes? times = null)
        : base(line, times ?? FileTimes.Default)
    {
        _protocol = protocol;
        _most = most;
    }

    private enum Stage
    {
        Asking,
        Taking,
        Quiet,
        Lingering,
    }

    /// <summary>Those that are whole.</summary>
    public IReadOnlyList<IncomingFile> Files => _files;

    public override FileProgress Progress => new(_name, _size, _size is { } size ? Math.Min(size, _content.WrittenCount) : _content.WrittenCount, _files.Count, Retries);

    private bool IsYmodem => _protocol is FileProtocol.Ymodem;

    public override void Begin(DateTimeOffset now)
    {
        _expected = (byte)(IsYmodem ? 0 : 1);
        _giveUpAt = now + Times.Start;
        Ask(now);
    }

    protected override void OnBytes(ReadOnlySpan<byte> bytes, DateTimeOffset now)
    {
        if (_stage is Stage.Quiet)
        {
            Due = now + Times.Quiet < _quietUntil ? now + Times.Quiet : _quietUntil;
            return;
        }

        while (!bytes.IsEmpty && End is null && _stage is not Stage.Quiet)
        {
            var taken = Math.Min(bytes.Length, _pending.Length - _held);
            bytes[..taken].CopyTo(_pending.AsSpan(_held));
            _held += taken;
            bytes = bytes[taken..];
            var used = 0;
            while (used < _held && End is null && _stage is not Stage.Quiet && Read(_pending.AsSpan(used, _held - used), now) is var read and > 0)
            {
                used += read;
            }

            _pending.AsSpan(used, _held - used).CopyTo(_pending);
            _held -= used;
        }

        if (_stage is Stage.Quiet)
        {
            // Whatever else came with it belongs to what was damaged.
            _held = 0;
        }
        else if (_held > 0)
        {
            Due = now + Times.Pause;
        }
    }

    protected override void OnDue(DateTimeOffset now)
    {
        _held = 0;
        switch (_stage)
        {
            case Stage.Lingering:
                Finish();
                break;
            case Stage.Asking when now >= _giveUpAt && !_hasBlocks:
                Fail($"the device sent nothing within {Times.Start.TotalSeconds:0} s: is it sending, by {_protocol.Name()}?");
                break;
            case Stage.Asking when _files.Count > 0 && _attempts >= AsksForNext:
                // It has left without a goodbye; all that it sent is here.
                Finish();
                break;
            case Stage.Asking:
                Ask(now);
                break;
            default:
                AskAgain(now);
                break;
        }
    }

    // How many bytes were used: none where more have to come first.
    private int Read(ReadOnlySpan<byte> bytes, DateTimeOffset now)
    {
        switch (bytes[0])
        {
            case Soh or Stx:
                var length = Length(bytes[0], _isCrc);
                if (bytes.Length < length)
                {
                    return 0;
                }

                OnBlock(bytes[..length], now);
                return length;
            case Eot when !IsYmodem || _isOpen || _files.Count > 0:
                OnEnd(now);
                return 1;
            case Can when bytes.Length == 1:
                return 0;
            case Can when bytes[1] == Can:
                EndedByDevice();
                return bytes.Length;
            default:
                if (_stage is Stage.Asking or Stage.Lingering)
                {
                    // The echo of a command, a prompt.
                    return 1;
                }

                Damaged(now);
                return bytes.Length;
        }
    }

    private void OnBlock(ReadOnlySpan<byte> block, DateTimeOffset now)
    {
        if (!TryRead(block, _isCrc, out var data))
        {
            Damaged(now);
            return;
        }

        _sawEnd = false;
        if (_stage is Stage.Lingering)
        {
            Say([Ack], now);
            Linger(now);
        }
        else if (block[1] == _expected)
        {
            _hasBlocks = true;
            _attempts = 0;
            if (IsYmodem && !_isOpen)
            {
                OnHeader(data, now);
            }
            else
            {
                OnData(data, now);
            }
        }
        else if (_hasBlocks && block[1] == (byte)(_expected - 1))
        {
            // The acknowledgement was lost. That of a name is two words.
            Say(IsYmodem && _expected == 1 && _content.WrittenCount == 0 ? [Ack, AsksCrc] : [Ack], now);
        }
        else
        {
            Fail((block[1], _expected, _hasBlocks) switch
            {
                (0, 1, false) => "the device sends by ymodem: its first block is number 0",
                (1, 0, false) => "the device sends by xmodem: its first block is number 1",
                _ => $"the device sent block {block[1]} where {_expected} was to come",
            });
        }
    }

    private void OnHeader(ReadOnlySpan<byte> data, DateTimeOffset now)
    {
        if (!TryReadHeader(data, out var name, out var size))
        {
            Say([Ack], now);
            Linger(now);
            return;
        }

        if (size > _most - _total)
        {
            FailTooLong();
            return;
        }

        (_name, _size, _isOpen, _expected) = (name, size, true, 1);
        _content.ResetWrittenCount();
        _stage = Stage.Taking;
        Say([Ack, AsksCrc], now);
    }

    private void OnData(ReadOnlySpan<byte> data, DateTimeOffset now)
    {
        // What is beyond the size that was told is padding.
        var wanted = _size is { } size ? (int)Math.Min(data.Length, Math.Max(0, size - _content.WrittenCount)) : data.Length;
        if (_total + _content.WrittenCount + wanted > _most)
        {
            FailTooLong();
            return;
        }

        if (_isAnswered)
        {
            Took(now - _saidAt);
        }

        _content.Write(data[..wanted]);
        _expected++;
        _stage = Stage.Taking;
        Say([Ack], now);
    }

    // One byte, that a damaged block may have become too: a device that means it says it again.
    private void OnEnd(DateTimeOffset now)
    {
        if (_stage is Stage.Lingering)
        {
            Say([Ack], now);
            Linger(now);
            return;
        }

        if (IsYmodem && !_isOpen)
        {
            Say([Ack, AsksCrc], now);
            return;
        }

        if (!_sawEnd)
        {
            _sawEnd = true;
            _stage = Stage.Taking;
            Say([Nak], now);
        }
        else
        {
            Complete(now);
        }
    }

    private void Complete(DateTimeOffset now)
    {
        if (_size is { } size && _content.WrittenCount < size)
        {
            Fail($"the device ended after {_content.WrittenCount} of {size} bytes");
            return;
        }

        _files.Add(new IncomingFile(_name ?? "", _content.WrittenSpan.ToArray()));
        _total += _content.WrittenCount;
        (_isOpen, _sawEnd, _expected, _attempts) = (false, false, 0, 0);
        if (IsYmodem)
        {
            _stage = Stage.Asking;
            Say([Ack, AsksCrc], now);
        }
        else
        {
            Say([Ack], now);
            Linger(now);
        }
    }

    private void Linger(DateTimeOffset now)
    {
        _stage = Stage.Lingering;
        Due = now + LingerTime;
    }

    // Its rest may be on its way, and would be taken for the beginning of the next one.
    private void Damaged(DateTimeOffset now)
    {
        _stage = Stage.Quiet;
        Due = now + Times.Quiet;
        _quietUntil = now + Times.Answer;
    }

    private void AskAgain(DateTimeOffset now)
    {
        if (_sawEnd && _content.WrittenCount == _size && _attempts >= AsksForNext)
        {
            // It said that the file ends, where it should, and has left.
            Complete(now);
            return;
        }

        if (_attempts >= MostAttempts)
        {
            Fail($"no whole block came in {MostAttempts} attempts behind {_content.WrittenCount} bytes");
            return;
        }

        _attempts++;
        Retries++;
        _stage = _hasBlocks ? Stage.Taking : Stage.Asking;
        Say([Nak], now);
    }

    private void Ask(DateTimeOffset now)
    {
        _stage = Stage.Asking;
        _isCrc = IsYmodem || _attempts < AsksForCrc;
        _attempts++;
        Say([_isCrc ? AsksCrc : Nak], now);
        Due = now + (_files.Count > 0 ? Times.Answer : AskEvery);
    }

    private void FailTooLong() => Fail($"the device sends more than {_most} bytes");

    private void Say(byte[] words, DateTimeOffset now)
    {
        Write(words);
        _saidAt = now;
        _isAnswered = words is [Ack];
        Due = now + AnswerLimit;
    }
}
