using DtuActors.Protocol.Framing;

namespace DtuActors.Tests.Shared;

/// <summary>
/// A codec whose answers are held against the contract of <see cref="Codec"/>: they lie within what was asked about, are no Wait at silence, do not change when
/// more bytes follow, and are asked for a bounded number of times.
/// </summary>
/// <param name="codec">The codec.</param>
/// <param name="remembers">Whether it may ask a memory that changes with the units, so that its answers are no pure decision.</param>
internal sealed class WatchedCodec(Codec codec, bool remembers) : Codec
{
    // A byte may be asked about alone, as the end of a burst before a heartbeat, and once more behind a head that turned out longer than max-frame.
    private const int CallsPerByte = 4;
    private const int CallsPerFeed = 16;

    private long _calls;
    private int _offset;
    private int _leftOut;
    private int _shared;

    public override string Name => codec.Name;

    public override bool IsProtocol => codec.IsProtocol;

    public override TimeSpan? Gap => codec.Gap;

    public override TimeSpan? BurstGap => codec.BurstGap;

    public override bool BurstEndsAtSilence => codec.BurstEndsAtSilence;

    /// <summary>Told of bytes that a frame left out, once everything before them came out.</summary>
    public Action<int> OnLeftOut { get; set; } = static _ => { };

    /// <summary>So many bytes are fed next: as much more may be asked.</summary>
    public void Allow(int bytes) => _calls += (CallsPerByte * (long)bytes) + CallsPerFeed;

    /// <summary>How many bytes before the frame just cut belong to it and are not handed on.</summary>
    public int TakeOffset() => Take(ref _offset);

    /// <summary>How many bytes behind the last frame belong to it and are not handed on.</summary>
    public int TakeLeftOut() => Take(ref _leftOut);

    /// <summary>With how many bytes of the last frame the next one may begin.</summary>
    public int Shared { get; private set; }

    public override Cut Next(ReadOnlySpan<byte> pending, int examined, bool silent)
    {
        Count();
        BrokenPromiseException.Unless(pending.Length > 0 && examined >= 0 && examined <= pending.Length, "a codec is asked about bytes");
        var cut = codec.Next(pending, examined, silent);
        switch (cut.Kind)
        {
            case CutKind.Wait:
                BrokenPromiseException.Unless(!silent, "a codec does not wait at silence");
                BrokenPromiseException.Unless(cut.Examined >= 0 && cut.Examined <= pending.Length, "a codec examined no more than there is");
                break;
            case CutKind.Frame:
                BrokenPromiseException.Unless(
                    cut.Length > 0 && cut.Length <= pending.Length && cut.Offset >= 0 && cut.FrameLength >= 0 && cut.Offset + cut.FrameLength <= pending.Length,
                    $"a frame lies within what is pending: {cut}");
                _offset = cut.FrameLength > 0 ? cut.Offset : 0;
                _leftOut = Math.Max(0, cut.Length - cut.FrameLength - _offset);
                Shared = _shared;
                _shared = Math.Max(0, cut.Offset + cut.FrameLength - cut.Length);
                break;
            default:
                BrokenPromiseException.Unless(
                    cut.Length > 0 && cut.Length <= pending.Length && cut.Reason is not null, $"a drop lies within what is pending and has a reason: {cut}");
                break;
        }

        AssertDecidedBefore(pending, cut, silent);
        return cut;
    }

    public override long Overrun(ReadOnlySpan<byte> pending, out bool more)
    {
        Count();
        var length = codec.Overrun(pending, out more);
        BrokenPromiseException.Unless(length >= 0, "an oversize unit is not shorter than nothing");
        return length;
    }

    private static int Take(ref int value)
    {
        var taken = value;
        value = 0;
        return taken;
    }

    private void Count()
    {
        OnLeftOut(TakeLeftOut());
        BrokenPromiseException.Unless(--_calls > 0, "the work for a piece is bounded");
    }

    /// <summary>What is decided of a beginning stays decided. Two beginnings stand for all: the stream is cut elsewhere another time.</summary>
    private void AssertDecidedBefore(ReadOnlySpan<byte> pending, Cut cut, bool silent)
    {
        if (silent || remembers || !codec.IsProtocol || pending.Length < 2)
        {
            return;
        }

        foreach (var length in (ReadOnlySpan<int>)[pending.Length / 2, pending.Length - 1])
        {
            var before = codec.Next(pending[..length], 0, silent: false);
            BrokenPromiseException.Unless(
                before.Kind == CutKind.Wait || (before.Kind == cut.Kind && (before.Kind != CutKind.Frame || before.Length == cut.Length)),
                $"what is decided of {length} bytes stays decided of {pending.Length}: {before}, then {cut}");
        }
    }
}
