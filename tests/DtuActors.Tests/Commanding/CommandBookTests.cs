using DtuActors.Commanding;
using DtuActors.Protocol;

namespace DtuActors.Tests.Commanding;

public sealed class CommandBookTests
{
    private readonly CommandBook _book = new();

    [Fact]
    public void Where_too_many_are_open_no_more_is_taken_until_one_has_ended()
    {
        var commands = Enumerable.Range(0, CommandBook.MostInAll).Select(Open).ToArray();
        Assert.All(commands, Assert.NotNull);
        Assert.Null(Open(-1));
        _book.End(commands[5]!, CommandStates.Failed, "offline", null, default);
        Assert.NotNull(Open(-1));
        Assert.Equal(CommandBook.MostInAll, _book.Count);
        Assert.Empty(_book.Of(Dtu(5)));
        Assert.Single(_book.Of(Dtu(4)));
    }

    [Fact]
    public void In_all_the_one_that_ended_first_makes_room()
    {
        for (var i = 0; i < CommandBook.MostInAll; i++)
        {
            _book.End(Open(i)!, CommandStates.Delivered, null, null, default);
        }

        Open(-1);
        Assert.Empty(_book.Of(Dtu(0)));
        Assert.Single(_book.Of(Dtu(1)));
        Assert.Equal(CommandBook.MostInAll, _book.Count);
    }

    private static DtuId Dtu(int number) => DtuId.Parse($"dtu-{number}");

    private Command? Open(int number) => _book.Open($"c{number}", Dtu(number), null, "api", new byte[] { 1 }, default);
}
