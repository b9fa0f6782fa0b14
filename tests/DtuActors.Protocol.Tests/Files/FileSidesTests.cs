using System.Text;
using DtuActors.Protocol.Files;

namespace DtuActors.Protocol.Tests.Files;

/// <summary>Each side alone, against what devices say, byte by byte (Forsberg, XMODEM/YMODEM Protocol Reference).</summary>
public sealed class FileSidesTests : IFileLine
{
    private const byte Soh = 0x01, Stx = 0x02, Eot = 0x04, Ack = 0x06, Nak = 0x15, Can = 0x18, AsksCrc = (byte)'C';

    private readonly List<byte> _written = [];
    private DateTimeOffset _now = new(2026, 5, 4, 10, 0, 0, TimeSpan.Zero);

    void IFileLine.Write(ReadOnlyMemory<byte> bytes) => _written.AddRange(bytes.Span);

    // ---- sending

    [Fact]
    public void The_receiver_chooses_the_check()
    {
        var sender = Begun(new FileSender(FileProtocol.Xmodem, [new OutgoingFile("a", "123456789"u8.ToArray())], this));
        Hear(sender, Nak);
        Pass(sender, 1);
        var block = Written();
        Assert.Equal(132, block.Length);
        Assert.Equal([Soh, 1, 254], block[..3]);
        Assert.Equal((byte)block[3..131].Sum(octet => octet), block[131]);

        sender = Begun(new FileSender(FileProtocol.Xmodem, [new OutgoingFile("a", "123456789"u8.ToArray())], this));
        Hear(sender, AsksCrc);
        Pass(sender, 1);
        block = Written();
        Assert.Equal(133, block.Length);
        Assert.Equal(Checksums.Crc16Xmodem.Compute(block.AsSpan(3, 128)), (block[131] << 8) | block[132]);
    }

    [Fact]
    public void The_crc_is_the_published_one() => Assert.Equal(0x31C3, Checksums.Crc16Xmodem.Compute("123456789"u8));

    [Fact]
    public void A_prompt_with_a_C_in_it_begins_nothing()
    {
        var sender = Begun(new FileSender(FileProtocol.Xmodem, [new OutgoingFile("a", new byte[10])], this));
        sender.Feed("Ready. Send by XMODEM CR"u8, _now);
        sender.Feed("C"u8, _now);
        sender.Feed(" now\r\n"u8, _now);
        Pass(sender, 1);
        Assert.Empty(Written());
        Hear(sender, AsksCrc);
        Pass(sender, 1);
        Assert.NotEmpty(Written());
    }

    [Fact]
    public void A_name_and_its_size_stand_in_block_0()
    {
        var changed = new DateTimeOffset(2024, 2, 3, 4, 5, 6, TimeSpan.Zero);
        var sender = Begun(new FileSender(FileProtocol.Ymodem, [new OutgoingFile("fw.bin", new byte[1500], changed)], this));
        Hear(sender, AsksCrc);
        Pass(sender, 1);
        var header = Written();
        Assert.Equal([Soh, 0, 255], header[..3]);
        Assert.StartsWith($"fw.bin\01500 {Convert.ToString(changed.ToUnixTimeSeconds(), 8)} 100644\0", Encoding.ASCII.GetString(header[3..131]), StringComparison.Ordinal);

        Hear(sender, Ack, AsksCrc);
        Assert.Equal([Stx, 1, 254], Written()[..3]);
        Hear(sender, Ack);
        Assert.Equal([Stx, 2, 253], Written()[..3]);
        Assert.Equal(1024, sender.Progress.Bytes);
        Hear(sender, Ack);
        Assert.Equal([Eot], Written());
        Hear(sender, Nak);
        Assert.Equal([Eot], Written());
        Hear(sender, Ack);
        Assert.Null(sender.End);
        Hear(sender, AsksCrc);
        Assert.Equal(Goodbye(), Written());
        Hear(sender, Ack);
        Assert.Equal(FileEnd.Done, sender.End);
    }

    [Fact]
    public void A_block_is_sent_again_when_it_was_damaged_and_when_nobody_says_anything()
    {
        var sender = Sending(new byte[2000]);
        var block = Written();
        Hear(sender, Nak);
        Assert.Equal(block, Written());
        Pass(sender, 19);
        Assert.Empty(Written());
        Pass(sender, 2);
        Assert.Equal(block, Written());
        Assert.Equal(2, sender.Progress.Retries);
    }

    // The device had it twice, and says so twice: the second word is not one about the next block.
    [Fact]
    public void A_word_that_comes_twice_is_taken_once()
    {
        var sender = Sending(new byte[3000]);
        Pass(sender, 21);
        Written();
        Hear(sender, Ack);
        Pass(sender, 0.5);
        Hear(sender, Ack);
        Assert.Empty(Written());
        Pass(sender, 1.1);
        Assert.Equal(2, Written()[1]);
        Assert.Equal(1024, sender.Progress.Bytes);
    }

