using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text.RegularExpressions;
using DtuActors.Host.Commands;

namespace DtuActors.Integration.Tests.Host;

/// <summary>What holds of every command there is.</summary>
public sealed partial class CommandTreeTests
{
    public static TheoryData<string> Names => [.. DtuCommand.Create().Subcommands.Select(command => command.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_command_has_words_and_examples_that_parse(string name)
    {
        var root = DtuCommand.Create();
        var command = Assert.IsType<ExampledCommand>(root.Subcommands.Single(command => command.Name == name));
        Assert.EndsWith(".", command.Description, StringComparison.Ordinal);
        Assert.NotEmpty(command.Examples);
        foreach (var example in command.Examples)
        {
            var own = Calls().Matches(example).Select(call => call.Groups[1].Value).ToArray();
            Assert.Contains(own, call => call == name || call.StartsWith(name + " ", StringComparison.Ordinal));
            Assert.All(own, call => Assert.Empty(root.Parse([.. CommandLineParser.SplitCommandLine(call)]).Errors.Select(error => $"{call}: {error.Message}")));
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void An_argument_and_an_option_say_what_they_are(string name)
    {
        var command = DtuCommand.Create().Subcommands.Single(command => command.Name == name);
        Assert.All(command.Options.Where(option => !option.Hidden), option => Assert.False(string.IsNullOrWhiteSpace(option.Description), option.Name));
        Assert.All(command.Arguments, argument => Assert.False(string.IsNullOrWhiteSpace(argument.Description), argument.Name));
    }

    [Theory]
    [InlineData("1-3,7, 5", "1,2,3,5,7")]
    [InlineData("255", "255")]
    [InlineData("2,1-2", "1,2")]
    public void Slaves_are_ranges_and_each_counts_once(string text, string slaves)
    {
        Assert.True(SlaveRanges.TryParse(text, out var parsed, out _));
        Assert.Equal(slaves, string.Join(',', parsed));
    }

    [Theory]
    [InlineData("")]
    [InlineData("0")]
    [InlineData("1-256")]
    [InlineData("5-1")]
    [InlineData("1-2-3")]
    [InlineData("1,,2")]
    [InlineData("a")]
    public void What_is_no_range_of_slaves_is_refused_with_what_would_be_right(string text)
    {
        Assert.False(SlaveRanges.TryParse(text, out _, out var problem));
        Assert.Contains("right would be 1-247", problem, StringComparison.Ordinal);
    }

    [GeneratedRegex(@"(?:^|[|(]\s*|&&\s*)dtu ([^|()&>]+)")]
    private static partial Regex Calls();
}
