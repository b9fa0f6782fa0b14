using DtuActors.Protocol;
using DtuActors.Protocol.Decoding;
using DtuActors.Protocol.Framing;
using DtuActors.Protocol.Registration;
using DtuActors.Protocol.Transports;

namespace DtuActors.Tests.Shared;

/// <summary>
/// What is fuzzed: every codec with its decoder and id fields, every envelope as <c>envelope:NAME</c>, every vendor's login as <c>login:NAME</c>, the
/// registrations that are read from text and hex, the RFC 2217 port, Modbus requests with their answers, the PROXY header, and exchanges of files. Whatever comes in, their promises
/// hold, or <see cref="BrokenPromiseException"/> is thrown.
/// </summary>
internal static class FuzzTargets
{
    private const string EnvelopePrefix = "envelope:";
    private const string LoginPrefix = "login:";

    // One that begins like another, one that is a frame's preamble, one of zeros, and a text, as profiles name them.
    private static readonly byte[][] Heartbeats = [[0xFE], [0x00], "ping"u8.ToArray(), "pin"u8.ToArray()];

    // Settings at the edges: a delimiter that begins again inside itself, lengths that end before their field, fields of every width.
    private static readonly FramingOptions[] Edges =
    [
        new() { Codec = "delimiter", Delimiter = new byte[] { 0 }, Include = true, MaxFrame = 16 },
        new() { Codec = "delimiter", Delimiter = new byte[] { 1, 1, 0 }, MaxFrame = 16 },
        new() { Codec = "fixed", Length = 1 },
        new() { Codec = "fixed", Length = 64, MaxFrame = 64 },
        new() { Codec = "length-field", Size = 1, MaxFrame = 64 },
        new() { Codec = "length-field", Offset = 1, Size = 2, LittleEndian = true, Adjust = -3, MaxFrame = 300 },
        new() { Codec = "length-field", Size = 4, MaxFrame = 64 },
        new() { Codec = "length-field", Offset = 3, Size = 3, Adjust = 2 },
        new() { Codec = "start-end", Start = new byte[] { 1, 1, 0 }, End = new byte[] { 1, 0 }, MaxFrame = 16 },
        new() { Codec = "start-end", Start = new byte[] { 7 }, End = new byte[] { 7 } },
    ];

    private static readonly Dictionary<string, (Runner Run, Func<IEnumerable<byte[]>> Seeds)> Others = new(StringComparer.Ordinal)
    {
        [PortTarget.Name] = (PortTarget.Run, PortTarget.Seeds),
        [ModbusTarget.Name] = (ModbusTarget.Run, ModbusTarget.Seeds),
        [ProxyTarget.Name] = (ProxyTarget.Run, ProxyTarget.Seeds),
        [FilesTarget.Name] = (FilesTarget.Run, FilesTarget.Seeds),
    };

    private delegate void Runner(FuzzInput input);

    /// <summary>Every target, in the order of the tables.</summary>
    public static IReadOnlyList<string> Names { get; } =
    [
        .. Codecs.Names,
        .. Envelopes.Names.Select(name => EnvelopePrefix + name),
        .. VendorLogins.Names.Select(name => LoginPrefix + name),
        .. RegistrationTarget.Names,
        .. Others.Keys,
    ];

    /// <summary>Runs one input; returns if every promise held.</summary>
    /// <exception cref="BrokenPromiseException">One did not.</exception>
    /// <exception cref="ArgumentException">There is no such target.</exception>
    public static void Run(string target, ReadOnlySpan<byte> bytes)
    {
        var input = new FuzzInput(bytes);
        if (target.StartsWith(EnvelopePrefix, StringComparison.Ordinal) && Envelopes.Find(target[EnvelopePrefix.Length..]) is { } make)
        {
            EnvelopeTarget.Run(make, input, Heartbeats);
        }
        else if (target.StartsWith(LoginPrefix, StringComparison.Ordinal) && VendorLogins.Find(target[LoginPrefix.Length..]) is { } login)
        {
            LoginTarget.Run(login, input);
        }
        else if (Codecs.Names.Contains(target))
        {
            RunCodec(target, input);
        }
        else if (RegistrationTarget.Names.Contains(target))
        {
            RegistrationTarget.Run(target, input);
        }
        else if (Others.TryGetValue(target, out var other))
        {
            other.Run(input);
        }
        else
        {
            throw new ArgumentException($"no target '{target}'; there are {string.Join(", ", Names)}", nameof(target));
        }
    }

