using System.Text;
using DtuActors.Protocol.Detection;
using DtuActors.Protocol.Framing;
using DtuActors.Protocol.Registration;
using DtuActors.Protocol.Transports;
using FsCheck.Xunit;

namespace DtuActors.Protocol.Tests;

/// <summary>vectors/frames.tsv through the detection. Vectors of what is not in the tables are left out and join with the row that makes it.</summary>
public sealed class DetectorTests
{
    // The file's word where it is not configuration's.
    private static readonly Dictionary<string, string> Names = new()
    {
        ["mbap"] = "modbus-tcp",
        ["ddp-tcp"] = "ddp",
        ["teltonika-imei"] = "teltonika",
    };

    private static readonly (string Name, string Expect, byte[] Bytes)[] Vectors = [.. Read()];

    // No frame of any protocol begins with these, and they end none.
    private static readonly byte[] Garbage = [0x00, 0x00, 0x00, 0x00, 0x00];

    public static TheoryData<string, byte[]> Good() => Of(_ => true);

    public static TheoryData<string, byte[]> Proven() => Of(name => ProofOf(name) == Proof.Checksum);

    [Theory]
    [MemberData(nameof(Good))]
    public void A_good_frame_is_guessed_first(string name, byte[] frame) => AssertFirst(name, frame, 0.5, 0);

    [Theory]
    [MemberData(nameof(Proven))]
    public void A_frame_that_its_checksum_proves_is_guessed_with_confidence(string name, byte[] frame) => AssertFirst(name, frame, 0.9, 0);

    [Theory]
    [MemberData(nameof(Proven))]
    public void Two_glued_frames_are_still_more_certain(string name, byte[] frame)
    {
        var best = AssertFirst(name, [.. frame, .. frame], 0.95, 0);
        Assert.Equal((2, 2), (best.Frames, best.Proven));
    }

    [Theory]
    [MemberData(nameof(Proven))]
    public void Garbage_in_front_costs_certainty_only(string name, byte[] frame) => AssertFirst(name, [.. Garbage, .. frame], 0.5, Garbage.Length);

    [Fact]
    public void A_Modbus_request_is_told_with_what_it_says_and_what_to_configure()
    {
        var best = Detector.Guess(Recording.Hex("01 03 00 00 00 02 C4 0B"))[0];
        Assert.Equal(("modbus-rtu", GuessKind.Codec, 0.9), (best.Name, best.Kind, best.Confidence));
        Assert.Equal((1, 1, 0), (best.Frames, best.Proven, best.Unexplained));
        Assert.Equal("Modbus read holding registers request, unit 1, 2 registers from 0", best.Decoded);
        Assert.Equal("framing { codec = modbus-rtu }", best.Configuration);
    }

    [SkippableFact]
    public void What_a_checksum_proves_is_hardly_what_only_has_a_shape()
    {
        Skip.IfNot(Codecs.Names.Contains("modbus-tcp"), "the codec modbus-tcp is not built");
        var guesses = Detector.Guess(Recording.Hex("01 03 00 00 00 02 C4 0B"));
        Assert.Equal(["modbus-rtu", "modbus-tcp"], guesses.Select(guess => guess.Name));
        Assert.InRange(guesses[1].Confidence, 0.05, 0.3);
    }

    [Fact]
    public void A_Modbus_function_that_only_the_end_of_the_burst_ends_is_a_hint()
    {
        var guess = Assert.Single(Detector.Guess(Modbus.ModbusRtu.Build(1, [0x41, 0x12, 0x34])), guess => guess.Name == "modbus-rtu");
        Assert.Equal((1, 0, 0.45), (guess.Frames, guess.Proven, guess.Confidence));
    }

