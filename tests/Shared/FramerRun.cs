using DtuActors.Protocol;
using DtuActors.Protocol.Framing;

namespace DtuActors.Tests.Shared;

/// <summary>What came out of the stream: where, how long, and whether it was a heartbeat.</summary>
internal readonly record struct Found(int At, int Length, bool IsHeartbeat)
{
    public override string ToString() => $"{(IsHeartbeat ? "h" : "f")}{At}+{Length}";
}

internal delegate void OnUnit(ReadOnlySpan<byte> unit);

/// <summary>
/// One stream through one framer, watched: every byte comes out exactly once and in order, as part of a frame, a heartbeat or a drop, or is pending or
/// left out by the codec (a delimiter); nothing is longer than max-frame; the work is bounded.
/// </summary>
internal sealed class FramerRun : IFrameSink
{
    private readonly byte[] _stream;
    private readonly OnUnit? _onUnit;
    private readonly WatchedCodec _codec;
    private readonly Framer _framer;
    private readonly int _maxFrame;
    private int _fed;
    private int _at;

    private FramerRun(Codec codec, int maxFrame, byte[][] heartbeats, FuzzInput input, OnUnit? onUnit, bool remembers)
    {
        _stream = input.Stream.ToArray();
        _onUnit = onUnit;
        _maxFrame = maxFrame;
        _codec = new WatchedCodec(codec, remembers);
        _framer = new Framer(_codec, maxFrame, heartbeats);
    }

    /// <summary>Frames and heartbeats, in order.</summary>
    public List<Found> Found { get; } = [];

    /// <summary>Feeds the stream in the input's pieces.</summary>
    public static FramerRun Of(Codec codec, int maxFrame, byte[][] heartbeats, FuzzInput input, OnUnit? onUnit, bool remembers = false)
    {
        var run = new FramerRun(codec, maxFrame, heartbeats, input, onUnit, remembers);
        foreach (var (end, silence) in input.Pieces())
        {
            run.Feed(end);
            if (silence)
            {
                run.Silence();
            }
        }

        run.Silence();
        return run;
    }

    /// <summary>Feeds the stream in as few pieces as the input's silences leave.</summary>
    public static FramerRun OfWhole(Codec codec, int maxFrame, byte[][] heartbeats, FuzzInput input, OnUnit? onUnit, bool remembers = false)
    {
        var run = new FramerRun(codec, maxFrame, heartbeats, input, onUnit, remembers);
        foreach (var (end, silence) in input.Pieces())
        {
            if (silence || end == run._stream.Length)
            {
                run.Feed(end);
            }

            if (silence)
            {
                run.Silence();
            }
        }

        run.Silence();
        return run;
    }

    void IFrameSink.OnFrame(ReadOnlySpan<byte> frame)
    {
        _at += _codec.TakeOffset();
        if (_codec.Shared is > 0 and var shared && frame.SequenceEqual(_stream.AsSpan(_at - shared, Math.Min(frame.Length, _stream.Length + shared - _at))))
        {
            // Its first bytes were the last ones of the frame before.
            _at -= shared;
        }

        BrokenPromiseException.Unless(frame.Length > 0 && frame.Length <= _maxFrame, "a frame has 1 to max-frame bytes");
        Take(frame, "frame");
        Found.Add(new Found(_at - frame.Length, frame.Length, false));
        _onUnit?.Invoke(frame);
    }

    void IFrameSink.OnHeartbeat(ReadOnlySpan<byte> heartbeat)
    {
        Take(heartbeat, "heartbeat");
        Found.Add(new Found(_at - heartbeat.Length, heartbeat.Length, true));
    }

    void IFrameSink.OnDropped(ReadOnlySpan<byte> bytes, string reason)
    {
        BrokenPromiseException.Unless(
            reason is DropReasons.BadChecksum or DropReasons.Garbage or DropReasons.Truncated or DropReasons.Oversize,
            $"bytes are dropped for a reason there is, not '{reason}'");
        Take(bytes, "drop");
    }

    private void Feed(int end)
    {
        var piece = _stream.AsSpan(_fed, end - _fed);
        _fed = end;
        var sink = this;
        _codec.Allow(piece.Length);
        _codec.OnLeftOut = LeaveOut;
        _framer.Feed(piece, ref sink);
        LeaveOut(_codec.TakeLeftOut());
        BrokenPromiseException.Unless(_framer.Pending <= _maxFrame + piece.Length, "what is pending is at most max-frame and one read");
        BrokenPromiseException.Unless(_at + _framer.Pending == _fed, $"of {_fed} bytes {_at} came out and {_framer.Pending} are pending");
        BrokenPromiseException.Unless(_framer.Pending == 0 || _codec.Gap is null || _framer.SilenceDue is not null, "what is pending waits for silence");
    }

    private void Silence()
    {
        if (_framer.SilenceDue is null)
        {
            return;
        }

        var sink = this;
        _codec.Allow(_framer.Pending);
        _framer.Silence(ref sink);
        LeaveOut(_codec.TakeLeftOut());
        BrokenPromiseException.Unless(_framer.Pending == 0, "nothing is pending after silence");
        BrokenPromiseException.Unless(_at == _fed, $"of {_fed} bytes {_at} came out after silence");
        BrokenPromiseException.Unless(_framer.SilenceDue is null, "silence is not due twice");
    }

    private void LeaveOut(int length) => _at += length;

    private void Take(ReadOnlySpan<byte> bytes, string what)
    {
        BrokenPromiseException.Unless(
            _at + bytes.Length <= _fed && bytes.SequenceEqual(_stream.AsSpan(_at, bytes.Length)),
            $"a {what} of {bytes.Length} bytes is what the stream holds at {_at}");
        _at += bytes.Length;
    }
}
