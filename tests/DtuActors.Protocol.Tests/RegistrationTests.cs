using System.Text;
using System.Text.RegularExpressions;
using DtuActors.Protocol.Registration;

namespace DtuActors.Protocol.Tests;

public sealed class RegistrationTests
{
    private const string Default = "(?<id>[0-9A-Za-z_.:-]{2,64})";

    // Modbus, with a newline and a carriage return among its bytes.
    private static readonly byte[] Binary = [0x01, 0x03, 0x04, 0x0A, 0x0D, 0x0D, 0x0A, 0xFE, 0x00];

    internal static PatternForm Form(string pattern = Default, RegistrationKind kind = RegistrationKind.Text, int length = 0, params byte[][] heartbeats) =>
        new()
        {
            IsHex = kind == RegistrationKind.Hex,
            Pattern = new Regex($@"\A(?:{pattern})\z", RegexOptions.NonBacktracking | RegexOptions.CultureInvariant),
            Length = length,
            Reject = ["www.usr.cn"],
            Heartbeats = heartbeats,
        };

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    private static RegistrationReader Read(ReadForm form, params byte[][] pieces)
    {
        var reader = new RegistrationReader(form);
        foreach (var piece in pieces)
        {
            reader.Feed(piece);
        }

        return reader;
    }

    private static void AssertRegistered(RegistrationReader reader, string id, ReadOnlySpan<byte> rest)
    {
        Assert.Equal((RegistrationState.Registered, id), (reader.State, reader.Id));
        Assert.Equal(Convert.ToHexString(rest), Convert.ToHexString(reader.Rest.Span));
        Assert.Null(reader.Reason);
        Assert.False(reader.WaitsForSilence);
    }

    private static void AssertRefused(RegistrationReader reader, string reason)
    {
        Assert.Equal((RegistrationState.Refused, reason), (reader.State, reader.Reason));
        Assert.Equal("", reader.Id);
        Assert.False(reader.WaitsForSilence);
    }

    // ---- a newline ----

    [Theory]
    [InlineData("dtu-7\r\n", "")]
    [InlineData("dtu-7\n", "")]
    [InlineData("dtu-7\r\n", "text behind\r\n")]
    [InlineData("dtu-7\n", "\n\r\n")]
    [InlineData("dtu-7\n", "dtu-8\n")]
    public void A_line_registers_the_same_at_every_cut(string line, string behind) =>
        Assert.All(Recording.Cuts(Bytes(line + behind)), pieces => AssertRegistered(Read(Form(), pieces), "dtu-7", Bytes(behind)));

    [Theory]
    [InlineData("dtu-7\r\n")]
    [InlineData("dtu-7\n")]
    public void Binary_data_glued_behind_a_line_are_data_at_every_cut(string line) =>
        Assert.All(Recording.Cuts([.. Bytes(line), .. Binary]), pieces => AssertRegistered(Read(Form(), pieces), "dtu-7", Binary));

    [Fact]
    public void A_line_with_an_optional_secret_keeps_it_at_every_cut()
    {
        var form = Form("(?<id>[0-9]{2,11})(;key=(?<secret>\\w+))?");
        Assert.All(Recording.Cuts(Bytes("13800138000;key=s3cret\r\n!")), pieces =>
        {
            var reader = Read(form, pieces);
            AssertRegistered(reader, "13800138000", "!"u8);
            Assert.Equal("s3cret", reader.Secret);
            Assert.Equal("13800138000;key=s3cret", Encoding.ASCII.GetString(reader.Registration.Span));
        });
    }

    [Fact]
    public void A_line_that_does_not_match_as_a_whole_is_refused() => AssertRefused(Read(Form(), Bytes("dtu 7!\r\n")), "no-match");

    [Fact]
    public void An_empty_line_is_refused() => AssertRefused(Read(Form(), Bytes("\r\n")), "no-match");

    [Fact]
    public void An_id_in_Chinese_is_read_as_UTF_8_and_other_bytes_are_no_text()
    {
        Assert.All(Recording.Cuts(Bytes("七号泵站\n")), pieces => AssertRegistered(Read(Form(@"(?<id>\w+)"), pieces), "七号泵站", []));
        AssertRefused(Read(Form("(?<id>.+)"), [0xC6, 0xDF, 0xBA, 0xC5, (byte)'\n']), "no-match");
    }

    [Theory]
    [InlineData("www.usr.cn")]
    [InlineData("id=www.usr.cn")]
    public void A_rejected_id_is_refused_by_its_name(string text) =>
        AssertRefused(Read(Form("(id=)?(?<id>[a-z.]+)"), Bytes(text + "\n")), "rejected-id");

