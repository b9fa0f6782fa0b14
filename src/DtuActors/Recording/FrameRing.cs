using System.Runtime.CompilerServices;
using DtuActors.Protocol;

namespace DtuActors.Recording;

/// <summary>
/// The frames of one DTU, oldest first, in two rings, of payloads and of what is beside them, which are written over: frames that come and go leave the garbage collector
/// nothing.
/// </summary>
internal sealed class FrameRing
{
    private const int LeastBytes = 64;
    private const int LeastFrames = 4;

    // What a ring costs beside its two arrays, in bytes: they and their owner's entry in a table.
    private const int OwnSize = 160;

    private byte[] _bytes = new byte[LeastBytes];
    private int _firstByte;
    private int _byteCount;
    private Entry[] _frames = new Entry[LeastFrames];
    private int _first;

    public int Count { get; private set; }

    /// <summary>Of the oldest. There is one.</summary>
    public long FirstSequence => _frames[_first].Sequence;

    /// <summary>What it takes of memory, full or not, in bytes.</summary>
    public long Size => _bytes.Length + ((long)_frames.Length * Unsafe.SizeOf<Entry>()) + OwnSize;

    public void Add(long sequence, FramePassed passed)
    {
        var payload = passed.Payload.Span;
        if (_byteCount + payload.Length > _bytes.Length)
        {
            ResizeBytes(Math.Max(_bytes.Length * 2, _byteCount + payload.Length));
        }

        if (Count == _frames.Length)
        {
            ResizeFrames(Count * 2);
        }

        Split((_firstByte + _byteCount) % _bytes.Length, payload.Length, out var head, out var tail);
        payload[..head.Length].CopyTo(head);
        payload[head.Length..].CopyTo(tail);
        _byteCount += payload.Length;
        _frames[(_first + Count) % _frames.Length] = new Entry(sequence, passed.At, passed.Direction, payload.Length, passed.Codec, passed.Source, passed.Verdict);
        Count++;
    }

    public void RemoveFirst()
    {
        var length = _frames[_first].Length;
        _frames[_first] = default;
        _first = (_first + 1) % _frames.Length;
        Count--;
        _firstByte = (_firstByte + length) % _bytes.Length;
        _byteCount -= length;
    }

    /// <summary>Gives back what it does not need for what it holds.</summary>
    public void Shrink()
    {
        if (_bytes.Length > LeastBytes && _byteCount < _bytes.Length / 4)
        {
            ResizeBytes(Math.Max(LeastBytes, _byteCount * 2));
        }

        if (_frames.Length > LeastFrames && Count < _frames.Length / 4)
        {
            ResizeFrames(Math.Max(LeastFrames, Count * 2));
        }
    }

    /// <summary>The first of the frames that fit and come after that one, oldest first.</summary>
    public IEnumerable<RecordedFrame> First(int most, long after, Records.GetFrames asked) => Fitting(after, asked).Take(most).Select(Read);

    /// <summary>The last of them, oldest first.</summary>
    public IEnumerable<RecordedFrame> Last(int most, long after, Records.GetFrames asked) => Fitting(after, asked).TakeLast(most).Select(Read);

    private IEnumerable<(int Frame, int Offset)> Fitting(long after, Records.GetFrames asked)
    {
        var offset = _firstByte;
        for (var i = 0; i < Count; i++)
        {
            var place = (_first + i) % _frames.Length;
            var (sequence, at, length) = (_frames[place].Sequence, _frames[place].At, _frames[place].Length);
            if (sequence > after && (asked.Since is null || at >= asked.Since) && (asked.Until is null || at < asked.Until))
            {
                yield return (place, offset);
            }

            offset = (offset + length) % _bytes.Length;
        }
    }

    private RecordedFrame Read((int Frame, int Offset) place)
    {
        var frame = _frames[place.Frame];
        return new RecordedFrame(frame.Sequence, frame.At, frame.Direction, Bytes(place.Offset, frame.Length, frame.Length), frame.Codec, frame.Source, frame.Verdict);
    }

    private void ResizeBytes(int length)
    {
        _bytes = Bytes(_firstByte, _byteCount, length);
        _firstByte = 0;
    }

    private byte[] Bytes(int offset, int count, int length)
    {
        var bytes = new byte[length];
        Split(offset, count, out var head, out var tail);
        head.CopyTo(bytes);
        tail.CopyTo(bytes.AsSpan(head.Length));
        return bytes;
    }

    // A part of the ring: up to its array's end, and on from its beginning.
    private void Split(int offset, int count, out Span<byte> head, out Span<byte> tail)
    {
        head = _bytes.AsSpan(offset, Math.Min(count, _bytes.Length - offset));
        tail = _bytes.AsSpan(0, count - head.Length);
    }

    private void ResizeFrames(int length)
    {
        var frames = new Entry[length];
        for (var i = 0; i < Count; i++)
        {
            frames[i] = _frames[(_first + i) % _frames.Length];
        }

        _frames = frames;
        _first = 0;
    }

    private readonly record struct Entry(long Sequence, DateTimeOffset At, FrameDirection Direction, int Length, string Codec, string Source, string? Verdict);
}
