using System.Net;
using System.Net.Sockets;
using Akka.Actor;
using Akka.Cluster;
using DtuActors.Clustering;
using DtuActors.Configuration;
using DtuActors.Tests.Listening.Transports;

namespace DtuActors.Tests.Clustering;

/// <summary>Real actor systems that join each other over loopback.</summary>
public sealed class MembershipTests
{
    [Fact]
    public async Task Nodes_hear_of_each_other_and_of_one_that_leaves()
    {
        await using var north = TestNode.Start("north", options: new ClusterOptions { Roles = ["edge"] });
        var (membership, parent) = north.Join();
        var self = parent.ExpectMsg<Membership.NodeUp>().Node;
        Assert.Equal(("north", north.Address, true, ClusterSetup.Version), (self.Name, self.Address, self.IsSelf, self.Version));
        Assert.Equal(["edge"], self.Roles.ToArray());
        Assert.Same(self, parent.ExpectMsg<Membership.Joined>().Self);

        await using var south = TestNode.Start("south", north);
        var (_, there) = south.Join();
        Assert.Equal(("south", south.Address), parent.ExpectMsg<Membership.NodeUp>() is { Node: var node } ? (node.Name, node.Address) : default);
        there.FishForMessage(message => message is Membership.Joined);

        var late = north.Kit.CreateTestProbe();
        membership.Tell(new Membership.Follow(late));
        Assert.Equal(["north", "south"], new[] { late.ExpectMsg<Membership.NodeUp>().Node.Name, late.ExpectMsg<Membership.NodeUp>().Node.Name }.Order());
        late.ExpectMsg<Membership.Joined>();
        membership.Tell(new Membership.GetNodes(), late);
        Assert.Equal(["north", "south"], late.ExpectMsg<Membership.Listed>().Nodes.Select(node => node.Name));

        await south.LeaveAsync();
        parent.ExpectMsg<Membership.NodeLeaving>(left => left.Name == "south");
        Assert.Equal(new Membership.NodeGone("south", south.Address, WasDowned: false), (Membership.NodeGone)parent.FishForMessage(message => message is Membership.NodeGone));
        late.FishForMessage(message => message is Membership.NodeGone);
    }

    [Fact]
    public async Task A_node_that_is_given_up_is_gone_for_the_others_and_ends()
    {
        await using var north = TestNode.Start("north");
        await using var south = TestNode.Start("south", north);
        var (_, parent) = north.Join();
        var (_, there) = south.Join();
        parent.FishForMessage(message => message is Membership.NodeUp { Node.Name: "south" });
        there.FishForMessage(message => message is Membership.Joined);

        Cluster.Get(north.System).Down(south.Address);
        var gone = (Membership.NodeGone)parent.FishForMessage(message => message is Membership.NodeGone);
        Assert.Equal(new Membership.NodeGone("south", south.Address, WasDowned: true), gone);
        await south.System.WhenTerminated.WaitAsync(TestNode.Patience);
        Assert.Equal(CoordinatedShutdown.ClusterDowningReason.Instance, CoordinatedShutdown.Get(south.System).ShutdownReason);
    }

    [Fact]
    public async Task The_newer_of_two_nodes_under_one_name_is_not_let_in()
    {
        await using var older = TestNode.Start("north");
        var (_, parent) = older.Join();
        parent.FishForMessage(message => message is Membership.Joined);
        await using var newer = TestNode.Start("north", older);
        var (_, there) = newer.Join(nameTakenFor: TimeSpan.FromMilliseconds(500));
        var not = (Membership.NotJoined)there.FishForMessage(message => message is Membership.NotJoined or Membership.Joined);
        Assert.Equal("dtu.node.name", not.KeyPath);
        Assert.Contains(older.Seed.ToString(), not.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_name_is_free_again_once_its_older_node_has_left()
    {
        await using var north = TestNode.Start("north");
        var (_, parent) = north.Join();
        parent.FishForMessage(message => message is Membership.Joined);
        await using var older = TestNode.Start("south", north);
        older.Join();
        parent.FishForMessage(message => message is Membership.NodeUp { Node.Name: "south" });
        await using var newer = TestNode.Start("south", north);
        var (_, there) = newer.Join();
        parent.FishForMessage(message => message is Membership.NodeUp up && up.Node.Address == newer.Address);
        await older.LeaveAsync();
        there.FishForMessage(message => message is Membership.Joined);
    }

    [Fact]
    public async Task A_node_that_nobody_lets_in_says_so()
    {
        using var closed = new Socket(SocketType.Stream, ProtocolType.Tcp);
        closed.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var nobody = new SeedNode("127.0.0.1", ((IPEndPoint)closed.LocalEndPoint!).Port);
        await using var node = TestNode.Start("north", options: new ClusterOptions { SeedNodes = [nobody], SeedNodeTimeout = TimeSpan.FromSeconds(1) });
        var (_, parent) = node.Join();
        var not = parent.ExpectMsg<Membership.NotJoined>();
        Assert.Equal("dtu.cluster.seed-nodes", not.KeyPath);
        Assert.Contains(nobody.ToString(), not.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nodes_find_each_other_by_name_where_nothing_is_written_down()
    {
        await using var north = TestNode.Start("north", options: new ClusterOptions { Host = "127.0.0.1" });
        var found = north.Options with { SeedNodes = [], Discovery = new DiscoveryOptions { Name = "127.0.0.1", Port = north.Seed.Port, Nodes = 1 } };
        await using var south = TestNode.Start("south", north, new ClusterOptions { Discovery = found.Discovery });
        var parent = south.Kit.CreateTestProbe();
        var (_, first) = north.Join();
        first.FishForMessage(message => message is Membership.Joined);
        parent.ChildActorOf(MembershipActor.Props("south", found), "membership");
        parent.FishForMessage(message => message is Membership.Joined);
    }

    [Fact]
    public async Task Nodes_that_show_certificates_of_one_authority_join_and_another_does_not()
    {
        using var files = new TestCertificates();
        var tls = new ClusterTlsOptions { CertificatePath = files.CertificatePath, KeyPath = files.KeyPath, CaPath = files.CaPath };
        var options = new ClusterOptions { Host = "localhost", Tls = tls };
        await using var north = TestNode.Start("north", options: options);
        var (_, parent) = north.Join();
        parent.FishForMessage(message => message is Membership.Joined);
        await using var south = TestNode.Start("south", north, options);
        var (_, there) = south.Join();
        there.FishForMessage(message => message is Membership.Joined);

        using var strange = new TestCertificates();
        var other = options with { Tls = new ClusterTlsOptions { CertificatePath = strange.CertificatePath, KeyPath = strange.KeyPath, CaPath = files.CaPath }, SeedNodeTimeout = TimeSpan.FromSeconds(3) };
        await using var west = TestNode.Start("west", north, other);
        var (_, outside) = west.Join();
        outside.ExpectMsg<Membership.NotJoined>();

        Assert.Equal("is for another host", NodeCertificates.Load(tls).Problem(
            NodeCertificates.Load(tls).Own, null, System.Net.Security.SslPolicyErrors.RemoteCertificateNameMismatch | System.Net.Security.SslPolicyErrors.RemoteCertificateChainErrors));
    }
}
