using DtuActors.Protocol.Decoding;
using DtuActors.Protocol.Framing;
using DtuActors.Protocol.Registration;
using DtuActors.Protocol.Transports;

namespace DtuActors.Protocol.Detection;

/// <summary>What a <see cref="Piece"/> is.</summary>
public enum PieceKind
{
    /// <summary>A whole frame or unit.</summary>
    Frame,

    /// <summary>Bytes that belong to no frame.</summary>
    Dropped,

    /// <summary>A heartbeat between frames.</summary>
    Heartbeat,

    /// <summary>Bytes at the end that wait for more, whatever time passes.</summary>
    Pending,
}

/// <summary>One piece of a capture.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Offset">
/// Where it begins, in bytes from the capture's first. Delimiters that the codec leaves out stand between pieces; one that two frames share is in both.
/// </param>
/// <param name="Bytes">The bytes.</param>
public sealed record Piece(PieceKind Kind, int Offset, ReadOnlyMemory<byte> Bytes)
{
    /// <summary>Why bytes were dropped (<see cref="DropReasons"/>), else null.</summary>
    public string? Reason { get; init; }

    /// <summary>What the frame, or the payload of the unit, says, where a decoder knows.</summary>
    public string? Decoded { get; init; }

    /// <summary>What the unit of an envelope, a datagram or a login means; null for the pieces of a codec and for commands.</summary>
    public EnvelopeKind? Unit { get; init; }

    /// <summary>The id that the unit carries, or null.</summary>
    public string? Id { get; init; }

    /// <summary>Another name of the DTU that the unit carries, or null.</summary>
    public string? OtherId { get; init; }

    /// <summary>The instrument's bytes in the unit, unescaped.</summary>
    public ReadOnlyMemory<byte> Payload { get; init; }

    /// <summary>What the centre answers at once.</summary>
    public ReadOnlyMemory<byte> Reply { get; init; }
}

/// <summary>
/// How a codec, an envelope, a login or a whole unit cuts and reads a capture, piece by piece in order, as a live session would. Pure; never throws on bytes.
/// </summary>
public sealed class Dissection : IFrameSink
{
    private readonly ReadOnlyMemory<byte> _capture;
    private readonly Func<Piece, Piece> _read;
    private readonly List<Piece> _pieces = [];

    // Where the next piece begins once the framer tells from its own buffer.
    private int _at;

    private Dissection(ReadOnlyMemory<byte> capture, Func<Piece, Piece> read) => (_capture, _read) = (capture, read);

    /// <summary>The pieces, in the order of the bytes.</summary>
    public IReadOnlyList<Piece> Pieces => _pieces;

    /// <summary>How many of them are whole frames or units.</summary>
    public int Frames => _pieces.Count(piece => piece.Kind == PieceKind.Frame);

    /// <summary>Cuts with the codec of <paramref name="framing"/>. Throws <see cref="ArgumentException"/> where <see cref="Codecs.Create"/> does.</summary>
    public static Dissection OfCodec(FramingOptions framing, ReadOnlyMemory<byte> capture, FrameDirection direction, IReadOnlyList<byte[]>? heartbeats = null)
    {
        var codec = Codecs.Create(framing);
        var dissection = new Dissection(capture, piece => piece with { Decoded = Decoders.Describe(codec.Name, direction, piece.Bytes.Span) });
        return dissection.Run(new Framer(codec, framing.MaxFrame, heartbeats));
    }

    /// <summary>Cuts into the units of the envelope, and reads what data units carry with the codec that fits it.</summary>
    /// <exception cref="ArgumentException">There is no envelope of that name.</exception>
    public static Dissection OfEnvelope(string name, ReadOnlyMemory<byte> capture)
    {
        var envelope = Envelopes.Find(name)?.Invoke() ?? throw new ArgumentException($"no envelope '{name}'", nameof(name));
        var dissection = new Dissection(capture, piece => Opened(piece, envelope.Open(piece.Bytes.Span)));
        return dissection.Run(new Framer(envelope.Codec, Detector.MaxFrame));
    }

