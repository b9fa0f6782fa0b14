using Akka.Actor;
using Akka.TestKit;
using DtuActors.Protocol;
using DtuActors.Protocol.Files;
using DtuActors.Sessions;
using DtuActors.Transfers;

namespace DtuActors.Tests.Transfers;

/// <summary>Transfers, their lines played by probes: how they stand, how they end, and that the line is given back.</summary>
public sealed class TransfersSpec : ActorSpec
{
    private static readonly DtuId Dtu = DtuId.Parse("dtu-1");

    private readonly TestProbe _router;
    private readonly TestProbe _line;
    private readonly IActorRef _transfers;

    public TransfersSpec()
    {
        _router = CreateTestProbe("router");
        _line = CreateTestProbe("line");
        _transfers = Sys.ActorOf(TransfersActor.Props(_router));
    }

    [Fact]
    public void A_file_goes_to_the_instrument_block_by_block()
    {
        Start(Put("t1", new byte[200]) with { Say = "rb\r"u8.ToArray() });
        var holder = Taken();
        Assert.Equal("rb\r"u8.ToArray(), Write());
        Hear(holder, 1, (byte)'C');
        Pass(1);
        Assert.Equal(133, Write().Length);
        Hear(holder, 2, 6);
        Write();
        Assert.Equal((TransferStates.Running, 128L), (Until("t1", status => status.Progress.Bytes == 128).State, 128));
        Hear(holder, 3, 6);
        Assert.Equal(new byte[] { 4 }, Write());
        Hear(holder, 4, 6);
        _line.FishForMessage(message => message is Leasing.GiveBack);
        var end = Until("t1", status => TransferStates.IsEnd(status.State));
        Assert.Equal((TransferStates.Done, null, 200L), (end.State, end.Problem, end.Progress.Bytes));
        Assert.NotNull(end.EndedAt);
    }

    [Fact]
    public void A_file_that_came_is_kept()
    {
        Start(Get("t1"));
        var holder = Taken();
        Assert.Equal("C"u8.ToArray(), Write());
        var data = Enumerable.Repeat((byte)7, 128).ToArray();
        var crc = Protocol.Checksums.Crc16Xmodem.Compute(data);
        Hear(holder, 133, [1, 1, 254, .. data, (byte)(crc >> 8), (byte)crc]);
        Write();
        Hear(holder, 134, 4);
        Write();
        Hear(holder, 135, 4);
        Pass(3);
        _line.FishForMessage(message => message is Leasing.GiveBack);
        var end = Until("t1", status => TransferStates.IsEnd(status.State));
        Assert.Equal(new ReceivedFile("", 128, IsKept: true), Assert.Single(end.Received));
        _transfers.Tell(new Transferring.GetContent("t1", 0), TestActor);
        Assert.Equal(data, ExpectMsg<Transferring.Content>().File!.Content.ToArray());
        _transfers.Tell(new Transferring.GetContent("t1", 1), TestActor);
        Assert.Null(ExpectMsg<Transferring.Content>().File);
    }

    [Theory]
    [InlineData(RefusalReason.Offline, "the DTU is offline")]
    [InlineData(RefusalReason.BusBusy, "the line is busy")]
    public void A_line_that_is_refused_is_its_end(RefusalReason reason, string problem)
    {
        Start(Put("t1", new byte[200]));
        var take = _router.ExpectMsg<Leasing.Take>();
        take.Holder.Tell(new Asking.Refused(take.Correlation, reason));
        var end = Until("t1", status => TransferStates.IsEnd(status.State));
        Assert.Equal((TransferStates.Failed, problem), (end.State, end.Problem));
    }

    [Fact]
    public void A_line_that_is_lost_is_its_end_however_it_is_lost()
    {
        Start(Put("t1", new byte[200]));
        Taken().Tell(new Leasing.Lost("the DTU's session ended: closed"), _line);
        Assert.Equal("the DTU's session ended: closed", Until("t1", status => TransferStates.IsEnd(status.State)).Problem);

        Start(Put("t2", new byte[200]));
        Taken();
        Sys.Stop(_line);
        Assert.Equal("the node of the line is lost", Until("t2", status => TransferStates.IsEnd(status.State)).Problem);
    }

    [Fact]
    public void A_line_that_nobody_gives_is_waited_for_for_two_minutes()
    {
        Start(Put("t1", new byte[200]));
        var take = _router.ExpectMsg<Leasing.Take>();
        Settle(take.Holder);
        Advance(TimeSpan.FromSeconds(121), TimeSpan.FromSeconds(1));
        Assert.Equal("the line was not given within 120 s", Until("t1", status => TransferStates.IsEnd(status.State)).Problem);
    }

