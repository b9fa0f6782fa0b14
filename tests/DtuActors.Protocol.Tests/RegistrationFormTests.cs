using System.Text;
using System.Text.RegularExpressions;
using DtuActors.Protocol.Framing;
using DtuActors.Protocol.Registration;
using DtuActors.Protocol.Transports;

namespace DtuActors.Protocol.Tests;

/// <summary>Forms besides text and hex: JSON, templates, addresses, probes, envelopes.</summary>
public sealed class RegistrationFormTests
{
    private static readonly RegistrationStart From = new("10.8.0.7", null);

    // Modbus, with a newline, braces and quotes among its bytes.
    private static readonly byte[] Binary = [0x0A, 0x03, 0x04, 0x7B, 0x22, 0x7D, 0x0A, 0xFE, 0x00];

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    private static Registrar Read(RegistrationForm form, params byte[][] pieces)
    {
        var registrar = form.Begin(From);
        Array.ForEach(pieces, piece => registrar.Feed(piece));
        return registrar;
    }

    private static void AssertRegistered(Registrar registrar, string id, byte[] rest)
    {
        Assert.Equal((RegistrationState.Registered, id, null), (registrar.State, registrar.Id, registrar.Reason));
        Assert.Equal(Convert.ToHexString(rest), Convert.ToHexString(registrar.Rest.Span));
    }

    private static Regex Whole(string pattern) => new($@"\A(?:{pattern})\z", RegexOptions.NonBacktracking);

    private static TemplateForm Template(string template, string? id = null)
    {
        IdTemplate? of = null;
        Assert.True(id is null || IdTemplate.TryParse(id, out of, out _));
        Assert.True(TemplateForm.TryCompile(template, of, out var form, out var problem), problem);
        return form;
    }

    // ---- JSON ----

    [Theory]
    [InlineData("""{"csq":25,"imei":"861234567890123","iccid":"89860012345678901234","ver":"2020"}""")]
    [InlineData("""{"iccid":"8986","nested":{"a":["}",{"b":"\"}{"}]},"imei":"861234567890123"}""")]
    [InlineData("{ \"imei\" : \"861234567890123\" ,\r\n \"note\":\"七号\" }")]
    public void A_JSON_object_registers_at_every_cut_and_what_is_glued_behind_is_data(string json)
    {
        Assert.All(Recording.Cuts(Bytes(json)), pieces => AssertRegistered(Read(new JsonForm(), pieces), "861234567890123", []));
        Assert.All(Recording.Cuts([.. Bytes(json), .. Binary]), pieces => AssertRegistered(Read(new JsonForm(), pieces), "861234567890123", Binary));
    }

    [Fact]
    public void The_id_is_made_of_the_members_that_its_template_names_and_a_number_is_taken_as_it_is_written()
    {
        Assert.True(IdTemplate.TryParse("{site}-{no}", out var id, out _));
        var form = new JsonForm { Id = id };
        AssertRegistered(Read(form, Bytes("""{"no":12.50,"site":"a"}""")), "a-12.50", []);
        Assert.Equal("s3cret", Read(form, Bytes("""{"no":1,"site":"a","secret":"s3cret"}""")).Secret);
    }

    [Theory]
    [InlineData("""{"csq":25}""")]
    [InlineData("""{"imei":""}""")]
    [InlineData("""{"imei":{"a":1}}""")]
    [InlineData("""{"imei":"\ud800"}""")]
    [InlineData("""{imei:"861234567890123"}""")]
    [InlineData("""["861234567890123"]""")]
    [InlineData("861234567890123")]
    [InlineData("}")]
    public void What_is_no_object_with_that_member_is_refused_at_every_cut(string json) =>
        Assert.All(Recording.Cuts(Bytes(json)), pieces =>
        {
            var registrar = Read(new JsonForm(), pieces);
            Assert.Equal((RegistrationState.Refused, "no-match"), (registrar.State, registrar.Reason));
        });

    [Fact]
    public void A_JSON_object_that_never_ends_is_refused_as_too_long()
    {
        var registrar = Read(new JsonForm(), [.. Enumerable.Range(0, 40).Select(_ => Bytes("{\"a\":\"0123456789012345678901\","))]);
        Assert.Equal((RegistrationState.Refused, "too-long"), (registrar.State, registrar.Reason));
    }

    [Fact]
    public void Heartbeats_before_a_JSON_object_are_skipped_at_every_cut() =>
        Assert.All(Recording.Cuts([0, 0, .. """{"imei":"861234567890123"}"""u8, 0]), pieces =>
        {
            var registrar = Read(new JsonForm { Heartbeats = [[0]] }, pieces);
            AssertRegistered(registrar, "861234567890123", [0]);
            Assert.Equal(2, registrar.Heartbeats);
        });

    // ---- templates ----

    [Fact]
    public void A_template_of_one_length_registers_at_every_cut_and_what_is_glued_behind_is_data()
    {
        var form = Template("IMEI={imei};{csq:2}#");
        Assert.Equal(24, form.FixedLength);
        Assert.All(Recording.Cuts([.. "IMEI=861234567890123;25#"u8, .. Binary]), pieces => AssertRegistered(Read(form, pieces), "861234567890123", Binary));
    }

