using System.Net;
using System.Net.Sockets;
using DtuActors.Directory;
using DtuActors.Listening;
using DtuActors.Listening.Streams;

namespace DtuActors.Tests.Listening.Transports;

/// <summary>Listeners of a process that has next to no file descriptors left: real sockets, and a limit that is the test's.</summary>
public sealed class DescriptorsSpec : TransportHarness
{
    // Above and below any number that a socket has here.
    private const long Roomy = 1_000_000;
    private const long Full = 1;

    private readonly Descriptors _descriptors;
    private long _limit = Roomy;
    private bool _isAkkas;

    public DescriptorsSpec() => _descriptors = new Descriptors(() => Volatile.Read(ref _limit));

    protected override string Transport => "tcp";

    protected override Binder Binder => _isAkkas
        ? new AkkaIoBinder { Descriptors = _descriptors }
        : new StreamBinder(new StreamSetup { Descriptors = _descriptors });

    [SkippableFact]
    public async Task Connections_wait_in_the_backlog_until_there_is_room()
    {
        NeedNumbers();
        Limit(Full);
        var client = await DialAsync(Listen());
        await client.SendAsync("hello");
        ErrorBecomes(error => error?.StartsWith("accepting pauses: 1 of 1 file descriptors are in use", StringComparison.Ordinal) is true);
        Session.ExpectNoMsg(Soon);
        Limit(Roomy);
        Assert.Equal("hello", await ReceivedAsync(5, Serves(client), resume: true));
        ErrorBecomes(error => error is null);
    }

    [SkippableFact]
    public async Task Who_comes_through_a_door_that_was_open_still_is_refused_and_others_wait()
    {
        NeedNumbers();
        var address = Listen();
        Serves(await DialAsync(address));
        Limit(Full);
        var late = await DialAsync(address);
        var refused = Inbox.ExpectMsg<RefusedConnection>(Patience);
        Assert.Equal(("descriptors", late.Socket.LocalEndPoint!.ToString()), (refused.Reason, refused.Remote));
        Assert.Equal("", await late.ReadToEndAsync());
        ErrorBecomes(error => error?.Contains("1 of 1 file descriptors are in use", StringComparison.Ordinal) is true);
        Limit(Roomy);
        Serves(await DialAsync(address));
    }

    [SkippableFact]
    public async Task What_Akka_accepts_without_asking_is_reset_and_told()
    {
        NeedNumbers();
        _isAkkas = true;
        var address = Listen();
        Limit(Full);
        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        client.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var from = client.LocalEndPoint;

        // The reset may be there before the connect is seen to have ended.
        var reset = await Assert.ThrowsAsync<SocketException>(async () =>
        {
            await client.ConnectAsync(IPEndPoint.Parse(address));
            await client.ReceiveAsync(new byte[1]);
        }).WaitAsync(Patience);
        Assert.Equal(SocketError.ConnectionReset, reset.SocketErrorCode);
        ErrorBecomes(error => error ==
            $"a connection from {from} was refused: 1 of 1 file descriptors are in use, the other 0 are kept free of connections");
        Limit(Roomy);
        Serves(await DialAsync(address));
    }

    [Theory]
    [InlineData(Roomy, 999_936)]
    [InlineData(1024, 960)]
    [InlineData(256, 224)]
    [InlineData(20, 18)]
    public void A_reserve_of_64_or_an_eighth_is_kept_free(long limit, long most)
    {
        var descriptors = new Descriptors(() => limit);
        Assert.Null(descriptors.Shortage(most - 1));
        Assert.Contains($"{most} of {limit} file descriptors", descriptors.Shortage(most), StringComparison.Ordinal);
    }

    [Fact]
    public void A_process_with_descriptors_to_spare_and_one_without_a_limit_have_room()
    {
        Assert.Null(Descriptors.OfProcess.Shortage());
        Assert.Null(new Descriptors(() => null).Shortage(long.MaxValue));
        Assert.Equal((1000, 128, 1000), (new Descriptors(() => null).PartFor(1000), new Descriptors(() => 1024).PartFor(1000), new Descriptors(() => 20_000).PartFor(1000)));
    }

    private static void NeedNumbers() => Skip.If(OperatingSystem.IsWindows(), "a handle's number tells nothing there");

    private void Limit(long limit) => Volatile.Write(ref _limit, limit);

    // Its pause may have to pass first.
    private Started Serves(Client client)
    {
        Started? session = null;
        AwaitAssert(() =>
        {
            Advance(TimeSpan.FromSeconds(1));
            session = Session.ReceiveOne(TimeSpan.FromMilliseconds(20)) as Started;
            Assert.Equal(Peer.Of(client.Socket.LocalEndPoint!), session?.Peer);
        }, Patience, TimeSpan.FromMilliseconds(10));
        return session!;
    }
}