    /// <summary>Reads the login at the capture's beginning; what follows it is the stream behind.</summary>
    /// <exception cref="ArgumentException">There is no login of that name.</exception>
    public static Dissection OfLogin(string name, ReadOnlyMemory<byte> capture)
    {
        var login = VendorLogins.Find(name) ?? throw new ArgumentException($"no login '{name}'", nameof(name));
        var dissection = new Dissection(capture, piece => piece);
        var length = capture.IsEmpty ? 0 : login.LengthOf(capture.Span);
        if (length > 0 && length <= capture.Length && login.TryRead(capture.Span[..length], out var presented))
        {
            var (head, rest) = (capture[..length], capture[length..]);
            dissection._pieces.Add(new Piece(PieceKind.Frame, 0, head) { Unit = EnvelopeKind.Registration, Id = presented.Id, Reply = login.Accepted(head.Span) });
            if (!rest.IsEmpty)
            {
                dissection._pieces.Add(new Piece(PieceKind.Frame, length, rest) { Unit = EnvelopeKind.Data, Payload = rest, Decoded = DescribePayload(rest.Span) });
            }
        }
        else if (!capture.IsEmpty)
        {
            var waits = length == 0 || length > capture.Length;
            dissection._pieces.Add(new Piece(waits ? PieceKind.Pending : PieceKind.Dropped, 0, capture) { Reason = waits ? null : DropReasons.Garbage });
        }

        return dissection;
    }

    /// <summary>Reads the whole capture as one of <see cref="WholeUnits"/>: it is that, or nothing.</summary>
    /// <exception cref="ArgumentException">There is no such unit.</exception>
    public static Dissection OfWhole(string name, ReadOnlyMemory<byte> capture)
    {
        var dissection = new Dissection(capture, piece => piece);
        if (WholeUnits.Read(name, capture.Span) is { } whole)
        {
            var frame = new Piece(PieceKind.Frame, 0, capture);
            frame = whole.Envelope is { } unit ? Opened(frame, unit) : frame;
            dissection._pieces.Add(frame with { Decoded = frame.Decoded is null ? whole.Line : $"{whole.Line}; {frame.Decoded}" });
        }
        else if (!capture.IsEmpty)
        {
            dissection._pieces.Add(new Piece(PieceKind.Dropped, 0, capture) { Reason = DropReasons.Garbage });
        }

        return dissection;
    }

    /// <summary>A unit in words: <c>registration of 13403154329</c>, <c>data of 13800138000, 8 bytes</c>.</summary>
    internal static string Describe(in EnvelopeUnit unit)
    {
        var length = unit.Unescaped?.Length ?? unit.PayloadLength;
        var bytes = length == 0 ? "" : $", {Words.Plural(length, "byte")}";
        return $"{Word(unit.Kind)}{(unit.Id is null ? "" : $" of {unit.Id}")}{bytes}";
    }

    /// <summary>The word for what a unit means.</summary>
    public static string Word(EnvelopeKind kind) => kind switch
    {
        EnvelopeKind.Registration => "registration",
        EnvelopeKind.Data => "data",
        EnvelopeKind.Heartbeat => "heartbeat",
        EnvelopeKind.Leave => "leave",
        _ => "notice",
    };

    void IFrameSink.OnFrame(ReadOnlySpan<byte> frame) => _pieces.Add(_read(Take(PieceKind.Frame, frame)));

    void IFrameSink.OnHeartbeat(ReadOnlySpan<byte> heartbeat) => _pieces.Add(Take(PieceKind.Heartbeat, heartbeat));

    void IFrameSink.OnDropped(ReadOnlySpan<byte> bytes, string reason) => _pieces.Add(Take(PieceKind.Dropped, bytes) with { Reason = reason });

    private static Piece Opened(Piece piece, in EnvelopeUnit unit)
    {
        var payload = unit.Payload(piece.Bytes.Span).ToArray();
        return piece with { Unit = unit.Kind, Id = unit.Id, OtherId = unit.OtherId, Payload = payload, Reply = unit.Reply, Decoded = DescribePayload(payload) };
    }

    // A payload is read only where a checksum says what it is.
    private static string? DescribePayload(ReadOnlySpan<byte> payload) =>
        Detector.Guess(payload) is [{ Proven: > 0, Decoded: { } decoded, Name: var name }, ..] ? $"{name}: {decoded}" : null;

    private Dissection Run(Framer framer)
    {
        var sink = this;
        framer.Feed(_capture.Span, ref sink);
        _at = _capture.Length - framer.Pending;
        if (framer.SilenceDue is not null)
        {
            framer.Silence(ref sink);
        }
        else if (framer.Pending > 0)
        {
            _pieces.Add(new Piece(PieceKind.Pending, _at, _capture[_at..]));
        }

        return this;
    }

    private Piece Take(PieceKind kind, ReadOnlySpan<byte> bytes)
    {
        // One Feed hands on slices of the capture itself; only what is decided at silence comes from the framer's buffer, and there nothing is left out.
        if (_capture.Span.Overlaps(bytes, out var offset))
        {
            _at = offset;
        }

        _at = Math.Min(_at, _capture.Length - bytes.Length);
        var piece = new Piece(kind, _at, _capture.Slice(_at, bytes.Length));
        _at += bytes.Length;
        return piece;
    }
}