    [Fact]
    public void A_rejected_text_is_refused_whatever_the_id_in_it() =>
        AssertRefused(Read(Form("(?<id>www)[.]usr[.]cn"), Bytes("www.usr.cn\n")), "rejected-id");

    [Theory]
    [InlineData("(?<id>.*)x", "x\n")]
    [InlineData("(?<id>[^x]+)x", "a\u0007x\n")]
    public void An_id_that_no_DTU_can_have_is_no_match(string pattern, string text) => AssertRefused(Read(Form(pattern), Bytes(text)), "no-match");

    // ---- a bare text ----

    [Fact]
    public void A_bare_text_is_registered_when_the_line_falls_silent()
    {
        var reader = Read(Form(), Bytes("dtu-7"));
        Assert.Equal(RegistrationState.Waiting, reader.State);
        Assert.True(reader.WaitsForSilence);
        reader.Silence();
        AssertRegistered(reader, "dtu-7", []);
        Assert.Equal("dtu-7", Encoding.ASCII.GetString(reader.Registration.Span));
    }

    [Fact]
    public void A_bare_text_is_registered_at_once_by_a_piece_that_cannot_belong_to_it() =>
        AssertRegistered(Read(Form(), Bytes("dtu-7"), Binary), "dtu-7", Binary);

    [Fact]
    public void A_newline_in_data_behind_a_bare_text_refuses_nothing()
    {
        AssertRegistered(Read(Form(), Bytes("dtu-7"), Bytes("+12.5 kg\r\n")), "dtu-7", "+12.5 kg\r\n"u8);
        AssertRegistered(Read(Form(), Bytes("dtu-7"), Bytes("\n")), "dtu-7", []);
    }

    [Fact]
    public void Printable_data_behind_a_bare_text_wait_for_silence_and_are_not_lost()
    {
        var reader = Read(Form(), Bytes("dtu-7"), Bytes("+12.5 kg"), Bytes(" +13 kg"));
        Assert.True(reader.WaitsForSilence);
        reader.Silence();
        AssertRegistered(reader, "dtu-7", "+12.5 kg +13 kg"u8);
    }

    [Fact]
    public void A_bare_text_is_the_longest_run_of_whole_pieces_that_matches()
    {
        var reader = Read(Form("(?<id>[0-9]{11})"), Bytes("13800"), Bytes("138000"));
        reader.Silence();
        AssertRegistered(reader, "13800138000", []);
        AssertRegistered(Read(Form("(?<id>[0-9]{4,11})"), Bytes("1380"), Bytes("0138"), Binary), "13800138", Binary);
    }

    [Fact]
    public void A_bare_text_with_data_in_the_same_piece_is_refused_and_nothing_is_guessed()
    {
        var reader = Read(Form(), [.. "dtu-7"u8, 0x01, 0x03]);
        Assert.Equal(RegistrationState.Waiting, reader.State);
        reader.Silence();
        AssertRefused(reader, "no-match");
    }

    [Fact]
    public void Silence_before_any_byte_decides_nothing()
    {
        var reader = new RegistrationReader(Form());
        Assert.False(reader.WaitsForSilence);
        Assert.Equal(RegistrationState.Waiting, reader.Silence());
    }

    [Fact]
    public void What_is_longer_than_a_registration_can_be_is_refused()
    {
        var reader = new RegistrationReader(Form());
        for (var i = 0; reader.State == RegistrationState.Waiting && i < 100; i++)
        {
            reader.Feed(new string('x', 70).Select(c => (byte)c).ToArray());
        }

        AssertRefused(reader, "too-long");
        AssertRefused(Read(Form(), Bytes(new string('y', 2000) + "\n")), "too-long");
    }

    [Fact]
    public void Text_without_end_behind_a_bare_text_is_data()
    {
        var reader = new RegistrationReader(Form());
        reader.Feed("dtu-7"u8);
        for (var i = 0; reader.State == RegistrationState.Waiting && i < 1000; i++)
        {
            reader.Feed(" 12.5"u8);
        }

        Assert.Equal((RegistrationState.Registered, "dtu-7"), (reader.State, reader.Id));
        Assert.True(reader.Rest.Length is > 0 and <= RegistrationReader.MaxLength);
    }

    [Fact]
    public void Pieces_that_come_once_registered_join_the_data()
    {
        var reader = Read(Form(), Bytes("dtu-7\nab"), Bytes("cd"));
        AssertRegistered(reader, "dtu-7", "abcd"u8);
    }

