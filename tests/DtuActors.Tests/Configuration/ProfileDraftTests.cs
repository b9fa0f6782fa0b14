using System.Text;
using DtuActors.Configuration;
using DtuActors.Protocol.Detection;
using DtuActors.Protocol.Transports;
using DtuActors.Tests.Shared;
using FsCheck.Xunit;

namespace DtuActors.Tests.Configuration;

/// <summary>From bytes to a profile that takes in who sends them: read by the real binder, registered by the real registration.</summary>
public sealed class ProfileDraftTests
{
    private static readonly DraftPlace Place = new("made", "made", "127.0.0.1", 9001, "the-port-s");

    public static TheoryData<string, string> Vectors()
    {
        var data = new TheoryData<string, string>();
        foreach (var vector in FrameVector.All.Where(vector => vector.Expect == "good"))
        {
            data.Add($"{vector.Protocol} {vector.Name}", Convert.ToHexString(vector.Bytes));
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Vectors))]
    public void Every_draft_of_a_good_frame_can_be_read_and_the_best_lets_its_sender_in(string name, string hex)
    {
        ReadOnlyMemory<byte> bytes = Convert.FromHexString(hex);
        var drafts = ProfileDrafts.Of(bytes);
        foreach (var draft in drafts)
        {
            Assert.False(DraftTrial.Run(draft, Place, bytes) is DraftOutcome.Faulty, $"{name}: {draft.Name}\n{draft.Write(Place)}");
        }

        var best = drafts[0];
        var outcome = DraftTrial.Run(best, Place, bytes);

        // What a transport says beside registration and data (a heartbeat, a notice) waits for the word that registers.
        var isNotice = best.Guess is { Kind: GuessKind.Envelope or GuessKind.Datagram, Decoded: { } decoded } && !decoded.StartsWith("registration", StringComparison.Ordinal) && !decoded.StartsWith("data", StringComparison.Ordinal);
        Assert.True(outcome is DraftOutcome.Registers || (isNotice && outcome is DraftOutcome.Begins or DraftOutcome.Refuses), $"{name}: {best.Name} {outcome}\n{best.Write(Place)}");
        if (outcome is DraftOutcome.Registers registers)
        {
            Assert.Equal(best.IsNamed ? Place.Dtu : best.Guess!.Id, registers.Id);
        }
    }

    [Theory]
    [InlineData("imei", "861234567890123", "861234567890123")]
    [InlineData("imei", "356307042441013\\r\\n", "356307042441013")]
    [InlineData("phone", "13800138000", "13800138000")]
    [InlineData("iccid", "89860012345678901234", "89860012345678901234")]
    [InlineData("phone", "LOGIN:13800138000", "13800138000")]
    [InlineData("imei", "csq=25 (ok) [x];imei=356307042441013;v=1.2\\n", "356307042441013")]
    [InlineData("phone", "A\"B\\\\C$D:13800138000", "13800138000")]
    [InlineData("json", "{\"csq\":25,\"imei\":\"861234567890123\",\"iccid\":\"89860012345678901234\"}", "861234567890123")]
    [InlineData("json", "{\"a\":{\"imei\":\"1\"},\"SN\":12345}", "12345")]
    [InlineData("text", "pump-07", "pump-07")]
    [InlineData(ProfileDrafts.WholeText, "泵站 7 \"east\"", "泵站 7 \"east\"")]
    [InlineData(ProfileDrafts.WholeHex, "\\xAA\\x01\\x80\\x01\\x02\\x03", "AA0180010203")]
    [InlineData("teltonika", "\\x00\\x0F356307042441013", "356307042441013")]
    [InlineData("inhand", "\\xAA\\x0113800138000\\x0D", "13800138000")]
    [InlineData("imei", "www.usr.cn356307042441013", "356307042441013")]
    public void Texts_logins_and_bytes_register_as_the_id_that_stands_in_them(string name, string said, string id)
    {
        var bytes = Bytes(said);
        var draft = ProfileDrafts.Of(bytes).First(draft => draft.Name == name);
        Assert.Equal(new DraftOutcome.Registers(id), DraftTrial.Run(draft, Place, bytes));
    }

    [Fact]
    public void Data_right_behind_a_text_leaves_its_length_to_end_it_and_gives_the_codec()
    {
        var bytes = Bytes("LOGIN:13800138000\\x01\\x03\\x00\\x00\\x00\\x02\\xC4\\x0B");
        var draft = ProfileDrafts.Of(bytes)[0];
        Assert.Equal("phone", draft.Name);
        Assert.Contains(draft.Keys, key => key.Contains("length = 17", StringComparison.Ordinal));
        Assert.Contains("framing { codec = modbus-rtu }", draft.Keys);
        Assert.Equal(new DraftOutcome.Registers("13800138000"), DraftTrial.Run(draft, Place, bytes));
    }

    [Fact]
    public void A_registration_of_DDP_brings_its_maker_s_preset_and_the_codec_of_what_it_carries()
    {
        byte[] bytes = [.. Ddp.Build(DdpType.Register, "13800138000", [10, 0, 0, 1, 0x0F, 0xA0]), .. Ddp.Build(DdpType.Data, "13800138000", [0x01, 0x83, 0x02, 0xC0, 0xF1])];
        var draft = ProfileDrafts.Of(bytes)[0];
        Assert.Equal(["preset = hongdian", "envelope = ddp", "registration { kind = envelope }", "framing { codec = modbus-rtu }"], draft.Keys.ToArray());
        Assert.Equal(new DraftOutcome.Registers("13800138000"), DraftTrial.Run(draft, Place, bytes));
    }

    [Fact]
    public void The_beginning_of_a_message_is_told_from_a_whole_one()
    {
        var bytes = Bytes("##0285QN=20190925181031464;ST=22;CN=2061;PW=BF470F88957588DE902D");
        var draft = ProfileDrafts.Of(bytes)[0];
        Assert.Equal("hj212", draft.Name);
        Assert.IsType<DraftOutcome.Begins>(DraftTrial.Run(draft, Place, bytes));
    }

    [Fact]
    public void The_factory_s_heartbeat_alone_makes_nobody_s_id_of_it()
    {
        var drafts = ProfileDrafts.Of(Bytes("www.usr.cn"));
        Assert.Equal(ProfileDrafts.Port, Assert.Single(drafts).Name);
        Assert.Contains("heartbeat { match = [\"www.usr.cn\"] }", drafts[0].Keys);
    }

    [Theory]
    [InlineData("no name")]
    [InlineData("a.b")]
    [InlineData("\" } akka { x = \"")]
    [InlineData("")]
    public void A_name_that_is_none_is_a_fault_and_nothing_else(string name)
    {
        var bytes = Bytes("861234567890123");
        var outcome = DraftTrial.Run(ProfileDrafts.Of(bytes)[0], Place with { Profile = name, Listener = name }, bytes);
        Assert.Equal(name != "a.b", outcome is DraftOutcome.Faulty);
    }

    [Property(MaxTest = 100)]
    public void Whatever_bytes_come_each_draft_can_be_read(byte[] bytes, bool isText)
    {
        bytes = isText ? [.. bytes.Select(one => (byte)(0x20 + (one % 0x5F)))] : bytes;
        Assert.All(ProfileDrafts.Of(bytes), draft => Assert.IsNotType<DraftOutcome.Faulty>(DraftTrial.Run(draft, Place, bytes)));
    }

    // \xHH, \r and \n stand for bytes, two backslashes for one.
    private static byte[] Bytes(string said)
    {
        var bytes = new List<byte>();
        for (var i = 0; i < said.Length; i++)
        {
            if (said[i] != '\\')
            {
                var length = char.IsHighSurrogate(said[i]) ? 2 : 1;
                bytes.AddRange(Encoding.UTF8.GetBytes(said.Substring(i, length)));
                i += length - 1;
                continue;
            }

            i++;
            switch (said[i])
            {
                case 'x':
                    bytes.Add(Convert.ToByte(said.Substring(i + 1, 2), 16));
                    i += 2;
                    break;
                case 'r':
                    bytes.Add((byte)'\r');
                    break;
                case 'n':
                    bytes.Add((byte)'\n');
                    break;
                default:
                    bytes.Add((byte)said[i]);
                    break;
            }
        }

        return [.. bytes];
    }
}
