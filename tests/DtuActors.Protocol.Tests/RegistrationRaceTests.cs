using System.Text;
using DtuActors.Protocol.Registration;
using DtuActors.Protocol.Transports;

namespace DtuActors.Protocol.Tests;

public sealed class RegistrationRaceTests
{
    private static RegistrationRace Race(params RegistrationForm[] forms) =>
        new([.. forms.Select(form => form.Begin(new RegistrationStart("10.8.0.7", form is EnvelopeForm ? Envelopes.Find("ddp")!() : null)))]);

    private static PatternForm Text(string pattern, int gap = 500) => RegistrationTests.Form(pattern) with { Gap = TimeSpan.FromMilliseconds(gap) };

    [Fact]
    public void Each_kind_of_DTU_is_told_by_its_own_registration_at_every_cut()
    {
        RegistrationForm[] forms = [new EnvelopeForm(), Text("LOGIN:(?<id>[0-9]+)"), new JsonForm()];
        Assert.All(Recording.Cuts(Ddp.Build(DdpType.Data, "330", "x"u8)), pieces => AssertWinner(forms, pieces, 0, "330"));
        Assert.All(Recording.Cuts("LOGIN:1001\r\n"u8.ToArray()), pieces => AssertWinner(forms, pieces, 1, "1001"));
        Assert.All(Recording.Cuts("""{"imei":"77"}"""u8.ToArray()), pieces => AssertWinner(forms, pieces, 2, "77"));
    }

    [Fact]
    public void Of_two_that_match_the_same_the_one_named_first_wins()
    {
        AssertWinner([Text("(?<id>[0-9]+)"), Text("(?<id>.+)")], ["17\n"u8.ToArray()], 0, "17");
        AssertWinner([Text("(?<id>[0-9]+)"), Text("(?<id>.+)")], ["x17\n"u8.ToArray()], 1, "x17");
    }

    [Fact]
    public void It_is_refused_when_none_can_win_any_more_with_the_first_one_s_reason()
    {
        var race = Race(Text("(?<id>[0-9]+)"), new JsonForm());
        Assert.Equal(RegistrationState.Refused, race.Feed("nothing\n"u8));
        Assert.Equal("no-match", race.Registrar.Reason);
    }

    [Fact]
    public void The_one_whose_registration_ends_first_wins_at_every_cut() =>
        Assert.All(Recording.Cuts("0123456789ABCDEFGHIJ"u8.ToArray()), pieces =>
            AssertWinner([Text("(?<id>.+)") with { Length = 20 }, Text("(?<id>.+)") with { Length = 10 }], pieces, 1, "0123456789"));

    [Fact]
    public void Each_has_its_own_silence_counted_from_the_last_piece()
    {
        var race = Race(Text("(?<id>[0-9]+)", 200), Text("(?<id>[a-z]+)", 500));
        race.Feed("abc"u8);
        Assert.Equal((TimeSpan.FromMilliseconds(200), TimeSpan.Zero), (race.SilenceDue, race.SilentFor));
        Assert.Equal(RegistrationState.Waiting, race.Silence());
        Assert.Equal((TimeSpan.FromMilliseconds(500), TimeSpan.FromMilliseconds(200)), (race.SilenceDue, race.SilentFor));
        Assert.Equal(RegistrationState.Registered, race.Silence());
        Assert.Equal((1, "abc"), (race.Leader, race.Registrar.Id));
        Assert.Null(race.SilenceDue);
    }

    [Fact]
    public void A_datagram_s_end_is_all_the_silence_that_anybody_waits_for()
    {
        var race = Race(Text("(?<id>[0-9]+)", 200), Text("(?<id>[a-z]+)", 500));
        race.Feed("abc"u8);
        Assert.Equal(RegistrationState.Registered, race.EndBurst());
        Assert.Equal((1, "abc"), (race.Leader, race.Registrar.Id));
        race = Race(Text("(?<id>[0-9]{11})") with { Length = 11 });
        race.Feed("123"u8);
        Assert.Equal(RegistrationState.Waiting, race.EndBurst());
    }

    private static void AssertWinner(RegistrationForm[] forms, byte[][] pieces, int winner, string id)
    {
        var race = Race(forms);
        Array.ForEach(pieces, piece => race.Feed(piece));
        Assert.Equal((RegistrationState.Registered, winner, id), (race.State, race.Leader, race.Registrar.Id));
    }
}
