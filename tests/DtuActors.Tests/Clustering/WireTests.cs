using Akka.Actor;
using DtuActors.Clustering;
using DtuActors.Clustering.Wire;
using DtuActors.Commanding;
using DtuActors.Configuration;
using DtuActors.Directory;
using DtuActors.Protocol;
using DtuActors.Protocol.Transports;
using DtuActors.Routing;
using DtuActors.Sessions;
using FsCheck;
using FsCheck.Fluent;
using Google.Protobuf;

namespace DtuActors.Tests.Clustering;

/// <summary>What one node says another one reads, of this release or of another; and whatever comes instead costs one message.</summary>
public sealed class WireTests(WireNodes nodes) : IClassFixture<WireNodes>
{
    private const string Table = """
        ack Flow.Taken
        ali Holding.StillAlive
        ann Holding.Announce
        ans Asking.Answered
        are Asking.Refused
        arh Asking.AreHeld
        beg Asking.Begun
        chg Peering.Changed
        con Holding.Contested
        cwe Commands.WithdrawEnded
        dan Desk.Answer
        das Desk.Ask
        del Relay.Deliver
        dto Desk.Told
        end Queueing.Ended
        fin Holding.Find
        fol Replaying.Follow
        fou Holding.Found
        gra Holding.Granted
        hel Peering.Hello
        hre Holding.Refused
        kic Asking.Kick
        lgb Leasing.GiveBack
        lhd Leasing.Heard
        lls Leasing.Lost
        lrd Leasing.Read
        lst Commands.Listed
        ltd Leasing.Taken
        ltk Leasing.Take
        lwn Leasing.Written
        lwr Leasing.Write
        nhd Asking.NotHeld
        pad Flow.PathAdded
        pck Peering.Pack
        pfo Flow.PathsForgotten
        prm Flow.PathRemoved
        pro Holding.Prove
        qli Queueing.List
        qre Queueing.Refused
        qwd Queueing.Withdraw
        reg Replaying.Registration
        rel Holding.Released
        req Asking.Request
        sen Asking.Send
        snt Asking.Sent
        sta Relay.StaleSession
        sup Holding.Superseded
        tak Queueing.Take
        tkn Queueing.Taken
        unf Replaying.Unfollow
        wai Holding.Waiting
        wak Queueing.Wake
        wde Asking.WithdrawEnded
        wdr Asking.Withdraw
        who Peering.Whole
        whs Peering.Whose
        """;

    private static readonly DtuId Dtu = DtuId.Parse("1");

    private IEnumerable<string> Manifests => nodes.Samples.All.Select(nodes.Writer.Manifest).Distinct();

    [Fact]
    public void Each_message_that_crosses_nodes_has_a_sample_and_its_manifest()
    {
        var marked = typeof(IWire).Assembly.GetTypes().Where(type => type.IsAssignableTo(typeof(IWire)) && !type.IsAbstract && !type.IsInterface);
        var sampled = nodes.Samples.All.DistinctBy(sample => sample.GetType()).ToList();
        Assert.Equal(marked.Select(type => type.FullName).Order(), sampled.Select(sample => sample.GetType().FullName).Order());

        var table = sampled.Select(sample => $"{nodes.Writer.Manifest(sample)} {sample.GetType().DeclaringType!.Name}.{sample.GetType().Name}").Order(StringComparer.Ordinal);
        Assert.Equal(Table.ReplaceLineEndings("\n"), string.Join('\n', table));
    }

    [Fact]
    public void Each_message_is_bound_to_the_serializer() =>
        Assert.All(nodes.Samples.All, sample => Assert.IsType<WireSerializer>(nodes.Here.Serialization.FindSerializerFor(sample)));

    [Fact]
    public void Each_message_arrives_as_it_was_sent() =>
        Assert.All(nodes.Samples.All, sample => Assert.Equal(WireContent.Of(sample, nodes.Here), WireContent.Of(nodes.Cross(sample), nodes.There)));

    [Fact]
    public void What_arrives_can_be_sent_on() => Assert.All(nodes.Samples.All, sample =>
    {
        var arrived = nodes.Cross(sample);
        var back = nodes.Writer.FromBinary(nodes.Reader.ToBinary(arrived), nodes.Reader.Manifest(arrived));
        Assert.Equal(WireContent.Of(sample, nodes.Here), WireContent.Of(back, nodes.Here));
    });

