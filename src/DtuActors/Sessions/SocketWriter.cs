using System.Runtime.InteropServices;
using Akka.Actor;
using Akka.IO;
using DtuActors.Listening;

namespace DtuActors.Sessions;

/// <summary>
/// The way out to one socket: what waits, in order, and one acknowledged <see cref="Tcp.Write"/> in flight. Akka.IO's own queue refuses single writes when it is
/// full and takes later ones, a stream with holes; so it never holds more than one of ours, and what waits meanwhile leaves as one write.
/// </summary>
/// <typeparam name="T">What the owner wants to hear of when the kernel has the bytes; <paramref name="written"/> tells it.</typeparam>
/// <param name="mostPerWrite">The most bytes that leave together; 1: what was written apart leaves apart.</param>
public sealed class SocketWriter<T>(IActorRef connection, Action<T> written, int mostPerWrite = SocketWriter.MostPerWrite)
    where T : class
{
    private readonly Queue<(ReadOnlyMemory<byte> Bytes, T? Tag)> _waiting = new();
    private readonly List<T> _inFlight = [];

    /// <summary>Bytes that the kernel does not have yet.</summary>
    public int Pending { get; private set; }

    /// <summary>Whether a write is on its way.</summary>
    public bool IsBusy { get; private set; }

    /// <summary>Puts bytes behind what waits, and writes if nothing is on its way. No bytes: only the tag, told in its turn.</summary>
    /// <param name="bytes">Its own from here on.</param>
    /// <param name="tag">What the owner hears of.</param>
    /// <param name="mayBeAtOnce">Whether the owner may hear of it before this returns, where the kernel takes all at once.</param>
    public void Write(ReadOnlyMemory<byte> bytes, T? tag, bool mayBeAtOnce = false)
    {
        _waiting.Enqueue((bytes, tag));
        Pending += bytes.Length;
        WriteNext(mayBeAtOnce && !IsBusy && _waiting.Count == 1);
    }

    /// <summary>The kernel has the write in flight: its tags are told, in order, and the next write leaves.</summary>
    public void Acknowledged(Written acknowledgement)
    {
        Pending -= acknowledgement.Bytes;
        TellInFlight();
        IsBusy = false;
        WriteNext();
    }

    /// <summary>The socket is gone: whom it was not written for, in order.</summary>
    public IReadOnlyList<T> Abandon()
    {
        var unwritten = _inFlight.Concat(_waiting.Select(waiting => waiting.Tag).OfType<T>()).ToArray();
        _inFlight.Clear();
        _waiting.Clear();
        return unwritten;
    }

    // At once is said of what was waiting first, not of what is written from what is told here.
    private void WriteNext(bool mayBeAtOnce = false)
    {
        while (!IsBusy && _waiting.TryDequeue(out var first))
        {
            Keep(first.Tag);
            var bytes = first.Bytes.Length;
            var data = ByteString.FromBytes(Segment(first.Bytes));
            if (_waiting.Count > 0)
            {
                data = Batch(first.Bytes, ref bytes);
            }

            if (bytes == 0)
            {
                mayBeAtOnce = false;
                TellInFlight();
                continue;
            }

            IsBusy = true;
            var written = new Written(bytes, mayBeAtOnce);
            connection.Tell(Tcp.Write.Create(data, written));
            mayBeAtOnce = false;
            if (written.IsGiven)
            {
                Pending -= bytes;
                TellInFlight();
            }
        }
    }

    private ByteString Batch(ReadOnlyMemory<byte> first, ref int bytes)
    {
        var segments = new List<ArraySegment<byte>> { Segment(first) };
        while (_waiting.TryPeek(out var next) && bytes + next.Bytes.Length <= mostPerWrite)
        {
            _waiting.Dequeue();
            Keep(next.Tag);
            segments.Add(Segment(next.Bytes));
            bytes += next.Bytes.Length;
        }

        return ByteString.FromBytes(segments);
    }

    // The owner may write again from here: what it writes waits behind what is being told.
    private void TellInFlight()
    {
        IsBusy = true;
        for (var i = 0; i < _inFlight.Count; i++)
        {
            written(_inFlight[i]);
        }

        _inFlight.Clear();
        IsBusy = false;
    }

    private void Keep(T? tag)
    {
        if (tag is not null)
        {
            _inFlight.Add(tag);
        }
    }

    private static ArraySegment<byte> Segment(ReadOnlyMemory<byte> bytes) =>
        MemoryMarshal.TryGetArray(bytes, out var segment) ? segment : new ArraySegment<byte>(bytes.ToArray());
}

/// <summary>What every <see cref="SocketWriter{T}"/> of a stream has.</summary>
public static class SocketWriter
{
    /// <summary>The most bytes of one write.</summary>
    public const int MostPerWrite = 64 * 1024;
}

/// <summary>Akka.IO's acknowledgement of one write of so many bytes.</summary>
public sealed class Written(int bytes, bool mayBeAtOnce = false) : AckAtOnce(mayBeAtOnce)
{
    public int Bytes { get; } = bytes;
}
