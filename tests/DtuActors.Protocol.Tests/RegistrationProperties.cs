using System.Text;
using DtuActors.Protocol.Registration;
using FsCheck.Xunit;

namespace DtuActors.Protocol.Tests;

public sealed class RegistrationProperties
{
    private const string Letters = "0123456789ABCabc_.:-";

    [Property(MaxTest = 500)]
    public void A_line_registers_the_same_id_and_data_at_any_chunking(byte[] id, byte[] data, bool crlf, byte beats, int[] cuts)
    {
        var text = Id(id);
        byte[] heartbeat = [0xFE];
        byte[] stream = [.. Enumerable.Repeat<byte>(0xFE, beats % 4), .. Encoding.ASCII.GetBytes(text + (crlf ? "\r\n" : "\n")), .. data];
        var reader = Feed(RegistrationTests.Form(heartbeats: heartbeat), stream, cuts);
        Assert.Equal((RegistrationState.Registered, text, beats % 4), (reader.State, reader.Id, reader.Heartbeats));
        Assert.Equal(data, reader.Rest.ToArray());
        Assert.Equal(text, Encoding.ASCII.GetString(reader.Registration.Span));
    }

    [Property(MaxTest = 500)]
    public void A_length_registers_the_same_id_and_data_at_any_chunking(byte[] id, byte[] data, bool hex, byte beats, int[] cuts)
    {
        var text = Id(id);
        byte[] stream = [.. Enumerable.Repeat<byte>(0xFE, beats % 4), .. Encoding.ASCII.GetBytes(text), .. data];
        var form = RegistrationTests.Form(
            hex ? "(?<id>([0-7][0-9A-F])+)" : "(?<id>[0-9A-Za-z_.:-]{2,64})",
            hex ? RegistrationKind.Hex : RegistrationKind.Text,
            text.Length,
            [0xFE]);
        var reader = Feed(form, stream, cuts);
        Assert.Equal(RegistrationState.Registered, reader.State);
        Assert.Equal(hex ? Convert.ToHexString(Encoding.ASCII.GetBytes(text)) : text, reader.Id);
        Assert.Equal(data, reader.Rest.ToArray());
    }

    [Property(MaxTest = 1000)]
    public void Anything_at_all_is_registered_refused_or_kept_within_bounds(byte[][] pieces, bool hex, byte length, bool silence)
    {
        var form = RegistrationTests.Form(
            hex ? "(?<id>([0-9A-F]{2})+)" : "(?<id>.{1,64})", hex ? RegistrationKind.Hex : RegistrationKind.Text, length % 8, [1], [1, 2], "\n1"u8.ToArray());
        var reader = new RegistrationReader(form);
        foreach (var piece in pieces)
        {
            reader.Feed(piece);
            if (silence && reader.WaitsForSilence)
            {
                reader.Silence();
                Assert.False(reader.WaitsForSilence);
            }
        }

        Assert.Equal(reader.State == RegistrationState.Refused, reader.Reason is not null);
        Assert.Equal(reader.State == RegistrationState.Registered, DtuId.TryParse(reader.Id, out _));
        var fed = pieces.Sum(piece => piece.Length);
        Assert.True(reader.Registration.Length + reader.Rest.Length <= fed);
    }

    private static RegistrationReader Feed(ReadForm form, byte[] stream, int[] cuts)
    {
        var reader = new RegistrationReader(form);
        Array.ForEach(Recording.Cut(stream, [.. cuts.Select(cut => cut % 9)]), piece => reader.Feed(piece));
        return reader;
    }

    private static string Id(byte[] bytes) => string.Concat(bytes.Take(60).Select(b => Letters[b % Letters.Length])) + "id";
}
