using DtuActors.Protocol.Files;

namespace DtuActors.Protocol.Tests.Files;

/// <summary>Both sides together: what arrives is what was sent, or nothing and a reason.</summary>
public sealed class FileExchangeTests
{
    [Theory]
    [InlineData(FileProtocol.Xmodem, 1)]
    [InlineData(FileProtocol.Xmodem, 128 * 300)]
    [InlineData(FileProtocol.Xmodem1K, 1024 * 300)]
    [InlineData(FileProtocol.Xmodem1K, 1025)]
    [InlineData(FileProtocol.Ymodem, 0)]
    [InlineData(FileProtocol.Ymodem, 1)]
    [InlineData(FileProtocol.Ymodem, 128)]
    [InlineData(FileProtocol.Ymodem, 300_001)]
    public void A_file_crosses_a_good_line(FileProtocol protocol, int length)
    {
        var content = Bytes(length, 1);
        var line = new FilesOverALine(protocol, [new OutgoingFile("fw.bin", content)], 1, TimeSpan.FromMilliseconds(150), damage: 0).Run();
        Assert.Equal((FileEnd.Done, FileEnd.Done), (line.Sender.End, line.Receiver.End));
        var file = Assert.Single(line.Receiver.Files);
        if (protocol is FileProtocol.Ymodem)
        {
            Assert.Equal("fw.bin", file.Name);
            Assert.Equal(content, file.Content);
        }
        else
        {
            Assert.Equal(content, file.Content[..length]);
            Assert.All(file.Content[length..].ToArray(), padding => Assert.Equal(0x1A, padding));
        }

        Assert.Equal(length, line.Sender.Progress.Bytes);
    }

    [Fact]
    public void Several_files_cross_by_ymodem()
    {
        var files = new[] { new OutgoingFile("a.cfg", Bytes(5000, 1)), new OutgoingFile("空.bin", Bytes(0, 2)), new OutgoingFile("b b.log", Bytes(1024, 3)) };
        var line = new FilesOverALine(FileProtocol.Ymodem, files, 1, TimeSpan.FromMilliseconds(150), damage: 0).Run();
        Assert.Equal(files.Select(file => (file.Name, file.Content)), line.Receiver.Files.Select(file => (file.Name, file.Content)), (a, b) => a.Name == b.Name && a.Content.Span.SequenceEqual(b.Content.Span));
        Assert.Equal(3, line.Sender.Progress.Files);
    }

    // Whatever the line does to single bytes. A sender by xmodem that takes a damaged NAK for the last ACK is done before the receiver is.
    [Theory]
    [InlineData(FileProtocol.Xmodem)]
    [InlineData(FileProtocol.Xmodem1K)]
    [InlineData(FileProtocol.Ymodem)]
    public void A_file_crosses_a_noisy_line_or_fails(FileProtocol protocol)
    {
        var (done, damaged) = (0, 0);
        for (var seed = 0; seed < 200; seed++)
        {
            var content = Bytes(protocol is FileProtocol.Xmodem ? 128 * 40 : 1024 * 40, seed);
            var line = new FilesOverALine(protocol, [new OutgoingFile("fw.bin", content)], seed, TimeSpan.FromMilliseconds(300), damage: 0.03).Run();
            damaged += line.Damaged;
            done += line.Sender.End is FileEnd.Done ? 1 : 0;
            if (line.Receiver.End is FileEnd.Done || (line.Sender.End is FileEnd.Done && protocol is FileProtocol.Ymodem))
            {
                var file = Assert.Single(line.Receiver.Files);
                Assert.True(content.AsSpan().SequenceEqual(file.Content.Span), $"seed {seed}: another file arrived");
            }
        }

        Assert.True(damaged > 500, $"{damaged} pieces were damaged");
        Assert.True(done >= 195, $"only {done} of 200 files arrived");
    }

    [Fact]
    public void What_is_too_long_is_not_taken()
    {
        var line = new FilesOverALine(FileProtocol.Ymodem, [new OutgoingFile("fw.bin", Bytes(5000, 1))], 1, TimeSpan.Zero, damage: 0, most: 4999).Run();
        Assert.Equal((FileEnd.CancelledByDevice, FileEnd.Failed), (line.Sender.End, line.Receiver.End));
        Assert.Equal("the device sends more than 4999 bytes", line.Receiver.Problem);
        Assert.Empty(line.Receiver.Files);

        line = new FilesOverALine(FileProtocol.Xmodem, [new OutgoingFile("fw.bin", Bytes(5000, 1))], 1, TimeSpan.Zero, damage: 0, most: 4999).Run();
        Assert.Equal("the device sends more than 4999 bytes", line.Receiver.Problem);
    }

    private static byte[] Bytes(int length, int seed)
    {
        // Files are full of the bytes that steer the exchange.
        var chance = new Random(seed);
        byte[] words = [0x01, 0x02, 0x04, 0x06, 0x15, 0x18, 0x1A, (byte)'C'];
        return [.. Enumerable.Range(0, length).Select(_ => chance.Next(2) == 0 ? words[chance.Next(words.Length)] : (byte)chance.Next(256))];
    }
}