    [Fact]
    public void What_is_cancelled_is_cancelled_at_the_instrument_too()
    {
        Start(Put("t1", new byte[200]));
        Taken();
        _transfers.Tell(new Transferring.Cancel("t1"), TestActor);
        Assert.Equal([0x18, 0x18], Write()[..2]);
        _line.ExpectMsg<Leasing.GiveBack>();
        Assert.Equal(TransferStates.Cancelled, Until("t1", status => TransferStates.IsEnd(status.State)).State);
    }

    [Fact]
    public void One_that_waits_is_cancelled_and_gives_a_line_that_comes_too_late_back()
    {
        Start(Put("t1", new byte[200]));
        var take = _router.ExpectMsg<Leasing.Take>();
        Watch(take.Holder);
        _transfers.Tell(new Transferring.Cancel("t1"), TestActor);
        FishForMessage(message => message is Terminated);
        Assert.Equal(TransferStates.Cancelled, Until("t1", status => TransferStates.IsEnd(status.State)).State);
    }

    [Fact]
    public void So_many_at_once_and_no_more()
    {
        for (var number = 0; number < TransfersActor.MostAtOnce; number++)
        {
            Start(Put($"t{number}", new byte[200]));
        }

        _transfers.Tell(new Transferring.Start(Put("more", new byte[200])), TestActor);
        ExpectMsg<Transferring.Refused>();
    }

    [Fact]
    public void The_book_forgets_the_oldest_that_have_ended_and_files_that_nobody_fetched()
    {
        var book = new TransferBook();
        var half = new IncomingFile("a", new byte[(TransferBook.MostKeptBytes / 2) + 1]);
        foreach (var id in (string[])["a", "b", "c"])
        {
            book.Put(TransferActor.StatusOf(Get(id), Sys.Scheduler.Now) with { State = TransferStates.Done });
            book.Keep(id, [half]);
        }

        Assert.Equal([true, false, false], book.Of(Dtu, null).Select(status => status.Received[0].IsKept));
        Assert.Null(book.Content("a", 0));
        Assert.NotNull(book.Content("c", 0));
        book.Put(TransferActor.StatusOf(Get("runs"), Sys.Scheduler.Now));
        for (var number = 0; number < TransferBook.MostKept; number++)
        {
            book.Put(TransferActor.StatusOf(Get($"n{number}"), Sys.Scheduler.Now) with { State = TransferStates.Done });
        }

        Assert.Equal(TransferBook.MostKept, book.Of(Dtu, null).Length);
        Assert.NotNull(book.Find("runs"));
        Assert.Null(book.Find("c"));
        Assert.Null(book.Content("c", 0));
    }

    private static TransferOrder Put(string id, byte[] content) => new(id, Dtu, null, TransferDirection.Put, FileProtocol.Xmodem, [new OutgoingFile("fw.bin", content)], default, "boss");

    private static TransferOrder Get(string id) => new(id, Dtu, null, TransferDirection.Get, FileProtocol.Xmodem, [], default, "boss");

    private void Start(TransferOrder order)
    {
        _transfers.Tell(new Transferring.Start(order), TestActor);
        Assert.Equal(TransferStates.Waiting, ExpectMsg<TransferStatus>().State);
    }

    private IActorRef Taken()
    {
        var take = _router.ExpectMsg<Leasing.Take>();
        take.Holder.Tell(new Leasing.Taken(take.Correlation), _line);
        Settle(take.Holder);
        return take.Holder;
    }

    private byte[] Write() => ((Leasing.Write)_line.FishForMessage(message => message is Leasing.Write)).Bytes.ToArray();

    private void Hear(IActorRef holder, long through, params byte[] bytes)
    {
        holder.Tell(new Leasing.Heard(bytes, through), _line);
        Settle(holder);
    }

    private void Pass(int seconds) => Advance(TimeSpan.FromSeconds(seconds));

    private TransferStatus Until(string id, Func<TransferStatus, bool> condition)
    {
        TransferStatus? status = null;
        AwaitCondition(
            () =>
            {
                Advance(TimeSpan.FromMilliseconds(300));
                _transfers.Tell(new Transferring.Get(id), TestActor);
                status = ((Transferring.Found)FishForMessage(message => message is Transferring.Found)).Status;
                return status is not null && condition(status);
            },
            TimeSpan.FromSeconds(10),
            TimeSpan.FromMilliseconds(20));
        return status!;
    }
}