    [Fact]
    public void An_envelope_is_told_with_its_id_and_what_is_inside()
    {
        byte[] stream = [.. Ddp.Build(DdpType.Register, "13800138000", [10, 0, 0, 1, 0x0F, 0xA0]), .. Ddp.Build(DdpType.Data, "13800138000", Recording.Hex("01 83 02 C0 F1"))];
        var best = Detector.Guess(stream)[0];
        Assert.Equal(("ddp", GuessKind.Envelope, 0.95, "13800138000"), (best.Name, best.Kind, best.Confidence, best.Id));
        Assert.Equal((2, 0, 0, "registration of 13800138000"), (best.Frames, best.Proven, best.Unexplained, best.Decoded));
        Assert.Equal("envelope = ddp, registration { kind = envelope }", best.Configuration);
        var inner = best.Inside[0];
        Assert.Equal(("modbus-rtu", 0.9, 1), (inner.Name, inner.Confidence, inner.Proven));
        Assert.Equal("Modbus read holding registers, unit 1, exception 02 (illegal data address)", inner.Decoded);
    }

    [Fact]
    public void A_frame_that_an_envelope_carries_in_two_units_is_one_inside()
    {
        var frame = Recording.Hex("01 03 00 00 00 02 C4 0B");
        var best = Detector.Guess([.. Ddp.Build(DdpType.Data, "13800138000", frame.AsSpan(0, 3)), .. Ddp.Build(DdpType.Data, "13800138000", frame.AsSpan(3))])[0];
        Assert.Equal(("ddp", "modbus-rtu", 1), (best.Name, best.Inside[0].Name, best.Inside[0].Proven));
    }

    [Fact]
    public void What_shows_through_an_envelope_is_told_once() =>
        Assert.DoesNotContain(Detector.Guess(Ddp.Build(DdpType.Data, "1", Recording.Hex("01 03 00 00 00 02 C4 0B"))), guess => guess.Name == "modbus-rtu");

    [SkippableTheory]
    [InlineData("C0 01 02 DB DC 03 C0", true)]
    [InlineData("C0 01 C0 C0 02 C0", true)]
    [InlineData("C0 01 02 DB 03 C0", false)]
    [InlineData("01 02 C0", false)]
    [InlineData("C0 C0 C0 C0", false)]
    public void SLIP_is_a_hint_where_its_marks_stand_at_both_ends(string hex, bool fits)
    {
        Skip.IfNot(Codecs.Names.Contains("slip"), "the codec slip is not built");
        Assert.Equal(fits, Detector.Guess(Recording.Hex(hex)).Any(guess => guess is { Name: "slip", Confidence: 0.4 }));
    }

    [SkippableTheory]
    [InlineData("hj212", "##0285QN=20190925181031464;ST=22;CN=2061;PW=BF470F88957588DE902D")]
    [InlineData("sl651", "hex:7E7E001122334405 03E850004F020040170718102149F1F11122334405111122223333444455556666")]
    public void The_beginning_of_a_frame_that_is_hard_to_mistake_is_told_as_such(string codec, string beginning)
    {
        Skip.IfNot(Codecs.Names.Contains(codec), $"the codec {codec} is not built");
        var bytes = beginning.StartsWith("hex:", StringComparison.Ordinal) ? Recording.Hex(beginning[4..]) : Encoding.ASCII.GetBytes(beginning);
        var best = Detector.Guess(bytes)[0];
        Assert.Equal((codec, 0, 0.55), (best.Name, best.Frames, best.Confidence));
    }

    [SkippableFact]
    public void DDP_that_carries_CJT_188_is_told_as_both()
    {
        Skip.IfNot(Codecs.Names.Contains("cjt188"), "the codec cjt188 is not built");
        var best = Detector.Guess(Recording.Hex("7b 89 00 23 31 35 38 32 31 30 34 39 37 33 34 fe fe fe 68 10 84 13 11 15 00 00 00 01 03 90 1f 01 e9 16 7b"))[0];
        Assert.Equal(("ddp", "cjt188", 1), (best.Name, best.Inside[0].Name, best.Inside[0].Proven));
    }

