using System.Buffers;
using DtuActors.Protocol.Framing;
using DtuActors.Protocol.Transports;

namespace DtuActors.Protocol.Detection;

/// <summary>What a codec makes of a capture, in numbers.</summary>
internal class Tally(Codec codec) : IFrameSink
{
    private bool _isFirstProven;
    private int _length;
    private int _unexplained;

    /// <summary>Frames of two bytes and more: a single byte (E5, FE) says nothing.</summary>
    public int Frames { get; private set; }

    /// <summary>Bytes that belong to <see cref="Frames"/>, delimiters included. What two frames share counts once.</summary>
    public int Explained => _length - _unexplained;

    /// <summary>Frames whose checksum holds and whose end they tell themselves.</summary>
    public int Proven { get; private set; }

    /// <summary>Bytes in <see cref="Proven"/> frames; those that two share count twice.</summary>
    public int ProvenBytes { get; private set; }

    /// <summary>The first proven frame, else the first.</summary>
    public byte[] First { get; private set; } = [];

    /// <summary>Reads a whole capture and says how many bytes at its end were the beginning of a frame, or -1 where bytes in front of it belonged to none.</summary>
    public int Read(ReadOnlySpan<byte> capture)
    {
        var framer = new Framer(codec, Detector.MaxFrame);
        var sink = this;
        _length = capture.Length;
        framer.Feed(capture, ref sink);
        var begun = _unexplained == 0 ? framer.Pending : -1;
        framer.Silence(ref sink);
        return begun;
    }

    public virtual void OnFrame(ReadOnlySpan<byte> frame)
    {
        if (frame.Length < 2)
        {
            _unexplained += frame.Length;
            return;
        }

        Frames++;
        var proven = codec.Proof == Proof.Checksum && StandsAlone(frame);
        if (proven)
        {
            Proven++;
            ProvenBytes += frame.Length;
        }

        if (First.Length == 0 || (proven && !_isFirstProven))
        {
            (First, _isFirstProven) = (frame.ToArray(), proven);
        }
    }

    public void OnHeartbeat(ReadOnlySpan<byte> heartbeat)
    {
        // A detection knows of none.
    }

    public void OnDropped(ReadOnlySpan<byte> bytes, string reason) => _unexplained += bytes.Length;

    private bool StandsAlone(ReadOnlySpan<byte> frame)
    {
        var cut = codec.Next(frame, 0, silent: false);
        return cut.Kind == CutKind.Frame && cut.FrameLength == frame.Length;
    }
}

/// <summary>What an envelope makes of a capture: its units, opened in order, and what they carry.</summary>
internal sealed class UnitTally(Envelope envelope) : Tally(envelope.Codec)
{
    private readonly ArrayBufferWriter<byte> _payload = new();

    /// <summary>The first id that a unit carries.</summary>
    public string? Id { get; private set; }

    /// <summary>Whether no unit was anything but data.</summary>
    public bool AllData { get; private set; } = true;

    /// <summary>What the first unit is.</summary>
    public new string? First { get; private set; }

    /// <summary>The units' payloads, one behind the other, as the instrument's stream is.</summary>
    public ReadOnlySpan<byte> Payload => _payload.WrittenSpan;

    public override void OnFrame(ReadOnlySpan<byte> frame)
    {
        base.OnFrame(frame);
        var unit = envelope.Open(frame);
        if (frame.Length < 2)
        {
            return;
        }

        Id ??= unit.Id;
        AllData &= unit.Kind == EnvelopeKind.Data;
        First ??= Dissection.Describe(unit);
        var payload = unit.Payload(frame);
        _payload.Write(payload[..Math.Min(payload.Length, Detector.MaxBytes - _payload.WrittenCount)]);
    }
}
