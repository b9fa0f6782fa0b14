using DtuActors.Protocol.Registration;
using FsCheck.Xunit;

namespace DtuActors.Protocol.Tests;

/// <summary>The registration before every packet, taken off at any cut.</summary>
public sealed class PacketPrefixTests
{
    private static readonly byte[] Id = "13800138000"u8.ToArray();

    [Fact]
    public void The_prefix_is_taken_off_every_packet_at_every_cut()
    {
        byte[] stream = [.. Id, 1, 3, 2, .. Id, .. Id, 0x31, 0x33, .. Id, 9];
        Assert.All(Recording.Cuts(stream), pieces =>
        {
            var sink = Parts.Of(Id, pieces);
            Assert.Equal(4, sink.Prefixes);
            Assert.Equal(("01030231" + "3309", "p010302pp3133p09"), (sink.Hex, sink.Log));
        });
    }

    [Fact]
    public void A_packet_s_data_go_on_in_one_piece_though_they_end_like_a_beginning()
    {
        var sink = new Parts();
        var prefix = new PacketPrefix(Id);
        prefix.Feed([.. Id, 7, 7, 0x31, 0x33], ref sink);
        Assert.Equal((1, "", true), (sink.Prefixes, sink.Hex, prefix.Waits));
        prefix.Feed([0x38, 0x55], ref sink);
        Assert.Equal(["07073133", "3855"], sink.Data);
        Assert.False(prefix.Waits);
    }

    [Fact]
    public void Silence_makes_a_beginning_data()
    {
        var sink = new Parts();
        var prefix = new PacketPrefix(Id);
        prefix.Feed([5, 0x31], ref sink);
        prefix.Silence(ref sink);
        Assert.Equal(["0531"], sink.Data);
        prefix.Feed([0x33, .. Id], ref sink);
        Assert.Equal(["0531", "33"], sink.Data);
        Assert.Equal(1, sink.Prefixes);
    }

    [Fact]
    public void A_prefix_that_overlaps_itself_is_found_at_every_cut() =>
        Assert.All(Recording.Cuts("aabaaabaaxaaabaa"u8.ToArray()), pieces => Assert.Equal("p616261617861p", Parts.Of("aabaa"u8.ToArray(), pieces).Log));

    [Property(MaxTest = 1000)]
    public void Whatever_comes_is_parted_the_same_at_any_chunking_and_nothing_is_lost(byte[] noise, int[] cuts, byte width)
    {
        // Few values and a short prefix make beginnings likely.
        byte[] prefix = [.. Enumerable.Range(0, 1 + (width % 4)).Select(i => (byte)(i % 2))];
        byte[] stream = [.. noise.Select(b => (byte)(b % 2))];
        var whole = Parts.Of(prefix, stream);
        var cut = Parts.Of(prefix, Recording.Cut(stream, [.. cuts.Select(c => c % 5)]));
        Assert.Equal((whole.Log, whole.Prefixes), (cut.Log, cut.Prefixes));
        Assert.Equal(stream.Length, (whole.Hex.Length / 2) + (whole.Prefixes * prefix.Length));
    }

    private sealed class Parts : IPacketSink
    {
        public List<string> Data { get; } = [];

        public int Prefixes { get; private set; }

        public string Log { get; private set; } = "";

        public string Hex => string.Concat(Data);

        public static Parts Of(byte[] prefix, params byte[][] pieces)
        {
            var sink = new Parts();
            var parting = new PacketPrefix(prefix);
            Array.ForEach(pieces, piece => parting.Feed(piece, ref sink));
            parting.Silence(ref sink);
            return sink;
        }

        public void OnPrefix()
        {
            Prefixes++;
            Log += "p";
        }

        public void OnData(ReadOnlySpan<byte> data)
        {
            Data.Add(Convert.ToHexString(data));
            Log += Data[^1];
        }
    }
}
