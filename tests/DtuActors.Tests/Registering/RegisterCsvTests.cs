using System.Text;
using DtuActors.Protocol;
using DtuActors.Registering;

namespace DtuActors.Tests.Registering;

public sealed class RegisterCsvTests
{
    private const string Header = "id,name,profile,groups,secret,port,aliases,note\n";

    [Fact]
    public void A_row_s_columns_become_a_DTU_and_leading_zeros_stay()
    {
        var register = Rows.Of(Header + "013800138000,七号泵站,default,pumps; north,s3cret,20001,861234567890123;89860012345678901234,\"by the river, \"\"left\"\"\"\r\n");
        Assert.Equal(
            new RegisteredDtu
            {
                Id = DtuId.Parse("013800138000"), Name = "七号泵站", Profile = "default", Groups = ["pumps", "north"], Secret = "s3cret", Port = 20001,
                Aliases = ["861234567890123", "89860012345678901234"], Note = "by the river, \"left\"",
            },
            Assert.Single(register.Rows));
    }

    [Theory]
    [InlineData("id;name\n1001;泵站,七号\n")]
    [InlineData("id\tname\n1001\t泵站,七号\n")]
    [InlineData("\"name\",\"id\"\r\n\"泵站,七号\",\"1001\"\r\n")]
    [InlineData(" ID , Name ,\n 1001 ,\"泵站,七号\",\n,,\n\n")]
    public void The_header_tells_delimiter_and_order_and_rows_of_blanks_are_none(string text)
    {
        var dtu = Assert.Single(Rows.Of(text).Rows);
        Assert.Equal(("1001", "泵站,七号"), (dtu.Id.Value, dtu.Name));
    }

    [Fact]
    public void A_column_that_the_file_does_not_have_stays_and_one_that_is_empty_is_emptied()
    {
        var register = Rows.Of("id,name,secret,port\n1001,old,s3cret,20001\n").Import("id,name,port\n1001,new,\n");
        var dtu = Assert.Single(register.Rows);
        Assert.Equal(("new", "s3cret", 0), (dtu.Name, dtu.Secret, dtu.Port));
    }

    [Fact]
    public void Columns_that_a_spreadsheet_left_out_at_a_row_s_end_are_empty() =>
        Assert.Equal("", Rows.Of("id,name,note\n1001,a,b\n").Import("id,name,note\n1001,a\n").Find(DtuId.Parse("1001"))!.Note);

