using DtuActors.Protocol.Framing;
using DtuActors.Protocol.Registration;
using DtuActors.Protocol.Transports;

namespace DtuActors.Protocol.Detection;

/// <summary>
/// Which protocols fit given bytes: runs everything of the tables <see cref="Codecs"/>, <see cref="Envelopes"/>, <see cref="VendorLogins"/> and
/// <see cref="WholeUnits"/> over them that can be told from bytes alone, and weighs what each explains. A new row there takes part by itself. Pure, bounded, and never throws.
/// </summary>
/// <remarks>
/// A checksum proves a frame, so what it does not explain costs little (a capture begins anywhere); a shape alone must explain nearly everything. Of two
/// protocols with one start byte (68: DL/T 645, CJ/T 188, IEC 101, IEC 104) the one with the checksum wins.
/// </remarks>
public static class Detector
{
    /// <summary>Only so many bytes are read: 1 MB.</summary>
    public const int MaxBytes = 1024 * 1024;

    /// <summary>The most guesses that are made.</summary>
    public const int MaxGuesses = 8;

    /// <summary>The longest frame in bytes, well above the longest of any protocol (HJ 212 counts with four digits).</summary>
    internal const int MaxFrame = 16 * 1024;

    private const string SlipName = "slip";

    private const double Least = 0.05;
    private const double Certain = 0.85;
    private const double BesideProof = 0.4;

    // A login in front of an envelope around frames: nothing is packed deeper.
    private const int MaxDepth = 2;

    private static readonly Candidate[] CodecTable = [.. Codecs.Names.Select(OfCodec).OfType<Candidate>()];
    private static readonly Candidate[] EnvelopeTable = [.. Envelopes.Names.Select(name => new Candidate(name, Envelopes.Find(name)!().Codec))];

    /// <summary>What <paramref name="bytes"/>, one capture from its beginning, may be: the best first, empty where nothing fits.</summary>
    public static IReadOnlyList<Guess> Guess(ReadOnlySpan<byte> bytes) => Guess(bytes, 0);

    private static List<Guess> Guess(ReadOnlySpan<byte> bytes, int depth)
    {
        bytes = bytes[..Math.Min(bytes.Length, MaxBytes)];
        var guesses = new List<Guess?>();

        // One byte, or one over and over (an idle line's fill), says nothing.
        if (bytes.Length > 1 && bytes.ContainsAnyExcept(bytes[0]))
        {
            foreach (var envelope in EnvelopeTable)
            {
                guesses.Add(OfEnvelope(envelope, bytes, depth));
            }

            foreach (var login in VendorLogins.Names)
            {
                guesses.Add(OfLogin(VendorLogins.Find(login)!, bytes, depth));
            }

            foreach (var name in WholeUnits.Names)
            {
                guesses.Add(OfWhole(name, bytes, depth));
            }

            foreach (var codec in CodecTable)
            {
                guesses.Add(OfCodec(codec, bytes));
            }

            guesses.Add(TextGuesses.Lines(bytes));
            guesses.Add(Slip(bytes));
            guesses.Add(WithRest(TextGuesses.Registration(bytes), bytes, depth));
        }

        return Best([.. guesses.OfType<Guess>()]);
    }

    private static List<Guess> Best(List<Guess> guesses)
    {
        // Bytes that checksums prove are hardly something else as well that has no more than a shape (01 03 00 00 00 02 ... reads as Modbus TCP too).
        if (guesses.Any(guess => guess.Proven > 0 && guess.Confidence >= Certain))
        {
            guesses = [.. guesses.Select(guess => guess is { Kind: GuessKind.Codec, Proven: 0 } ? guess with { Confidence = Rounded(guess.Confidence * BesideProof) } : guess)];
        }

        var best = guesses.Where(guess => guess.Confidence >= Least).OrderByDescending(guess => guess.Confidence).ThenByDescending(guess => guess.Proven).ToList();

        // What shows through an envelope is told once, inside it.
        best.RemoveAll(guess => best.Any(other => other.Confidence >= guess.Confidence && other.Inside.Any(inner => inner.Name == guess.Name)));
        return best.Count > MaxGuesses ? best[..MaxGuesses] : best;
    }

    // ---- confidence ----

