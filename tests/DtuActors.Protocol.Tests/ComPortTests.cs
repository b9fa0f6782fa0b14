using DtuActors.Protocol.Transports;
using DtuActors.Tests.Shared;
using FsCheck.Xunit;

namespace DtuActors.Protocol.Tests;

/// <summary>RFC 2217 from the client's side: what it asks, and what it is answered.</summary>
public sealed class ComPortTests
{
    private const string Begin = "FFFB00 FFFD00 FFFB03 FFFD03 FFFD2C";

    private static string Ask(PortRun port, string hex) => Convert.ToHexString(port.Feed(Recording.Hex(hex)));

    private static PortRun Agreed()
    {
        var port = PortRun.Start();
        _ = Ask(port, "FFFB2C");
        return port;
    }

    private static string Plain(string hex) => hex.Replace(" ", "", StringComparison.Ordinal);

    [Fact]
    public void A_port_asks_for_eight_bits_no_go_ahead_and_the_com_port_option_and_for_nothing_twice()
    {
        var port = PortRun.Start();
        Assert.Equal(Plain(Begin), Convert.ToHexString(port.Answers));

        // Agreement is not confirmed, whatever order it comes in.
        Assert.Equal("", Ask(port, "FFFD00 FFFB00 FFFD03 FFFB03"));
        Assert.Equal("", Ask(port, "FFFD00 FFFB00 FFFD03 FFFB03"));
    }

    [Theory]
    [InlineData("FFFD01", "FFFB01")] // ECHO: the client shall not echo
    [InlineData("FFFB01", "FFFE01")] // but the gateway is not interested in the client's
    [InlineData("FFFD2C", "FFFB2C FFFA2C6BB0 FFF0")]
    [InlineData("FFFB18", "FFFE18")]
    [InlineData("FFFD18", "FFFC18")]
    [InlineData("FFFC18 FFFE18", "")] // a refusal of what is not so needs no answer
    [InlineData("FFFC00 FFFE00", "")] // and neither does a refusal of what was asked
    [InlineData("FFFD00 FFFE00", "FFFC00")] // what was agreed and is taken back is confirmed
    [InlineData("FFFD01 FFFD01 FFFE01 FFFE01 FFFD01", "FFFB01 FFFC01 FFFB01")]
    [InlineData("FFF1 FFF3 FFF9 FFF2 FFEF FFF0", "")] // NOP, BREAK, GA, DM, no command at all, an end without beginning
    [InlineData("FFF6", "FFF1")] // are you there: yes, without a word that would be data
    public void Options_are_agreed_without_loops_and_other_commands_do_no_harm(string asked, string answered)
    {
        var port = PortRun.Start();
        var answer = Ask(port, asked).Replace("FFFA2C6BBB", "FFFA2C6BB0", StringComparison.Ordinal);
        Assert.Equal(Plain(answered), answer);
        Assert.Empty(port.Data.ToArray());
    }

    [Theory]
    [InlineData("00", "64447475416374 6F7273")]
    [InlineData("00 48 57", "64447475416374 6F7273")]
    [InlineData("01 00000000", "65 00002580")]
    [InlineData("01 0001C200", "65 0001C200")]
    [InlineData("01 000000FFFF", "65 000000FFFF")] // 255 baud, its FF doubled
    [InlineData("01 FFFFFFFFFFFFFFFF", "65 00002580")] // 4294967295 baud
    [InlineData("01 00", "65 00002580")]
    [InlineData("02 00", "66 08")]
    [InlineData("02 07", "66 07")]
    [InlineData("02 04", "66 08")]
    [InlineData("02 09", "66 08")]
    [InlineData("02", "66 08")]
    [InlineData("03 00", "67 01")]
    [InlineData("03 05", "67 05")]
    [InlineData("03 06", "67 01")]
    [InlineData("04 00", "68 01")]
    [InlineData("04 03", "68 03")]
    [InlineData("04 04", "68 01")]
    [InlineData("05 00", "69 01")]
    [InlineData("05 04", "69 06")]
    [InlineData("05 05", "69 05")]
    [InlineData("05 07", "69 08")]
    [InlineData("05 08", "69 08")]
    [InlineData("05 0A", "69 0B")]
    [InlineData("05 0D", "69 0E")]
    [InlineData("05 14", "69 01")]
    [InlineData("06", "6A 00")]
    [InlineData("0A 40", "6E 40")]
    [InlineData("0B FFFF", "6F FFFF")]
    [InlineData("0C 01", "70 01")]
    [InlineData("0C 02", "70 02")]
    [InlineData("0C 03", "70 03")]
    [InlineData("0C 04", "70 00")]
    [InlineData("0D 01", null)]
    [InlineData("65 0001C200", null)] // a server's word
    public void Every_command_is_answered_with_what_is_in_force(string asked, string? answered) =>
        Assert.Equal(answered is null ? "" : Plain($"FFFA2C {answered} FFF0"), Ask(Agreed(), $"FFFA2C {asked} FFF0"));