    [Theory]
    [InlineData("1.38E+10", "shortened")]
    [InlineData("8.61235E14", "shortened")]
    [InlineData("\"8,61235E+14\"", "shortened")]
    [InlineData("1E+10", "shortened")]
    [InlineData("\"1.38E+10\"", "shortened")]
    [InlineData("13800138000.0", "decimals")]
    [InlineData("89860012345678900000", "rounded")]
    [InlineData("1234567890123450", "rounded")]
    public void A_number_that_a_spreadsheet_damaged_is_refused_with_its_row_and_column(string cell, string says)
    {
        Assert.Contains(says, Assert.Single(Rows.Faults($"id,name\n1001,a\n{cell},b\n"), fault => fault.StartsWith("3/id: ", StringComparison.Ordinal)), StringComparison.Ordinal);
        Assert.Contains(says, Assert.Single(Rows.Faults($"id;aliases\n1001;\n\n1002;{cell}\n"), fault => fault.StartsWith("4/aliases: ", StringComparison.Ordinal)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("123456789012345")]
    [InlineData("89860012345678900001")]
    [InlineData("00E412345678")]
    [InlineData("12E5")]
    [InlineData("10.8.0.0")]
    [InlineData("\"1234567890123450\"")]
    public void An_id_that_only_looks_a_little_like_a_number_or_stands_in_quotes_is_one(string cell) =>
        Assert.Equal(cell.Trim('"'), Assert.Single(Rows.Of($"id\n{cell}\n").Rows).Id.Value);

    [Theory]
    [InlineData("", "1/: the file is empty")]
    [InlineData("name\na\n", "1/id: the column is missing")]
    [InlineData("id,nmae\n", "1/nmae: there is no column 'nmae'; expected name")]
    [InlineData("id,ID\n", "1/id: the column stands there twice")]
    [InlineData("id,name\n,a\n", "2/id: is missing")]
    [InlineData("id\na\u0007b\n", "2/id: 'a?b' has a control character")]
    [InlineData("id,name\n1001,a\n1002,b,c\n", "3/: field 3 stands in no column")]
    [InlineData("id,name\n1001,a\n1001,b\n", "3/id: '1001' stands in row 2 already")]
    [InlineData("id,port\n1001,0\n", "2/port: '0' is no port; expected 1 to 65535")]
    [InlineData("id,port\n1001,http\n", "2/port: 'http' is no port")]
    [InlineData("id,port\n1001,7\n1002,7\n", "3/port: '7' belongs to '1001' in row 2")]
    [InlineData("id,aliases\n1001,a;b\n1002,b\n", "3/aliases: 'b' belongs to '1001' in row 2")]
    [InlineData("id,aliases\n1001,\n1002,1001\n", "3/aliases: '1001' belongs to '1001' in row 2")]
    [InlineData("id,aliases\n1001,a;a\n", "2/aliases: 'a' stands there twice")]
    [InlineData("id,aliases\n1001,1001\n", "2/aliases: '1001' is the DTU's id already")]
    [InlineData("id,groups\n1001,a|b\n", "2/groups: 'a|b' is no group's name; expected ';'")]
    [InlineData("id,secret\n1001,a b\n", "2/secret: is no usable secret")]
    [InlineData("id,profile\n1001,defualt\n", "2/profile: there is no profile 'defualt'; expected default")]
    [InlineData("id,name\n1001,\"a\n1002,b\n", "2/: a quote opens a value and none closes it")]
    [InlineData("id,name\n1001,\"a\"b\n", "2/: text behind a closing quote")]
    [InlineData("id,name\n1001,a\"b\n", "2/: a quote inside a value")]
    public void A_fault_tells_row_column_what_is_wrong_and_what_would_be_right(string text, string begins) =>
        Assert.StartsWith(begins, Assert.Single(Rows.Faults(text)), StringComparison.Ordinal);

    [Fact]
    public void All_faults_are_counted_and_the_first_hundred_told()
    {
        var faults = new RowFaults();
        RegisterCsv.Read("id,port\n" + string.Concat(Enumerable.Range(0, 250).Select(i => $"{i},none\n")), 1000, faults);
        Assert.Equal((250, 100, 150, 101), (faults.Count, faults.Told.Count, faults.More, faults.Told[^1].Row));
    }

    [Fact]
    public void A_file_with_more_rows_than_the_register_may_have_is_not_read_to_its_end()
    {
        var faults = new RowFaults();
        Assert.Equal(2, RegisterCsv.Read("id\n1\n2\n3\n4\n", 2, faults).Length);
        Assert.Contains("max-known", Assert.Single(faults.Told).Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_secrets_the_column_is_not_there_and_reading_the_file_back_changes_none()
    {
        var register = Rows.Of("id,secret\n1001,s3cret\n");
        var file = RegisterCsv.Write(register.Rows, withSecrets: false);
        Assert.DoesNotContain("secret", file, StringComparison.Ordinal);
        Assert.Equal(register.Rows, register.Import(file).Rows);
    }

    public static TheoryData<byte[], string> Encoded => new()
    {
        { Encoding.UTF8.GetBytes("泵站"), CsvText.Auto },
        { [.. Encoding.UTF8.Preamble, .. Encoding.UTF8.GetBytes("泵站")], CsvText.Auto },
        { [.. Encoding.UTF8.Preamble, .. Encoding.UTF8.GetBytes("泵站")], CsvText.Utf8 },
        { [.. Encoding.Unicode.Preamble, .. Encoding.Unicode.GetBytes("泵站")], CsvText.Auto },
        { [.. Encoding.BigEndianUnicode.Preamble, .. Encoding.BigEndianUnicode.GetBytes("泵站")], CsvText.Auto },
        { [0xB1, 0xC3, 0xD5, 0xBE], CsvText.Auto },
        { [0xB1, 0xC3, 0xD5, 0xBE], CsvText.Gb18030 },
    };

    [Theory]
    [MemberData(nameof(Encoded))]
    public void A_mark_decides_the_encoding_else_what_the_bytes_can_be(byte[] bytes, string encoding)
    {
        var faults = new RowFaults();
        Assert.Equal("泵站", CsvText.Decode(bytes, encoding, faults));
        Assert.Equal(0, faults.Count);
    }

    [Theory]
    [InlineData(CsvText.Auto, "69640A0A31FF0A", 3, "UTF-8 nor GB 18030")]
    [InlineData(CsvText.Gb18030, "69640A31FF0A", 2, "GB 18030")]
    [InlineData(CsvText.Utf8, "69640AB1C30A", 2, "UTF-8")]
    [InlineData(CsvText.Auto, "EFBBBF69640AB1C30A", 2, "UTF-8")]
    [InlineData(CsvText.Auto, "FFFE6900640A00DC", 1, "UTF-16")]
    public void Bytes_that_stand_for_no_character_are_a_fault_with_their_row(string encoding, string hex, int row, string says)
    {
        var faults = new RowFaults();
        Assert.Null(CsvText.Decode(Convert.FromHexString(hex), encoding, faults));
        var fault = Assert.Single(faults.Told);
        Assert.Equal(row, fault.Row);
        Assert.Contains(says, fault.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("+8613800138000")]
    [InlineData("=HYPERLINK(1)")]
    [InlineData("-7")]
    [InlineData("@x")]
    [InlineData("'=quoted already")]
    [InlineData("''＝wide")]
    public void What_a_spreadsheet_would_take_for_a_formula_goes_out_behind_an_apostrophe_and_comes_in_without(string text)
    {
        var register = Register.Empty.Import($"id,name,groups,note\n\"{Guarded(text)}\",\"{Guarded(text)}\",\"a;{Guarded(text)}\",\"{Guarded(text)}\"\n");
        var dtu = Assert.Single(register.Rows);
        Assert.Equal((text, text, text, text), (dtu.Id.Value, dtu.Name, dtu.Groups[1], dtu.Note));
        var file = RegisterCsv.Write(register.Rows, withSecrets: true);
        Assert.Contains($"{Guarded(text)},{Guarded(text)},,a;{Guarded(text)},", file, StringComparison.Ordinal);
        Assert.Equal(register.Rows, Register.Empty.Import(file).Rows);
    }

    [Fact]
    public void What_a_spreadsheet_did_not_put_an_apostrophe_before_is_taken_as_it_is() =>
        Assert.Equal(("=1", "'x"), Assert.Single(Register.Empty.Import("id,name,note\n7,=1,'x\n").Rows) is var dtu ? (dtu.Name, dtu.Note) : default);

    private static string Guarded(string text) => $"'{text}";
}
