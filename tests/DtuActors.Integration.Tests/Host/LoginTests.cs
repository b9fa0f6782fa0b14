using System.Net.Http.Headers;
using System.Text;
using DtuActors.Host.Api;
using DtuActors.Integration.Tests.Harness;

namespace DtuActors.Integration.Tests.Host;

/// <summary>The console's way in: a key for a cookie, and nobody else's pages.</summary>
public sealed class LoginTests(KeyedGateway gateway) : IClassFixture<KeyedGateway>
{
    private static readonly DateTimeOffset Noon = new(2026, 6, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task A_key_is_exchanged_for_a_cookie_that_scripts_and_other_sites_do_not_get()
    {
        using var answer = await LogInAsync("""{"key":"operate-key-2"}""");
        Assert.Equal("""{"name":"hand","role":"operate"}""", await answer.Content.ReadAsStringAsync());
        var cookie = Assert.Single(answer.Headers.GetValues("Set-Cookie"));
        Assert.StartsWith("dtu-session=", cookie, StringComparison.Ordinal);
        foreach (var part in (string[])["; path=/", "; samesite=strict", "; httponly"])
        {
            Assert.Contains(part, cookie, StringComparison.Ordinal);
        }

        Assert.DoesNotContain("operate-key-2", cookie, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_page_runs_no_script_but_the_gateway_s_own_stands_in_no_frame_and_is_not_kept()
    {
        using var page = await gateway.Http.GetAsync("/");
        var policy = page.Headers.GetValues("Content-Security-Policy").Single();
        Assert.All((string[])["script-src 'self';", "object-src 'none'", "frame-ancestors 'none'", "base-uri 'self'"], part => Assert.Contains(part, policy, StringComparison.Ordinal));
        Assert.Equal(("nosniff", "no-referrer", true), (
            page.Headers.GetValues("X-Content-Type-Options").Single(), page.Headers.GetValues("Referrer-Policy").Single(), page.Headers.CacheControl!.NoStore));
    }

    [Theory]
    [InlineData("https", true)]
    [InlineData("http", false)]
    public async Task A_page_that_stands_under_TLS_gets_a_cookie_that_goes_nowhere_else(string scheme, bool isSecure)
    {
        using var login = new HttpRequestMessage(HttpMethod.Post, "/login") { Content = new StringContent("""{"key":"operate-key-2"}""", Encoding.UTF8, "application/json") };
        login.Headers.Add("Origin", $"{scheme}://{gateway.Http.BaseAddress!.Authority}");
        using var answer = await gateway.Http.SendAsync(login);
        Assert.Equal(isSecure, answer.Headers.GetValues("Set-Cookie").Single().Contains("; secure", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("GET", "/api/v1/dtus", 200)]
    [InlineData("POST", "/api/v1/dtus/x/send", 404)]
    [InlineData("PUT", "/api/v1/dtus/x", 403)]
    public async Task The_cookie_may_what_its_key_may(string method, string path, int status)
    {
        using var login = await LogInAsync("""{"key":"operate-key-2"}""");
        using var request = new HttpRequestMessage(new HttpMethod(method), path) { Content = new StringContent("""{"hex":"01"}""", Encoding.UTF8, "application/json") };
        request.Headers.Add("Cookie", CookieOf(login));
        Assert.Equal(status, (await Answer.OfAsync(await gateway.Http.SendAsync(request))).Status);
    }

    [Theory]
    [InlineData("""{"key":"wrong"}""", 401)]
    [InlineData("""{"key":null}""", 401)]
    [InlineData("""{"password":"operate-key-2"}""", 400)]
    public async Task What_is_no_key_gets_no_cookie(string body, int status)
    {
        using var answer = await LogInAsync(body);
        Assert.Equal(status, (int)answer.StatusCode);
        Assert.False(answer.Headers.Contains("Set-Cookie"));
    }

    [Fact]
    public async Task Without_a_key_a_page_is_the_place_to_give_one_and_there_is_no_circuit()
    {
        Assert.Contains("id=\"key\"", await gateway.Http.GetStringAsync("/"), StringComparison.Ordinal);
        using var negotiation = new HttpRequestMessage(HttpMethod.Post, "/_blazor/negotiate?negotiateVersion=1");
        Assert.Equal(401, (await Answer.OfAsync(await gateway.Http.SendAsync(negotiation))).Status);
    }

    [Theory]
    [InlineData("http://evil.example", null, 403)]
    [InlineData(null, "evil.example", 403)]
    [InlineData(null, null, 200)]
    public async Task The_circuit_is_for_the_gateway_s_own_pages(string? origin, string? host, int status)
    {
        using var negotiation = new HttpRequestMessage(HttpMethod.Post, "/_blazor/negotiate?negotiateVersion=1");
        negotiation.Headers.Authorization = new AuthenticationHeaderValue("Bearer", "see-only-key-1");
        negotiation.Headers.Host = host;
        if (origin is not null)
        {
            negotiation.Headers.Add("Origin", origin);
        }

        // To read is enough: what a page does asks for its role itself.
        Assert.Equal(status, (await Answer.OfAsync(await gateway.Http.SendAsync(negotiation))).Status);
    }

    [Fact]
    public async Task What_a_page_is_made_of_comes_compressed_and_is_kept_by_browsers()
    {
        var page = await gateway.Http.GetStringAsync("/");
        var address = page[page.IndexOf("/assets/console.css", StringComparison.Ordinal)..].Split('"')[0];
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        request.Headers.AcceptEncoding.ParseAdd("gzip");
        using var answer = await gateway.Http.SendAsync(request);
        Assert.Equal("gzip", Assert.Single(answer.Content.Headers.ContentEncoding));
        Assert.True(answer.Headers.CacheControl is { Public: true, MaxAge.TotalDays: 365 });
        Assert.Equal(404, (await gateway.GetAsync("/assets/nothing.css")).Status);
    }

    [Fact]
    public void A_session_ends_with_its_time_and_with_its_key()
    {
        byte[] key = [1, 2, 3];
        var cookie = SessionCookies.Seal(key, Noon);
        Assert.True(SessionCookies.IsOf(key, cookie, Noon.AddSeconds(-1)));
        Assert.False(SessionCookies.IsOf(key, cookie, Noon));
        Assert.False(SessionCookies.IsOf([1, 2, 4], cookie, Noon.AddSeconds(-1)));
    }

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("99999999999.")]
    [InlineData("99999999999.AAAA")]
    [InlineData("-1.AAAA")]
    [InlineData("1.2.3")]
    [InlineData("99999999999.!!!!")]
    public void What_was_not_sealed_opens_nothing(string cookie) => Assert.False(SessionCookies.IsOf([1, 2, 3], cookie, Noon));

    private async Task<HttpResponseMessage> LogInAsync(string body)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        return await gateway.Http.PostAsync("/login", content);
    }

    private static string CookieOf(HttpResponseMessage answer) => answer.Headers.GetValues("Set-Cookie").First().Split(';')[0];
}
