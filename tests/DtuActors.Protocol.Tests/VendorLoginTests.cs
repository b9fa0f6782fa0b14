using DtuActors.Protocol.Registration;

namespace DtuActors.Protocol.Tests;

public sealed class VendorLoginTests
{
    private const string Ok = "48736E000100";
    private const string Forbidden = "48736E000102";
    private const string WrongPassword = "48736E000103";

    // The example of HslCommunication's form, and the forms that centres meet: the length in text, no reply wanted, the older one, the shortest.
    public static TheoryData<string, string, string, string?, string, string, string> Logins() => new()
    {
        { "hsl", "48 53 4C 00 19 31 30 30 30 30 00 00 00 00 00 00 31 32 33 34 35 36 00 00 00 00 00 00 00 00", "10000", "123456", Ok, Forbidden, WrongPassword },
        { "hsl", "48 53 4C 31 39 31 30 30 30 30 20 20 20 20 20 20 31 32 33 34 35 36 00 00 00 00 00 00 30 30", "10000", "123456", Ok, Forbidden, WrongPassword },
        { "hsl", "48 53 4C 00 19 31 32 33 34 35 36 37 38 39 30 31 00 00 00 00 00 00 C0 A8 00 01 17 10 01 00", "12345678901", null, "", "", "" },
        { "hsl", "48 53 4C 00 19 31 32 33 34 35 36 37 38 39 30 31 61 62 00 00 00 00 C0 A8 00 01 17 10 31 00", "12345678901", "ab", "", "", "" },
        { "hsl", "48 73 6E 00 17 31 32 33 34 35 36 37 38 39 30 31 14 45 7E 1A A0 AA C0 A8 00 01 17 10", "12345678901", "14457E1AA0AA", Ok, Forbidden,
            WrongPassword },
        { "hsl", "48 53 4C 00 11 31 30 30 30 30 00 00 00 00 00 00 00 00 00 00 00 00", "10000", null, Ok, Forbidden, WrongPassword },
        { "teltonika", "00 0F 33 35 36 33 30 37 30 34 32 34 34 31 30 31 33", "356307042441013", null, "01", "00", "00" },
        { "teltonika", "00 10 33 35 36 33 30 37 30 34 32 34 34 31 30 31 33 35", "3563070424410135", null, "01", "00", "00" },
        { "inhand", "AA 01 31 33 38 30 30 31 33 38 30 30 30 0D", "13800138000", null, "", "", "" },
        { "inhand", "AA 01 33 33 30 00 00 00 00 00 00 00 00 0D", "330", null, "", "", "" },
        { "inhand", "AA 01 33 33 30 20 20 20 20 20 20 20 20 0D", "330", null, "", "", "" },
    };

    public static TheoryData<string, string> NoLogins() => new()
    {
        { "hsl", "47" },
        { "hsl", "48 54" },
        { "hsl", "48 53 4D" },
        { "hsl", "48 53 4C 01" },
        { "hsl", "48 53 4C 00 10" },
        { "hsl", "48 53 4C 31 00" },
        { "hsl", "48 53 4C 30 31" },
        { "teltonika", "01" },
        { "teltonika", "00 01" },
        { "teltonika", "00 41" },
        { "teltonika", "00 0F 33 35 36 33 30 37 30 34 32 34 34 31 30 31 2E" },
        { "inhand", "AB" },
        { "inhand", "AA 02" },
        { "inhand", "AA 01 00" },
        { "inhand", "AA 01 31 07" },
        { "inhand", "AA 01 33 33 30 00 31" },
        { "inhand", "AA 01 20 20 20 20 20 20 20 20 20 20 20" },
        { "inhand", "AA 01 31 33 38 30 30 31 33 38 30 30 30 0A" },
    };

    [Fact]
    public void The_table_knows_every_login_by_its_name()
    {
        Assert.Equal(["hsl", "inhand", "teltonika"], VendorLogins.Names);
        Assert.All(VendorLogins.Names, name => Assert.Equal(name, VendorLogins.Find(name)!.Name));
        Assert.Null(VendorLogins.Find("text"));
    }

    [Theory]
    [MemberData(nameof(Logins))]
    public void A_login_is_told_by_its_beginning_and_read_whole(
        string kind, string hex, string id, string? secret, string accepted, string refused, string wrongSecret)
    {
        var login = VendorLogins.Find(kind)!;
        var bytes = Recording.Hex(hex);
        for (var length = 0; length <= bytes.Length + 3; length++)
        {
            // What is glued behind a login is no part of it.
            byte[] head = length <= bytes.Length ? bytes[..length] : [.. bytes, .. new byte[length - bytes.Length]];
            var told = login.LengthOf(head);
            Assert.True(told == bytes.Length || (told == 0 && length < 5), $"{told} at {length}");
            Assert.Equal(length == bytes.Length, login.TryRead(head, out _));
        }

        Assert.True(login.TryRead(bytes, out var presented));
        Assert.Equal(new Presented(id, secret, Convert.ToHexString(bytes)), presented);
        Assert.Equal(accepted, Convert.ToHexString(login.Accepted(bytes).Span));
        Assert.Equal(refused, Convert.ToHexString(login.Refused(bytes, wrongSecret: false).Span));
        Assert.Equal(wrongSecret, Convert.ToHexString(login.Refused(bytes, wrongSecret: true).Span));
    }

    [Theory]
    [MemberData(nameof(NoLogins))]
    public void What_can_be_no_login_is_told_at_the_first_byte_that_shows_it(string kind, string hex)
    {
        var login = VendorLogins.Find(kind)!;
        var bytes = Recording.Hex(hex);
        Assert.NotEqual(-1, login.LengthOf(bytes.AsSpan(0, bytes.Length - 1)));
        Assert.Equal(-1, login.LengthOf(bytes));
        Assert.Equal(-1, login.LengthOf([.. bytes, .. new byte[40]]));
        Assert.False(login.TryRead(bytes, out _));
    }

    [Theory]
    [InlineData("48 53 4C 00 19 00 00 00 00 00 00 00 00 00 00 00 31 32 33 34 35 36 00 00 00 00 00 00 00 00")]
    [InlineData("48 53 4C 00 19 31 07 00 00 00 00 00 00 00 00 00 31 32 33 34 35 36 00 00 00 00 00 00 00 00")]
    [InlineData("48 53 4C 00 19 E4 B8 83 E5 8F B7 00 00 00 00 00 31 32 33 34 35 36 00 00 00 00 00 00 00 00")]
    public void An_HSL_login_without_a_readable_id_is_not_read(string hex) => Assert.False(VendorLogins.Find("hsl")!.TryRead(Recording.Hex(hex), out _));
}
