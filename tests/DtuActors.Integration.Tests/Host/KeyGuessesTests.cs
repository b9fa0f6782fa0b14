using System.Net;
using DtuActors.Configuration;
using DtuActors.Host.Api;
using DtuActors.Integration.Tests.Harness;

namespace DtuActors.Integration.Tests.Host;

public sealed class GuessedGateway : GatewayFixture
{
    protected override string Configuration => """
        dtu {
          listeners { main { transport = tcp, address = "127.0.0.1", port = 0 } }
          http { address = "127.0.0.1", port = 0, api-keys = [{ name = "eye", key = "see-only-key-1", role = read }, { name = "hand", key = "operate-key-2-that-is-long", role = operate }] }
        }
        """;
}

public sealed class KeyGuessesTests(GuessedGateway gateway) : IClassFixture<GuessedGateway>
{
    private static readonly DateTimeOffset Noon = new(2026, 6, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly IPAddress Stranger = IPAddress.Parse("203.0.113.7");
    private static readonly ApiKeys.Key Key = new([1], new Caller("eye", ApiRole.Read));
    private static readonly ApiKeys.Key Other = new([2], new Caller("hand", ApiRole.Operate));
    private readonly KeyGuesses _guesses = new();

    [Fact]
    public async Task Who_tries_keys_is_told_to_wait_and_not_whether_the_next_one_is_right_while_a_key_that_was_right_before_goes_on()
    {
        Assert.Equal(200, (await AskAsync("see-only-key-1")).Status);
        var answers = new List<int>();
        for (var i = 0; i < KeyGuesses.MostWrong; i++)
        {
            answers.Add((await AskAsync($"guess-{i}")).Status);
        }

        Assert.All(answers, status => Assert.Equal(401, status));
        var shut = await AskAsync("operate-key-2-that-is-long");
        Assert.Equal((429, "wrong-keys"), (shut.Status, shut.Type));
        Assert.InRange(shut.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 60);
        Assert.Equal(429, (await gateway.PostAsync("/login", """{"key":"operate-key-2-that-is-long"}""")).Status);
        Assert.Equal(200, (await AskAsync("see-only-key-1")).Status);
        Assert.Equal(401, (await gateway.GetAsync("/api/v1/dtus")).Status);
        Assert.Equal(200, (await gateway.GetAsync("/healthz")).Status);
        Assert.Contains("the key 'eye' has 14 characters", gateway.Host.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("the key 'hand'", gateway.Host.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("see-only-key-1", gateway.Host.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void A_minute_later_keys_are_looked_at_again_and_another_address_s_always_were()
    {
        Guess(Stranger, KeyGuesses.MostWrong, Noon);
        Assert.Equal(TimeSpan.FromSeconds(50), _guesses.Judge(Stranger, Key, Noon.AddSeconds(10)).Shut);
        Assert.Equal(Key, _guesses.Judge(IPAddress.Parse("203.0.113.8"), Key, Noon.AddSeconds(10)).Key);
        Assert.Equal(Key, _guesses.Judge(Stranger, Key, Noon.AddSeconds(60)).Key);
        Guess(Stranger, KeyGuesses.MostWrong, Noon.AddSeconds(61));
        Assert.Equal(Key, _guesses.Judge(Stranger, Key, Noon.AddSeconds(62)).Key);
        Assert.Null(_guesses.Judge(Stranger, Other, Noon.AddSeconds(62)).Key);
    }

    [Fact]
    public void An_IPv6_network_is_one_address_and_an_IPv4_address_is_itself_in_either_form()
    {
        for (var i = 1; i <= KeyGuesses.MostWrong; i++)
        {
            Guess(IPAddress.Parse($"2001:db8::{i}"), 1, Noon);
        }

        Assert.NotNull(_guesses.Judge(IPAddress.Parse("2001:db8::ffff"), Key, Noon).Shut);
        Assert.Null(_guesses.Judge(IPAddress.Parse("2001:db8:0:1::1"), Key, Noon).Shut);
        Guess(Stranger.MapToIPv6(), KeyGuesses.MostWrong, Noon);
        Assert.NotNull(_guesses.Judge(Stranger, Key, Noon).Shut);
    }

    [Fact]
    public void Of_more_addresses_than_are_kept_the_first_is_forgotten()
    {
        Guess(Stranger, KeyGuesses.MostWrong, Noon);
        for (var i = 0; i < KeyGuesses.MostAddresses - 1; i++)
        {
            Guess(new IPAddress(0x0A000000 + i), 1, Noon);
        }

        Assert.NotNull(_guesses.Judge(Stranger, Key, Noon).Shut);
        Guess(IPAddress.Parse("198.51.100.1"), 1, Noon);
        Assert.Equal(Key, _guesses.Judge(Stranger, Key, Noon).Key);
    }

    private void Guess(IPAddress from, int times, DateTimeOffset now)
    {
        for (var i = 0; i < times; i++)
        {
            Assert.Equal(default, _guesses.Judge(from, null, now));
        }
    }

    private async Task<Answer> AskAsync(string key)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/dtus");
        request.Headers.Authorization = new("Bearer", key);
        return await Answer.OfAsync(await gateway.Http.SendAsync(request));
    }
}