    [Fact]
    public void Packed_digits_are_read_with_their_leading_zeros_and_without_their_pad()
    {
        // protocols 1.7, openLuat iRTU: signal, IMEI and a pad, ICCID.
        var bytes = Recording.Hex("25 86 12 34 56 78 90 12 30 89 86 00 12 34 56 78 90 12 34");
        Assert.All(Recording.Cuts([.. bytes, .. Binary]), pieces => AssertRegistered(Read(Template("{csq:bcd1}{imei:bcd8}{iccid:bcd10}"), pieces), "861234567890123", Binary));
        AssertRegistered(Read(Template("{csq:bcd1}{imei:bcd8}{iccid:bcd10}", "{iccid}"), bytes), "89860012345678901234", []);
        AssertRegistered(Read(Template("{phone:bcd6}"), [0x00, 0x12, 0x34, 0x56, 0x78, 0x90]), "00123456789", []);
        Assert.Equal(RegistrationState.Refused, Read(Template("{imei:bcd8}"), [0x86, 0x12, 0x3A, 0x56, 0x78, 0x90, 0x12, 0x30]).State);
    }

    [Fact]
    public void Raw_bytes_are_shown_as_hex_whatever_they_are() =>
        Assert.All(Recording.Cuts([0x55, 0x0A, 0x0D, 0xFF, 0x00, 0x7B, 0x80, 0xAA, .. Binary]), pieces =>
            AssertRegistered(Read(Template("{hex:55}{mac:raw6}{hex:AA}"), pieces), "0A0DFF007B80", Binary));

    [Fact]
    public void Raw_bytes_at_the_end_may_look_like_a_newline() =>
        AssertRegistered(Read(Template("{hex:55}{mac:raw6}"), [0x55, 0x00, 0x0E, 0x8C, 0x01, 0x0D, 0x0A]), "000E8C010D0A", []);

    [Fact]
    public void A_template_of_many_lengths_ends_at_a_newline_or_as_a_bare_text()
    {
        var form = Template("{imei}|{iccid}|{csq}");
        Assert.All(Recording.Cuts("861234567890123|89860012345678901234|9\r\n\u0001\u0002"u8.ToArray()), pieces => AssertRegistered(Read(form, pieces), "861234567890123", [1, 2]));
        var bare = Read(form, "861234567890123|8986001234"u8.ToArray(), "5678901234|25"u8.ToArray());
        Assert.Equal(form.Gap, bare.SilenceDue);
        bare.Silence();
        AssertRegistered(bare, "861234567890123", []);
    }

    [Fact]
    public void A_newline_at_the_end_of_a_template_is_its_terminator_whatever_lengths_its_fields_have() =>
        Assert.All(Recording.Cuts("REG,861234567890123\r\nREG"u8.ToArray()), pieces => AssertRegistered(Read(Template("REG,{imei}\r\n"), pieces), "861234567890123", "REG"u8.ToArray()));

    [Fact]
    public void The_id_of_a_template_is_its_field_id_else_imei_else_the_first()
    {
        AssertRegistered(Read(Template("{csq:2}{id:3}{imei}"), "17abc861234567890123"u8.ToArray()), "abc", []);
        AssertRegistered(Read(Template("{csq:2}{imei}"), "17861234567890123"u8.ToArray()), "861234567890123", []);
        AssertRegistered(Read(Template("{csq:2}{ver:1}"), "17x"u8.ToArray()), "17", []);
        var secret = Read(Template("{imei}{secret:4}"), "861234567890123pass"u8.ToArray());
        Assert.Equal(("861234567890123", "pass"), (secret.Id, secret.Secret));
    }

