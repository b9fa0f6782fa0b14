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
    [InlineData("(?i)ABC(?<id>[0-9]{3})", 0)]
    [InlineData("(?'id'[0-9]{3}):AB", 0)]
    [InlineData("(?=a)(?<id>[0-9]{3})", 0)]
    [InlineData("[a-z-[aeiou]]{3}", 0)]
    [InlineData("[泵站]{3}", 0)]
    [InlineData("泵站(?<id>[0-9]{2})", 8)]
    [InlineData(@"\s{3}", 0)]
    [InlineData("", 0)]
    [InlineData("a{9999}", 0)]
    public void The_length_of_all_matches_is_known_where_they_have_one(string pattern, int length) => Assert.Equal(length, PatternText.FixedLength(pattern));

    [Theory]
    [InlineData("(?<id>[0-9]{11})", true)]
    [InlineData(@"\A(?:##(?<id>.{4}),(?<secret>\w{4});)\z", true)]
    [InlineData("(?<id>[0-9]{11}),[0-9]{2}", false)]
    [InlineData("(?<id>[0-9]{11})(?<csq>[0-9]{2})", false)]
    [InlineData("(a|b)(?<id>[0-9]{11})", false)]
    [InlineData("(?<id>[0-9]{11})x?", false)]
    public void What_is_the_same_bytes_for_one_DTU_each_time_is_known(string pattern, bool constant) => Assert.Equal(constant, PatternText.IsConstant(pattern));
}
