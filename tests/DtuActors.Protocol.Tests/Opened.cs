using DtuActors.Protocol.Framing;
using DtuActors.Protocol.Transports;

namespace DtuActors.Protocol.Tests;

/// <summary>An envelope's stream, fed and opened as a session does it: every unit in order, before the codec sees what follows.</summary>
internal sealed class Opened(Envelope envelope) : IFrameSink
{
    private readonly Framer _framer = new(envelope.Codec, 4096);

    public static readonly byte[] EveryByte = [.. Enumerable.Range(0, 256).Select(i => (byte)i)];

    public Envelope Envelope => envelope;

    public List<EnvelopeUnit> Units { get; } = [];

    /// <summary>What was understood, in order: the kind, the ids, and in hex the payload; neighbouring data are one.</summary>
    public List<string> Log { get; } = [];

    public List<byte> Data { get; } = [];

    public string Replies { get; private set; } = "";

    public List<(string Hex, string Reason)> Drops { get; } = [];

    public int Pending => _framer.Pending;

    public TimeSpan? SilenceDue => _framer.SilenceDue;

    public static Opened Of(string name, params byte[][] pieces) => new Opened(Envelopes.Find(name)!()).Feed(pieces);

    public Opened Feed(params byte[][] pieces)
    {
        var sink = this;
        Array.ForEach(pieces, piece => _framer.Feed(piece, ref sink));
        return this;
    }

    public Opened Silence()
    {
        var sink = this;
        if (_framer.SilenceDue is not null)
        {
            _framer.Silence(ref sink);
        }

        return this;
    }

    public void OnFrame(ReadOnlySpan<byte> frame)
    {
        var unit = envelope.Open(frame);
        Units.Add(unit);
        Replies += Convert.ToHexString(unit.Reply.Span);
        var payload = unit.Payload(frame);
        if (unit.Kind == EnvelopeKind.Data)
        {
            Data.AddRange(payload);
        }

        var hex = Convert.ToHexString(payload);
        if (unit.Kind == EnvelopeKind.Data && Log.Count > 0 && Log[^1].StartsWith("Data ", StringComparison.Ordinal))
        {
            Log[^1] += hex;
        }
        else if (unit.Kind == EnvelopeKind.Data)
        {
            Log.Add("Data " + hex);
        }
        else
        {
            Log.Add(string.Join(' ', new[] { unit.Kind.ToString(), unit.Id, unit.OtherId, hex }.Where(part => !string.IsNullOrEmpty(part))));
        }
    }

    public void OnHeartbeat(ReadOnlySpan<byte> heartbeat) => throw new InvalidOperationException("an envelope's framer has no heartbeats of its own");

    public void OnDropped(ReadOnlySpan<byte> bytes, string reason) => Drops.Add((Convert.ToHexString(bytes), reason));
}
