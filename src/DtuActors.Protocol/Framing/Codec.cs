namespace DtuActors.Protocol.Framing;

/// <summary>What a codec says of the bytes at the head of the stream.</summary>
public enum CutKind
{
    /// <summary>They may be the beginning of a frame: more bytes, or silence, decide.</summary>
    Wait,

    /// <summary>They begin with a whole frame.</summary>
    Frame,

    /// <summary>They begin with bytes that belong to no frame.</summary>
    Drop,
}

/// <summary>One decision of a <see cref="Codec"/> about the head of the stream.</summary>
/// <param name="Kind">What the head is.</param>
/// <param name="Length">Bytes that leave the stream with this decision (0 for <see cref="CutKind.Wait"/>).</param>
/// <param name="Offset">Where in them the frame that is handed on begins (a delimiter may be left out).</param>
/// <param name="FrameLength">
/// How long the frame that is handed on is. It may reach beyond <paramref name="Length"/>: what does stays in the stream, since the next frame may begin with
/// it (a delimiter that two frames share), and goes without being told again where none does.
/// </param>
/// <param name="Reason">A word of <see cref="DropReasons"/> for <see cref="CutKind.Drop"/>.</param>
/// <param name="Examined">For <see cref="CutKind.Wait"/>: how many bytes need not be looked at again.</param>
public readonly record struct Cut(CutKind Kind, int Length, int Offset, int FrameLength, string? Reason, int Examined)
{
    /// <summary>More bytes, or silence, are needed; the first <paramref name="examined"/> bytes need no second look.</summary>
    public static Cut Wait(int examined = 0) => new(CutKind.Wait, 0, 0, 0, null, examined);

    /// <summary>The head is a frame of <paramref name="length"/> bytes.</summary>
    public static Cut Frame(int length) => new(CutKind.Frame, length, 0, length, null, 0);

    /// <summary>The head is <paramref name="length"/> bytes that carry a frame of <paramref name="frameLength"/> bytes at <paramref name="offset"/>.</summary>
    public static Cut Frame(int length, int offset, int frameLength) => new(CutKind.Frame, length, offset, frameLength, null, 0);

    /// <summary>The first <paramref name="length"/> bytes belong to no frame.</summary>
    public static Cut Drop(int length, string reason) => new(CutKind.Drop, length, 0, 0, reason, 0);

    /// <summary>
    /// The head has the shape of a frame of <paramref name="shape"/> bytes and a wrong checksum. Only its first byte leaves the stream, since a good frame may
    /// begin inside; what else of the shape turns out to be no frame is reported together with it, as one <see cref="DropReasons.BadChecksum"/>.
    /// </summary>
    public static Cut Damaged(int shape) => new(CutKind.Drop, 1, 0, shape, DropReasons.BadChecksum, 0);
}

/// <summary>What makes a codec's frame more than a guess. The detection ranks by it.</summary>
public enum Proof
{
    /// <summary>Nothing: any bytes would be cut somehow.</summary>
    None,

    /// <summary>The shape: marks, lengths and fixed octets stand where the protocol puts them.</summary>
    Delimiters,

    /// <summary>A checksum over the frame, besides the shape.</summary>
    Checksum,
}

/// <summary>
/// How one protocol cuts a stream of bytes into frames: a pure decision about the head of the stream, without state, shared by all sessions.
/// The buffer, its bound and the resynchronising loop are the <see cref="Framer"/>'s. A new protocol is one file with one of these, and one row in
/// <see cref="Codecs"/>. What is decided of a beginning stays decided when more bytes follow it: that is what makes frames independent of how the stream
/// was cut into pieces.
/// </summary>
public abstract class Codec
{
    /// <summary>The word in configuration (<c>framing.codec</c>), monitor and history.</summary>
    public abstract string Name { get; }

    /// <summary>
    /// Whether frames prove themselves (length, checksum, delimiters of a protocol), so that a heartbeat can be told from the beginning of a frame;
    /// false for raw, idle-gap and the generic codecs, where a heartbeat is a whole burst between frames.
    /// </summary>
    public virtual bool IsProtocol => true;

    /// <summary>What proves a frame of this codec. A protocol with a checksum that <see cref="Next"/> verifies says so here.</summary>
    public virtual Proof Proof => IsProtocol ? Proof.Delimiters : Proof.None;

    /// <summary>How long the line must be silent until pending bytes are decided with <c>silent = true</c>; null: they wait for ever.</summary>
    public abstract TimeSpan? Gap { get; }

    /// <summary>
    /// Decides about the head of <paramref name="pending"/> (never empty). With <paramref name="silent"/> the line fell silent: no more bytes belong
    /// to this head, so the answer is never <see cref="CutKind.Wait"/>. <paramref name="examined"/> is what the last <see cref="CutKind.Wait"/> for the same
    /// head said. Never throws.
    /// </summary>
    public abstract Cut Next(ReadOnlySpan<byte> pending, int examined, bool silent);

    /// <summary>
    /// How long the line must be silent until a pending burst that equals a heartbeat is one; shorter than <see cref="Gap"/> where a frame may take long.
    /// Only for codecs that are no protocol.
    /// </summary>
    public virtual TimeSpan? BurstGap => Gap;

    /// <summary>Whether a burst ends at silence only (idle-gap), so that a piece that equals a heartbeat is none before the line fell silent.</summary>
    public virtual bool BurstEndsAtSilence => false;

    /// <summary>
    /// Called in place of <see cref="Next"/> when a head turned out longer than max-frame: how many bytes leave the stream as
    /// <see cref="DropReasons.Oversize"/> (they may be more than are pending: the rest is skipped as it comes). With <paramref name="more"/> the end
    /// of the oversize unit was not seen yet, and the question is asked again about what follows. By default one byte goes and the next is a head again.
    /// </summary>
    public virtual long Overrun(ReadOnlySpan<byte> pending, out bool more)
    {
        more = false;
        return 1;
    }

    /// <summary>
    /// The gap of codecs for whose frames silence is part of the matter (a function without a length, a byte that may be a heartbeat): the halves of a frame that a DTU cut
    /// come a cellular round trip apart, so an incomplete one is given up after ten gaps.
    /// </summary>
    protected static TimeSpan HalvesGap(TimeSpan gap) => gap * 10;

    /// <summary>
    /// The gap of codecs whose frames do not prove themselves (delimiter, fixed, length-field): a DTU cuts at 1000 bytes or 10 ms and the rest may be late by
    /// a cellular round trip or two, so only a silence that no network explains, ten gaps and at least five seconds, makes an incomplete frame a truncated one.
    /// </summary>
    protected static TimeSpan LongGap(TimeSpan gap)
    {
        var least = TimeSpan.FromSeconds(5);
        var ten = gap * 10;
        return ten > least ? ten : least;
    }
}