    [Fact]
    public void A_reference_of_the_node_that_reads_is_its_own_actor_there()
    {
        var taken = (Flow.Taken)nodes.Cross(nodes.Samples.All.OfType<Flow.Taken>().First());
        Assert.IsAssignableFrom<ActorRefWithCell>(taken.Destination.Ref);
        Assert.Same(ActorRefs.Nobody, ((Asking.WithdrawEnded)nodes.Cross(new Asking.WithdrawEnded(false, null!, 1))).For);
    }

    [Fact]
    public void Turns_are_equal_texts_exactly_where_they_were_equal()
    {
        var near = nodes.Samples.All.OfType<Holding.Granted>().First().Owner;
        var far = nodes.Samples.All.OfType<Flow.Taken>().First().Destination.Ref;
        object[] turns = [("api", "boss"), ("api", "bos"), ("apib", "oss"), ("", "apiboss"), ("1:a", "b"), ("1", ":ab"), near, far, "boss"];
        var texts = turns.Select(Arrived).ToList();
        Assert.Equal(texts.Count, texts.Distinct().Count());
        Assert.Equal(texts, turns.Select(Arrived));
        Assert.Equal(texts, texts.Select(text => Arrived(text!)));
        Assert.Equal(Arrived(("api", "boss")), Arrived((string.Concat("a", "pi"), string.Concat("bo", "ss"))));

        // An asker without a turn has its name as one.
        Assert.DoesNotContain(texts[..^1], text => text is "api" or "boss" || Scalars.IsName((string)text!));

        object? Arrived(object turn) => ((Asking.Request)nodes.Cross(new Asking.Request(Dtu, default, null, AnswerRule.ByMode, 1, "api", near, turn))).Turn;
    }

    [Fact]
    public void What_has_no_form_is_refused_before_it_is_sent()
    {
        var turn = new Asking.Request(Dtu, default, null, AnswerRule.ByMode, 1, "api", ActorRefs.Nobody, Turn: 7);
        Assert.Contains("'req'", Refused(() => nodes.Writer.ToBinary(turn)), StringComparison.Ordinal);
        Assert.Contains("Passivate", Refused(() => nodes.Writer.Manifest(new Holding.Passivate(Dtu, 1))), StringComparison.Ordinal);
    }

    [Fact]
    public void Each_word_of_an_enumeration_arrives_as_itself()
    {
        Assert.All(Enum.GetValues<RefusalReason>(), reason => Assert.Equal(reason, ((Asking.Refused)nodes.Cross(new Asking.Refused(1, reason))).Reason));
        Assert.All(Enum.GetValues<WithdrawOutcome>(), outcome => Assert.Equal(outcome, ((Commands.WithdrawEnded)nodes.Cross(new Commands.WithdrawEnded(outcome))).Outcome));
        Assert.All(Enum.GetValues<AnswerRule>(), rule => Assert.Equal(rule, ((Asking.Request)nodes.Cross(new Asking.Request(Dtu, default, null, rule, 1, "", null!))).Rule));
        Assert.All(Enum.GetValues<DownlinkSelect>(), select => Assert.Equal(select, ((Peering.Whole)nodes.Cross(
            new Peering.Whole("", 0, [new Peering.EndpointThere("", default, false, select, false, false)], []))).Endpoints[0].Select));
        Assert.All(Enum.GetValues<DuplicatesPolicy>(), policy => Assert.Equal(policy, ((Holding.Announce)nodes.Cross(
            new Holding.Announce(Dtu, null, null!, "", new DuplicatesOptions { Policy = policy }))).Duplicates.Policy));
        foreach (var parity in Enum.GetValues<LineParity>())
        {
            foreach (var stop in Enum.GetValues<LineStopBits>())
            {
                var line = new LineSettings(LineSettings.MostBaud, 5, parity, stop);
                Assert.Equal(line, ((Relay.Deliver)nodes.Cross(new Relay.Deliver(null!, "", Dtu, default, null, 0, false, Line: line))).Line);
            }
        }
    }

