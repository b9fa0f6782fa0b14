using System.Text;
using DtuActors.Protocol.Transports;

namespace DtuActors.Protocol.Tests;

public sealed class IhdmpTests
{
    private static readonly byte[] Detect = Recording.Hex("55 AA 55 AA 03 00 00 11 65");
    private static readonly byte[] ShortMessage =
        Recording.Hex("55 AA 55 AA 13 00 1C 81 80 00 0B 31 33 39 31 32 33 34 35 36 37 38 81 81 00 01 02 81 82 00 04 31 32 33 34 FC DE");

    [Fact]
    public void The_document_s_frames_are_read()
    {
        var detect = Ihdmp.Read(Detect)!;
        Assert.Equal((false, 3, 0), (detect.FromDtu, detect.Command, detect.Parameters.Count));
        var message = Ihdmp.Read(ShortMessage)!;
        Assert.Equal((false, 0x13), (message.FromDtu, message.Command));
        Assert.Equal(
            [(0x8180, "13912345678"), (0x8181, "\u0002"), (0x8182, "1234")],
            message.Parameters.Select(p => ((int)p.Tag, Encoding.ASCII.GetString(p.Value.Span))));
    }

    [Fact]
    public void The_document_s_frames_are_built()
    {
        Assert.Equal(Detect, Ihdmp.Build(new IhdmpFrame(false, 0x03, [])));
        Assert.Equal(ShortMessage, Ihdmp.Build(Ihdmp.Read(ShortMessage)!));
    }

    [Fact]
    public void A_frame_of_the_DTU_comes_back_whatever_its_parameters()
    {
        var frame = Ihdmp.Read(Ihdmp.Build(new IhdmpFrame(true, 0x17, [new(0x8189, Opened.EveryByte), new(1, ReadOnlyMemory<byte>.Empty)])))!;
        Assert.Equal((true, 0x17), (frame.FromDtu, frame.Command));
        Assert.Equal(Opened.EveryByte, frame.Parameters[0].Value.ToArray());
        Assert.True(frame.Parameters[1].Value.IsEmpty);
    }

    [Fact]
    public void No_changed_byte_and_no_part_of_a_frame_is_read()
    {
        Assert.All(Enumerable.Range(0, ShortMessage.Length), at =>
        {
            byte[] damaged = [.. ShortMessage];
            damaged[at] ^= 0x10;
            Assert.Null(Ihdmp.Read(damaged));
            Assert.Null(Ihdmp.Read(ShortMessage.AsSpan(0, at)));
        });
        Assert.Null(Ihdmp.Read([.. ShortMessage, 0]));
    }

    [Theory]
    [InlineData("81 80 00")]
    [InlineData("81 80 00 02 31")]
    [InlineData("81 80 00 00 FF")]
    public void A_parameter_that_is_longer_than_its_frame_is_not_read(string parameters)
    {
        var bytes = Recording.Hex(parameters);
        byte[] frame = [.. Recording.Hex("55 AA 55 AA 03 00"), (byte)bytes.Length, .. bytes];
        var crc = Checksums.Crc16X25.Compute(frame);
        Assert.Null(Ihdmp.Read([.. frame, (byte)crc, (byte)(crc >> 8)]));
    }

    [Fact]
    public void Parameters_that_no_length_can_tell_are_not_built()
    {
        Assert.Equal(0xFFFF + Ihdmp.Overhead, Ihdmp.Build(new IhdmpFrame(false, 1, [new(1, new byte[0xFFFB])])).Length);
        Assert.Throws<ArgumentException>(() => Ihdmp.Build(new IhdmpFrame(false, 1, [new(1, new byte[0xFFFC])])));
    }
}