    [Theory]
    [InlineData("01 02 03 0E 0F 10 11 12 13", "01 02 03 0E 0F 10 11 12 13")]
    [InlineData("02 00 0D", "02 02 0F")] // one for both
    [InlineData("03 0E 00 0D", "03 0E 03 0E")]
    [InlineData("11 00 0D", "11 11 0E")]
    [InlineData("12 00 0D 13 00 0D", "12 01 12 13 13 12")]
    [InlineData("05 04 06 04", "05 05 06 06")]
    [InlineData("0C 0A 0B 0A", "0C 0C 0B 0B")]
    [InlineData("09 07 08 07", "09 09 08 08")]
    public void Controls_are_kept_and_told(string wishes, string answers)
    {
        var port = Agreed();
        var told = wishes.Split(' ').Select(wish => Ask(port, $"FFFA2C05{wish}FFF0").Substring(8, 2));
        Assert.Equal(answers, string.Join(' ', told));
    }

    [Fact]
    public void DTR_comes_back_as_DSR_and_CD_and_RTS_as_CTS_with_what_changed()
    {
        var port = PortRun.Start();

        // Nobody who does not speak of lines hears of them.
        Assert.Equal("FFFA2C690CFFF0", Ask(port, "FFFA2C050CFFF0"));
        Assert.Equal("FFFA2C690BFFF0", Ask(port, "FFFA2C050BFFF0"));

        Assert.EndsWith("FFFA2C6BB0FFF0", Ask(port, "FFFB2C"));
        Assert.Equal("FFFA2C6909FFF0FFFA2C6B1AFFF0", Ask(port, "FFFA2C0509FFF0"));
        Assert.Equal("FFFA2C6909FFF0", Ask(port, "FFFA2C0509FFF0"));
        Assert.Equal("FFFA2C690CFFF0FFFA2C6B01FFF0", Ask(port, "FFFA2C050CFFF0"));
        Assert.Equal("FFFA2C6B00FFF0", Ask(port, "FFFA2C07FFF0"));
        Assert.Equal("FFFA2C6908FFF0FFFA2C6BAAFFF0", Ask(port, "FFFA2C0508FFF0"));

        // By the mask: CTS alone, and no word where nothing of it is left.
        Assert.Equal("FFFA2C6F10FFF0", Ask(port, "FFFA2C0B10FFF0"));
        Assert.Equal("FFFA2C690BFFF0FFFA2C6B10FFF0", Ask(port, "FFFA2C050BFFF0"));
        Assert.Equal("FFFA2C690CFFF0", Ask(port, "FFFA2C050CFFF0"));
        Assert.Equal("FFFA2C6B00FFF0", Ask(port, "FFFA2C07FFF0"));
    }

    [Fact]
    public void An_empty_line_is_told_as_far_as_the_mask_lets_it()
    {
        var port = Agreed();
        _ = Ask(port, "FFFA2C0A40FFF0");
        Assert.Equal("FFFA2C6A40FFF0", Ask(port, "FFFA2C06FFF0"));
    }