    /// <summary>Of frames that a checksum, or a vendor's id, proves.</summary>
    internal static double Proven(int frames, int explained, int of) => frames == 0 ? 0 : Rounded((1 - (0.1 / frames)) * Math.Sqrt((double)explained / of));

    /// <summary>Of frames that only their shape tells: 0.6 where one is all there is.</summary>
    internal static double Shaped(int frames, int explained, int of) => frames == 0 ? 0 : Rounded((0.7 - (0.1 / frames)) * Squared(explained, of));

    /// <summary>Of what could be no more than chance; never above <paramref name="most"/>.</summary>
    internal static double Weak(double most, int explained, int of) => Rounded(most * Squared(explained, of));

    private static double Squared(int explained, int of) => (double)explained / of * explained / of;

    private static double Rounded(double confidence) => Math.Round(confidence, 2);

    // ---- codecs ----

    private static Candidate? OfCodec(string name)
    {
        try
        {
            var codec = Codecs.Create(new FramingOptions { Codec = name, MaxFrame = MaxFrame });
            return codec.IsProtocol ? new Candidate(name, codec) : null;
        }
        catch (ArgumentException)
        {
            // It works with keys only (a length, a start): bytes alone can't tell it.
            return null;
        }
    }

    private static Guess? OfCodec(Candidate candidate, ReadOnlySpan<byte> bytes)
    {
        var (name, codec) = (candidate.Name, candidate.Codec);
        var tally = new Tally(codec);
        var begun = tally.Read(bytes);
        var configuration = $"framing {{ codec = {name} }}";
        if (tally.Frames == 0)
        {
            return Begun(candidate, begun, bytes.Length) is { } confidence
                ? new Guess(name, GuessKind.Codec, confidence) { Configuration = configuration }
                : null;
        }

        // A checksum codec's frame that only silence ended is one whose length nothing in it tells: any burst has a chance of 2^-16 at each of its bytes.
        var shaped = codec.Proof switch
        {
            Proof.Checksum => Weak(0.45, tally.Explained, bytes.Length),
            Proof.Delimiters => Shaped(tally.Frames, tally.Explained, bytes.Length),
            _ => Weak(0.2, tally.Explained, bytes.Length),
        };
        return new Guess(name, GuessKind.Codec, Math.Max(shaped, Proven(tally.Proven, Math.Min(tally.ProvenBytes, tally.Explained), bytes.Length)))
        {
            Frames = tally.Frames,
            Proven = tally.Proven,
            Unexplained = bytes.Length - tally.Explained,
            Decoded = Describe(name, tally.First),
            Id = IdOf(name, tally.First),
            Configuration = configuration,
        };
    }

    /// <summary>SLIP's codec takes any bytes up to a C0, so it proves nothing by itself; C0 at both ends and no wrong escape between (RFC 1055) are a hint.</summary>
    private static Guess? Slip(ReadOnlySpan<byte> bytes)
    {
        const byte end = 0xC0;
        if (bytes[0] != end || bytes[^1] != end || !Codecs.Names.Contains(SlipName))
        {
            return null;
        }

        var tally = new Tally(Codecs.Create(new FramingOptions { Codec = SlipName, MaxFrame = MaxFrame }));
        tally.Read(bytes);
        return tally.Frames == 0 || tally.Explained < bytes.Length ? null : new Guess(SlipName, GuessKind.Codec, 0.4)
        {
            Frames = tally.Frames,
            Decoded = Describe(SlipName, tally.First),
            Configuration = $"framing {{ codec = {SlipName} }}",
        };
    }

    /// <summary>Bytes that are the beginning of one frame and no more, as the inbox of refused connections keeps them: worth telling where few bytes begin a frame.</summary>
    private static double? Begun(Candidate candidate, int begun, int of) =>
        begun < of || begun < Candidate.LeastBegun ? null : candidate.Beginnings.Value switch
        {
            0 => 0.55,
            < Candidate.Samples / 100 => 0.35,
            _ => null,
        };

    internal static string? Describe(string codec, ReadOnlySpan<byte> frame) =>
        Decoding.Decoders.Describe(codec, FrameDirection.Up, frame) ?? Decoding.Decoders.Describe(codec, FrameDirection.Down, frame);

    private static string? IdOf(string codec, ReadOnlySpan<byte> frame)
    {
        foreach (var field in FrameFields.Of(codec))
        {
            if (FrameFields.TryRead(codec, field, frame, out var value))
            {
                return value;
            }
        }

        return null;
    }