    /// <summary>Inputs to begin with: the vectors of this target, whole, cut and glued, under each of its settings, and two bursts of nothing.</summary>
    public static IEnumerable<byte[]> Seeds(string target)
    {
        if (RegistrationTarget.Names.Contains(target))
        {
            return RegistrationTarget.Seeds(target);
        }

        if (Others.TryGetValue(target, out var other))
        {
            return other.Seeds();
        }

        if (target.StartsWith(LoginPrefix, StringComparison.Ordinal))
        {
            return LoginTarget.Seeds(VendorLogins.Find(target[LoginPrefix.Length..])!);
        }

        byte[][] frames;
        int settings;
        if (target.StartsWith(EnvelopePrefix, StringComparison.Ordinal))
        {
            var name = target[EnvelopePrefix.Length..];
            frames = [.. SampleFrames.Logins(name), .. SampleFrames.OfEnvelope(name), .. SampleFrames.Odd(name, envelope: true)];
            settings = 2;
        }
        else
        {
            var good = SampleFrames.Settings(target).SelectMany(SampleFrames.Of).DistinctBy(Convert.ToHexString);
            frames = [.. good, .. SampleFrames.Odd(target, envelope: false)];
            settings = SettingsOf(target).Length;
        }

        // Few and short is what a fuzzer of seconds wants: it glues and cuts by itself.
        byte[][] chosen = [.. frames.OrderBy(frame => frame.Length).Take(16), [0x68, 0x16, 0x10, 0x00, 0xFF], "ping"u8.ToArray()];
        return chosen.Select((frame, i) =>
            FuzzInput.Write(i % settings, i % 3 == 0, i % 2 == 0 ? [0x7F] : [2, 0x84, 0], [.. frame, .. chosen[i * 7 % chosen.Length]]));
    }

    private static FramingOptions[] SettingsOf(string codec)
    {
        var usual = SampleFrames.Settings(codec);
        return [.. usual, .. usual.Select(options => options with { MaxFrame = 64 }), .. Edges.Where(options => options.Codec == codec)];
    }

    private static void RunCodec(string name, FuzzInput input)
    {
        var settings = SettingsOf(name);
        var options = settings[input.Settings % settings.Length];
        var heartbeats = input.HasHeartbeats ? Heartbeats : [];
        var cut = FramerRun.Of(Codecs.Create(options), options.MaxFrame, heartbeats, input, Decode);

        // Pieces are what raw, and a heartbeat as a burst, are made of; everything else is the same however it was cut.
        if (name == "raw" || (heartbeats.Length > 0 && !Codecs.Create(options).IsProtocol))
        {
            return;
        }

        var whole = FramerRun.OfWhole(Codecs.Create(options), options.MaxFrame, heartbeats, input, null);
        BrokenPromiseException.Unless(
            cut.Found.SequenceEqual(whole.Found),
            "the same frames and heartbeats come out however the stream is cut: "
            + $"[{string.Join(' ', cut.Found)}] in pieces, [{string.Join(' ', whole.Found)}] whole");

        void Decode(ReadOnlySpan<byte> frame)
        {
            AssertOneLine(Decoders.Describe(name, FrameDirection.Up, frame));
            AssertOneLine(Decoders.Describe(name, FrameDirection.Down, frame));
            foreach (var field in FrameFields.Of(name))
            {
                _ = FrameFields.TryRead(name, field, frame, out _);
            }
        }
    }

    private static void AssertOneLine(string? text) =>
        BrokenPromiseException.Unless(text is null || !text.AsSpan().ContainsAny('\r', '\n'), $"a decoder says one line: {text}");
}