    [Fact]
    public void Suspend_and_resume_are_done_and_not_answered_for_the_answer_would_suspend_the_client()
    {
        var port = Agreed();
        Assert.Equal("", Ask(port, "FFFA2C08FFF0 FFFA2C09FFF0"));
        Assert.Equal(["suspend", "resume"], port.Log);
    }

    [Fact]
    public void What_stands_between_data_comes_between_it()
    {
        var port = Agreed();
        Assert.Equal("FFFA2C6500004B00FFF0FFFA2C7003FFF0", Ask(port, "41 FFFA2C0100004B00FFF0 42 FFF1 FFFF 43 FFFA2C0C03FFF0 44"));
        Assert.Equal(["d41", "Baud=19200", "d42", "dFF", "d43", "purge=3", "d44"], port.Log);
    }

    [Theory]
    [InlineData("FFFA2C0100004B00 FFF1 41", "d41")] // the end is lost: what follows is data again
    [InlineData("FFFA2C0100 FFFA2C0207FFF0 41", "DataBits=7 d41")]
    [InlineData("FFFA18 00 FFF0 41", "d41")] // another option's
    [InlineData("FFFAFFF0 41", "d41")]
    [InlineData("FFFA2CFFF0 41", "d41")]
    public void A_broken_subnegotiation_costs_itself_only(string stream, string log) =>
        Assert.All(Recording.Cuts(Recording.Hex(stream)), pieces =>
        {
            var port = Agreed();
            foreach (var piece in pieces)
            {
                port.Feed(piece);
            }

            Assert.Equal(log, port.ToString());
        });

    [Fact]
    public void A_subnegotiation_that_is_too_long_is_left_out_up_to_its_end()
    {
        foreach (var (length, log) in new[] { (64, "Baud=19200 d41"), (65, "d41"), (100_000, "d41") })
        {
            var port = Agreed();
            port.Feed([0xFF, 0xFA, 0x2C, 0x01, 0x00, 0x00, 0x4B, 0x00, .. new byte[length - 6], 0xFF, 0xF0, 0x41]);
            Assert.Equal(log, port.ToString());
        }
    }

    [Property(MaxTest = 300)]
    public void Any_bytes_come_through_whole_however_they_are_cut(byte[] data, int[] cuts)
    {
        data = [.. data, 0xFF, .. data, 0xFF, 0xFF];
        var wire = new ComPortServer().Encode(data);
        var port = PortRun.Start();
        foreach (var piece in Recording.Cut(wire.ToArray(), cuts))
        {
            port.Feed(piece);
        }

        Assert.Equal(data, port.Data.ToArray());
        Assert.All(port.Log, entry => Assert.StartsWith("d", entry));
    }

    [Property(MaxTest = 300)]
    public void The_same_comes_of_any_bytes_however_they_are_cut((byte[] Data, byte Word)[] said, byte[] cuts) =>
        PortTarget.Run(new FuzzInput(FuzzInput.Write(0, false, cuts.AsSpan(0, Math.Min(cuts.Length, 100)), [.. said.SelectMany(Said)])));

    // Words that a fuzzer would need long to find.
    private static byte[] Said((byte[] Data, byte Word) said) => (said.Word % 8) switch
    {
        0 => [.. said.Data, 0xFF],
        1 => [0xFF, (byte)(0xF0 + (said.Word / 16))],
        2 or 3 => [0xFF, (byte)(0xFB + (said.Word / 8 % 4)), (byte)(said.Word / 32 == 7 ? 0x2C : said.Word / 32)],
        4 => said.Data,
        _ => [0xFF, 0xFA, 0x2C, (byte)(said.Word / 16), .. said.Data, 0xFF, 0xF0],
    };

    [Fact]
    public void Bytes_without_FF_are_not_copied()
    {
        ReadOnlyMemory<byte> data = new byte[] { 1, 2, 3 };
        Assert.True(new ComPortServer().Encode(data).Equals(data));
        Assert.True(new PortProtocol().Encode(data).Equals(data));
    }
}
