using System.Text;
using DtuActors.Protocol.Framing;
using DtuActors.Protocol.Layouts;
using FsCheck.Xunit;

namespace DtuActors.Protocol.Tests;

/// <summary>What holds of HJ 212, SL 651 and JT/T 808 whatever comes in and however it is cut.</summary>
public sealed class StationProperties
{
    [Property(MaxTest = 300)]
    public void HJ_212_frames_come_out_in_order_at_any_chunking((byte[] Text, bool Miscounted)[] segments, int[] cuts) =>
        AssertFrames("hj212", cuts, [.. segments.Select(segment => Hj212Frame(segment.Text, segment.Miscounted))]);

    [Property(MaxTest = 300)]
    public void SL_651_frames_come_out_in_order_at_any_chunking((byte[] Body, bool Down, bool Several, bool Ascii)[] frames, int[] cuts) =>
        AssertFrames("sl651", cuts, [.. frames.Select(frame => Sl651Frame(frame.Body, frame.Down, frame.Several, frame.Ascii))]);

    [Property(MaxTest = 300)]
    public void JTT_808_frames_come_out_in_order_at_any_chunking((byte[] Body, bool Newer, bool Part)[] frames, int[] cuts) =>
        AssertFrames("jt808", cuts, [.. frames.Select(frame => Jt808Frame(frame.Body, frame.Newer, frame.Part))]);

    [Property(MaxTest = 300)]
    public void JTT_808_frames_that_share_their_marks_come_out_whole_at_any_chunking((byte[] Body, bool Newer, bool Shared)[] frames, int[] cuts)
    {
        byte[][] whole = [.. frames.Select(frame => Jt808Frame(frame.Body, frame.Newer, part: false))];
        byte[] stream = [.. whole.SelectMany((frame, i) => i > 0 && frames[i].Shared ? frame[1..] : frame)];
        AssertOut("jt808", Recording.Cut(stream, cuts), whole);
    }

    [Property(MaxTest = 1000)]
    public void Marks_halves_and_whole_frames_in_any_order_are_cut_the_same_at_any_chunking((byte Kind, byte[] Bytes)[] pieces, int[] cuts)
    {
        foreach (var (codec, alphabet, frame) in new (string, byte[], Func<byte[], byte[]>)[]
        {
            ("hj212", "##00012&&AF\r\n=;"u8.ToArray(), bytes => Hj212Frame(bytes, bytes.Length % 3 == 1)),
            ("sl651", [0x7E, 0x7E, 1, 0, 2, 0x16, 3, 0x30, 0x38], bytes => Sl651Frame(bytes, false, bytes.Length % 2 == 1, bytes.Length % 3 == 1)),
            ("jt808", [0x7E, 0x7D, 0x01, 0x02, 0x00], bytes => Jt808Frame(bytes, bytes.Length % 2 == 1, false)),
        })
        {
            byte[] stream = [.. pieces.SelectMany(piece =>
            {
                var whole = frame(piece.Bytes);
                return (piece.Kind % 6) switch
                {
                    0 or 1 => whole,
                    2 => whole[..(whole.Length / 2)],
                    3 => whole[(whole.Length / 2)..],
                    4 => [.. whole[..^5], (byte)(whole[^5] ^ 1), .. whole[^4..]],
                    _ => (byte[])[.. piece.Bytes.Select(b => alphabet[b % alphabet.Length])],
                };
            })];
            var options = new FramingOptions { Codec = codec };
            var once = Recording.Of(new Framer(Codecs.Create(options), 4096), stream);
            var framer = new Framer(Codecs.Create(options), 4096);
            var cut = Recording.Of(framer, Recording.Cut(stream, cuts));
            Assert.Equal(once.Frames, cut.Frames);
            Assert.Equal(ReasonOfEveryByte(once), ReasonOfEveryByte(cut));
            Assert.Equal(0, framer.Pending);
            if (codec != "jt808")
            {
                Assert.Equal(stream.Length, cut.FrameBytes + cut.DroppedBytes);
            }
        }
    }

    [Property(MaxTest = 500)]
    public void A_whole_frame_comes_out_whatever_half_stands_before_it(byte[] lost, byte[] body, byte at, int[] cuts)
    {
        foreach (var (codec, make) in new (string, Func<byte[], byte[]>)[]
        {
            ("hj212", bytes => Hj212Frame(bytes, false)),
            ("sl651", bytes => Sl651Frame(bytes, false, false, false)),
            ("sl651", bytes => Sl651Frame(bytes, false, false, true)),
            ("jt808", bytes => Jt808Frame(bytes, false, false)),
        })
        {
            var half = make(lost);
            // Without its last mark only, a frame of JT/T 808 is whole: it shares the next one's.
            half = half[..(at % (half.Length - 1))];
            var good = make(body);

            // Without silence: the frame waits for nothing.
            var sink = new Recording();
            var framer = new Framer(Codecs.Create(new FramingOptions { Codec = codec }), 4096);
            Array.ForEach(Recording.Cut([.. half, .. good], cuts), piece => framer.Feed(piece, ref sink));
            Assert.Equal([Convert.ToHexString(good)], sink.Frames);
            Assert.Equal(half.Length, sink.DroppedBytes);
        }
    }

    private static string ReasonOfEveryByte(Recording sink) => string.Concat(sink.Drops.Select(drop => new string(drop.Reason[0], drop.Hex.Length / 2)));

    /// <summary>A segment of text that is no frame itself, in a frame whose length is one off where it is miscounted.</summary>
    private static byte[] Hj212Frame(byte[] text, bool miscounted)
    {
        var letters = string.Concat(text.Select(b => (char)('a' + (b % 26))));
        var frame = Hj212.Build($"QN=20160801085857223;ST=32;CN=2011;PW=123456;MN={letters};Flag=5;CP=&&DataTime=20160801085857;{letters}-Rtd={text.Length}&&");
        if (miscounted)
        {
            Encoding.ASCII.GetBytes((frame.Length - Hj212.Overhead - 1 + (text.Length % 2 * 2)).ToString("D4")).CopyTo(frame, 2);
        }

        return frame;
    }

    private static byte[] Sl651Frame(byte[] body, bool down, bool several, bool ascii) => Sl651.Build(
        down ? FrameDirection.Down : FrameDirection.Up,
        new Sl651Address(5, "0011223344", 0x03E8, 0x34),
        body,
        down ? Sl651.StayOnline : Sl651.EndOfText,
        several ? (13, 2) : null,
        ascii);

    private static byte[] Jt808Frame(byte[] body, bool newer, bool part) =>
        Jt808.Build(0x0200, newer ? "00000000013800138000" : "013800138000", 125, body, part ? ((ushort)3, (ushort)2) : null);

    private static void AssertFrames(string codec, int[] cuts, byte[][] frames) =>
        AssertOut(codec, Recording.Cut([.. frames.SelectMany(frame => frame)], cuts), frames);

    private static void AssertOut(string codec, byte[][] pieces, byte[][] frames)
    {
        // Without any silence: whole frames wait for nothing.
        var sink = new Recording();
        var framer = new Framer(Codecs.Create(new FramingOptions { Codec = codec }), 4096);
        Array.ForEach(pieces, piece => framer.Feed(piece, ref sink));
        Assert.Equal(frames.Select(Convert.ToHexString), sink.Frames);
        Assert.Empty(sink.Drops);
        Assert.Equal(0, framer.Pending);
        Assert.Null(framer.SilenceDue);
    }
}