    [Theory]
    [InlineData("REG", null, "no field")]
    [InlineData("{imei", null, "not closed")]
    [InlineData("{imei}{imei}", null, "twice")]
    [InlineData("{ime}", null, "{ime}")]
    [InlineData("{imei}", "{mn}", "{mn}")]
    [InlineData("{imei:bcd}", null, "bcd8")]
    [InlineData("{imei:bcd9999}", null, "1 to 256")]
    [InlineData("{hex:0G}{imei}", null, "row of bytes")]
    [InlineData("{mac:raw6}\n", null, "newline")]
    [InlineData("{imei:raw256}{imsi:raw256}{mac:raw256}{sn:raw256}{ver:raw256}", null, "at most 1024")]
    public void A_template_that_cannot_be_is_refused_with_its_reason(string template, string? id, string reason)
    {
        IdTemplate? of = null;
        Assert.True(id is null || IdTemplate.TryParse(id, out of, out _));
        Assert.False(TemplateForm.TryCompile(template, of, out _, out var problem));
        Assert.Contains(reason, problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_template_again_is_known_where_it_spells_out_two_bytes()
    {
        Assert.True(Template("REG,{imei},{csq}").TryReadAgain("REG,861234567890123,7\r\n"u8, out var presented));
        Assert.Equal("861234567890123", presented.Id);
        Assert.False(Template("{imei},{csq}").TryReadAgain("861234567890123,7"u8, out _));
    }

    // ---- addresses and probes ----

    [Fact]
    public void An_address_is_an_id_before_any_byte_came()
    {
        AssertRegistered(Read(new AddressForm { Pattern = Whole("(?<id>.+)") }), "10.8.0.7", []);
        AssertRegistered(Read(new AddressForm { Pattern = Whole(@"10\.8\.0\.(?<id>[0-9]+)") }, [1, 2]), "7", [1, 2]);
        Assert.Equal("no-match", Read(new AddressForm { Pattern = Whole(@"192\..(?<id>.+)") }).Reason);
    }

    [Theory]
    [InlineData("861234567890123", "861234567890123")]
    [InlineData("\r\n861234567890123\r\n", "861234567890123")]
    public void A_printable_answer_to_a_probe_is_matched_as_text_without_its_line_ends(string answer, string id)
    {
        var registrar = Read(Probe(new AnswerForm { Pattern = Whole("(?<id>[0-9A-F]+)") }), Bytes(answer));
        Assert.NotNull(registrar.SilenceDue);
        registrar.Silence();
        AssertRegistered(registrar, id, []);
    }

    [Fact]
    public void Another_answer_to_a_probe_is_matched_as_hex_and_nothing_of_it_is_data()
    {
        var answer = Recording.Hex("01 03 02 0A 0D 7E E1");
        var form = Probe(new AnswerForm { Pattern = Whole("010302(?<id>[0-9A-F]{4})[0-9A-F]{4}"), Length = 7 });
        Assert.All(Recording.Cuts([.. answer, 0x55]), pieces => AssertRegistered(Read(form, pieces), "0A0D", [0x55]));
        Assert.False(form.RepeatsAsHeartbeat);
    }

    // ---- envelopes ----

    [Fact]
    public void A_unit_of_an_envelope_registers_at_every_cut_and_the_session_gets_it_again_with_all_behind_it()
    {
        var register = Recording.Hex("7B01001631333430333135343332390A1BBE2D0FA07B");
        var data = Ddp.Build(DdpType.Data, "13403154329", "a{b"u8);
        byte[] stream = [0x55, 0x7B, .. register, .. data, 0x99, .. register[..7]];
        Assert.All(Recording.Cuts(stream), pieces =>
        {
            var registrar = new EnvelopeForm().Begin(new RegistrationStart("10.8.0.7", Envelopes.Find("ddp")!()));
            Array.ForEach(pieces, piece => registrar.Feed(piece));
            AssertRegistered(registrar, "13403154329", stream[2..]);
            Assert.Equal([DropReasons.Garbage], registrar.Dropped.Keys);
        });
    }

    [Fact]
    public void A_data_unit_registers_too_but_not_an_acknowledgement()
    {
        var registrar = new EnvelopeForm().Begin(new RegistrationStart("10.8.0.7", Envelopes.Find("ddp")!()));
        Assert.Equal(RegistrationState.Waiting, registrar.Feed(Ddp.Build(DdpType.CentreDataTaken, "1", [])));
        Assert.Equal(RegistrationState.Registered, registrar.Feed(Ddp.Build(DdpType.Data, "330", [1])));
        Assert.Equal("330", registrar.Id);
    }

    [Fact]
    public void Frames_that_share_a_mark_come_behind_a_registration_as_they_came()
    {
        var frame = Recording.Hex("7e 00 02 00 00 01 23 45 67 89 00 00 0a 81 7e");
        byte[] stream = [.. frame, .. frame[1..]];
        Assert.True(IdTemplate.TryParse("{phone}", out var id, out _));
        Assert.All(Recording.Cuts(stream), pieces =>
            AssertRegistered(Read(new FrameForm { Framing = new FramingOptions { Codec = "jt808" }, Id = id }, pieces), "012345678900", stream));
    }

    [Fact]
    public void Endless_bytes_without_a_unit_are_refused()
    {
        var registrar = new EnvelopeForm().Begin(new RegistrationStart("10.8.0.7", Envelopes.Find("ddp")!()));
        for (var i = 0; registrar.State == RegistrationState.Waiting && i < 100; i++)
        {
            registrar.Feed(Bytes(new string('x', 100)));
        }

        Assert.Equal((RegistrationState.Refused, "no-match"), (registrar.State, registrar.Reason));
    }

    [Fact]
    public void A_rejected_id_is_refused_in_every_form()
    {
        Assert.Equal("rejected-id", Read(new JsonForm { Reject = ["0"] }, """{"imei":"0"}"""u8.ToArray()).Reason);
        Assert.Equal("rejected-id", Read(Template("{id:1}") with { Reject = ["0"] }, "0"u8.ToArray()).Reason);
        Assert.Equal("rejected-id", Read(new AddressForm { Pattern = Whole("(?<id>.+)"), Reject = ["10.8.0.7"] }).Reason);
    }

    private static ProbeForm Probe(AnswerForm answer) => new() { Ask = new byte[] { 1 }, Answer = answer };
}
