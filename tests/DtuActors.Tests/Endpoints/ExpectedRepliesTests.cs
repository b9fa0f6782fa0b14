using System.Text;
using DtuActors.Endpoints;
using Xunit;

namespace DtuActors.Tests.Endpoints;

public sealed class ExpectedRepliesTests
{
    private static readonly DateTimeOffset Start = DateTimeOffset.UnixEpoch;
    private readonly ExpectedReplies _replies = new();

    [Theory]
    [InlineData("OK", 2)]
    [InlineData("OKpoll", 2)]
    [InlineData("pong", 4)]
    [InlineData("pongOK", 6)]
    [InlineData("OKOK", 2)]
    [InlineData("poll", 0)]
    [InlineData("pollOK", 0)]
    [InlineData("O", 0)]
    public void An_answer_is_taken_off_the_head_of_what_comes_once(string piece, int taken)
    {
        _replies.Expect(Bytes("OK"), Start);
        _replies.Expect(Bytes("pong"), Start);
        Assert.Equal(taken, _replies.Take(Bytes(piece), Start));
    }

    [Fact]
    public void What_comes_long_after_is_no_answer()
    {
        _replies.Expect(Bytes("OK"), Start);
        Assert.Equal(0, _replies.Take(Bytes("poll"), Start));
        Assert.Equal(2, _replies.Take(Bytes("OK"), Start + ExpectedReplies.Longest));
        _replies.Expect(Bytes("OK"), Start);
        Assert.Equal(0, _replies.Take(Bytes("OK"), Start + ExpectedReplies.Longest + TimeSpan.FromSeconds(1)));
    }

    [Fact]
    public void A_centre_that_never_answers_leaves_a_bounded_number_of_expectations()
    {
        for (var i = 0; i < 100; i++)
        {
            _replies.Expect(Bytes(i.ToString("D3", System.Globalization.CultureInfo.InvariantCulture)), Start);
        }

        Assert.Equal(0, _replies.Take(Bytes("035"), Start));
        Assert.Equal(3, _replies.Take(Bytes("036"), Start));
    }

    [Fact]
    public void The_same_answer_is_expected_as_often_as_it_was_asked_for()
    {
        for (var i = 0; i < 500; i++)
        {
            _replies.Expect(Bytes("x"), Start);
        }

        Assert.Equal(500, _replies.Take(Bytes(new string('x', 600)), Start));
    }

    private static byte[] Bytes(string text) => Encoding.ASCII.GetBytes(text);
}
