using Akka.Actor;
using DtuActors.Clustering.Desks;

namespace DtuActors.Tests.Clustering.Merging;

/// <summary>What a node can't answer is missing in the answer, and said to be.</summary>
public sealed class PartialAnswerSpec : ActorSpec
{
    private static readonly ReadOnlyMemory<byte> Body = "1"u8.ToArray();

    [Fact]
    public void A_node_that_is_out_of_reach_is_named_until_it_is_back_or_gone()
    {
        var desk = Sys.ActorOf(DeskActor.Props("north", new Topics()));
        var (south, east) = (CreateTestProbe(), CreateTestProbe());
        desk.Tell(new Desk.Meet("south", south));
        desk.Tell(new Desk.Meet("east", east));
        desk.Tell(new Desk.Part("east", StaysMember: true));
        desk.Tell(new Desk.AskOthers("t", Body), TestActor);
        desk.Tell(new Desk.Answer(south.ExpectMsg<Desk.Ask>().Number, Body, null));
        Assert.Equal(["east", "south"], Names(missing: false));

        desk.Tell(new Desk.Part("south"));
        desk.Tell(new Desk.AskOthers("t", Body), TestActor);
        Assert.Equal(["east"], Names(missing: true));
        desk.Tell(new Desk.Part("east"));
        desk.Tell(new Desk.AskOthers("t", Body), TestActor);
        Assert.Empty(ExpectMsg<Desk.Answers>().Items);
    }

    [Fact]
    public void A_node_that_is_late_or_not_understood_is_a_problem_of_its_part_alone()
    {
        var desk = Sys.ActorOf(DeskActor.Props("north", new Topics()));
        var (south, east) = (CreateTestProbe(), CreateTestProbe());
        desk.Tell(new Desk.Meet("south", south));
        desk.Tell(new Desk.Meet("east", east));
        var others = new OtherNodes(Task.FromResult<IActorRef?>(desk), new Topics());
        var asked = others.AskAsync<int, int>("t", 7, CancellationToken.None);
        desk.Tell(new Desk.Answer(south.ExpectMsg<Desk.Ask>().Number, "\"other\""u8.ToArray(), null));
        east.ExpectMsg<Desk.Ask>();
        Settle(desk);
        Advance(DeskActor.AnswerWithin);
        AwaitCondition(() => asked.IsCompletedSuccessfully);
        desk.Tell(new Desk.AskOthers("t", Body, "east"), TestActor);
        east.ExpectMsg<Desk.Ask>();
        Settle(desk);
        Advance(DeskActor.AnswerWithin);
        Assert.Equal(["east"], Names(missing: true));
    }

    private string[] Names(bool missing) =>
        [.. ExpectMsg<Desk.Answers>().Items.Where(item => !missing || item.Problem is not null).Select(item => item.Node).Order(StringComparer.Ordinal)];
}
