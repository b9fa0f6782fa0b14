using System.CommandLine;
using System.Globalization;

namespace DtuActors.Host.Commands;

/// <summary>Options that are numbers within bounds. What is no number at all is told by the parser; asking for its value would throw, so the words are read.</summary>
internal static class NumberOptions
{
    public static Option<int> Integer(string name, string description, int least, int most, int otherwise = 0) =>
        Within(new Option<int>(name) { Description = description, HelpName = "N", DefaultValueFactory = _ => otherwise }, value => value >= least && value <= most, $"{least} to {most}");

    public static Option<double> Number(string name, string description, Predicate<double> isRight, string expected, double otherwise = 0) =>
        Within(new Option<double>(name) { Description = description, DefaultValueFactory = _ => otherwise }, isRight, expected);

    private static Option<T> Within<T>(Option<T> option, Predicate<T> isRight, string expected)
        where T : IParsable<T>
    {
        option.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var text }] && T.TryParse(text, CultureInfo.InvariantCulture, out var value) && !isRight(value))
            {
                result.AddError(string.Create(CultureInfo.InvariantCulture, $"{option.Name} {text}: expected {expected}"));
            }
        });
        return option;
    }
}
