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
/// <param name="FrameLength">How long the frame that is handed on is.</param>
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
}

/// <summary>
/// How one protocol cuts a stream of bytes into frames: a pure decision about the head of the stream, without state, shared by all sessions.
/// The buffer, its bound and the resynchronising loop are the <see cref="Framer"/>'s. A new protocol is one file with one of these, and one row in
/// <see cref="Codecs"/>.
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

    /// <summary>How long the line must be silent until pending bytes are decided with <c>silent = true</c>; null: they wait for ever.</summary>
    public abstract TimeSpan? Gap { get; }

    /// <summary>
    /// Decides about the head of <paramref name="pending"/> (never empty). With <paramref name="silent"/> the line fell silent: no more bytes belong
    /// to this head, so the answer is never <see cref="CutKind.Wait"/>. <paramref name="examined"/> is what the last <see cref="CutKind.Wait"/> for the same
    /// head said. Never throws.
    /// </summary>
    public abstract Cut Next(ReadOnlySpan<byte> pending, int examined, bool silent);
}