    [Theory]
    [InlineData("861234567890123", "imei", "861234567890123", 0.5)]
    [InlineData("356307042441013", "imei", "356307042441013", 0.85)]
    [InlineData("356307042441013\r\n", "imei", "356307042441013", 0.85)]
    [InlineData("13800138000", "phone", "13800138000", 0.75)]
    [InlineData("89860012345678901234", "iccid", "89860012345678901234", 0.8)]
    [InlineData("LOGIN:13800138000", "phone", "13800138000", 0.6)]
    [InlineData("""{"csq":25,"imei":"861234567890123","iccid":"89860012345678901234"}""", "json", "861234567890123", 0.85)]
    [InlineData("""{"a":{"imei":"1"},"SN":12345}""", "json", "12345", 0.6)]
    [InlineData("www.usr.cn", "text", "www.usr.cn", 0.2)]
    public void A_registration_in_text_is_told_with_its_id(string text, string name, string id, double confidence)
    {
        var guess = Assert.Single(Detector.Guess(Encoding.UTF8.GetBytes(text)), guess => guess.Kind == GuessKind.Registration);
        Assert.Equal((name, id, confidence, 0), (guess.Name, guess.Id, guess.Confidence, guess.Unexplained));
    }

    [Theory]
    [InlineData("""{"csq":25}""")]
    [InlineData("""{"imei":"86""")]
    [InlineData("{}")]
    [InlineData("a")]
    [InlineData("QN=20160801085857223;MN=010000A8900016F000169DC0;")]
    public void What_names_nobody_is_no_registration(string text) =>
        Assert.DoesNotContain(Detector.Guess(Encoding.UTF8.GetBytes(text)), guess => guess.Kind == GuessKind.Registration && guess.Name != "text");

    [Fact]
    public void What_follows_a_registration_is_looked_at_by_itself()
    {
        var best = Detector.Guess([.. "356307042441013\r\n"u8, .. Recording.Hex("01 03 00 00 00 02 C4 0B")])[0];
        Assert.Equal(("imei", "modbus-rtu", 0), (best.Name, best.Inside[0].Name, best.Unexplained));
    }

    [Theory]
    [InlineData("25.3,1013\r\n", "\\r\\n", 0.3)]
    [InlineData("25.3,1013\r\n25.4,1013\r\n25.4,1012\r\n", "\\r\\n", 0.4)]
    [InlineData("温度 25.3\n温度 25.4\n", "\\n", 0.38)]
    [InlineData("ST,GS,+0012.5kg\rST,GS,+0012.6kg\r", "\\r", 0.38)]
    public void Lines_of_text_suggest_a_delimiter(string text, string delimiter, double confidence)
    {
        var guess = Assert.Single(Detector.Guess(Encoding.UTF8.GetBytes(text)), guess => guess.Name == "delimiter");
        Assert.Equal((confidence, $"framing {{ codec = delimiter, delimiter = \"{delimiter}\" }}"), (guess.Confidence, guess.Configuration));
    }

    [Theory]
    [InlineData(0x00)]
    [InlineData(0xFF)]
    [InlineData(0xE5)]
    [InlineData(0xFE)]
    [InlineData(0x68)]
    [InlineData(0x7E)]
    public void One_byte_over_and_over_is_nothing(byte fill) =>
        Assert.All([1, 2, 5, 64, 5000], length => Assert.Empty(Detector.Guess([.. Enumerable.Repeat(fill, length)])));

    [Fact]
    public void No_bytes_are_nothing() => Assert.Empty(Detector.Guess([]));

    [Fact]
    public void Noise_gives_nothing_that_could_be_believed()
    {
        // A fixed seed: a 16-bit checksum holds by chance in one of 65,536 places.
        var random = new Random(212);
        for (var i = 0; i < 3000; i++)
        {
            var noise = new byte[random.Next(0, 300)];
            random.NextBytes(noise);
            Assert.DoesNotContain(Detector.Guess(noise), guess => guess.Confidence > 0.5);
        }
    }

    [Fact]
    public void Much_noise_gives_next_to_nothing()
    {
        var noise = new byte[Detector.MaxBytes + 100_000];
        new Random(645).NextBytes(noise);
        Assert.All(Detector.Guess(noise), guess => Assert.InRange(guess.Confidence, 0, 0.25));
    }