    // ---- a length ----

    [Theory]
    [InlineData("")]
    [InlineData("\r\n")]
    [InlineData("9.8 kg\r\n")]
    public void A_length_ends_the_registration_at_every_cut(string behind) =>
        Assert.All(Recording.Cuts(Bytes("13800138000" + behind)), pieces =>
            AssertRegistered(Read(Form("(?<id>[0-9]+)", length: 11), pieces), "13800138000", Bytes(behind)));

    [Fact]
    public void A_length_of_bytes_that_do_not_match_is_refused() =>
        AssertRefused(Read(Form("(?<id>[0-9]+)", length: 11), Bytes("1380013800x")), "no-match");

    [Fact]
    public void A_length_waits_for_no_silence()
    {
        var reader = Read(Form("(?<id>[0-9]+)", length: 11), Bytes("13800"));
        Assert.False(reader.WaitsForSilence);
        reader.Silence();
        Assert.Equal(RegistrationState.Waiting, reader.State);
        reader.Feed(Bytes("138000"));
        AssertRegistered(reader, "13800138000", []);
    }

    // ---- hex ----

    [Fact]
    public void A_hex_registration_is_matched_as_upper_case_digits()
    {
        var reader = Read(Form("(?<id>3E[0-9A-F]{2})", RegistrationKind.Hex), [0x3E, 0xA0]);
        reader.Silence();
        AssertRegistered(reader, "3EA0", []);
        AssertRegistered(Read(Form("(?<id>3E[0-9A-F]{2})", RegistrationKind.Hex), [0x3E], [0xA0], Binary), "3EA0", Binary);
    }

    [Fact]
    public void A_newline_means_nothing_in_hex() =>
        Assert.All(Recording.Cuts([0xAA, 0x0A, 0x0D, 0x0A, 0x55]), pieces =>
            AssertRegistered(Read(Form("AA(?<id>[0-9A-F]{4})0A", RegistrationKind.Hex, 4), pieces), "0A0D", [0x55]));

    // ---- heartbeats before it ----

    [Theory]
    [InlineData("FE")]
    [InlineData("00")]
    [InlineData("FE00FE")]
    public void Heartbeats_before_a_line_are_skipped_at_every_cut(string hex)
    {
        var heartbeat = Recording.Hex(hex);
        Assert.All(Recording.Cuts([.. heartbeat, .. heartbeat, .. Bytes("dtu-7\r\n"), .. Binary]), pieces =>
        {
            var reader = Read(Form(heartbeats: heartbeat), pieces);
            AssertRegistered(reader, "dtu-7", Binary);
            Assert.Equal(2, reader.Heartbeats);
        });
    }

    [Theory]
    [InlineData("FE")]
    [InlineData("FE00FE")]
    public void Heartbeats_before_a_length_are_skipped_at_every_cut(string hex)
    {
        var heartbeat = Recording.Hex(hex);
        Assert.All(Recording.Cuts([.. heartbeat, .. heartbeat, .. Bytes("dtu-7"), .. Binary]), pieces =>
        {
            var reader = Read(Form(length: 5, heartbeats: heartbeat), pieces);
            AssertRegistered(reader, "dtu-7", Binary);
            Assert.Equal(2, reader.Heartbeats);
        });
    }

    [Fact]
    public void Heartbeats_with_silence_between_never_use_the_room_up()
    {
        var reader = new RegistrationReader(Form(heartbeats: "ping"u8.ToArray()));
        for (var i = 0; i < 1000; i++)
        {
            reader.Feed("ping"u8);
            Assert.True(reader.WaitsForSilence);
            Assert.Equal(RegistrationState.Waiting, reader.Silence());
            Assert.False(reader.WaitsForSilence);
        }

        reader.Feed("dtu-7"u8);
        reader.Silence();
        AssertRegistered(reader, "dtu-7", []);
        Assert.Equal(1000, reader.Heartbeats);
    }

    [Fact]
    public void Heartbeats_without_any_silence_never_use_the_room_up()
    {
        var reader = new RegistrationReader(Form(heartbeats: [0xFE]));
        for (var i = 0; i < 5000; i++)
        {
            reader.Feed([0xFE]);
        }

        reader.Feed("dtu-7\n"u8);
        AssertRegistered(reader, "dtu-7", []);
        Assert.Equal(5000, reader.Heartbeats);
    }

