using System.Buffers;

namespace DtuActors.Protocol.Registration;

/// <summary>Where a <see cref="PacketPrefix"/> puts what it parted. The spans are valid during the call only.</summary>
public interface IPacketSink
{
    /// <summary>The registration stood here.</summary>
    void OnPrefix();

    /// <summary>Bytes of the instrument, in order.</summary>
    void OnData(ReadOnlySpan<byte> data);
}

/// <summary>
/// Takes the registration off every packet (<c>every-packet = on</c>), wherever the stream was cut and glued: its bytes are known once it is registered, and nothing else in the
/// stream says where a packet begins. So each place where they stand is a packet's beginning; data that hold them need a codec of a protocol, where the framer tells
/// a frame's inside from its outside and this is not used.
/// </summary>
public sealed class PacketPrefix
{
    private readonly byte[] _prefix;

    // Data whose last _held bytes are the prefix's first: they wait together, so that a packet's data go on in one piece.
    private readonly ArrayBufferWriter<byte> _waiting = new();
    private int _held;

    /// <exception cref="ArgumentException">The prefix is empty.</exception>
    public PacketPrefix(ReadOnlyMemory<byte> prefix)
    {
        if (prefix.IsEmpty)
        {
            throw new ArgumentException("a prefix has one byte at least", nameof(prefix));
        }

        _prefix = prefix.ToArray();
    }

    // An instrument's answer in 256 ends with the prefix's first byte, and must not be late for whoever asked.
    private static readonly TimeSpan LoneByteGap = TimeSpan.FromMilliseconds(50);

    /// <summary>Whether bytes wait that may be a prefix's beginning: silence decides.</summary>
    public bool Waits => _held > 0;

    /// <summary>How long the line must be silent until these bytes are data; <paramref name="gap"/> where they are a prefix's beginning almost for certain.</summary>
    public TimeSpan? SilenceDue(TimeSpan gap) => _held switch
    {
        0 => null,
        1 when _waiting.WrittenCount > 1 && gap > LoneByteGap => LoneByteGap,
        _ => gap,
    };

    /// <summary>Takes one received piece.</summary>
    public void Feed<TSink>(ReadOnlySpan<byte> piece, ref TSink sink)
        where TSink : IPacketSink, allows ref struct
    {
        while (!piece.IsEmpty)
        {
            if (_held > 0 && !TakeUpHeld(ref piece, ref sink))
            {
                return;
            }

            var at = piece.IndexOf(_prefix);
            if (at < 0)
            {
                _held = BeginningAtEnd(piece);
                if (_held > 0)
                {
                    _waiting.Write(piece);
                }
                else
                {
                    sink.OnData(piece);
                }

                return;
            }

            Emit(piece[..at], ref sink);
            sink.OnPrefix();
            piece = piece[(at + _prefix.Length)..];
        }
    }

    /// <summary>The line was silent: what waited is data.</summary>
    public void Silence<TSink>(ref TSink sink)
        where TSink : IPacketSink, allows ref struct
    {
        _held = 0;
        Emit(_waiting.WrittenSpan, ref sink);
        _waiting.ResetWrittenCount();
    }

    /// <summary>Goes on with a prefix whose first bytes came before. False where the piece is used up by it.</summary>
    private bool TakeUpHeld<TSink>(ref ReadOnlySpan<byte> piece, ref TSink sink)
        where TSink : IPacketSink, allows ref struct
    {
        while (_held > 0)
        {
            var missing = _prefix.AsSpan(_held);
            if (piece.StartsWith(missing))
            {
                Emit(_waiting.WrittenSpan[..^_held], ref sink);
                _waiting.ResetWrittenCount();
                _held = 0;
                sink.OnPrefix();
                piece = piece[missing.Length..];
                return true;
            }

            if (missing.StartsWith(piece))
            {
                _waiting.Write(piece);
                _held += piece.Length;
                return false;
            }

            // It was none; a later one of its bytes may begin a prefix.
            _held = BeginningAtEnd(_prefix.AsSpan(1, _held - 1));
        }

        Silence(ref sink);
        return true;
    }

    /// <summary>How many bytes at the end of <paramref name="bytes"/> are the prefix's first, but not all of it.</summary>
    private int BeginningAtEnd(ReadOnlySpan<byte> bytes)
    {
        for (var length = Math.Min(bytes.Length, _prefix.Length - 1); length > 0; length--)
        {
            if (bytes.EndsWith(_prefix.AsSpan(0, length)))
            {
                return length;
            }
        }

        return 0;
    }

    private static void Emit<TSink>(ReadOnlySpan<byte> data, ref TSink sink)
        where TSink : IPacketSink, allows ref struct
    {
        if (!data.IsEmpty)
        {
            sink.OnData(data);
        }
    }
}
