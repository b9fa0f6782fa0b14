using System.Net;
using DtuActors.Configuration;
using DtuActors.Host.Api;
using Microsoft.AspNetCore.Http;

namespace DtuActors.Integration.Tests.Host;

public sealed class KeyGuessesTests
{
    private static readonly DateTimeOffset Noon = new(2026, 6, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly IPAddress Stranger = IPAddress.Parse("203.0.113.7");
    private static readonly ApiKeys.Key Key = new([1], new Caller("eye", ApiRole.Read));
    private static readonly ApiKeys.Key Other = new([2], new Caller("hand", ApiRole.Operate));
    private readonly KeyGuesses _guesses = new();

    [Fact]
    public async Task Who_tries_keys_is_told_to_wait_and_not_whether_the_next_one_is_right_while_a_key_that_was_right_before_goes_on()
    {
        var options = Configured("dtu.http.api-keys = [{ name = eye, key = see-only-key-1, role = read }, { name = hand, key = operate-key-2, role = operate }]");
        var keys = new ApiKeys(options);
        Assert.Equal((null, null), await AskAsync(keys, "see-only-key-1", Stranger));
        for (var i = 0; i < KeyGuesses.MostWrong; i++)
        {
            Assert.Equal((401, null), await AskAsync(keys, $"guess-{i}", Stranger));
        }

        var (status, wait) = await AskAsync(keys, "operate-key-2", Stranger);
        Assert.Equal(429, status);
        Assert.InRange(int.Parse(wait!, System.Globalization.CultureInfo.InvariantCulture), 1, 60);
        Assert.Equal((null, null), await AskAsync(keys, "see-only-key-1", Stranger));
        Assert.Equal((401, null), await AskAsync(keys, null, Stranger));
        Assert.Equal((null, null), await AskAsync(keys, "operate-key-2", IPAddress.Parse("203.0.113.8")));
    }

    [Fact]
    public void Who_calls_from_this_machine_is_no_stranger()
    {
        Guess(IPAddress.Loopback, 2 * KeyGuesses.MostWrong, Noon);
        Guess(IPAddress.Loopback.MapToIPv6(), 2 * KeyGuesses.MostWrong, Noon);
        Guess(IPAddress.IPv6Loopback, 2 * KeyGuesses.MostWrong, Noon);
        Assert.Equal(Key, _guesses.Judge(IPAddress.Loopback, Key, Noon).Key);
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
            Guess(new IPAddress([10, (byte)(i >> 16), (byte)(i >> 8), (byte)i]), 1, Noon);
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

    private static GatewayOptions Configured(string text) => ConfigurationLoader.Load([("dtu.conf", text)], static _ => Path.GetTempPath(), static _ => null, isWindows: false, []).Loaded.Options!;

    /// <summary>A reading call's refusal, and for how long; null: it went through.</summary>
    private static async Task<(int? Status, string? Wait)> AskAsync(ApiKeys keys, string? key, IPAddress from)
    {
        var middleware = new SecurityMiddleware(_ => Task.CompletedTask, keys, null!, TimeProvider.System);
        var context = new DefaultHttpContext { Connection = { RemoteIpAddress = from } };
        context.Request.Method = "GET";
        context.Request.Headers.Authorization = key is null ? "" : $"Bearer {key}";
        try
        {
            await middleware.InvokeAsync(context);
            return (null, null);
        }
        catch (RefusalException refusal)
        {
            var wait = context.Response.Headers.RetryAfter.ToString();
            return (refusal.Problem.Status, wait.Length == 0 ? null : wait);
        }
    }
}
