using DtuActors.Protocol.Framing;
using DtuActors.Protocol.Registration;
using DtuActors.Protocol.Transports;
using FsCheck.Xunit;

namespace DtuActors.Protocol.Tests;

/// <summary>What holds of every envelope and login, whatever comes in and however it is cut.</summary>
public sealed class EnvelopeProperties
{
    private const string Id = "13800138000";
    private static readonly byte[] ProtLogin = FourFaithProt.BuildLogin([0x78, 0x56, 0x34, 0x12], Id, [192, 168, 1, 66]);

    /// <summary>A DTU's side: its registration, how it writes the instrument's bytes, and its heartbeat.</summary>
    private sealed record Side(string Name, byte[] Register, Func<byte[], byte[]> Up, byte[] Heartbeat);

    // The forms of protocols' recordings, verbatim where there is one.
    private static readonly Side[] Sides =
    [
        new(
            "ddp",
            Ddp.Build(DdpType.Register, Id, [10, 27, 190, 45, 0x0F, 0xA0]),
            data => Ddp.Build(DdpType.Data, Id, data),
            Ddp.Build(DdpType.Register, Id, [])),
        new("four-faith-prot", ProtLogin, data => FourFaithProt.Escape(data), [FourFaithProt.Heartbeat]),
        new("zg", Zg.Build(ZgType.Register, "13800138000"u8), data => Zg.Build(ZgType.Data, data), Zg.Build(ZgType.Heartbeat, [])),
        new(
            "zg",
            Zg.BuildNumbered(ZgType.Register, Id, "192.168.1.100,5002"u8),
            data => Zg.BuildNumbered(ZgType.Data, Id, data),
            Zg.BuildNumbered(ZgType.Heartbeat, Id, [])),
        new("jbt", Jbt.Build(JbtFunction.Register, Id, []), data => Jbt.Build(JbtFunction.Data, Id, data), Jbt.Build(JbtFunction.Register, Id, [])),
    ];

    [Property(MaxTest = 300)]
    public void What_a_DTU_wraps_is_unwrapped_to_the_same_bytes_at_any_chunking((byte[] Data, bool Heartbeat)[] sent, int[] cuts)
    {
        foreach (var side in Sides)
        {
            byte[] stream = [.. side.Register, .. sent.SelectMany(s => (byte[])[.. side.Up(s.Data), .. s.Heartbeat ? side.Heartbeat : []])];
            var opened = Opened.Of(side.Name, Recording.Cut(stream, cuts)).Silence();
            Assert.Equal(Id, opened.Units[0].Id);
            Assert.Equal(sent.SelectMany(s => s.Data), opened.Data);
            Assert.Equal(
                1 + sent.Count(s => s.Heartbeat),
                opened.Units.Count(unit => unit.Kind is EnvelopeKind.Registration or EnvelopeKind.Heartbeat));
            Assert.Empty(opened.Drops);
        }
    }

    [Property(MaxTest = 200)]
    public void What_the_centre_wraps_is_what_the_DTU_unwraps(byte[] payload, int[] cuts)
    {
        foreach (var side in Sides)
        {
            var down = Opened.Of(side.Name, side.Register).Envelope.Wrap(Id, payload);
            switch (side.Name)
            {
                case "ddp":
                    var sink = Recording.Of(new Framer(Envelopes.Find("ddp")!().Codec, Ddp.MaxUnit), Recording.Cut(down, cuts));
                    Assert.Equal(payload, sink.Frames.SelectMany(hex => Convert.FromHexString(hex)[Ddp.DataOffset..^1]));
                    break;
                case "jbt":
                    Assert.Equal(payload, down);
                    break;
                default:
                    Assert.Equal(payload, Opened.Of(side.Name, [side.Register, .. Recording.Cut(down, cuts)]).Silence().Data);
                    break;
            }
        }
    }