    [Fact]
    public void The_longest_messages_stay_within_what_remoting_is_told_to_carry()
    {
        var samples = nodes.Samples.All;
        var lengthy = DtuId.Parse(new string('泵', DtuId.MaxLength));
        var deliver = samples.OfType<Relay.Deliver>().First() with { Dtu = lengthy, SourceName = RouteOptions.DtuPrefix + lengthy.Value };
        var session = samples.OfType<Relay.StaleSession>().First().Stale with { Id = lengthy };
        var status = samples.OfType<Queueing.Taken>().First().Status;
        object[] longest =
        [
            new Relay.StaleSession(session, deliver with { Frame = deliver.Frame! with { Payload = new byte[1024 * 1024] } }),
            samples.OfType<Queueing.Take>().First() with { Payload = new byte[CommandQueue.MostOpenBytes] },
            new Commands.Listed([.. Enumerable.Repeat(status with { Answer = new byte[CommandBook.MostShown] }, CommandQueue.MostOpen + CommandBook.MostOfOne)]),
            new Peering.Whole("node-1", 42, [], [.. Enumerable.Repeat(session, PeerRouter.MostPerMessage)]),
            LongestPack(session.Connection, deliver),
        ];
        Assert.All(longest, message => Assert.InRange(nodes.Writer.ToBinary(message).Length, 1, WireProtocol.MostBytes - 64 * 1024));
    }

    // Full but for one byte and one item, and then a frame of the greatest length.
    private static Peering.Pack LongestPack(IActorRef session, Relay.Deliver deliver)
    {
        var line = new PackLine();
        for (var one = Item(900); !line.IsFull; line.Add(one))
        {
        }

        var full = line.Leave("node-1");
        return full with { Items = full.Items.SetItem(0, Item(1024 * 1024)) };

        Peering.Packed Item(int length) => new(null, session, deliver with { Frame = deliver.Frame! with { Payload = new byte[length] } });
    }

    // ---- another release

    [Fact]
    public void Bytes_of_the_first_release_are_the_same_for_ever()
    {
        // A change that alters these breaks a cluster while it is restarted node by node.
        var there = nodes.Here.Provider.ResolveActorRef("akka.tcp://dtu@10.0.0.1:4053/user/gateway/scada#77");
        var frame = new Frame(new byte[] { 1, 3, 255 }, FrameDirection.Down, "modbus-rtu", nodes.Here.Scheduler.Now - TimeSpan.FromMilliseconds(5));
        var deliver = new Relay.Deliver(there, "scada", DtuId.Parse("0007"), new Epoch(5, 6), frame, 300, AckWanted: true, Line: LineSettings.Usual);
        const string Path = "616B6B612E7463703A2F2F6474754031302E302E302E313A343035332F757365722F676174657761792F7363616461233737";
        AssertBytes($"0A32{Path}12057363616461" + "1A0430303037" + "220B080511" + "0600000000000000" + "2A17" + "0A030103FF" + "1001" + "1A0A6D6F646275732D727475" + "20A08D06" + "30AC02" + "3801" + "4A09" + "08804B" + "1008" + "1801" + "2001", deliver);
        AssertBytes($"0A36" + $"0A32{Path}" + "1003" + "10AC02", new Flow.Taken(new Destination(there, 3), 300));
        AssertBytes("0A066E6F64652D31" + "102A" + "1801", new Peering.Hello("node-1", 42, WireProtocol.Version, Tells: false));
        AssertBytes("0807" + "1009", new Asking.Refused(7, RefusalReason.Expired));
        Assert.Equal(6451, WireSerializer.Id);
    }

    [Fact]
    public void A_manifest_that_is_not_known_is_refused_by_its_name() => Assert.Contains("'later'", Refused(() => nodes.Reader.FromBinary([], "later")), StringComparison.Ordinal);

    [Fact]
    public void Fields_that_are_not_known_are_passed_over() => Assert.All(nodes.Samples.All, sample =>
    {
        byte[] later = [.. nodes.Writer.ToBinary(sample), 0xC2, 0x3E, 2, 8, 1, 0xC8, 0x3E, 9];
        Assert.Equal(WireContent.Of(sample, nodes.Here), WireContent.Of(nodes.Read(later, nodes.Writer.Manifest(sample)), nodes.There));
    });

    [Fact]
    public void A_word_that_is_not_known_counts_as_the_most_careful_one()
    {
        Assert.Equal(RefusalReason.NoAnswer, ((Asking.Refused)nodes.Read(new AskingRefusedForm { Reason = (RefusalForm)99 }.ToByteArray(), "are")!).Reason);
        Assert.Equal(WithdrawOutcome.Unknown, ((Commands.WithdrawEnded)nodes.Read(new TakeBackEndedForm { Outcome = (WithdrawOutcomeForm)99 }.ToByteArray(), "cwe")!).Outcome);
        var line = new DeliverForm { Dtu = "1", Epoch = new EpochForm(), Line = new LineForm { Baud = 9600, DataBits = 8, Parity = 99, StopBits = 1 } };
        Assert.Null(((Relay.Deliver)nodes.Read(line.ToByteArray(), "del")!).Line);
        var stands = new StandsForm { Status = new CommandForm { State = "paused", Source = "api" } };
        Assert.Equal("paused", ((Queueing.Taken)nodes.Read(stands.ToByteArray(), "tkn")!).Status.State);
    }

