using DtuActors.Protocol.Framing;
using DtuActors.Protocol.Transports;

namespace DtuActors.Tests.Shared;

/// <summary>Sixty-four kilobytes of good frames of one codec, in the pieces in which DTUs send them.</summary>
internal sealed class SampleStream
{
    /// <summary>The max-frame of an envelope's units, as a connection sets it.</summary>
    public const int MaxUnit = 4096;

    // A DTU sends what its serial port gave when it has 1000 bytes of it.
    private const int PieceLength = 1000;

    private const int LeastLength = 64_000;

    // Their frames are pieces of what came, and as long as those.
    private static readonly string[] AsTheyCome = ["raw", "idle-gap", "envelope:four-faith-prot", "envelope:jbt"];

    private readonly Func<Codec> _makeCodec;
    private readonly int _maxFrame;

    private SampleStream(string name, Func<Codec> makeCodec, int maxFrame, byte[][] frames)
    {
        Name = name;
        HasOwnFrames = !AsTheyCome.Contains(name);
        _makeCodec = makeCodec;
        _maxFrame = maxFrame;
        var bytes = new List<byte>(LeastLength + maxFrame);
        for (var i = 0; bytes.Count < LeastLength; i = (i + 1) % frames.Length)
        {
            bytes.AddRange(frames[i]);
            Built++;
        }

        Bytes = [.. bytes];
        var sink = default(CountingSink);
        var framer = MakeFramer();
        Pass(framer, ref sink);
        Pending = framer.Pending;
        Frames = sink.Frames;
        OtherBytes = sink.OtherBytes;
    }

    /// <summary>The codec, with its role where it has several; an envelope as <c>envelope:NAME</c>.</summary>
    public string Name { get; }

    /// <summary>The stream, uncut.</summary>
    public byte[] Bytes { get; }

    /// <summary>How many frames it was made of.</summary>
    public int Built { get; }

    /// <summary>Whether the frames that come out are the ones that it was made of, and not the pieces in which data came.</summary>
    public bool HasOwnFrames { get; }

    /// <summary>How many frames come out of it in one pass.</summary>
    public int Frames { get; }

    /// <summary>Bytes that come out as anything but a frame; 0 if the sample is right.</summary>
    public int OtherBytes { get; }

    /// <summary>Bytes that wait for more at the end of a pass; 0 if the sample is right.</summary>
    public int Pending { get; }

    /// <summary>A sample for every row of both tables; <paramref name="missing"/> says in words which rows have none.</summary>
    public static IReadOnlyList<SampleStream> All(out IReadOnlyList<string> missing)
    {
        var streams = new List<SampleStream>();
        var lacking = new List<string>();
        foreach (var options in Codecs.Names.SelectMany(SampleFrames.Settings))
        {
            var role = options.Codec == "modbus-rtu" ? $" {options.Role.ToString().ToLowerInvariant()}" : "";
            Add(options.Codec + role, () => Codecs.Create(options), options.MaxFrame, SampleFrames.Of(options));
        }

        foreach (var name in Envelopes.Names)
        {
            Add($"envelope:{name}", () => LoggedIn(name), MaxUnit, SampleFrames.OfEnvelope(name));
        }

        missing = lacking;
        return streams;

        void Add(string name, Func<Codec> makeCodec, int maxFrame, byte[][] frames)
        {
            if (frames.Length == 0)
            {
                lacking.Add($"no sample frames for {name}: vectors/frames.tsv has none under this name and SampleFrames.cs names no others");
            }
            else
            {
                streams.Add(new SampleStream(name, makeCodec, maxFrame, frames));
            }
        }
    }

    /// <summary>A framer at the beginning of the stream, behind the login where there is one.</summary>
    public Framer MakeFramer() => new(_makeCodec(), _maxFrame);

    /// <summary>Feeds the stream once, piece by piece, with silence between pieces where the codec cuts there.</summary>
    public void Pass<TSink>(Framer framer, ref TSink sink)
        where TSink : IFrameSink
    {
        var silent = framer.Codec.BurstEndsAtSilence;
        for (var at = 0; at < Bytes.Length; at += PieceLength)
        {
            framer.Feed(Bytes.AsSpan(at, Math.Min(PieceLength, Bytes.Length - at)), ref sink);
            if (silent)
            {
                framer.Silence(ref sink);
            }
        }
    }

    public override string ToString() => Name;

    /// <summary>The codec of a connection whose login came. What its units say is not asked again: a pass measures the cutting.</summary>
    private static Codec LoggedIn(string envelopeName)
    {
        var envelope = Envelopes.Find(envelopeName)!();
        var sink = new OpeningSink(envelope);
        var framer = new Framer(envelope.Codec, MaxUnit);
        Array.ForEach(SampleFrames.Logins(envelopeName), login => framer.Feed(login, ref sink));
        if (SampleFrames.OfEnvelope(envelopeName) is [var first, ..])
        {
            framer.Feed(first, ref sink);
        }

        return envelope.Codec;
    }

    private sealed class OpeningSink(Envelope envelope) : IFrameSink
    {
        public void OnFrame(ReadOnlySpan<byte> frame) => envelope.Open(frame);

        public void OnHeartbeat(ReadOnlySpan<byte> heartbeat)
        {
        }

        public void OnDropped(ReadOnlySpan<byte> bytes, string reason)
        {
        }
    }
}
