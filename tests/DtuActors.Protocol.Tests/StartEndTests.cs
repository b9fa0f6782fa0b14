using System.Text;
using DtuActors.Protocol.Framing;

namespace DtuActors.Protocol.Tests;

public sealed class StartEndTests
{
    [Theory]
    [InlineData("<", ">", "<a><b>", "f <a>", "f <b>")]
    [InlineData("<", ">", "<><a>", "f <>", "f <a>")]
    [InlineData("<", ">", "x<a>y<b>z", "d x garbage", "f <a>", "d y garbage", "f <b>", "d z garbage")]
    [InlineData("<", ">", "<a<b>", "d <a garbage", "f <b>")]
    [InlineData("<", ">", "<<<b>", "d << garbage", "f <b>")]
    [InlineData("<", ">", ">a><b>", "d >a> garbage", "f <b>")]
    [InlineData("<", ">", "<a>b>", "f <a>", "d b> garbage")]
    [InlineData("<", ">", "<b><a", "f <b>", "d <a truncated")]
    [InlineData("$$", "\r\n", "$$a\r$b\n\r\n$$c\r\n", "f $$a\r$b\n\r\n", "f $$c\r\n")]
    [InlineData("$$", "\r\n", "$a$$$b\r\n", "d $a$ garbage", "f $$b\r\n")]
    [InlineData("##", "\r\n", "#a##1\r##2\r\n", "d #a##1\r garbage", "f ##2\r\n")]
    [InlineData("~", "~", "~a~~b~", "f ~a~", "f ~b~")]
    [InlineData("~", "~", "a~~b~~c~", "d a~ garbage", "f ~b~", "f ~c~")]
    [InlineData("~~", "~~", "~~a~~~~b~~", "f ~~a~~", "f ~~b~~")]
    [InlineData("A", "XAB", "AdXAB", "f AdXAB")]
    [InlineData("A", "XAB", "AdXAcXAB", "d AdX garbage", "f AcXAB")]
    [InlineData("#", "##", "#a##b", "f #a##", "d b garbage")]
    [InlineData("##", "#", "##a#b", "f ##a#", "d b garbage")]
    public void The_first_end_behind_the_last_start_ends_the_frame_at_every_cut(string start, string end, string stream, params string[] log) =>
        Assert.All(Recording.Cuts(Bytes(stream)), pieces => Assert.Equal(Merged(log), Merged(Recording.Of(Make(start, end), pieces).Log.Select(Text))));

    [Fact]
    public void A_mark_that_is_cut_at_silence_is_no_start()
    {
        var sink = Recording.Of(Make("$$", "\n"), "ab$"u8.ToArray());
        Assert.Equal(3, sink.DroppedBytes);
        Assert.Empty(sink.Frames);
    }

    [Fact]
    public void A_frame_longer_than_max_frame_is_dropped_and_the_next_one_comes_out()
    {
        Assert.All(Recording.Cuts(Bytes("<much too long><ok>")), pieces =>
        {
            var sink = Recording.Of(new Framer(Codec("<", ">", 6), 6), pieces);
            Assert.Equal([Convert.ToHexString("<ok>"u8)], sink.Frames);
            Assert.Equal(15, sink.DroppedBytes);
        });
    }

    [Fact]
    public void An_unfinished_frame_waits_long_and_a_heartbeat_in_its_place_does_not()
    {
        var framer = new Framer(Codec("<", ">"), 4096, ["<>ping"u8.ToArray()]);
        var sink = new Recording();
        framer.Feed("<a"u8, ref sink);
        Assert.Equal(TimeSpan.FromSeconds(5), framer.SilenceDue);
        framer.Feed(">"u8, ref sink);
        framer.Feed("<>ping"u8, ref sink);
        Assert.Equal(["f " + Convert.ToHexString("<a>"u8), "h " + Convert.ToHexString("<>ping"u8)], sink.Log);
        Assert.False(framer.Codec.IsProtocol);
    }

    [Theory]
    [InlineData("", ">", "start")]
    [InlineData("<", "", "end")]
    [InlineData("<<<<", ">>>>>", "end")]
    public void Marks_that_are_empty_or_longer_than_a_frame_are_refused_by_their_key(string start, string end, string key) =>
        Assert.Contains(key, Assert.Throws<ArgumentException>(() => Codec(start, end, 8)).Message, StringComparison.Ordinal);

    private static byte[] Bytes(string text) => Encoding.Latin1.GetBytes(text);

    private static string Text(string line)
    {
        var parts = line.Split(' ');
        return string.Join(' ', parts.Select((part, i) => i == 1 ? Encoding.Latin1.GetString(Convert.FromHexString(part)) : part));
    }

    /// <summary>Where the stream was cut, one drop may be reported in two parts.</summary>
    private static List<string> Merged(IEnumerable<string> log)
    {
        var merged = new List<string>();
        foreach (var line in log)
        {
            if (line[0] == 'd' && merged.Count > 0 && merged[^1][0] == 'd' && merged[^1].Split(' ')[^1] == line.Split(' ')[^1])
            {
                merged[^1] = $"d {merged[^1][2..merged[^1].LastIndexOf(' ')]}{line[2..]}";
            }
            else
            {
                merged.Add(line);
            }
        }

        return merged;
    }

    private static Codec Codec(string start, string end, int maxFrame = 4096) =>
        Codecs.Create(new FramingOptions { Codec = "start-end", Start = Bytes(start), End = Bytes(end), MaxFrame = maxFrame });

    private static Framer Make(string start, string end) => new(Codec(start, end), 4096);
}