    [Fact]
    public void What_a_message_cannot_be_without_is_missed()
    {
        Assert.Null(nodes.Read(new DeliverForm { Dtu = "1" }.ToByteArray(), "del"));
        Assert.Null(nodes.Read(new FindForm().ToByteArray(), "fin"));
        Assert.Null(nodes.Read(new FindForm { Dtu = "a\nb" }.ToByteArray(), "fin"));
        Assert.Null(nodes.Read(new AnsweredForm { Correlation = 1 }.ToByteArray(), "ans"));
        Assert.Null(nodes.Read(new StandsForm().ToByteArray(), "end"));
        Assert.Null(nodes.Read(new StaleSessionForm { Delivery = new DeliverForm() }.ToByteArray(), "sta"));
        Assert.Null(nodes.Read(new TakenForm().ToByteArray(), "ack"));
        Assert.Null(nodes.Read(new PackForm { Items = { new PackedForm { Delivery = new DeliverForm { Dtu = "1", Epoch = new EpochForm() } } } }.ToByteArray(), "pck"));
    }

    [Fact]
    public void An_instant_out_of_all_time_is_the_first_or_the_last_one()
    {
        Assert.Equal(DateTimeOffset.MinValue, At(long.MaxValue));
        Assert.Equal(DateTimeOffset.MaxValue, At(long.MinValue));

        DateTimeOffset At(long age) => ((Asking.Answered)nodes.Read(new AnsweredForm { Frame = new FrameForm { Age = age } }.ToByteArray(), "ans")!).Frame.At;
    }

    // ---- garbage

    [Fact]
    public void Any_bytes_are_a_message_or_refused() => Assert.All(Manifests, manifest =>
        Prop.ForAll<byte[]>(bytes => _ = nodes.Read(bytes, manifest)).Check(Config.QuickThrowOnFailure.WithMaxTest(300)));

    [Fact]
    public void A_message_that_was_cut_anywhere_is_a_message_or_refused() => Assert.All(nodes.Samples.All, sample =>
    {
        var bytes = nodes.Writer.ToBinary(sample);
        for (var length = 0; length < Math.Min(bytes.Length, 1000); length++)
        {
            _ = nodes.Read(bytes[..length], nodes.Writer.Manifest(sample));
        }
    });

    [Fact]
    public void A_message_of_which_any_byte_was_changed_is_a_message_or_refused() => Assert.All(nodes.Samples.All, sample =>
    {
        var (bytes, manifest) = (nodes.Writer.ToBinary(sample), nodes.Writer.Manifest(sample));
        for (var at = 0; at < Math.Min(bytes.Length, 400); at++)
        {
            foreach (var change in (byte[])[0x01, 0x02, 0x08, 0x10, 0x80, 0xFF])
            {
                var changed = bytes.ToArray();
                changed[at] ^= change;
                _ = nodes.Read(changed, manifest);
            }
        }
    });

    [Fact]
    public void A_path_that_leads_nowhere_takes_no_message_along()
    {
        Assert.All(
            ["x", "akka", "akka://", "akka.tcp://dtu@127.0.0.1:99999/user/x#1", "akka.tcp://[/", "/user/x", "akka://dtu/user//x"],
            path => Assert.NotNull(nodes.Read(new KickForm { Dtu = "1", ReplyTo = path }.ToByteArray(), "kic")));
        Assert.Null(nodes.Read(new KickForm { Dtu = "1", ReplyTo = "akka.tcp://dtu@127.0.0.1:1/user/x#first" }.ToByteArray(), "kic"));
    }

    private void AssertBytes(string hex, object message)
    {
        Assert.Equal(hex, Convert.ToHexString(nodes.Writer.ToBinary(message)));
        Assert.Equal(WireContent.Of(message, nodes.Here), WireContent.Of(nodes.Read(Convert.FromHexString(hex), nodes.Writer.Manifest(message)), nodes.There));
    }

    private static string Refused(Func<object> what) => Assert.Throws<System.Runtime.Serialization.SerializationException>(what).Message;
}
