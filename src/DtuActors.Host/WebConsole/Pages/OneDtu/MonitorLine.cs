using System.Text;
using DtuActors.Host.Api;
using DtuActors.Protocol;
using DtuActors.Recording;
using DtuActors.Writing;

namespace DtuActors.Host.WebConsole.Pages.OneDtu;

/// <summary>One line of a monitor.</summary>
public abstract class MonitorLine(DateTimeOffset at)
{
    public DateTimeOffset At => at;

    /// <summary>Orders the lines of one log.</summary>
    public long Number { get; set; }

    /// <summary>What it holds beside itself, in bytes.</summary>
    public virtual int Bytes => 0;
}

/// <summary>What stands between frames: the DTU came or went, heartbeats, a gap.</summary>
/// <param name="at">When.</param>
/// <param name="isGap">Whether it tells that lines are missing.</param>
/// <param name="text">In the reader's language.</param>
public sealed class MarkLine(DateTimeOffset at, bool isGap, string text) : MonitorLine(at)
{
    public bool IsGap => isGap;

    public string Text => text;
}

/// <summary>A frame, or bytes that are none. It is decoded where it is shown, not before.</summary>
public sealed class FrameLine : MonitorLine
{
    private string? _decoded;
    private bool _isDecoded;

    public FrameLine(FramePassed frame)
        : base(frame.At) => (Direction, Payload, Codec, Source, Verdict) = (frame.Direction, frame.Payload, frame.Codec, frame.Source, frame.Verdict);

    public FrameLine(RecordedFrame frame)
        : base(frame.At) => (Direction, Payload, Codec, Source, Verdict) = (frame.Direction, frame.Payload, frame.Codec, frame.Source, frame.Verdict);

    public FrameDirection Direction { get; }
    public ReadOnlyMemory<byte> Payload { get; }
    public string Codec { get; }
    public string Source { get; }

    /// <summary>Null for a frame; else why these bytes are none.</summary>
    public string? Verdict { get; }

    /// <summary>Since the frame before, in either direction; null for the first.</summary>
    public TimeSpan? Gap { get; set; }

    public override int Bytes => Payload.Length;

    public bool IsUp => Direction is FrameDirection.Up;

    public string? Decoded
    {
        get
        {
            if (!_isDecoded)
            {
                (_decoded, _isDecoded) = (ModelMap.Decode(Codec, Direction, Payload, Verdict), true);
            }

            return _decoded;
        }
    }

    /// <summary>As it is copied and exported.</summary>
    public string ToText(Words words) => string.Join("  ", new[]
    {
        words.Instant(At), IsUp ? "↑" : "↓", FrameText.Hex(Payload.Span), Decoded is { } decoded ? FrameText.Plain(decoded) : FrameText.Ascii(Payload.Span), Verdict is null ? "" : $"({Verdict})", Source,
    }.Where(part => part.Length > 0));
}

/// <summary>Which lines a monitor shows.</summary>
/// <param name="Direction">Frames of one direction only.</param>
/// <param name="OnlyFaults">Only bytes that are no frame.</param>
/// <param name="Marks">Also what stands between frames.</param>
/// <param name="Text">A part of the bytes in hexadecimal, of their text, of the decoded line, source or verdict.</param>
public sealed record MonitorFilter(FrameDirection? Direction, bool OnlyFaults, bool Marks, string Text)
{
    private readonly byte[]? _bytes = HexText.TryParse(Text, out var bytes, out _) ? bytes : null;
    private readonly byte[] _text = Encoding.UTF8.GetBytes(Text);

    public bool Fits(MonitorLine line) => line switch
    {
        MarkLine { IsGap: true } => true,
        FrameLine frame => (Direction is null || frame.Direction == Direction) && (!OnlyFaults || frame.Verdict is not null) && (_text.Length == 0 || Says(frame)),
        _ => Marks,
    };

    private bool Says(FrameLine frame) =>
        (_bytes is not null && frame.Payload.Span.IndexOf(_bytes) >= 0)
        || frame.Payload.Span.IndexOf(_text) >= 0
        || Contains(frame.Decoded) || Contains(frame.Source) || Contains(frame.Verdict);

    private bool Contains(string? said) => said?.Contains(Text, StringComparison.OrdinalIgnoreCase) == true;
}