    [Property(MaxTest = 1000)]
    public void Anything_at_all_is_understood_the_same_at_any_chunking_and_accounted_for(byte[] noise, byte[] data, int[] cuts, byte which, bool known)
    {
        foreach (var side in Sides)
        {
            // Bytes that heads, marks, lengths and escapes are made of, and pieces of real units.
            byte[] likely = [0x7B, 0x7D, 0x30, 0x31, 0x32, 0x00, 0x0B, 0x0C, 0xA8, 0x81, 0xFD, 0xED, 0xEE, 0xFE, 0x01, 0x78];
            byte[] junk = [.. noise.Select(b => likely[b % likely.Length])];
            byte[] stream =
            [
                .. junk, .. side.Register[..(which % side.Register.Length)], .. side.Register, .. side.Up(junk), .. side.Up(data), .. noise,
                .. side.Register, .. junk, .. side.Heartbeat, .. side.Up(junk),
            ];

            // A Four-Faith login behind data is one only at the head of a piece, so that there the cut may tell; without it nothing may.
            if (side.Name == "four-faith-prot")
            {
                stream = [.. junk, .. ProtLogin, 0x00, .. junk, .. side.Up(data), .. noise];
            }

            var whole = Feed(side.Name, known, [stream]);
            var cut = Feed(side.Name, known, Recording.Cut(stream, cuts));
            Assert.Equal(whole.Log, cut.Log);
            Assert.Equal(whole.Replies, cut.Replies);
            Assert.Equal(string.Concat(whole.Drops.Select(drop => drop.Hex)), string.Concat(cut.Drops.Select(drop => drop.Hex)));
            Assert.Equal(0, cut.Pending);
        }
    }

    [Property(MaxTest = 1000)]
    public void No_input_makes_an_envelope_throw_or_lose_a_byte(byte[][] pieces, bool known)
    {
        foreach (var side in Sides)
        {
            var envelope = Envelopes.Find(side.Name)!();
            if (known)
            {
                envelope.AssumeLoggedIn();
            }

            var counting = new Counting(envelope);
            var framer = new Framer(envelope.Codec, 1040);
            foreach (var piece in pieces)
            {
                framer.Feed(piece, ref counting);
                if (piece.Length % 3 == 0 && framer.SilenceDue is not null)
                {
                    framer.Silence(ref counting);
                }
            }

            Assert.Equal(pieces.Sum(piece => piece.Length), counting.Bytes + framer.Pending);
            Assert.NotNull(envelope.Wrap(Id, pieces.SelectMany(piece => piece).ToArray()));
        }
    }

    [Property(MaxTest = 500)]
    public void No_unit_makes_an_envelope_throw_cut_by_its_codec_or_not(byte[] unit)
    {
        foreach (var side in Sides)
        {
            var envelope = Envelopes.Find(side.Name)!();
            foreach (var bytes in new[] { unit, [.. side.Register, .. unit], side.Register[..(unit.Length % side.Register.Length)], [] })
            {
                var opened = envelope.Open(bytes);
                Assert.True(opened.Payload(bytes).Length <= bytes.Length);
            }
        }
    }

    [Property(MaxTest = 500)]
    public void No_bytes_make_a_reader_throw(byte[] bytes, byte first)
    {
        byte[][] heads = [[], "HSL"u8.ToArray(), [0, 15], [0xAA, 0x01], [0x7B, first, 0, 16], [0x55, 0xAA, 0x55, 0xAA, first, 0, (byte)bytes.Length]];
        foreach (var head in heads)
        {
            byte[] all = [.. head, .. bytes];
            foreach (var login in VendorLogins.Names.Select(name => VendorLogins.Find(name)!))
            {
                var length = login.LengthOf(all);
                Assert.InRange(length, -1, RegistrationReader.MaxLength);
                Assert.Equal(0, login.LengthOf([]));
                _ = login.TryRead(all, out _);
                _ = login.Accepted(all).Length + login.Refused(all, first % 2 == 0).Length;
                for (var cut = 0; length > 0 && cut < all.Length; cut++)
                {
                    Assert.True(login.LengthOf(all.AsSpan(0, cut)) is 0 || login.LengthOf(all.AsSpan(0, cut)) == length);
                }
            }

            _ = DdpDatagram.TryOpen(all, out _);
            _ = UsrBaudFrame.TryRead(all, out _);
            _ = Ihdmp.Read(all);
        }
    }

    private static Opened Feed(string name, bool known, byte[][] pieces)
    {
        var envelope = Envelopes.Find(name)!();
        if (known)
        {
            envelope.AssumeLoggedIn();
        }

        return new Opened(envelope).Feed(pieces).Silence();
    }

    private sealed class Counting(Envelope envelope) : IFrameSink
    {
        public int Bytes { get; private set; }

        public void OnFrame(ReadOnlySpan<byte> frame)
        {
            Bytes += frame.Length;
            envelope.Open(frame);
        }

        public void OnHeartbeat(ReadOnlySpan<byte> heartbeat) => Bytes += heartbeat.Length;

        public void OnDropped(ReadOnlySpan<byte> bytes, string reason) => Bytes += bytes.Length;
    }
}
