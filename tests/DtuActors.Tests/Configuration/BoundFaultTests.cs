using DtuActors.Configuration;

namespace DtuActors.Tests.Configuration;

/// <summary>Bounds of SECURITY.md that configuration keeps: as much as may be is taken, one more is a fault.</summary>
public sealed class BoundFaultTests
{
    [Theory]
    [InlineData("dtu.http.api-keys = [\"{0}\"]", 256, "dtu.http.api-keys[0]")]
    [InlineData("dtu.dtus.a.secret = \"{0}\"", 256, "dtu.dtus.a.secret")]
    [InlineData("dtu.listeners.a {{ port = 0, id-prefix = \"{0}\" }}", 64, "dtu.listeners.a.id-prefix")]
    public void A_text_may_be_so_long_and_no_longer(string text, int most, string key)
    {
        Conf.Options(Of(text, new string('x', most)));
        Assert.Equal(key, Conf.Fault(Of(text, new string('x', most + 1))).KeyPath);
    }

    [Fact]
    public void A_listener_tries_sixteen_profiles_and_no_more()
    {
        Conf.Options(Profiles(16));
        Assert.Equal("dtu.listeners.a.profiles", Conf.Fault(Profiles(17)).KeyPath);
    }

    [Fact]
    public void A_key_that_can_be_guessed_is_warned_of_by_its_name()
    {
        const string Short = "fifteen-letters";
        var warnings = WeakKeys.Of(Conf.Options($"dtu.http.api-keys = [{{ name = pa, key = {Short}, role = read }}, sixteen-letters-]")).ToList();
        Assert.Contains("'pa' has 15 characters", Assert.Single(warnings), StringComparison.Ordinal);
        Assert.DoesNotContain(Short, warnings[0], StringComparison.Ordinal);
    }

    private static string Profiles(int count)
    {
        var names = Enumerable.Range(1, count).Select(number => $"p{number}").ToList();
        return $"dtu {{ profiles {{ {string.Concat(names.Select(name => $"{name} {{ registration.length = 11 }}\n"))} }}\nlisteners.a {{ port = 0, profiles = [{string.Join(", ", names)}] }} }}";
    }

    private static string Of(string text, string filled) => string.Format(System.Globalization.CultureInfo.InvariantCulture, text, filled);
}
