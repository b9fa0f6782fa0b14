using static DtuActors.Protocol.Files.FileBlocks;

namespace DtuActors.Protocol.Files;

/// <summary>Sends files to a device by XMODEM or YMODEM: one block at a time, each until it is acknowledged.</summary>
/// <remarks>
/// <code>
/// start ──C or NAK──▶ [header ──ACK──▶ go ──C──▶] block ──ACK──▶ ... ──▶ end ──ACK──▶ done
///                        ▲                         NAK, silence: again          │
///                        └──────────── YMODEM: the next file, or none ◀─────────┘
/// </code>
/// </remarks>
public sealed class FileSender : FileExchange
{
    // A device's prompt may have a C in it: one that something follows at once was a letter.
    private static readonly TimeSpan StartQuiet = TimeSpan.FromMilliseconds(200);

    // A device asks for its first block again each few seconds; what it asked before that came is on its way still.
    private static readonly TimeSpan AsksAgain = TimeSpan.FromSeconds(3);

    // What nobody acknowledges any more when all files are there.
    private const int MostGoodbyes = 3;

    private readonly FileProtocol _protocol;
    private readonly IReadOnlyList<OutgoingFile> _files;
    private Stage _stage;
    private int _file;
    private int _offset;
    private int _length;
    private byte _number;
    private bool _isCrc;
    private byte[] _last = [];
    private int _attempts;
    private DateTimeOffset _writtenAt;
    private DateTimeOffset _giveUpAt;

    // Said again without having been asked to: the device may have got it twice, and says so twice.
    private bool _mayBeDoubled;
    private bool _asked;
    private bool _sawCancel;

    /// <param name="protocol">YMODEM for more than one file.</param>
    /// <param name="files">One at least.</param>
    /// <param name="line">What it writes to.</param>
    /// <param name="times">How long it waits; null: the defaults.</param>
    /// <exception cref="ArgumentException">No files, or several by XMODEM, or an empty one by XMODEM, which has no form for it that all devices know.</exception>
    public FileSender(FileProtocol protocol, IReadOnlyList<OutgoingFile> files, IFileLine line, FileTimes? times = null)
        : base(line, times ?? FileTimes.Default)
    {
        if (files.Count == 0 || (files.Count > 1 && protocol is not FileProtocol.Ymodem))
        {
            throw new ArgumentException("one file, or by ymodem several", nameof(files));
        }

        if (protocol is not FileProtocol.Ymodem && files[0].Content.IsEmpty)
        {
            throw new ArgumentException("the file is empty", nameof(files));
        }

        _protocol = protocol;
        _files = files;
    }

    private enum Stage
    {
        Start,
        Header,
        Go,
        Block,
        Quiet,
        End,
        Next,
        Goodbye,
    }

    public override FileProgress Progress =>
        new(_files[Math.Min(_file, _files.Count - 1)].Name, Current.Length, _file < _files.Count ? Math.Min(_offset, Current.Length) : Current.Length, _file, Retries);

    private ReadOnlyMemory<byte> Current => _files[Math.Min(_file, _files.Count - 1)].Content;

    public override void Begin(DateTimeOffset now)
    {
        _stage = Stage.Start;
        _giveUpAt = now + Times.Start;
        Due = _giveUpAt;
    }

    protected override void OnBytes(ReadOnlySpan<byte> bytes, DateTimeOffset now)
    {
        if (_stage is Stage.Quiet)
        {
            Due = now + Times.Quiet < _giveUpAt ? now + Times.Quiet : _giveUpAt;
        }

        foreach (var octet in bytes)
        {
            if (octet == Can && _sawCancel)
            {
                EndedByDevice();
                return;
            }

            _sawCancel = octet == Can;

            // What stands behind the byte that was answered was said before the answer.
            if (!_sawCancel && (On(octet, now) || End is not null))
            {
                return;
            }
        }
    }

    protected override void OnDue(DateTimeOffset now)
    {
        switch (_stage)
        {
            case Stage.Start when _asked:
                Open(now);
                break;
            case Stage.Start:
                Fail($"the device did not ask for the file within {Times.Start.TotalSeconds:0} s: is it waiting for one, by {_protocol.Name()}?");
                break;
            case Stage.Go:
                Fail("the device took the file's name and did not ask for the file");
                break;
            case Stage.Quiet:
                Advance(now);
                break;
            case Stage.Next when _file == _files.Count:
            case Stage.Goodbye when _attempts >= MostGoodbyes:
                // Each file's end was acknowledged.
                Finish();
                break;
            case Stage.Next:
                Fail($"the device took {_file} of {_files.Count} files and did not ask for the next");
                break;
            default:
                _mayBeDoubled = true;
                Again(now);
                break;
        }
    }

