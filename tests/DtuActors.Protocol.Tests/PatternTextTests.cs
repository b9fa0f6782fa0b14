using DtuActors.Protocol.Registration;

namespace DtuActors.Protocol.Tests;

public sealed class PatternTextTests
{
    [Theory]
    [InlineData("(?<id>[0-9]{11})", 11)]
    [InlineData(@"\A(?:(?<id>[0-9]{11}))\z", 11)]
    [InlineData("REG(?<id>[0-9A-F]{4})#", 8)]
    [InlineData("(?<id>abc|def)", 3)]
    [InlineData(@"\$(?<id>\d\w{2,2})(?:xy){3}", 10)]
    [InlineData("[^]]{2}", 2)]
    [InlineData("(?<id>abc|de)", 0)]
    [InlineData("(?<id>[0-9]{2,64})", 0)]
    [InlineData("(?<id>[0-9]+)", 0)]
    [InlineData("a?bc", 0)]
    [InlineData("(?<id>x)*", 0)]
    [InlineData(@"\x41(?<id>b)", 0)]
    [InlineData("", 0)]
    [InlineData("a{9999}", 0)]
    public void The_length_of_all_matches_is_known_where_they_have_one(string pattern, int length) => Assert.Equal(length, PatternText.FixedLength(pattern));
}