    [Fact]
    public void A_device_that_takes_nothing_is_given_up_and_told()
    {
        var sender = Sending(new byte[2000]);
        for (var again = 0; again < FileExchange.MostAttempts; again++)
        {
            Written();
            Hear(sender, Nak);
        }

        Assert.Equal(FileEnd.Failed, sender.End);
        Assert.Equal("the device did not take the block at 0 of 2000 bytes in 10 attempts", sender.Problem);
        Assert.True(Written().Count(octet => octet == Can) >= 2);
    }

    [Fact]
    public void Nobody_who_asks_is_an_end()
    {
        var sender = Begun(new FileSender(FileProtocol.Ymodem, [new OutgoingFile("a", new byte[10])], this));
        Pass(sender, 61);
        Assert.Equal((FileEnd.Failed, "the device did not ask for the file within 60 s: is it waiting for one, by ymodem?"), (sender.End, sender.Problem));
    }

    [Fact]
    public void Two_cancels_are_an_end_and_one_is_noise()
    {
        var sender = Sending(new byte[2000]);
        Hear(sender, Can);
        Hear(sender, Ack);
        Assert.Null(sender.End);
        Hear(sender, Can, Can);
        Assert.Equal((FileEnd.CancelledByDevice, "the device cancelled it"), (sender.End, sender.Problem));
    }

    [Fact]
    public void What_is_cancelled_here_is_cancelled_there()
    {
        var sender = Sending(new byte[2000]);
        Written();
        sender.Cancel();
        Assert.Equal(FileEnd.Cancelled, sender.End);
        Assert.Equal([Can, Can], Written()[..2]);
        Hear(sender, Ack);
        Assert.Empty(Written());
    }

    [Theory]
    [InlineData(FileProtocol.Xmodem, 2, 1)]
    [InlineData(FileProtocol.Xmodem, 0, 1)]
    [InlineData(FileProtocol.Xmodem1K, 1, 0)]
    [InlineData(FileProtocol.Ymodem, 0, 1)]
    public void What_a_protocol_can_not_carry_is_refused(FileProtocol protocol, int files, int length) =>
        Assert.Throws<ArgumentException>(() => new FileSender(protocol, [.. Enumerable.Range(0, files).Select(_ => new OutgoingFile("a", new byte[length]))], this));

    // ---- receiving

    [Fact]
    public void A_device_that_knows_no_crc_is_asked_for_checksums()
    {
        var receiver = Begun(new FileReceiver(FileProtocol.Xmodem, 1000, this));
        Pass(receiver, 10);
        Assert.Equal([AsksCrc, AsksCrc, AsksCrc, AsksCrc], Written());
        Pass(receiver, 3);
        Assert.Equal([Nak], Written());
        receiver.Feed([Soh, 1, 254, .. new byte[128], 0], _now);
        Assert.Equal([Ack], Written());
        Assert.Equal(128, receiver.Progress.Bytes);
    }

    [Fact]
    public void The_echo_of_a_command_is_no_damage()
    {
        var receiver = Begun(new FileReceiver(FileProtocol.Xmodem, 1000, this));
        Written();
        receiver.Feed("sx log.bin\r\nSending log.bin, 1 block: Give your local XMODEM receive command now.\r\n"u8, _now);
        receiver.Feed(Block(1, 7), _now);
        Assert.Equal([Ack], Written());
    }

    [Fact]
    public void A_damaged_block_is_asked_for_again_when_the_line_is_quiet()
    {
        var receiver = Receiving();
        var block = Block(2, 7);
        block[50] ^= 1;
        receiver.Feed(block, _now);
        receiver.Feed([1, 2, 3], _now);
        Assert.Empty(Written());
        Pass(receiver, 0.75);
        receiver.Feed([4], _now);
        Pass(receiver, 0.75);
        Assert.Empty(Written());
        Pass(receiver, 0.35);
        Assert.Equal([Nak], Written());
        receiver.Feed(Block(2, 7), _now);
        Assert.Equal([Ack], Written());
        Assert.Equal((256, 1), (receiver.Progress.Bytes, receiver.Progress.Retries));
    }

    [Fact]
    public void A_line_that_is_never_quiet_is_asked_all_the_same()
    {
        var receiver = Receiving();
        for (var second = 0.0; second < 25; second += 0.5)
        {
            receiver.Feed([0xFF], _now);
            Pass(receiver, 0.5);
        }

        Assert.Contains(Nak, Written());
    }

    [Fact]
    public void A_block_that_came_before_is_acknowledged_and_not_taken_again()
    {
        var receiver = Receiving();
        receiver.Feed(Block(1, 7), _now);
        Assert.Equal([Ack], Written());
        Assert.Equal(128, receiver.Progress.Bytes);
    }