    [Property(MaxTest = 300)]
    public void Guesses_of_anything_are_few_bounded_and_in_order(byte[] bytes, byte[] more)
    {
        byte[] stream = [.. bytes, .. Modbus.ModbusRtu.Build(1, [3, 2, 0, 1]), .. Ddp.Build(DdpType.Data, "1", more), .. more];
        foreach (var capture in (byte[][])[bytes, stream, [.. "{\"imei\":"u8, .. bytes], [.. "\r\n"u8, .. bytes]])
        {
            var guesses = Detector.Guess(capture);
            Assert.InRange(guesses.Count, 0, Detector.MaxGuesses);
            Assert.Equal(guesses.OrderByDescending(guess => guess.Confidence).Select(guess => guess.Name), guesses.Select(guess => guess.Name));
            Assert.All(guesses, guess =>
            {
                Assert.InRange(guess.Confidence, 0.05, 1);
                Assert.InRange(guess.Unexplained, 0, capture.Length);
                Assert.InRange(guess.Proven, 0, guess.Frames);
                Assert.NotEqual("raw", guess.Name);
            });
        }
    }

    [Theory]
    [MemberData(nameof(Good))]
    public void What_a_codec_says_of_its_proof_is_so(string name, byte[] frame)
    {
        // A codec that promises a checksum takes hardly a frame of which one bit is wrong (HJ 212 sums neither its length nor the case of its digits); one
        // that verifies a checksum says so, or the detection would rank it too low.
        if (!Codecs.Names.Contains(name) || frame.Length < 4)
        {
            return;
        }

        var codec = Codecs.Create(new FramingOptions { Codec = name });
        var accepted = 0;
        for (var bit = 0; bit < 8 * frame.Length; bit++)
        {
            byte[] changed = [.. frame];
            changed[bit / 8] ^= (byte)(1 << (bit % 8));
            var cut = codec.Next(changed, 0, silent: false);
            accepted += cut.Kind == CutKind.Frame && cut.Length == frame.Length ? 1 : 0;
        }

        var right = codec.Proof == Proof.Checksum ? 10 * accepted <= 8 * frame.Length : accepted > 0 || frame.Length < 8;
        Assert.True(right, $"{name} says {codec.Proof}; {accepted} of {8 * frame.Length} single wrong bits were not seen");
    }

    private static Guess AssertFirst(string name, byte[] bytes, double atLeast, int unexplained)
    {
        var guesses = Detector.Guess(bytes);
        Assert.NotEmpty(guesses);
        Assert.Equal(name, guesses[0].Name);
        Assert.InRange(guesses[0].Confidence, atLeast, 1);
        Assert.Equal(unexplained, guesses[0].Unexplained);
        return guesses[0];
    }

    private static Proof? ProofOf(string name) => Codecs.Names.Contains(name) ? Codecs.Create(new FramingOptions { Codec = name }).Proof : null;

    private static TheoryData<string, byte[]> Of(Predicate<string> fits)
    {
        var data = new TheoryData<string, byte[]>();
        foreach (var (name, _, bytes) in Vectors.Where(vector => vector.Expect == "good" && IsBuilt(vector.Name) && fits(vector.Name)))
        {
            data.Add(name, bytes);
        }

        return data;
    }

    private static bool IsBuilt(string name) =>
        Codecs.Names.Contains(name) || Envelopes.Names.Contains(name) || VendorLogins.Names.Contains(name) || WholeUnits.Names.Contains(name);

    private static IEnumerable<(string Name, string Expect, byte[] Bytes)> Read()
    {
        foreach (var line in File.ReadLines(Path.Combine(AppContext.BaseDirectory, "vectors", "frames.tsv")).Skip(1))
        {
            var columns = line.Split('\t');
            var bytes = columns[3] == "hex"
                ? Recording.Hex(columns[4])
                : Encoding.ASCII.GetBytes(columns[4].Replace("\\r", "\r", StringComparison.Ordinal).Replace("\\n", "\n", StringComparison.Ordinal));
            yield return (Names.GetValueOrDefault(columns[0], columns[0]), columns[2], bytes);
        }
    }
}