    [Fact]
    public void A_piece_that_is_the_heartbeat_is_no_bare_registration_though_the_pattern_matches_it()
    {
        var reader = Read(Form(heartbeats: "ping"u8.ToArray()), Bytes("ping"));
        reader.Silence();
        Assert.Equal((RegistrationState.Waiting, 1), (reader.State, reader.Heartbeats));
        reader.Feed("pi"u8);
        reader.Feed("ng"u8);
        reader.Silence();
        Assert.Equal((RegistrationState.Waiting, 2), (reader.State, reader.Heartbeats));
        reader.Feed("ping"u8);
        reader.Feed("dtu-7"u8);
        reader.Silence();
        AssertRegistered(reader, "dtu-7", []);
        Assert.Equal(3, reader.Heartbeats);
    }

    [Fact]
    public void A_heartbeat_with_a_newline_is_no_registration_at_any_cut() =>
        Assert.All(Recording.Cuts(Bytes("ping\r\nping\r\ndtu-7\r\n")), pieces =>
        {
            Assert.Equal(2, Read(Form(heartbeats: "ping"u8.ToArray()), pieces).Heartbeats);
            AssertRegistered(Read(Form(heartbeats: "ping"u8.ToArray()), pieces), "dtu-7", []);
            AssertRegistered(Read(Form(heartbeats: "ping\r\n"u8.ToArray()), pieces), "dtu-7", []);
        });

    [Theory]
    [InlineData("LOGIN:(?<id>[0-9]+)", "1001")]
    [InlineData(Default, "LOGIN:1001")]
    public void A_heartbeat_that_begins_the_registration_does_not_eat_it(string pattern, string id)
    {
        // USR's GPRS232 as its manual sets it: heartbeat LOG, registration LOGIN:1001.
        var form = Form(pattern, heartbeats: "LOG"u8.ToArray());
        Assert.All(Recording.Cuts(Bytes("LOGIN:1001\r\n")), pieces => AssertRegistered(Read(form, pieces), id, []));
        var bare = Read(form, Bytes("LOGIN:1001"));
        bare.Silence();
        AssertRegistered(bare, id, []);
    }

    [Fact]
    public void A_heartbeat_that_is_never_an_id_is_skipped_though_it_is_glued_to_the_registration() =>
        Assert.All(Recording.Cuts(Bytes("www.usr.cnwww.usr.cn13800138779\n")), pieces =>
        {
            var reader = Read(Form(heartbeats: Bytes("www.usr.cn")), pieces);
            AssertRegistered(reader, "13800138779", []);
            Assert.Equal(2, reader.Heartbeats);
        });

    [Fact]
    public void A_heartbeat_piece_behind_a_bare_text_is_not_put_to_it()
    {
        var reader = Read(Form(heartbeats: "ping"u8.ToArray()), Bytes("dtu-7"), Bytes("ping"));
        reader.Silence();
        AssertRegistered(reader, "dtu-7", "ping"u8);
    }

    // ---- the form ----

    [Theory]
    [InlineData(Default, false)]
    [InlineData("^(?<id>[0-9]{11})$", false)]
    [InlineData("#(?<id>[0-9]+)", false)]
    [InlineData("#?!?(?<id>[0-9]+)", false)]
    [InlineData("(?<id>LOGIN)", false)]
    [InlineData("ID:(?<id>[0-9]+)|(?<id>[0-9]+)", false)]
    [InlineData("LOGIN:(?<id>[0-9]+)", true)]
    [InlineData(@"\$\$(?<id>[\](]+)", true)]
    [InlineData("(?<id>[0-9]+),(?<secret>[^),]+);", true)]
    [InlineData(@"\[(?<id>\w+)(;v=1)?", false)]
    public void A_pattern_is_distinctive_with_two_characters_of_its_own(string pattern, bool distinctive) =>
        Assert.Equal(distinctive, Form(pattern).IsDistinctive);

    [Fact]
    public void A_registration_again_is_known_only_where_the_pattern_is_distinctive()
    {
        Assert.False(Form().TryReadAgain("12.5"u8, out _));
        var form = Form("LOGIN:(?<id>[0-9]+)");
        Assert.True(form.TryReadAgain("LOGIN:1002\r\n"u8, out var presented));
        Assert.Equal("1002", presented.Id);
        Assert.True(form.TryReadAgain("LOGIN:1002\n"u8, out _));
        Assert.False(form.TryReadAgain("LOGIN:1002\n\n"u8, out _));
        Assert.False(form.TryReadAgain("1002"u8, out _));
        Assert.False((form with { Length = 11 }).TryReadAgain("LOGIN:1002"u8, out _));
        Assert.False((form with { Reject = ["1002"] }).TryReadAgain("LOGIN:1002"u8, out _));
    }
}