    // ---- envelopes ----

    private static Guess? OfEnvelope(Candidate candidate, ReadOnlySpan<byte> bytes, int depth)
    {
        var units = new UnitTally(Envelopes.Find(candidate.Name)!());
        var begun = units.Read(bytes);
        var configuration = $"envelope = {candidate.Name}, registration {{ kind = envelope }}";
        if (units.Frames == 0)
        {
            return Begun(candidate, begun, bytes.Length) is { } confidence
                ? new Guess(candidate.Name, GuessKind.Envelope, confidence) { Configuration = configuration }
                : null;
        }

        var checksum = candidate.Codec.Proof == Proof.Checksum;
        if (units.Id is null && !checksum && units.AllData)
        {
            // Everything could be data without a name.
            return null;
        }

        return new Guess(
            candidate.Name,
            GuessKind.Envelope,
            units.Id is null && !checksum ? Shaped(units.Frames, units.Explained, bytes.Length) : Proven(units.Frames, units.Explained, bytes.Length))
        {
            Frames = units.Frames,
            Proven = checksum ? units.Frames : 0,
            Unexplained = bytes.Length - units.Explained,
            Decoded = units.First,
            Id = units.Id,
            Configuration = configuration,
            Inside = depth < MaxDepth ? Guess(units.Payload, depth + 1) : [],
        };
    }

    // ---- whole units ----

    private static Guess? OfWhole(string name, ReadOnlySpan<byte> bytes, int depth)
    {
        if (WholeUnits.Read(name, bytes) is not { } whole || WholeUnits.IsAlsoInStreams(name, bytes))
        {
            return null;
        }

        var (id, checksum) = (whole.Envelope?.Id, WholeUnits.ProofOf(name) == Proof.Checksum);
        return new Guess(
            name,
            WholeUnits.KindOf(name),
            id is null && !checksum ? Shaped(1, bytes.Length, bytes.Length) : Proven(1, bytes.Length, bytes.Length))
        {
            Frames = 1,
            Proven = checksum ? 1 : 0,
            Decoded = whole.Line,
            Id = id,
            Inside = depth < MaxDepth && whole.Envelope is { } unit ? Guess(unit.Payload(bytes), depth + 1) : [],
        };
    }

    // ---- logins and registrations ----

    private static Guess? OfLogin(VendorLogin login, ReadOnlySpan<byte> bytes, int depth)
    {
        // It is the first thing that is said, and all of it: what follows is a stream of its own.
        var length = login.LengthOf(bytes);
        if (length <= 1 || length > bytes.Length || !login.TryRead(bytes[..length], out var presented))
        {
            return null;
        }

        var guess = new Guess(login.Name, GuessKind.Login, 0.9)
        {
            Frames = 1,
            Decoded = $"login of {presented.Id}",
            Id = presented.Id,
            Configuration = $"registration {{ kind = {login.Name} }}",
        };
        return WithRest((guess, length), bytes, depth);
    }

    private static Guess? WithRest((Guess Guess, int Length)? read, ReadOnlySpan<byte> bytes, int depth)
    {
        if (read is not var (guess, length))
        {
            return null;
        }

        var inside = depth < MaxDepth ? Guess(bytes[length..], depth + 1) : [];
        return guess with { Inside = inside, Unexplained = inside is [var best, ..] ? best.Unexplained : bytes.Length - length };
    }

    /// <summary>A codec that takes part, with how much a beginning of its frames says.</summary>
    private sealed record Candidate(string Name, Codec Codec)
    {
        public const int Samples = 4096;

        /// <summary>Fewer bytes begin anything.</summary>
        public const int LeastBegun = 12;

        /// <summary>How many of <see cref="Samples"/> random bursts would be taken for the beginning of a frame: none for ##0285, every second for Modbus, which has no mark.</summary>
        public Lazy<int> Beginnings { get; } = new(() => Count(Codec));

        private static int Count(Codec codec)
        {
            const int Length = 64;
            var random = new Random(651);
            Span<byte> head = stackalloc byte[Length];
            var count = 0;
            for (var i = 0; i < Samples; i++)
            {
                random.NextBytes(head);
                count += codec.Next(head, 0, silent: false).Kind == CutKind.Wait ? 1 : 0;
            }

            return count;
        }
    }
}