    [Fact]
    public void A_block_out_of_its_order_is_an_end()
    {
        var receiver = Receiving();
        receiver.Feed(Block(4, 7), _now);
        Assert.Equal((FileEnd.Failed, "the device sent block 4 where 2 was to come"), (receiver.End, receiver.Problem));
        Assert.Equal([Can, Can], Written()[..2]);
    }

    [Theory]
    [InlineData(FileProtocol.Xmodem, 0, "the device sends by ymodem: its first block is number 0")]
    [InlineData(FileProtocol.Ymodem, 1, "the device sends by xmodem: its first block is number 1")]
    public void The_other_protocol_is_told_by_its_name(FileProtocol protocol, byte first, string problem)
    {
        var receiver = Begun(new FileReceiver(protocol, 1000, this));
        receiver.Feed(Block(first, 7), _now);
        Assert.Equal(problem, receiver.Problem);
    }

    [Fact]
    public void The_end_of_a_file_is_believed_when_it_is_said_again()
    {
        var receiver = Receiving();
        receiver.Feed([Eot], _now);
        Assert.Equal([Nak], Written());
        Assert.Empty(receiver.Files);
        receiver.Feed([Eot], _now);
        Assert.Equal([Ack], Written());
        Assert.Single(receiver.Files);

        // The acknowledgement may be lost.
        receiver.Feed([Eot], _now);
        Assert.Equal([Ack], Written());
        Assert.Null(receiver.End);
        Pass(receiver, 2.1);
        Assert.Equal(FileEnd.Done, receiver.End);
    }

    [Fact]
    public void A_file_that_ends_before_its_size_is_none()
    {
        var receiver = Begun(new FileReceiver(FileProtocol.Ymodem, 1000, this));
        receiver.Feed(Block(0, [.. "a.bin\0300"u8, .. new byte[119]]), _now);
        receiver.Feed(Block(1, 7), _now);
        receiver.Feed([Eot], _now);
        receiver.Feed([Eot], _now);
        Assert.Equal((FileEnd.Failed, "the device ended after 128 of 300 bytes"), (receiver.End, receiver.Problem));
        Assert.Empty(receiver.Files);
    }

    [Fact]
    public void A_device_that_leaves_without_a_goodbye_has_sent_what_it_has_sent()
    {
        var receiver = Begun(new FileReceiver(FileProtocol.Ymodem, 1000, this));
        receiver.Feed(Block(0, [.. "a.bin\05 0 0"u8, .. new byte[117]]), _now);
        receiver.Feed(Block(1, 7), _now);
        receiver.Feed([Eot], _now);
        receiver.Feed([Eot], _now);
        Pass(receiver, 100);
        Assert.Equal(FileEnd.Done, receiver.End);
        Assert.Equal(new byte[] { 7, 7, 7, 7, 7 }, Assert.Single(receiver.Files).Content.ToArray());
    }

    [Fact]
    public void A_device_that_sends_nothing_is_an_end()
    {
        var receiver = Begun(new FileReceiver(FileProtocol.Ymodem, 1000, this));
        Pass(receiver, 64);
        Assert.Equal((FileEnd.Failed, "the device sent nothing within 60 s: is it sending, by ymodem?"), (receiver.End, receiver.Problem));
    }

    private T Begun<T>(T exchange)
        where T : FileExchange
    {
        exchange.Begin(_now);
        return exchange;
    }

    private FileSender Sending(byte[] content)
    {
        var sender = Begun(new FileSender(FileProtocol.Xmodem1K, [new OutgoingFile("a", content)], this));
        Hear(sender, AsksCrc);
        Pass(sender, 1);
        return sender;
    }

    private FileReceiver Receiving()
    {
        var receiver = Begun(new FileReceiver(FileProtocol.Xmodem, 1000, this));
        receiver.Feed(Block(1, 7), _now);
        Written();
        return receiver;
    }

    private void Hear(FileExchange exchange, params byte[] bytes) => exchange.Feed(bytes, _now);

    private void Pass(FileExchange exchange, double seconds)
    {
        for (var passed = 0.0; passed < seconds; passed += 0.1)
        {
            _now += TimeSpan.FromSeconds(0.1);
            exchange.Tick(_now);
        }
    }

    private byte[] Written()
    {
        var written = _written.ToArray();
        _written.Clear();
        return written;
    }

    private static byte[] Block(byte number, byte content) => Block(number, [.. Enumerable.Repeat(content, 128)]);

    private static byte[] Block(byte number, byte[] data)
    {
        var crc = Checksums.Crc16Xmodem.Compute(data);
        return [Soh, number, (byte)~number, .. data, (byte)(crc >> 8), (byte)crc];
    }

    private static byte[] Goodbye() => Block(0, new byte[128]);
}