    // Whether it was answered.
    private bool On(byte octet, DateTimeOffset now)
    {
        switch (_stage)
        {
            case Stage.Start:
                OnAsked(octet, now);
                return false;
            case Stage.Header when octet == Ack:
                _stage = Stage.Go;
                Due = now + Times.Start;
                return false;
            case Stage.Goodbye when octet == Ack:
                Finish();
                return true;
            case Stage.Go when octet is AsksCrc or Nak:
                SendBlock(now);
                return true;
            case Stage.Block when octet == Ack:
                OnBlockTaken(now);
                return true;
            case Stage.End when octet == Ack:
                OnFileTaken(now);
                return false;
            case Stage.Next when octet is AsksCrc or Nak:
                SendHeader(now);
                return true;
            case Stage.Header or Stage.Block or Stage.End or Stage.Goodbye when octet == Nak:
                Again(now);
                return true;
            case Stage.Header or Stage.Block when octet == AsksCrc && IsFirst && now - _writtenAt >= AsksAgain:
                _mayBeDoubled = true;
                Again(now);
                return true;
            default:
                return false;
        }
    }

    private bool IsFirst => _stage is Stage.Header || _offset == 0;

    private void OnAsked(byte octet, DateTimeOffset now)
    {
        _asked = octet is AsksCrc or Nak;
        _isCrc = octet == AsksCrc;
        Due = _asked && now + StartQuiet < _giveUpAt ? now + StartQuiet : _giveUpAt;
    }

    private void Open(DateTimeOffset now)
    {
        if (_protocol is FileProtocol.Ymodem)
        {
            SendHeader(now);
        }
        else
        {
            SendBlock(now);
        }
    }

    private void SendHeader(DateTimeOffset now)
    {
        var isOver = _file == _files.Count;
        Send(isOver ? Stage.Goodbye : Stage.Header, Header(isOver ? null : _files[_file], _isCrc), now);
    }

    private void SendBlock(DateTimeOffset now)
    {
        var rest = Current.Span[_offset..];
        if (rest.IsEmpty)
        {
            Send(Stage.End, [Eot], now);
            return;
        }

        _number = (byte)(_number + 1);
        var block = _protocol is FileProtocol.Xmodem || rest.Length <= Small ? Small : Large;
        _length = Math.Min(block, rest.Length);
        Send(Stage.Block, Block(_number, rest[.._length], block, _isCrc), now);
    }

    private void OnBlockTaken(DateTimeOffset now)
    {
        if (_attempts == 1)
        {
            Took(now - _writtenAt);
        }

        if (!_mayBeDoubled)
        {
            Advance(now);
            return;
        }

        // A second word of the same kind would be taken for one about the next block.
        _stage = Stage.Quiet;
        _giveUpAt = now + Times.Answer;
        Due = now + Times.Quiet;
    }

    private void Advance(DateTimeOffset now)
    {
        _offset += _length;
        SendBlock(now);
    }

    private void OnFileTaken(DateTimeOffset now)
    {
        _file++;
        (_offset, _number) = (0, 0);
        if (_protocol is not FileProtocol.Ymodem)
        {
            Finish();
            return;
        }

        _stage = Stage.Next;
        Due = now + Times.Answer;
    }

    private void Send(Stage stage, byte[] bytes, DateTimeOffset now)
    {
        _stage = stage;
        _last = bytes;
        _attempts = 0;
        _mayBeDoubled = false;
        Say(now);
    }

    private void Again(DateTimeOffset now)
    {
        if (_attempts >= MostAttempts)
        {
            Fail(_stage switch
            {
                Stage.Block => $"the device did not take the block at {_offset} of {Current.Length} bytes in {MostAttempts} attempts",
                Stage.End => $"the device took all {Current.Length} bytes and did not acknowledge the file's end in {MostAttempts} attempts: it may have the whole file",
                _ => $"the device did not take the file's name in {MostAttempts} attempts",
            });
            return;
        }

        Retries++;
        Say(now);
    }

    private void Say(DateTimeOffset now)
    {
        _attempts++;
        _writtenAt = now;
        Due = now + AnswerLimit;
        Write(_last);
    }
}
